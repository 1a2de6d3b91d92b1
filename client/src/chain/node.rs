//! One node: the JSON-RPC methods that the client needs, with typed errors.

use std::time::Duration;

use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::network::Ethereum;
use alloy::primitives::{Address, B256, Bytes, U64, U256};
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::client::{BatchRequest, RpcClient};
use alloy::rpc::json_rpc::RpcError;
use alloy::rpc::types::{Filter, Log, TransactionReceipt, TransactionRequest};
use alloy::transports::{IntoBoxTransport, TransportError, TransportErrorKind};
use serde::Deserialize;

use super::error::{ChainError, Result};
use super::revert;
use super::transport::{Fault, Http, Limits, NodeUrl};

/// What is needed of a block's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Hash of the one before.
    pub parent: B256,
    /// Unix seconds.
    pub timestamp: u64,
    /// Wei per gas.
    pub base_fee: u128,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    number: U64,
    hash: B256,
    parent_hash: B256,
    timestamp: U64,
    #[serde(default)]
    base_fee_per_gas: U256,
}

impl From<Header> for Block {
    fn from(header: Header) -> Self {
        Self {
            number: header.number.to(),
            hash: header.hash,
            parent: header.parent_hash,
            timestamp: header.timestamp.to(),
            base_fee: header.base_fee_per_gas.saturating_to(),
        }
    }
}

/// A connection to one node.
#[derive(Clone, Debug)]
pub struct Node {
    provider: RootProvider<Ethereum>,
    shown: String,
    timeout: Duration,
}

impl Node {
    /// Prepares a connection; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ChainError::Unreachable`] when TLS cannot be set up on this machine.
    pub fn new(url: &NodeUrl, limits: Limits) -> Result<Self> {
        Ok(Self::over(
            Http::new(url.clone(), limits)?,
            url.shown(),
            limits.timeout,
        ))
    }

    /// A node behind any transport.
    pub(super) fn over(transport: impl IntoBoxTransport, shown: String, timeout: Duration) -> Self {
        let provider = RootProvider::new(RpcClient::new(transport, false));
        Self {
            provider,
            shown,
            timeout,
        }
    }

    /// Scheme, host and port.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The chain's id.
    ///
    /// # Errors
    ///
    /// As for every method here: what [`ChainError`] lists for nodes.
    pub async fn chain_id(&self) -> Result<u64> {
        self.provider
            .get_chain_id()
            .await
            .map_err(|e| self.error(e))
    }

    /// The newest block.
    ///
    /// # Errors
    ///
    /// See [`Self::chain_id`].
    pub async fn head(&self) -> Result<Block> {
        let block = self.block(BlockNumberOrTag::Latest).await?;
        block.ok_or_else(|| ChainError::malformed("there is no latest block"))
    }

    /// A block of the canonical chain, if the node has it.
    ///
    /// # Errors
    ///
    /// See [`Self::chain_id`].
    pub async fn block(&self, number: impl Into<BlockNumberOrTag>) -> Result<Option<Block>> {
        let params = (number.into(), false);
        let header: Option<Header> = self
            .provider
            .client()
            .request("eth_getBlockByNumber", params)
            .await
            .map_err(|e| self.error(e))?;
        Ok(header.map(Block::from))
    }

    /// Blocks of the canonical chain, in one exchange. At most 100 are asked for at once.
    ///
    /// # Errors
    ///
    /// See [`Self::chain_id`]; a block that the node does not have is [`ChainError::NoState`].
    pub async fn blocks(&self, numbers: &[u64]) -> Result<Vec<Block>> {
        let mut blocks = Vec::with_capacity(numbers.len());
        for part in numbers.chunks(100) {
            blocks.extend(self.blocks_at_once(part).await?);
        }
        Ok(blocks)
    }

    async fn blocks_at_once(&self, numbers: &[u64]) -> Result<Vec<Block>> {
        let mut batch = BatchRequest::new(self.provider.client());
        let mut waiting = Vec::with_capacity(numbers.len());
        for number in numbers {
            let params = (BlockNumberOrTag::Number(*number), false);
            let call = batch.add_call::<_, Option<Header>>("eth_getBlockByNumber", &params);
            waiting.push(call.map_err(|e| self.error(e))?);
        }
        batch.send().await.map_err(|e| self.error(e))?;
        let mut blocks = Vec::with_capacity(waiting.len());
        for (number, answer) in numbers.iter().zip(waiting) {
            let header = answer.await.map_err(|e| self.error(e))?;
            let block = header
                .map(Block::from)
                .ok_or_else(|| ChainError::NoState(format!("block {number}")))?;
            if block.number != *number {
                return Err(ChainError::malformed(format!(
                    "block {} for block {number}",
                    block.number
                )));
            }
            blocks.push(block);
        }
        Ok(blocks)
    }

