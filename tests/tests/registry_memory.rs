//! The largest calls of the compiled registry fit its one page of memory, which cannot grow.

use alloy::primitives::{Address, B256, Bytes};
use alloy::providers::DynProvider;
use chartseal_tests::chain::TestChain;
use chartseal_tests::registry::{
    ARB_WASM, ArbWasm, IRegistry, Registry, deploy, digest, read_grant, word,
};

/// Items in a batch, bytes of sealed info and of a sealed note at most.
const BATCH: usize = 64;
const MAX_INFO: usize = 1024;
const MAX_NOTE: usize = 512;

/// An owner, 64 registered users and a record of the owner.
struct Clinic {
    chain: TestChain,
    registry: Registry,
    users: Vec<(DynProvider, Address)>,
    id: B256,
}

impl Clinic {
    async fn open() -> Self {
        let chain = TestChain::start();
        let registry = deploy(&chain.account().await.0).await;
        mine(registry.register(word(1), false, 1)).await;
        let mut users = Vec::new();
        for seed in 0..BATCH as u64 {
            let (provider, address) = chain.account().await;
            let theirs = IRegistry::new(*registry.address(), provider.clone());
            mine(theirs.register(word(seed), true, 2)).await;
            users.push((provider, address));
        }
        let info = Bytes::from(vec![7; MAX_INFO]);
        let addition = registry.addRecord(word(2), digest(3), info);
        let id = addition.call().await.expect("an id");
        mine(addition).await;
        Self {
            chain,
            registry,
            users,
            id,
        }
    }

    fn grants(&self, epoch: u32) -> Vec<IRegistry::Grant> {
        self.users
            .iter()
            .map(|(_, user)| read_grant(self.id, *user, epoch))
            .collect()
    }

    fn pairs(&self) -> Vec<IRegistry::RecordUser> {
        let pair = |(_, user): &(_, Address)| IRegistry::RecordUser {
            id: self.id,
            user: *user,
        };
        self.users.iter().map(pair).collect()
    }
}

/// Sends a call and requires that it succeeds.
async fn mine<D: alloy::contract::CallDecoder>(
    call: alloy::contract::CallBuilder<&DynProvider, D>,
) {
    let receipt = call
        .send()
        .await
        .expect("accepted")
        .get_receipt()
        .await
        .expect("its receipt");
    assert!(receipt.status());
}

#[tokio::test]
async fn largest_calls_fit_one_page() {
    let clinic = Clinic::open().await;
    let (registry, id) = (&clinic.registry, clinic.id);
    mine(registry.grantMany(clinic.grants(0))).await;

    let asking = IRegistry::new(*registry.address(), clinic.chain.account().await.0);
    mine(asking.register(word(9), false, 6)).await;
    mine(asking.requestAccess(id, 1, 5, vec![7; MAX_NOTE].into())).await;

    let keys = registry
        .wrappedKeysOf(clinic.pairs())
        .call()
        .await
        .expect("64 keys");
    assert_eq!(keys.len(), BATCH);
    assert!(keys.iter().all(|key| key.key.sealedKey == word(8)));
    let users = clinic
        .users
        .iter()
        .map(|(_, user)| *user)
        .collect::<Vec<_>>();
    let answers = registry
        .usersOf(users.clone())
        .call()
        .await
        .expect("64 users");
    assert!(answers.len() == BATCH && answers.iter().all(|user| user.registered));

    let info = Bytes::from(vec![7; MAX_INFO]);
    mine(registry.rekeyRecord(id, 1, digest(4), info, clinic.grants(1))).await;
    let access = registry
        .accessesOf(clinic.pairs())
        .call()
        .await
        .expect("64 answers");
    assert!(access.len() == BATCH && access.iter().all(|access| access.access == 1));

    mine(registry.removeRecord(id, users)).await;
    let access = registry
        .accessesOf(clinic.pairs())
        .call()
        .await
        .expect("64 answers");
    assert!(access.iter().all(|access| access.reason == 5));
}

/// The start-up gas that a chain states is the one that the build reports.
#[tokio::test]
async fn chain_states_the_reported_start_gas() {
    let chain = TestChain::start();
    let (provider, _) = chain.account().await;
    let registry = deploy(&provider).await;
    let stated = ArbWasm::new(ARB_WASM, &provider)
        .programInitGas(*registry.address())
        .call()
        .await
        .expect("the gas of an active program");
    let report = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/contract/registry.json"
    ))
    .expect("the report of scripts/build-contract");
    assert!(
        report.contains(&format!("\"start_gas_uncached\": {}", stated.gas)),
        "{report}"
    );
    assert!(report.contains(&format!("\"start_gas_cached\": {}", stated.gasWhenCached)));
}
