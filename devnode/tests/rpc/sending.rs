//! `eth_sendRawTransaction`: what is accepted, and the words of every refusal.

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope, TxLegacy},
    eips::eip2718::Encodable2718,
    primitives::{Address, B256, Bytes, TxKind, U256},
    providers::{DynProvider, Provider},
    rpc::types::TransactionRequest,
    signers::{SignerSync, local::PrivateKeySigner},
};
use serde_json::json;

use crate::support::{CONTRACT, provider, refusal, rpc, send, signer, start};

/// A transfer of 1 wei that a fresh node accepts.
fn transfer() -> TxEip1559 {
    TxEip1559 {
        chain_id: 412_346,
        nonce: 0,
        gas_limit: 21_000,
        max_fee_per_gas: 200_000_000,
        max_priority_fee_per_gas: 0,
        to: TxKind::Call(CONTRACT),
        value: U256::ONE,
        ..TxEip1559::default()
    }
}

fn sign(transaction: TxEip1559, signer: &PrivateKeySigner) -> Bytes {
    let signature = signer
        .sign_hash_sync(&transaction.signature_hash())
        .unwrap();
    TxEnvelope::from(transaction.into_signed(signature))
        .encoded_2718()
        .into()
}

async fn refused(provider: &DynProvider, raw: Bytes) -> String {
    let error = refusal(provider, "eth_sendRawTransaction", json!([raw])).await;
    assert_eq!(error.code, -32000, "{error}");
    error.message.into_owned()
}

#[tokio::test]
async fn a_transaction_is_mined_when_its_hash_is_answered() {
    let node = start();
    let provider = provider(&node);
    let raw = sign(transfer(), &signer(0));
    let hash: B256 = rpc(&provider, "eth_sendRawTransaction", json!([raw]))
        .await
        .unwrap();
    assert_eq!(hash, alloy::primitives::keccak256(&raw));
    let receipt = provider
        .get_transaction_receipt(hash)
        .await
        .unwrap()
        .unwrap();
    assert!(receipt.status());
    assert_eq!(
        provider.get_block_number().await.unwrap(),
        receipt.block_number.unwrap()
    );
    assert_eq!(provider.get_balance(CONTRACT).await.unwrap(), U256::ONE);
}

#[tokio::test]
async fn a_legacy_transaction_without_chain_id_is_accepted() {
    let node = start();
    let provider = provider(&node);
    let transaction = TxLegacy {
        chain_id: None,
        gas_price: 100_000_000,
        gas_limit: 21_000,
        to: TxKind::Call(CONTRACT),
        value: U256::ONE,
        ..TxLegacy::default()
    };
    let signature = signer(0)
        .sign_hash_sync(&transaction.signature_hash())
        .unwrap();
    let raw = TxEnvelope::from(transaction.into_signed(signature)).encoded_2718();
    let hash: B256 = rpc(
        &provider,
        "eth_sendRawTransaction",
        json!([Bytes::from(raw)]),
    )
    .await
    .unwrap();
    assert!(
        provider
            .get_transaction_receipt(hash)
            .await
            .unwrap()
            .unwrap()
            .status()
    );
}

#[tokio::test]
async fn a_create_transaction_names_its_contract() {
    let node = start();
    let provider = provider(&node);
    // Deploys the one byte 00: PUSH1 1 PUSH0 RETURN returns one byte of zeroed memory.
    let request = TransactionRequest {
        to: Some(TxKind::Create),
        ..TransactionRequest::default().input(Bytes::from([0x60, 0x01, 0x5f, 0xf3]).into())
    };
    let receipt = send(&provider, request).await;
    let created = signer(0).address().create(0);
    assert_eq!(receipt.contract_address, Some(created));
    assert_eq!(
        provider.get_code_at(created).await.unwrap(),
        Bytes::from([0])
    );
}

