//! Deploys and activates the registry on a running node and prints its address.
//!
//! ```text
//! CHARTSEAL_TEST_RPC=URL deploy_registry
//! ```

use chartseal_tests::chain::TestChain;
use chartseal_tests::registry::deploy;

#[tokio::main]
async fn main() {
    let chain = TestChain::start();
    assert!(
        chain.node.is_none(),
        "name the node in CHARTSEAL_TEST_RPC: a devnode of this process would end with it"
    );
    let registry = deploy(&chain.provider(chain.key)).await;
    println!("{}", registry.address());
}
