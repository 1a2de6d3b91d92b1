//! The compiled registry, deployed and activated; and arguments for it.

use std::path::Path;

use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, Bytes, FixedBytes, U256, address, keccak256};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::TransactionRequest;
use alloy::sol;
use chartseal_devnode::stylus::code;

use crate::chain::TestChain;

#[allow(missing_docs, reason = "the interface documents itself")]
mod bindings {
    super::sol!(
        #[sol(rpc, all_derives)]
        "../contract/abi/registry.sol"
    );

    super::sol! {
        #[sol(rpc)]
        interface ArbDebug {
            function becomeChainOwner() external;
        }

        #[sol(rpc)]
        interface ArbWasmCache {
            function cacheProgram(address program) external;
            function codehashIsCached(bytes32 codehash) external view returns (bool);
        }

        #[sol(rpc)]
        interface ArbWasm {
            function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
            function programVersion(address program) external view returns (uint16 version);
            function programInitGas(address program) external view returns (uint64 gas, uint64 gasWhenCached);
        }
    }
}
pub use bindings::{ArbDebug, ArbWasm, ArbWasmCache, IRegistry};

/// The precompile that activates Stylus programs.
pub const ARB_WASM: Address = address!("0x0000000000000000000000000000000000000071");

/// The precompile that keeps programs in the cache.
pub const ARB_WASM_CACHE: Address = address!("0x0000000000000000000000000000000000000072");
/// The precompile that makes its caller an owner of a development chain.
pub const ARB_DEBUG: Address = address!("0x00000000000000000000000000000000000000ff");

/// The registry's binding on a provider.
pub type Registry = IRegistry::IRegistryInstance<DynProvider>;

/// The module that `scripts/build-contract` wrote.
pub fn wasm() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/contract/registry.wasm");
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}\nbuild it first: scripts/build-contract",
            path.display()
        )
    })
}

/// Activates a program, unless its code is active already, as on a node with a past.
async fn activate(provider: &DynProvider, program: Address) {
    let arb_wasm = ArbWasm::new(ARB_WASM, provider);
    if arb_wasm.programVersion(program).call().await.is_ok() {
        return;
    }
    let fee = U256::from(10_000_000_000_000_000u64);
    let activation = arb_wasm.activateProgram(program).value(fee).send().await;
    let receipt = activation
        .expect("an activation")
        .get_receipt()
        .await
        .expect("its receipt");
    assert!(receipt.status(), "the chain refused the program");
}

/// Deploys and activates the registry.
pub async fn deploy(provider: &DynProvider) -> Registry {
    let code = code::compress(&wasm()).expect("compression to memory");
    let creation = TransactionRequest::default().with_deploy_code(init_code(&code));
    let receipt = provider
        .send_transaction(creation)
        .await
        .expect("a creation");
    let receipt = receipt.get_receipt().await.expect("its receipt");
    let address = receipt.contract_address.expect("a new contract");
    activate(provider, address).await;
    IRegistry::new(address, provider.clone())
}

/// Puts a program into the chain's cache, as owner of a development chain.
pub async fn cache(chain: &TestChain, program: Address) {
    let (provider, _) = chain.account().await;
    let owner = ArbDebug::new(ARB_DEBUG, &provider);
    let receipt = owner
        .becomeChainOwner()
        .send()
        .await
        .expect("a development chain");
    assert!(receipt.get_receipt().await.expect("its receipt").status());
    let cache = ArbWasmCache::new(ARB_WASM_CACHE, &provider);
    let receipt = cache
        .cacheProgram(program)
        .send()
        .await
        .expect("an owner may");
    assert!(receipt.get_receipt().await.expect("its receipt").status());
    let code = provider.get_code_at(program).await.expect("code");
    assert!(
        cache
            .codehashIsCached(keccak256(&code))
            .call()
            .await
            .expect("an answer")
    );
}

/// Init code that returns `code`: PUSH32 length, DUP1, PUSH1 43, PUSH1 0, CODECOPY, PUSH1 0, RETURN.
fn init_code(code: &[u8]) -> Bytes {
    let length = U256::from(code.len()).to_be_bytes::<32>();
    let rest = [0x80, 0x60, 0x2b, 0x60, 0x00, 0x39, 0x60, 0x00, 0xf3, 0x00];
    [&[0x7f][..], &length, &rest, code].concat().into()
}

/// A digest that is not zero.
pub fn digest(seed: u64) -> FixedBytes<28> {
    FixedBytes::from_slice(&word(seed)[..28])
}

/// A word that no point coordinate or salt is refused for.
pub fn word(seed: u64) -> B256 {
    let mut word = keccak256(seed.to_be_bytes());
    word[0] = 1;
    word
}

/// A wrapped key of the right form for key version 1.
pub fn wrapped_key(seed: u64) -> IRegistry::WrappedKey {
    IRegistry::WrappedKey {
        suite: 1,
        keyVersion: 1,
        encOdd: seed % 2 == 1,
        encX: word(seed),
        sealedKey: word(seed + 1),
        tag: FixedBytes::left_padding_from(&word(seed + 2)[..16]),
    }
}

/// Read access for `user` to record `id` at `epoch`, for treatment, without end.
pub fn read_grant(id: B256, user: Address, epoch: u32) -> IRegistry::Grant {
    IRegistry::Grant {
        id,
        user,
        access: 1,
        purpose: 1,
        expires: 0,
        epoch,
        key: wrapped_key(u64::from(epoch) + 7),
    }
}
