//! Gas of every state-changing function, beside the Solidity contract that came first.

use alloy::contract::{CallBuilder, CallDecoder};
use alloy::primitives::Bytes;
use alloy::providers::DynProvider;
use chartseal_tests::chain::TestChain;
use chartseal_tests::registry::{IRegistry, cache, deploy, digest, read_grant, word, wrapped_key};

use super::report::{Cell, Table};

/// Bytes of sealed info: the smallest padded size, and the largest allowed.
pub(super) const SMALL_INFO: usize = 128;
const LARGE_INFO: usize = 1_024;

/// Gas of the seed contract's matching operation with real inputs on a current EVM (docs/contract.md).
mod seed {
    pub(super) const CREATE_USER: u64 = 112_553;
    pub(super) const CREATE_DOC: u64 = 67_041;
    pub(super) const ADD_ACCESS: u64 = 112_650;
    pub(super) const UPDATE_ACCESS: u64 = 35_806;
    pub(super) const DELETE_ACCESS: u64 = 33_372;
    pub(super) const REMOVE_USER: u64 = 33_516;
}

/// The table of all of them, with the program cached and not.
pub(super) async fn table() -> Table {
    let uncached = measure(false).await;
    let cached = measure(true).await;
    let mut table = Table::new(
        "Gas of an operation, the program's start-up included",
        &[
            "operation",
            "program cached",
            "not cached",
            "Solidity contract",
            "ratio, cached",
        ],
    );
    for ((name, gas, seed), (_, uncached, _)) in cached.into_iter().zip(uncached) {
        let ratio = seed.map(|seed| gas as f64 / seed as f64);
        table.row([
            name.into(),
            gas.into(),
            uncached.into(),
            seed.into(),
            Cell::fixed(ratio, 2),
        ]);
    }
    table
}

type Measured = (&'static str, u64, Option<u64>);

/// Gas of every state-changing function, start-up included.
async fn measure(cached: bool) -> Vec<Measured> {
    let chain = TestChain::start();
    let (owner, owner_address) = chain.account().await;
    let registry = deploy(&owner).await;
    if cached {
        cache(&chain, *registry.address()).await;
    }
    let (reader, reader_address) = chain.account().await;
    let theirs = IRegistry::new(*registry.address(), reader);
    let info = |bytes| Bytes::from(vec![0xa5; bytes]);

    let mut table = vec![
        (
            "register",
            used(registry.register(word(1), false, 1)).await,
            Some(seed::CREATE_USER),
        ),
        (
            "rotateKey",
            used(registry.rotateKey(word(1), true)).await,
            None,
        ),
    ];
    used(theirs.register(word(1), false, 2)).await;
    let vouch = used(registry.vouch(reader_address, 2, 0)).await;
    table.push(("vouch", vouch, None));

    let addition = registry.addRecord(word(2), digest(3), info(SMALL_INFO));
    let id = addition.call().await.expect("an id");
    table.push((
        "addRecord, 128 bytes of info",
        used(addition).await,
        Some(seed::CREATE_DOC),
    ));
    let addition = used(registry.addRecord(word(4), digest(3), info(LARGE_INFO))).await;
    table.push(("addRecord, 1,024 bytes of info", addition, None));
    let update = used(registry.updateRecord(id, 1, digest(5), info(SMALL_INFO))).await;
    table.push(("updateRecord", update, None));

    let request = used(theirs.requestAccess(id, 1, 1, info(SMALL_INFO))).await;
    table.push(("requestAccess", request, None));
    used(theirs.withdrawRequest(id)).await;
    let grant = used(registry.grant(read_grant(id, reader_address, 0))).await;
    table.push(("grant", grant, Some(seed::ADD_ACCESS)));
    let update = used(registry.updateAccess(id, reader_address, 2, 5, 0)).await;
    table.push(("updateAccess", update, Some(seed::UPDATE_ACCESS)));
    table.push(("logAccess", used(theirs.logAccess(id, 5)).await, None));

    let kept = vec![read_grant(id, reader_address, 1)];
    let rekey = used(registry.rekeyRecord(id, 2, digest(6), info(SMALL_INFO), kept)).await;
    table.push(("rekeyRecord, one kept", rekey, None));
    let revoke = used(registry.revoke(id, reader_address)).await;
    table.push(("revoke", revoke, Some(seed::DELETE_ACCESS)));

    table.push((
        "allowDeposits",
        used(theirs.allowDeposits(owner_address, 0)).await,
        None,
    ));
    // The owner rotated, so keys for them are of version 2.
    let (for_self, for_owner) = (with_version(2), wrapped_key(8));
    let content = info(SMALL_INFO);
    let deposit = registry.depositRecord(
        reader_address,
        word(7),
        digest(8),
        content,
        for_owner,
        for_self,
    );
    table.push(("depositRecord, both keys", used(deposit).await, None));
    let removal = used(registry.removeRecord(id, vec![reader_address])).await;
    table.push(("removeRecord", removal, None));
    table.push((
        "deregister",
        used(theirs.deregister()).await,
        Some(seed::REMOVE_USER),
    ));
    table
}

fn with_version(version: u32) -> IRegistry::WrappedKey {
    IRegistry::WrappedKey {
        keyVersion: version,
        ..wrapped_key(9)
    }
}

/// Sends a call; the gas it used.
pub(super) async fn used<D: CallDecoder>(call: CallBuilder<&DynProvider, D>) -> u64 {
    let receipt = call
        .send()
        .await
        .expect("accepted")
        .get_receipt()
        .await
        .expect("its receipt");
    assert!(receipt.status());
    receipt.gas_used
}