#[tokio::test]
async fn nonces_are_refused_in_geths_words() {
    let node = start();
    let provider = provider(&node);
    let address = signer(0).address();
    let first = sign(transfer(), &signer(0));
    let high = sign(
        TxEip1559 {
            nonce: 2,
            ..transfer()
        },
        &signer(0),
    );
    assert_eq!(
        refused(&provider, high).await,
        format!("nonce too high: address {address}, tx: 2 state: 0")
    );
    let _: B256 = rpc(&provider, "eth_sendRawTransaction", json!([first]))
        .await
        .unwrap();
    let again = format!("nonce too low: address {address}, tx: 0 state: 1");
    assert_eq!(refused(&provider, first).await, again);
    let low = sign(
        TxEip1559 {
            value: U256::ZERO,
            ..transfer()
        },
        &signer(0),
    );
    assert_eq!(
        refused(&provider, low).await,
        format!("nonce too low: address {address}, tx: 0 state: 1")
    );
}

/// Nitro's sequencer keeps a transaction for a second when the one before it is still on its way.
#[tokio::test]
async fn a_later_nonce_waits_for_the_earlier_one() {
    let node = start();
    let provider = provider(&node);
    let second = sign(
        TxEip1559 {
            nonce: 1,
            ..transfer()
        },
        &signer(0),
    );
    let first = sign(transfer(), &signer(0));
    let (second, first) = tokio::join!(
        rpc::<B256>(&provider, "eth_sendRawTransaction", json!([second])),
        rpc::<B256>(&provider, "eth_sendRawTransaction", json!([first])),
    );
    let receipt = |hash| provider.get_transaction_receipt(hash);
    let first = receipt(first.unwrap()).await.unwrap().unwrap();
    let second = receipt(second.unwrap()).await.unwrap().unwrap();
    assert!(first.block_number < second.block_number);
}

#[tokio::test]
async fn money_and_gas_are_refused_in_geths_words() {
    let node = start();
    let provider = provider(&node);
    let poor = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x42)).unwrap();
    let address = poor.address();
    let want = 21_000u64 * 200_000_000 + 1;
    assert_eq!(
        refused(&provider, sign(transfer(), &poor)).await,
        format!("insufficient funds for gas * price + value: address {address} have 0 want {want}")
    );
    let address = signer(0).address();
    let cheap = TxEip1559 {
        max_fee_per_gas: 99_999_999,
        ..transfer()
    };
    assert_eq!(
        refused(&provider, sign(cheap, &signer(0))).await,
        format!(
            "max fee per gas less than block base fee: address {address}, maxFeePerGas: 99999999, \
             baseFee: 100000000"
        )
    );
    let tip = TxEip1559 {
        max_priority_fee_per_gas: 200_000_001,
        ..transfer()
    };
    assert_eq!(
        refused(&provider, sign(tip, &signer(0))).await,
        format!(
            "max priority fee per gas higher than max fee per gas: address {address}, \
             maxPriorityFeePerGas: 200000001, maxFeePerGas: 200000000"
        )
    );
    let short = TxEip1559 {
        gas_limit: 20_999,
        ..transfer()
    };
    assert_eq!(
        refused(&provider, sign(short, &signer(0))).await,
        "intrinsic gas too low: have 20999, want 21000"
    );
}

#[tokio::test]
async fn bytes_that_are_no_transaction_of_this_chain_are_refused() {
    let node = start();
    let provider = provider(&node);
    for garbage in [
        Bytes::new(),
        Bytes::from([0xc0]),
        Bytes::from([0x02, 0xc0]),
        Bytes::from([0x7f]),
    ] {
        refused(&provider, garbage).await;
    }
    let foreign = TxEip1559 {
        chain_id: 1,
        ..transfer()
    };
    let message = refused(&provider, sign(foreign, &signer(0))).await;
    assert!(message.contains("invalid chain id"), "{message}");
    let mut broken = sign(transfer(), &signer(0)).to_vec();
    // The last 33 bytes are the RLP of s: all ones is above half the order of the curve.
    let start_of_s = broken.len() - 32;
    broken[start_of_s..].fill(0xff);
    let message = refused(&provider, broken.into()).await;
    assert!(
        message.contains("invalid") || message.contains("rlp"),
        "{message}"
    );
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
    assert_eq!(
        provider.get_balance(Address::ZERO).await.unwrap(),
        U256::ZERO
    );
}