    /// The code at an address, as of the newest block.
    ///
    /// # Errors
    ///
    /// See [`Self::chain_id`].
    pub async fn code(&self, address: Address) -> Result<Bytes> {
        self.provider
            .get_code_at(address)
            .await
            .map_err(|e| self.error(e))
    }

    /// Wei of an account.
    ///
    /// # Errors
    ///
    /// See [`Self::chain_id`].
    pub async fn balance(&self, address: Address) -> Result<U256> {
        self.provider
            .get_balance(address)
            .await
            .map_err(|e| self.error(e))
    }

    /// Transactions that an account has made, up to the newest block or with those waiting.
    ///
    /// # Errors
    ///
    /// See [`Self::chain_id`].
    pub async fn nonce(&self, address: Address, block: BlockNumberOrTag) -> Result<u64> {
        let count = self
            .provider
            .get_transaction_count(address)
            .block_id(block.into());
        count.await.map_err(|e| self.error(e))
    }

    /// Executes a call on the state of `block` without a transaction.
    ///
    /// # Errors
    ///
    /// Reverts, decoded, and what [`Self::chain_id`] lists.
    pub async fn call(&self, request: TransactionRequest, block: BlockId) -> Result<Bytes> {
        self.provider
            .call(request)
            .block(block)
            .await
            .map_err(|e| self.error(e))
    }

    /// Gas that a transaction would need now.
    ///
    /// # Errors
    ///
    /// See [`Self::call`].
    pub async fn estimate(&self, request: TransactionRequest) -> Result<u64> {
        let estimate = self
            .provider
            .estimate_gas(request)
            .block(BlockNumberOrTag::Pending.into());
        estimate.await.map_err(|e| self.error(e))
    }

    /// Hands a signed transaction over.
    ///
    /// # Errors
    ///
    /// What is wrong with the transaction, and what [`Self::chain_id`] lists.
    pub async fn send(&self, raw: &[u8]) -> Result<()> {
        self.provider
            .send_raw_transaction(raw)
            .await
            .map(drop)
            .map_err(|e| self.error(e))
    }

    /// What became of a transaction, if it is in a block.
    ///
    /// # Errors
    ///
    /// See [`Self::chain_id`].
    pub async fn receipt(&self, hash: B256) -> Result<Option<TransactionReceipt>> {
        self.provider
            .get_transaction_receipt(hash)
            .await
            .map_err(|e| self.error(e))
    }

    /// Events.
    ///
    /// # Errors
    ///
    /// See [`Self::chain_id`]; [`ChainError::TooManyResults`] and [`ChainError::AnswerTooLarge`] ask for a smaller
    /// range.
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<Log>> {
        self.provider
            .get_logs(filter)
            .await
            .map_err(|e| self.error(e))
    }

    fn error(&self, error: TransportError) -> ChainError {
        match error {
            RpcError::ErrorResp(payload) => match payload.as_revert_data() {
                Some(data) => revert::decode(data.as_ref()),
                None => classify(payload.code, &payload.message),
            },
            RpcError::NullResp => ChainError::malformed("an empty answer"),
            RpcError::DeserError { err, .. } => {
                ChainError::malformed(revert::shorten(&err.to_string()))
            }
            RpcError::Transport(TransportErrorKind::Custom(fault)) => match fault.downcast() {
                Ok(fault) => self.fault(*fault),
                Err(other) => self.unreachable(other.to_string()),
            },
            other => self.unreachable(revert::shorten(&other.to_string())),
        }
    }

    fn fault(&self, fault: Fault) -> ChainError {
        let node = self.shown.clone();
        match fault {
            Fault::Unreachable(reason) => self.unreachable(reason),
            Fault::Timeout(_) => ChainError::Timeout {
                node,
                limit: self.timeout,
            },
            Fault::Status(status) => ChainError::Http { node, status },
            Fault::TooLarge(limit) => ChainError::AnswerTooLarge { limit },
            Fault::NotJsonRpc => ChainError::malformed("it is no JSON-RPC message"),
        }
    }

