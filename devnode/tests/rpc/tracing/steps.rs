//! The list of EVM instructions.

use alloy::primitives::{Address, B256, hex};
use serde_json::{Value, json};

use super::{ECHOING, FORWARDER, forwarded, install_all, trace, trace_call, transact};
use crate::support::{CONTRACT, READER, install, provider, start};

#[tokio::test]
async fn instructions_are_listed_as_geth_lists_them() {
    let node = start();
    let provider = provider(&node);
    install(&provider, READER).await;
    let receipt = transact(&provider, CONTRACT, []).await;
    let answer = trace(&provider, receipt.transaction_hash, json!({})).await;
    let gas = super::GAS - 21_000;
    let zero = "0x0";
    let storage = json!({"0".repeat(64): "0".repeat(64)});
    let step = |pc: u64, op: &str, spent: u64, cost: u64, stack: Value| json!({"pc": pc, "op": op, "gas": gas - spent, "gasCost": cost, "depth": 1, "stack": stack});
    let mut load = step(1, "SLOAD", 2, 2_100, json!([zero]));
    load["storage"] = storage;
    let wanted = json!([
        step(0, "PUSH0", 0, 2, json!([])),
        load,
        step(2, "PUSH0", 2_102, 2, json!([zero])),
        step(3, "MSTORE", 2_104, 6, json!([zero, zero])),
        step(4, "PUSH1", 2_110, 3, json!([])),
        step(6, "PUSH0", 2_113, 2, json!(["0x20"])),
        step(7, "RETURN", 2_115, 0, json!(["0x20", zero])),
    ]);
    assert_eq!(answer["structLogs"], wanted);
    assert_eq!(answer["gas"], receipt.gas_used);
    assert_eq!(answer["failed"], false);
    assert_eq!(answer["returnValue"], json!(B256::ZERO));
}

#[tokio::test]
async fn options_choose_what_is_listed() {
    let node = start();
    let provider = provider(&node);
    install(&provider, READER).await;
    let request = json!({"to": CONTRACT});
    let options = json!({
        "disableStack": true, "disableStorage": true, "enableMemory": true, "enableReturnData": true,
    });
    let answer = trace_call(&provider, request.clone(), options).await;
    let steps = answer["structLogs"].as_array().unwrap();
    assert!(steps.iter().all(|step| step.get("stack").is_none()));
    assert!(steps.iter().all(|step| step.get("storage").is_none()));
    assert_eq!(steps[3].get("memory"), None);
    assert_eq!(steps[4]["memory"], json!(["0".repeat(64)]));
    let few = trace_call(&provider, request, json!({"limit": 1})).await;
    assert_eq!(few["structLogs"].as_array().unwrap().len(), 1);
}

/// The forwarder has a call in the middle; what the program below it does is no instruction.
#[tokio::test]
async fn calls_cost_what_they_give_and_programs_are_left_out() {
    let node = start();
    let provider = provider(&node);
    install_all(&provider).await;
    let receipt = transact(&provider, FORWARDER, forwarded(ECHOING, b"hi")).await;
    let options = json!({"enableReturnData": true});
    let answer = trace(&provider, receipt.transaction_hash, options).await;
    assert_eq!(answer["gas"], receipt.gas_used);
    assert_eq!(answer["returnValue"], "0x6869");
    let steps = answer["structLogs"].as_array().unwrap();
    let at = steps.iter().position(|step| step["op"] == "CALL").unwrap();
    let [gas, cost, next] = [
        &steps[at]["gas"],
        &steps[at]["gasCost"],
        &steps[at + 1]["gas"],
    ]
    .map(|value| value.as_u64().unwrap());
    assert!(cost > gas / 64 * 62 && gas - cost < next);
    assert_eq!(steps[at + 1]["returnData"], "0x6869");
    assert!(steps.iter().all(|step| step["depth"] == 1));
}

#[tokio::test]
async fn failing_instructions_have_an_error() {
    let node = start();
    let provider = provider(&node);
    let request = json!({"to": CONTRACT, "gas": "0x5dc0"});
    // SSTORE(0, 1) with too little gas.
    install(&provider, hex!("60015f55")).await;
    let answer = trace_call(&provider, request.clone(), json!({})).await;
    assert_eq!(
        (&answer["failed"], &answer["gas"]),
        (&json!(true), &json!(24_000))
    );
    assert_eq!(answer["returnValue"], "0x");
    assert_eq!(answer["structLogs"][2]["error"], "out of gas");
    assert_eq!(answer["structLogs"][2].get("storage"), None);
    // POP of nothing, and an opcode there is not.
    install(&provider, hex!("50")).await;
    let answer = trace_call(&provider, request.clone(), json!({})).await;
    assert_eq!(answer["structLogs"][0]["error"], "stack underflow");
    install(&provider, hex!("0c")).await;
    let answer = trace_call(&provider, request, json!({})).await;
    assert_eq!(answer["structLogs"][0]["op"], "opcode 0xc not defined");
}

/// Clearing a slot earns a refund, which is shown from the next instruction on; a creation's price is
/// without what it hands on.
#[tokio::test]
async fn refunds_and_creations_are_shown() {
    let node = start();
    let provider = provider(&node);
    // SSTORE(0, 0); CREATE(0, 0, 0)
    install(&provider, hex!("5f5f555f5f5ff000")).await;
    let options = json!({"stateOverrides": {
        CONTRACT.to_string(): {"state": {B256::ZERO.to_string(): B256::with_last_byte(1)}},
    }});
    let answer = trace_call(&provider, json!({"to": CONTRACT}), options).await;
    let steps = answer["structLogs"].as_array().unwrap();
    assert_eq!(
        (&steps[2]["op"], steps[2].get("refund")),
        (&json!("SSTORE"), None)
    );
    assert_eq!(steps[3]["refund"], 4_800);
    assert_eq!(
        (&steps[6]["op"], &steps[6]["gasCost"]),
        (&json!("CREATE"), &json!(32_000))
    );
    let created: Address = CONTRACT.create(0);
    let word = format!(
        "{:#x}",
        alloy::primitives::U256::from_be_slice(created.as_slice())
    );
    assert_eq!(steps[7]["stack"], json!([word]));
}
