//! A node for each test, clients for it, and small contracts.

use alloy::{
    network::EthereumWallet,
    primitives::{Address, B256, Bytes, address},
    providers::{DynProvider, Provider, ProviderBuilder, WsConnect},
    rpc::{
        json_rpc::ErrorPayload,
        types::{TransactionReceipt, TransactionRequest},
    },
    signers::local::PrivateKeySigner,
    transports::{TransportError, http::reqwest},
};
use chartseal_devnode::{Config, Devnode, accounts};
use serde_json::{Value, json};

/// Where tests put code with `anvil_setCode`.
pub(crate) const CONTRACT: Address = address!("0x00000000000000000000000000000000000c0de5");

/// Emits one log without data whose only topic is the first word of the call data:
/// PUSH0 CALLDATALOAD PUSH0 PUSH0 LOG1 STOP.
pub(crate) const EMITTER: &[u8] = &[0x5f, 0x35, 0x5f, 0x5f, 0xa1, 0x00];

/// Returns storage slot 0: PUSH0 SLOAD PUSH0 MSTORE PUSH1 32 PUSH0 RETURN.
pub(crate) const READER: &[u8] = &[0x5f, 0x54, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3];

/// Never ends: JUMPDEST PUSH0 JUMP.
pub(crate) const LOOPER: &[u8] = &[0x5b, 0x5f, 0x56];

/// Code that reverts with `data` (at most 255 bytes): PUSH1 len PUSH1 10 PUSH0 CODECOPY PUSH1 len
/// PUSH0 REVERT, then the data.
pub(crate) fn reverter(data: &[u8]) -> Bytes {
    let len = u8::try_from(data.len()).unwrap();
    let code = [0x60, len, 0x60, 0x0a, 0x5f, 0x39, 0x60, len, 0x5f, 0xfd];
    [&code, data].concat().into()
}

/// A node with the ten well-known test accounts.
pub(crate) fn start() -> Devnode {
    // Built with the rest of the workspace, the HTTP client has TLS without a default provider. An error says
    // that another test of this process was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = Config::default();
    let accounts = accounts::test_accounts(10).unwrap();
    config
        .chain
        .accounts
        .extend(accounts.iter().map(|account| account.address));
    Devnode::start(config).unwrap()
}

/// The `index`th well-known test account.
pub(crate) fn signer(index: usize) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&accounts::test_accounts(10).unwrap()[index].key).unwrap()
}

/// alloy over HTTP, with every filler, signing as the first test account.
pub(crate) fn provider(node: &Devnode) -> DynProvider {
    let wallet = EthereumWallet::from(signer(0));
    ProviderBuilder::new()
        .wallet(wallet)
        .connect_http(node.url().parse().unwrap())
        .erased()
}

/// alloy over WebSocket, signing as the first test account.
pub(crate) async fn ws_provider(node: &Devnode) -> DynProvider {
    let wallet = EthereumWallet::from(signer(0));
    let connect = WsConnect::new(node.ws_url());
    ProviderBuilder::new()
        .wallet(wallet)
        .connect_ws(connect)
        .await
        .unwrap()
        .erased()
}

/// Sends a transaction and waits for its receipt.
pub(crate) async fn send(
    provider: &DynProvider,
    request: TransactionRequest,
) -> TransactionReceipt {
    provider
        .send_transaction(request)
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap()
}

/// Puts code at [`CONTRACT`].
pub(crate) async fn install(provider: &DynProvider, code: impl Into<Bytes>) {
    install_at(provider, CONTRACT, code).await;
}

/// Puts code at an address.
pub(crate) async fn install_at(provider: &DynProvider, address: Address, code: impl Into<Bytes>) {
    let () = rpc(provider, "anvil_setCode", json!([address, code.into()]))
        .await
        .unwrap();
}

/// Emits one log with `topic` from the [`EMITTER`] at [`CONTRACT`].
pub(crate) async fn emit(provider: &DynProvider, topic: B256) -> TransactionReceipt {
    let request = TransactionRequest::default()
        .to(CONTRACT)
        .input(Bytes::from(topic).into());
    send(provider, request).await
}

/// Any method, with any parameters.
pub(crate) async fn rpc<
    T: serde::de::DeserializeOwned + Send + Sync + Unpin + std::fmt::Debug + 'static,
>(
    provider: &DynProvider,
    method: &'static str,
    params: Value,
) -> Result<T, TransportError> {
    provider.raw_request(method.into(), params).await
}

/// The error a method must answer with.
pub(crate) async fn refusal(
    provider: &DynProvider,
    method: &'static str,
    params: Value,
) -> ErrorPayload {
    let result: Result<Value, _> = rpc(provider, method, params).await;
    match result.unwrap_err() {
        TransportError::ErrorResp(error) => error,
        other => panic!("{method} answered with {other}"),
    }
}

/// Posts a body as it is; the HTTP status and the answer.
pub(crate) async fn post(node: &Devnode, body: impl Into<reqwest::Body>) -> (u16, String) {
    let request = reqwest::Client::new().post(node.url()).body(body);
    let response = request
        .header("content-type", "application/json")
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Posts a body as it is; the answer as JSON.
pub(crate) async fn post_json(node: &Devnode, body: impl Into<reqwest::Body>) -> Value {
    let (status, text) = post(node, body).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}
