//! A chain in memory behind alloy's transport trait, for tests: blocks, transactions and events, and the faults of
//! nodes on demand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use alloy::consensus::transaction::SignerRecoverable;
use alloy::consensus::{Transaction as _, TxEnvelope};
use alloy::eips::eip2718::Decodable2718;
use alloy::primitives::{Address, B256, Bytes, U64, U256, keccak256};
use alloy::rpc::json_rpc::{
    ErrorPayload, RequestPacket, Response, ResponsePacket, ResponsePayload, SerializedRequest,
};
use alloy::sol_types::SolEvent;
use alloy::transports::{TransportError, TransportErrorKind, TransportFut};
use serde_json::{Value, json};
use tower::Service;

use super::node::Node;
use super::transport::Fault;

/// A fault of the node's answer to one `eth_sendRawTransaction`.
#[derive(Clone, Copy, Debug)]
pub(super) enum SendFault {
    /// The transaction is executed, the reply lost.
    ReplyLost,
    /// It never arrives.
    RequestLost,
    /// Another transaction of the account is executed first.
    NonceTaken,
    /// The base fee rises above the offer.
    FeeRises,
}

#[derive(Clone, Debug, Default)]
pub(super) struct FakeBlock {
    pub(super) hash: B256,
    parent: B256,
    pub(super) transactions: Vec<(B256, Address, u64)>,
    logs: Vec<(Address, Vec<B256>, Bytes)>,
}

pub(super) struct State {
    pub(super) chain: u64,
    pub(super) code: Bytes,
    pub(super) blocks: Vec<FakeBlock>,
    /// Every raw transaction that arrived, in order.
    pub(super) arrived: Vec<Bytes>,
    pub(super) faults: VecDeque<SendFault>,
    pub(super) base_fee: u64,
    /// The answer to every `eth_call` and, where it is an error, to every estimate.
    pub(super) answer: Result<Bytes, (String, Bytes)>,
    /// Whether transactions fail on the chain.
    pub(super) failing: bool,
    /// Whether every look at the newest block makes another one.
    pub(super) busy: bool,
    /// Events at most in an answer.
    pub(super) most_logs: usize,
    /// Requests for events so far.
    pub(super) log_requests: usize,
    /// Added to the hashes of new blocks, so that a fork differs.
    fork: u64,
}

/// The chain; clones share it.
#[derive(Clone)]
pub(super) struct Fake(Arc<Mutex<State>>);

impl Fake {
    pub(super) fn new() -> Self {
        let state = State {
            chain: 412_346,
            code: Bytes::from_static(b"code"),
            blocks: Vec::new(),
            arrived: Vec::new(),
            faults: VecDeque::new(),
            base_fee: 100_000_000,
            answer: Ok(Bytes::new()),
            failing: false,
            busy: false,
            most_logs: usize::MAX,
            log_requests: 0,
            fork: 0,
        };
        let fake = Self(Arc::new(Mutex::new(state)));
        fake.mine(Vec::new());
        fake
    }

    pub(super) fn node(&self) -> Node {
        self.named("http://fake")
    }

    pub(super) fn named(&self, name: &str) -> Node {
        Node::over(self.clone(), name.to_owned(), Duration::from_secs(1))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Adds a block with these events.
    pub(super) fn mine(&self, logs: Vec<(Address, Vec<B256>, Bytes)>) {
        self.state().mine(Vec::new(), logs);
    }

    /// Adds a block with events of `address`.
    pub(super) fn emit<E: SolEvent>(&self, address: Address, events: &[E]) {
        let log = |event: &E| {
            let data = event.encode_log_data();
            (address, data.topics().to_vec(), data.data)
        };
        self.mine(events.iter().map(log).collect());
    }

    /// Removes the last blocks; those that follow have other hashes.
    pub(super) fn reorganise(&self, depth: usize) {
        let mut state = self.state();
        let keep = state.blocks.len() - depth;
        state.blocks.truncate(keep);
        state.fork += 1;
    }
}

impl State {
    fn mine(
        &mut self,
        transactions: Vec<(B256, Address, u64)>,
        logs: Vec<(Address, Vec<B256>, Bytes)>,
    ) {
        let parent = self.blocks.last().map_or(B256::ZERO, |block| block.hash);
        let hash = keccak256([parent.as_slice(), &self.fork.to_be_bytes()].concat());
        self.blocks.push(FakeBlock {
            hash,
            parent,
            transactions,
            logs,
        });
    }

    fn nonce(&self, account: Address) -> u64 {
        self.blocks
            .iter()
            .flat_map(|b| &b.transactions)
            .filter(|tx| tx.1 == account)
            .count() as u64
    }

    fn send(&mut self, raw: Bytes) -> Result<Value, NoResult> {
        let tx = TxEnvelope::decode_2718(&mut raw.as_ref()).unwrap();
        let from = tx.recover_signer().unwrap();
        let fault = self.faults.pop_front();
        match fault {
            Some(SendFault::RequestLost) => return Err(lost()),
            Some(SendFault::NonceTaken) => {
                let nonce = self.nonce(from);
                self.mine(vec![(B256::repeat_byte(0xee), from, nonce)], Vec::new());
            }
            Some(SendFault::FeeRises) => self.base_fee *= 4,
            _ => {}
        }
        self.arrived.push(raw);
        let expected = self.nonce(from);
        if self
            .blocks
            .iter()
            .flat_map(|b| &b.transactions)
            .any(|known| known.0 == *tx.tx_hash())
        {
            return Err(refusal("already known"));
        }
        if tx.max_fee_per_gas() < u128::from(self.base_fee) {
            return Err(refusal("max fee per gas less than block base fee"));
        }
        match tx.nonce().cmp(&expected) {
            std::cmp::Ordering::Less => return Err(refusal("nonce too low")),
            std::cmp::Ordering::Greater => return Err(refusal("nonce too high")),
            std::cmp::Ordering::Equal => {
                self.mine(vec![(*tx.tx_hash(), from, tx.nonce())], Vec::new())
            }
        }
        if matches!(fault, Some(SendFault::ReplyLost)) {
            Err(lost())
        } else {
            Ok(json!(tx.tx_hash()))
        }
    }

