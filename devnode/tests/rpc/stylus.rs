//! Stylus programs over JSON-RPC, with the very requests that cargo-stylus 0.10 makes.

use alloy::{
    primitives::{Address, Bytes, TxKind, U256, address, keccak256, utils::parse_ether},
    providers::{DynProvider, Provider},
    rpc::types::{
        TransactionRequest,
        state::{AccountOverride, StateOverride},
    },
    sol,
};
use chartseal_devnode::stylus::code;

use crate::support::{install_at, provider, signer, start};

sol! {
    #[sol(rpc)]
    #[derive(Debug)]
    interface ArbWasm {
        error ProgramNotActivated();
        error ProgramUpToDate();

        event ProgramActivated(
            bytes32 indexed codehash,
            bytes32 moduleHash,
            address program,
            uint256 dataFee,
            uint16 version
        );

        function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
        function codehashVersion(bytes32 codehash) external view returns (uint16 version);
    }
}

const ARB_WASM: Address = address!("0x0000000000000000000000000000000000000071");

/// Gives back its call data.
pub(crate) const ECHO: &str = r#"(module
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param $len i32) (result i32)
        (call $read_args (i32.const 0))
        (call $write_result (i32.const 0) (local.get $len))
        (i32.const 0)))"#;

/// On-chain code of a program in the text format.
pub(crate) fn compile(wat: &str) -> Bytes {
    code::compress(&wat::parse_str(wat).unwrap())
        .unwrap()
        .into()
}

/// The init code of cargo-stylus: a prelude of 43 bytes that returns all that follows it.
fn init_code(code: &[u8]) -> Bytes {
    let length = U256::from(code.len()).to_be_bytes::<32>();
    let rest = [0x80, 0x60, 0x2b, 0x60, 0x00, 0x39, 0x60, 0x00, 0xf3, 0x00];
    [&[0x7f][..], &length, &rest, code].concat().into()
}

fn arb_wasm(provider: &DynProvider) -> ArbWasm::ArbWasmInstance<DynProvider> {
    ArbWasm::new(ARB_WASM, provider.clone())
}

/// Puts a program in the text format at an address and activates it.
pub(crate) async fn install_program(provider: &DynProvider, address: Address, wat: &str) {
    install_at(provider, address, compile(wat)).await;
    let contract = arb_wasm(provider);
    let activation = contract.activateProgram(address);
    let sent = activation.value(parse_ether("1").unwrap()).send().await;
    assert!(sent.unwrap().get_receipt().await.unwrap().status());
}

/// The activation that cargo-stylus tries before it sends one: code and wealth are made up.
async fn try_activation(
    provider: &DynProvider,
    code: Bytes,
) -> Result<U256, alloy::contract::Error> {
    let (sender, program) = (Address::repeat_byte(0x5e), Address::repeat_byte(0x99));
    let overrides = StateOverride::from_iter([
        (sender, AccountOverride::default().with_balance(U256::MAX)),
        (program, AccountOverride::default().with_code(code)),
    ]);
    let arb_wasm = arb_wasm(provider);
    let call = arb_wasm
        .activateProgram(program)
        .state(overrides)
        .from(sender);
    let activation = call.value(parse_ether("1").unwrap()).call().await?;
    assert_eq!(activation.version, 2);
    Ok(activation.dataFee)
}

#[tokio::test]
async fn a_program_is_checked_deployed_activated_and_called_as_cargo_stylus_does() {
    let node = start();
    let provider = provider(&node);
    let code = compile(ECHO);
    let hash = keccak256(&code);
    let unknown = arb_wasm(&provider)
        .codehashVersion(hash)
        .call()
        .await
        .unwrap_err();
    assert!(
        unknown
            .as_decoded_error::<ArbWasm::ProgramNotActivated>()
            .is_some(),
        "{unknown}"
    );
    let fee = try_activation(&provider, code.clone()).await.unwrap();
    assert!(fee > U256::ZERO);

    let create = TransactionRequest::default()
        .from(signer(0).address())
        .input(init_code(&code).into());
    let create = TransactionRequest {
        to: Some(TxKind::Create),
        ..create
    };
    let gas = provider.estimate_gas(create.clone()).await.unwrap();
    let price = provider.get_gas_price().await.unwrap();
    let create = create
        .gas_limit(gas)
        .max_fee_per_gas(price)
        .max_priority_fee_per_gas(0);
    let receipt = provider
        .send_transaction(create)
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert!(receipt.status());
    let program = receipt.contract_address.unwrap();
    assert_eq!(provider.get_code_at(program).await.unwrap(), code);

    let call = TransactionRequest::default()
        .to(program)
        .input(vec![1, 2, 3].into());
    assert!(provider.call(call.clone()).await.is_err());
    let bumped = fee * U256::from(12) / U256::from(10);
    let contract = arb_wasm(&provider);
    let activation = contract
        .activateProgram(program)
        .value(bumped)
        .send()
        .await
        .unwrap();
    let receipt = activation.get_receipt().await.unwrap();
    assert!(receipt.status());
    let activated = receipt.decoded_log::<ArbWasm::ProgramActivated>().unwrap();
    assert_eq!((activated.codehash, activated.program), (hash, program));
    assert_eq!(contract.codehashVersion(hash).call().await.unwrap(), 2);
    assert_eq!(provider.call(call).await.unwrap(), Bytes::from([1, 2, 3]));
    let again = contract
        .activateProgram(program)
        .value(bumped)
        .call()
        .await
        .unwrap_err();
    assert!(
        again
            .as_decoded_error::<ArbWasm::ProgramUpToDate>()
            .is_some(),
        "{again}"
    );
}

/// cargo-stylus finds a missing entry point by the name of this import in the error's text.
#[tokio::test]
async fn a_refused_activation_says_why() {
    let node = start();
    let provider = provider(&node);
    let growing = compile(
        r#"(module
            (memory (export "memory") 1)
            (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#,
    );
    let error = try_activation(&provider, growing).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("program activation failed"), "{text}");
    assert!(text.contains("pay_for_memory_grow"), "{text}");
    assert!(error.as_revert_data().is_none(), "{text}");
    let no_wasm = try_activation(&provider, Bytes::from([0xef, 0xf0, 0x00, 0x00, 1, 2, 3])).await;
    assert!(no_wasm.is_err());
}
