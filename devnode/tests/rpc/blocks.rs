//! What clients read: the chain, blocks, transactions, receipts, accounts and prices.

use alloy::{
    consensus::{Transaction as _, proofs::calculate_transaction_root},
    eips::BlockNumberOrTag,
    network::TransactionResponse,
    primitives::{Address, B256, Bytes, U256, address, keccak256},
    providers::Provider,
    rpc::types::{BlockId, TransactionRequest},
};
use chartseal_devnode::chain::DEV_ACCOUNT;
use serde_json::{Value, json};

use crate::support::{
    CONTRACT, EMITTER, READER, emit, install, provider, refusal, rpc, send, signer, start,
};

/// Wei in one ether.
const ETHER: u64 = 1_000_000_000_000_000_000;

#[tokio::test]
async fn the_node_tells_what_it_is() {
    let node = start();
    let provider = provider(&node);
    assert_eq!(provider.get_chain_id().await.unwrap(), 412_346);
    assert_eq!(provider.get_net_version().await.unwrap(), 412_346);
    assert!(
        rpc::<bool>(&provider, "net_listening", json!([]))
            .await
            .unwrap()
    );
    assert_eq!(
        rpc::<String>(&provider, "net_peerCount", json!([]))
            .await
            .unwrap(),
        "0x0"
    );
    let version = provider.get_client_version().await.unwrap();
    assert!(version.starts_with("chartseal-devnode/v"), "{version}");
    assert_eq!(
        provider.get_sha3(b"chartseal").await.unwrap(),
        keccak256(b"chartseal")
    );
    assert_eq!(
        rpc::<Value>(&provider, "eth_syncing", json!([]))
            .await
            .unwrap(),
        json!(false)
    );
    assert!(provider.get_accounts().await.unwrap().is_empty());
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
}

#[tokio::test]
async fn genesis_funds_the_development_accounts() {
    let node = start();
    let provider = provider(&node);
    for address in [DEV_ACCOUNT, signer(0).address(), signer(9).address()] {
        let balance = provider.get_balance(address).await.unwrap();
        assert_eq!(balance, U256::from(1000) * U256::from(ETHER), "{address}");
        assert_eq!(
            provider
                .get_transaction_count(address)
                .pending()
                .await
                .unwrap(),
            0
        );
    }
    let arb_wasm = address!("0x0000000000000000000000000000000000000071");
    assert_eq!(
        provider.get_code_at(arb_wasm).await.unwrap(),
        Bytes::from([0xfe])
    );
    assert!(provider.get_code_at(DEV_ACCOUNT).await.unwrap().is_empty());
}

#[tokio::test]
async fn state_is_read_at_every_kind_of_block_id() {
    let node = start();
    let provider = provider(&node);
    let to = Address::repeat_byte(7);
    let value = U256::from(ETHER);
    let receipt = send(&provider, TransactionRequest::default().to(to).value(value)).await;
    let hash = receipt.block_hash.unwrap();
    let genesis = provider
        .get_block_by_number(0.into())
        .await
        .unwrap()
        .unwrap()
        .header
        .hash;
    for (block, expected) in [
        (BlockId::latest(), value),
        (BlockId::pending(), value),
        (BlockId::safe(), value),
        (BlockId::finalized(), value),
        (BlockId::number(1), value),
        (BlockId::hash(hash), value),
        (BlockId::hash_canonical(hash), value),
        (BlockId::earliest(), U256::ZERO),
        (BlockId::number(0), U256::ZERO),
        (BlockId::hash(genesis), U256::ZERO),
    ] {
        let balance = provider.get_balance(to).block_id(block).await.unwrap();
        assert_eq!(balance, expected, "{block:?}");
    }
    let sender = signer(0).address();
    assert_eq!(provider.get_transaction_count(sender).await.unwrap(), 1);
    assert_eq!(
        provider
            .get_transaction_count(sender)
            .number(0)
            .await
            .unwrap(),
        0
    );
    let unknown = refusal(&provider, "eth_getBalance", json!([to, "0x63"])).await;
    assert_eq!(
        (unknown.code, &*unknown.message),
        (-32000, "header not found")
    );
}

