//! Works the registry with ethers-rs alone, on a node that runs already, and checks every answer.
//!
//! ```text
//! chartseal-ethers-peer RPC-URL REGISTRY-ADDRESS
//! ```
//!
//! `CHARTSEAL_TEST_KEY` is a funded key (default: the publicly known key of a Nitro devnode). The bindings come from
//! `contract/abi/registry.sol` at build time; nothing of Chartseal's own code is used.

mod checks;
mod person;
mod scenario;

#[allow(missing_docs, unreachable_pub, clippy::all)] // generated
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/registry.rs"));
}

use std::error::Error;
use std::process::ExitCode;

use checks::Checks;
use ethers::types::Address;

type Failure = Box<dyn Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut checks = Checks::default();
    let ended = run(&mut checks).await;
    match ended {
        Ok(()) => {
            println!("{} passed, 0 failed", checks.passed());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            println!("{} passed, 1 failed", checks.passed());
            ExitCode::FAILURE
        }
    }
}

async fn run(checks: &mut Checks) -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, registry] = &arguments[..] else {
        return Err("usage: chartseal-ethers-peer RPC-URL REGISTRY-ADDRESS".into());
    };
    let registry: Address = registry
        .parse()
        .map_err(|error| format!("the registry's address {registry:?}: {error}"))?;
    scenario::run(url, registry, checks).await
}