    fn unreachable(&self, reason: String) -> ChainError {
        ChainError::Unreachable {
            node: self.shown.clone(),
            reason,
        }
    }
}

/// The meaning of an error without revert data.
///
/// Nodes give code -32000 for nearly everything, so the text is all there is to go by: the texts are those of
/// go-ethereum (`core/error.go`, `core/txpool/errors.go`, `core/vm/errors.go`), which Nitro passes on, and those that
/// providers give for ranges of events.
fn classify(code: i64, message: &str) -> ChainError {
    if let Some(fault) = revert::program_fault_in(message) {
        return ChainError::Program(fault);
    }
    let text = message.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    let shown = || revert::shorten(message);
    match () {
        () if has(&["nonce too low"]) => ChainError::NonceTooLow(shown()),
        () if has(&["nonce too high"]) => ChainError::NonceTooHigh(shown()),
        () if has(&["insufficient funds", "insufficient balance"]) => {
            ChainError::InsufficientFunds(shown())
        }
        () if has(&["less than block base fee"]) => ChainError::FeeTooLow,
        () if has(&["already known", "known transaction"]) => ChainError::AlreadyKnown,
        () if has(&["underpriced"]) => ChainError::Underpriced,
        () if has(&[
            "out of gas",
            "gas required exceeds",
            "intrinsic gas too low",
        ]) =>
        {
            ChainError::OutOfGas
        }
        () if has(&["execution reverted"]) => ChainError::RefusedSilently,
        () if has(&[
            "header not found",
            "missing trie node",
            "unknown block",
            "state is not available",
            "state not available",
        ]) =>
        {
            ChainError::NoState(shown())
        }
        () if code == -32005
            || has(&[
                "query returned more than",
                "too many",
                "block range",
                "response size",
                "result set",
                "limit exceeded",
                "more than",
            ]) =>
        {
            ChainError::TooManyResults(shown())
        }
        () => ChainError::Node {
            code,
            message: shown(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::revert::ProgramFault;

    #[test]
    fn texts_of_nodes_are_understood() {
        type Expected = fn(&ChainError) -> bool;
        let cases: [(&str, Expected); 12] = [
            ("nonce too low: address 0x1, tx: 1 state: 2", |e| {
                matches!(e, ChainError::NonceTooLow(_))
            }),
            ("nonce too high", |e| {
                matches!(e, ChainError::NonceTooHigh(_))
            }),
            ("insufficient funds for gas * price + value", |e| {
                matches!(e, ChainError::InsufficientFunds(_))
            }),
            ("max fee per gas less than block base fee: address", |e| {
                matches!(e, ChainError::FeeTooLow)
            }),
            ("already known", |e| matches!(e, ChainError::AlreadyKnown)),
            ("replacement transaction underpriced", |e| {
                matches!(e, ChainError::Underpriced)
            }),
            ("out of gas", |e| matches!(e, ChainError::OutOfGas)),
            ("gas required exceeds allowance (1)", |e| {
                matches!(e, ChainError::OutOfGas)
            }),
            ("error ProgramNotActivated()", |e| {
                matches!(e, ChainError::Program(ProgramFault::ArbWasm(_)))
            }),
            (
                "program activation failed: no entry",
                |e| matches!(e, ChainError::Program(ProgramFault::Rejected(t)) if t == "no entry"),
            ),
            ("query returned more than 10000 results", |e| {
                matches!(e, ChainError::TooManyResults(_))
            }),
            ("something else", |e| {
                matches!(e, ChainError::Node { code: -32000, .. })
            }),
        ];
        for (text, is) in cases {
            let error = classify(-32000, text);
            assert!(is(&error), "{text}: {error:?}");
            assert!(!error.remedy().is_empty());
        }
    }

    #[test]
    fn an_address_shows_no_key() {
        let url: NodeUrl = "https://user:pass@rpc.example:8443/v2/secret?key=secret"
            .parse()
            .unwrap();
        assert_eq!(url.shown(), "https://rpc.example:8443");
        assert!(!format!("{url:?}").contains("secret"));
        for bad in ["ftp://host", "no address", "http://", "unix:/x"] {
            let error = bad.parse::<NodeUrl>().unwrap_err();
            assert!(matches!(error, ChainError::BadUrl(_)), "{bad}");
        }
    }
}