    fn header(&self, number: usize) -> Value {
        let Some(block) = self.blocks.get(number) else {
            return Value::Null;
        };
        json!({
            "number": U64::from(number), "hash": block.hash, "parentHash": block.parent,
            "timestamp": U64::from(1_700_000_000 + number), "baseFeePerGas": U256::from(self.base_fee),
        })
    }

    fn receipt(&self, hash: B256) -> Value {
        let found = self.blocks.iter().enumerate().find_map(|(number, block)| {
            block
                .transactions
                .iter()
                .find(|tx| tx.0 == hash)
                .map(|tx| (number, block, tx.1))
        });
        let Some((number, block, from)) = found else {
            return Value::Null;
        };
        json!({
            "type": "0x2", "status": U64::from(!self.failing), "cumulativeGasUsed": "0x5208", "logs": [],
            "logsBloom": format!("0x{}", "00".repeat(256)), "transactionHash": hash, "transactionIndex": "0x1",
            "blockHash": block.hash, "blockNumber": U64::from(number), "gasUsed": "0x5208",
            "effectiveGasPrice": "0x5f5e100", "from": from, "to": Address::ZERO, "contractAddress": null,
        })
    }

    fn logs(&mut self, filter: &Value) -> Result<Value, NoResult> {
        self.log_requests += 1;
        let bound = |name: &str| {
            filter[name]
                .as_str()
                .unwrap()
                .parse::<U64>()
                .unwrap()
                .to::<usize>()
        };
        let (from, to) = (bound("fromBlock"), bound("toBlock"));
        let mut logs = Vec::new();
        for (number, block) in self.blocks.iter().enumerate().take(to + 1).skip(from) {
            for (index, (address, topics, data)) in block.logs.iter().enumerate() {
                logs.push(json!({
                    "address": address, "topics": topics, "data": data, "blockNumber": U64::from(number),
                    "blockHash": block.hash, "transactionHash": B256::with_last_byte(index as u8),
                    "transactionIndex": "0x1", "logIndex": U64::from(index), "removed": false,
                }));
            }
        }
        if logs.len() > self.most_logs {
            return Err(refusal("query returned more than 10000 results"));
        }
        Ok(json!(logs))
    }

    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, NoResult> {
        let account = || params[0].as_str().unwrap().parse::<Address>().unwrap();
        let simulated = self
            .answer
            .clone()
            .map_err(|(message, data)| NoResult::Refused(message, data));
        Ok(match method {
            "eth_chainId" => json!(U64::from(self.chain)),
            "eth_getCode" => json!(self.code),
            "eth_getTransactionCount" => json!(U64::from(self.nonce(account()))),
            "eth_estimateGas" => simulated.map(|_| json!("0x186a0"))?,
            "eth_call" => json!(simulated?),
            "eth_sendRawTransaction" => self.send(params[0].as_str().unwrap().parse().unwrap())?,
            "eth_getTransactionReceipt" => {
                self.receipt(params[0].as_str().unwrap().parse().unwrap())
            }
            "eth_getLogs" => self.logs(&params[0])?,
            "eth_getBlockByNumber" if params[0] == "latest" => {
                if self.busy {
                    self.mine(Vec::new(), Vec::new());
                }
                self.header(self.blocks.len() - 1)
            }
            "eth_getBlockByNumber" => {
                self.header(params[0].as_str().unwrap().parse::<U64>().unwrap().to())
            }
            other => panic!("{other}"),
        })
    }
}

/// Why the fake gives no result.
enum NoResult {
    Lost,
    Refused(String, Bytes),
}

fn lost() -> NoResult {
    NoResult::Lost
}

fn refusal(message: &str) -> NoResult {
    NoResult::Refused(message.to_owned(), Bytes::new())
}

impl Fake {
    fn respond(&self, request: &SerializedRequest) -> Result<Response, TransportError> {
        let params = request
            .params()
            .map_or(Value::Null, |p| serde_json::from_str(p.get()).unwrap());
        let payload = match self.state().answer(request.method(), &params) {
            Ok(value) => ResponsePayload::Success(serde_json::value::to_raw_value(&value).unwrap()),
            Err(NoResult::Lost) => {
                return Err(TransportErrorKind::custom(Fault::Unreachable(
                    "connection reset".into(),
                )));
            }
            Err(NoResult::Refused(message, data)) => {
                let data =
                    (!data.is_empty()).then(|| serde_json::value::to_raw_value(&data).unwrap());
                ResponsePayload::Failure(ErrorPayload {
                    code: -32_000,
                    message: message.into(),
                    data,
                })
            }
        };
        Ok(Response {
            id: request.id().clone(),
            payload,
        })
    }
}

impl Service<RequestPacket> for Fake {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        let answers: Result<Vec<_>, _> = packet
            .requests()
            .iter()
            .map(|request| self.respond(request))
            .collect();
        let batch = packet.as_batch().is_some();
        Box::pin(async move {
            let mut answers = answers?;
            Ok(match batch {
                true => ResponsePacket::Batch(answers),
                false => ResponsePacket::Single(answers.remove(0)),
            })
        })
    }
}