#[tokio::test]
async fn code_and_storage_are_read_as_they_are_set() {
    let node = start();
    let provider = provider(&node);
    install(&provider, READER).await;
    let word = B256::repeat_byte(0x5a);
    let set: bool = rpc(
        &provider,
        "anvil_setStorageAt",
        json!([CONTRACT, "0x0", word]),
    )
    .await
    .unwrap();
    assert!(set);
    assert_eq!(
        provider.get_code_at(CONTRACT).await.unwrap(),
        Bytes::from(READER)
    );
    assert_eq!(
        provider.get_storage_at(CONTRACT, U256::ZERO).await.unwrap(),
        U256::from_be_bytes(word.0)
    );
    for slot in ["0x0", "0x00", &format!("0x{}", "0".repeat(64))] {
        let params = json!([CONTRACT, slot, "latest"]);
        assert_eq!(
            rpc::<B256>(&provider, "eth_getStorageAt", params)
                .await
                .unwrap(),
            word,
            "{slot}"
        );
    }
    let call = TransactionRequest::default().to(CONTRACT);
    assert_eq!(provider.call(call).await.unwrap(), Bytes::from(word));
}

#[tokio::test]
async fn a_block_is_the_same_by_every_name_and_has_nitros_fields() {
    let node = start();
    let provider = provider(&node);
    let receipt = send(&provider, TransactionRequest::default().to(CONTRACT)).await;
    let hash = receipt.block_hash.unwrap();
    let by_hash: Value = rpc(&provider, "eth_getBlockByHash", json!([hash, false]))
        .await
        .unwrap();
    let by_number: Value = rpc(&provider, "eth_getBlockByNumber", json!(["0x1", false]))
        .await
        .unwrap();
    let latest: Value = rpc(&provider, "eth_getBlockByNumber", json!(["latest", false]))
        .await
        .unwrap();
    assert_eq!(by_hash, by_number);
    assert_eq!(by_hash, latest);
    assert_eq!(by_hash["transactions"], json!([receipt.transaction_hash]));
    assert_eq!(by_hash["number"], "0x1");
    assert_eq!(by_hash["l1BlockNumber"], "0x0");
    assert_eq!(by_hash["sendCount"], "0x0");
    assert_eq!(by_hash["sendRoot"], json!(B256::ZERO));
    assert_eq!(by_hash["baseFeePerGas"], "0x5f5e100");
    assert_eq!(by_hash["gasLimit"], "0x4000000000000");
    assert_eq!(by_hash["difficulty"], "0x1");
    assert_eq!(
        by_hash["miner"],
        "0xa4b000000000000000000073657175656e636572"
    );
    assert_eq!(by_hash["uncles"], json!([]));
    let missing: Value = rpc(&provider, "eth_getBlockByNumber", json!(["0x63", true]))
        .await
        .unwrap();
    assert_eq!(missing, Value::Null);
    let missing: Value = rpc(
        &provider,
        "eth_getBlockByHash",
        json!([B256::repeat_byte(1), true]),
    )
    .await
    .unwrap();
    assert_eq!(missing, Value::Null);
}

#[tokio::test]
async fn the_hash_of_a_block_is_that_of_its_header() {
    let node = start();
    let provider = provider(&node);
    send(&provider, TransactionRequest::default().to(CONTRACT)).await;
    let genesis = provider
        .get_block_by_number(0.into())
        .await
        .unwrap()
        .unwrap();
    let block = provider
        .get_block_by_number(1.into())
        .full()
        .await
        .unwrap()
        .unwrap();
    for block in [&genesis, &block] {
        assert_eq!(block.header.inner.hash_slow(), block.header.hash);
    }
    assert_eq!(block.header.parent_hash, genesis.header.hash);
    assert!(block.header.timestamp >= genesis.header.timestamp);
    let header = block.header.inner.clone();
    let envelopes: Vec<_> = block
        .transactions
        .into_transactions()
        .map(|transaction| transaction.into_inner())
        .collect();
    assert_eq!(
        calculate_transaction_root(&envelopes),
        header.transactions_root
    );
}

#[tokio::test]
async fn a_transaction_is_the_same_by_every_name() {
    let node = start();
    let provider = provider(&node);
    let value = U256::from(5);
    let request = TransactionRequest::default().to(CONTRACT).value(value);
    let receipt = send(&provider, request).await;
    let hash = receipt.transaction_hash;
    let transaction = provider
        .get_transaction_by_hash(hash)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(transaction.tx_hash(), hash);
    assert_eq!(transaction.from(), signer(0).address());
    assert_eq!(transaction.value(), value);
    assert_eq!(transaction.block_number, Some(1));
    let index = receipt.transaction_index.unwrap();
    let block_hash = receipt.block_hash.unwrap();
    let index = usize::try_from(index).unwrap();
    let by_block = provider
        .get_transaction_by_block_hash_and_index(block_hash, index)
        .await;
    assert_eq!(by_block.unwrap().unwrap(), transaction);
    let number = BlockNumberOrTag::Number(1);
    let by_number = provider
        .get_transaction_by_block_number_and_index(number, index)
        .await;
    assert_eq!(by_number.unwrap().unwrap(), transaction);
    let beyond = provider
        .get_transaction_by_block_number_and_index(number, 99)
        .await;
    assert_eq!(beyond.unwrap(), None);
    let unknown = B256::repeat_byte(3);
    assert_eq!(
        provider.get_transaction_by_hash(unknown).await.unwrap(),
        None
    );
    assert_eq!(
        provider.get_transaction_receipt(unknown).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn counts_and_receipts_of_a_block_agree() {
    let node = start();
    let provider = provider(&node);
    install(&provider, EMITTER).await;
    let receipt = emit(&provider, B256::repeat_byte(9)).await;
    assert_eq!(receipt.logs().len(), 1);
    let number = BlockNumberOrTag::Number(receipt.block_number.unwrap());
    let hash = receipt.block_hash.unwrap();
    let receipts = provider
        .get_block_receipts(number.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(receipts.last(), Some(&receipt));
    let by_hash = provider
        .get_block_receipts(hash.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(by_hash, receipts);
    let count = provider
        .get_block_transaction_count_by_number(number)
        .await
        .unwrap();
    assert_eq!(count, Some(receipts.len() as u64));
    let count = provider
        .get_block_transaction_count_by_hash(hash)
        .await
        .unwrap();
    assert_eq!(count, Some(receipts.len() as u64));
    let missing = BlockNumberOrTag::Number(99);
    assert_eq!(
        provider
            .get_block_transaction_count_by_number(missing)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        provider.get_block_receipts(missing.into()).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_receipt_has_nitros_fields() {
    let node = start();
    let provider = provider(&node);
    let receipt = send(
        &provider,
        TransactionRequest::default().to(Address::repeat_byte(7)),
    )
    .await;
    assert!(receipt.status());
    assert_eq!(receipt.gas_used, 21_000);
    assert_eq!(receipt.effective_gas_price, 100_000_000);
    let params = json!([receipt.transaction_hash]);
    let json: Value = rpc(&provider, "eth_getTransactionReceipt", params)
        .await
        .unwrap();
    assert_eq!(json["gasUsedForL1"], "0x0");
    assert_eq!(json["l1BlockNumber"], "0x0");
    assert_eq!(json["timeboosted"], false);
    assert_eq!(json["contractAddress"], Value::Null);
    assert_eq!(json["type"], "0x2");
}

#[tokio::test]
async fn prices_are_those_of_a_nitro_devnode() {
    let node = start();
    let provider = provider(&node);
    assert_eq!(provider.get_gas_price().await.unwrap(), 100_000_000);
    assert_eq!(provider.get_max_priority_fee_per_gas().await.unwrap(), 0);
    send(&provider, TransactionRequest::default().to(CONTRACT)).await;
    let history = provider
        .get_fee_history(10, BlockNumberOrTag::Latest, &[20.0])
        .await
        .unwrap();
    assert_eq!(history.oldest_block, 0);
    assert_eq!(history.base_fee_per_gas, [100_000_000; 3]);
    assert_eq!(history.gas_used_ratio.len(), 2);
    assert_eq!(history.reward, Some(vec![vec![0], vec![0]]));
    for count in [json!("0x1"), json!("1"), json!(1)] {
        let params = json!([count, "latest", []]);
        let history: Value = rpc(&provider, "eth_feeHistory", params).await.unwrap();
        assert_eq!(history["oldestBlock"], "0x1");
    }
}
