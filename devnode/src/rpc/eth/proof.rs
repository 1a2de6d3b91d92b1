//! Proofs of accounts and their storage.

use std::sync::Arc;

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, U256, hex};
use alloy_rpc_types_eth::EIP1186AccountProofResponse;
use alloy_serde::JsonStorageKey;

use crate::rpc::{
    context::Context,
    error::{RpcError, RpcResult},
    module::Module,
};

/// Most storage keys in one request. Source: go-ethereum `internal/ethapi`, `maxGetProofKeys`.
const MAX_KEYS: usize = 1_024;

/// Bytes of a storage key, and hexadecimal digits.
const KEY_BYTES: usize = 32;
const KEY_DIGITS: usize = 2 * KEY_BYTES;

pub(super) fn register(module: &mut Module<Context>) {
    module.register("eth_getProof", proof);
}

async fn proof(
    context: Arc<Context>,
    (address, keys, block): (Address, Vec<String>, BlockId),
) -> RpcResult<EIP1186AccountProofResponse> {
    let keys = storage_keys(&keys)?;
    Ok(context
        .chain
        .execute(move |chain| chain.proof(address, &keys, block))
        .await??)
}

fn storage_keys(texts: &[String]) -> RpcResult<Vec<JsonStorageKey>> {
    let count = texts.len();
    if count > MAX_KEYS {
        return Err(RpcError::invalid_params(format!(
            "too many storage keys requested (max {MAX_KEYS}, got {count})"
        )));
    }
    texts.iter().map(|text| storage_key(text)).collect()
}

/// Reads a key as go-ethereum does: up to 32 bytes in hexadecimal, `0x` and a leading zero at will. One of 32 bytes
/// is answered as 32 bytes, a shorter one as a number.
fn storage_key(text: &str) -> RpcResult<JsonStorageKey> {
    let refuse = |reason: &str| RpcError::invalid_params(format!("{reason}: {text:?}"));
    let prefixed = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits = prefixed.unwrap_or(text);
    if digits.len() > KEY_DIGITS {
        return Err(refuse("storage key too long (want at most 32 bytes)"));
    }
    let word: B256 = hex::decode(format!("{digits:0>KEY_DIGITS$}"))
        .ok()
        .and_then(|bytes| B256::try_from(bytes.as_slice()).ok())
        .ok_or_else(|| refuse("invalid hex in storage key"))?;
    let bytes = digits.len().div_ceil(2);
    Ok(match bytes {
        KEY_BYTES => JsonStorageKey::Hash(word),
        _ => JsonStorageKey::Number(U256::from_be_bytes(word.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_answered_as_in_go_ethereum() {
        let number = |number: u64| JsonStorageKey::Number(U256::from(number));
        let full = format!("{:0>64}", "1");
        let odd = format!("{:0>63}", "1");
        let word = JsonStorageKey::Hash(B256::with_last_byte(1));
        for (text, key) in [
            ("", number(0)),
            ("0x", number(0)),
            ("0x0", number(0)),
            ("0X1f", number(31)),
            ("00ff", number(255)),
            ("0xfff", number(0xfff)),
            (full.as_str(), word),
            (odd.as_str(), word),
        ] {
            assert_eq!(storage_key(text), Ok(key), "{text}");
        }
    }

    #[test]
    fn other_keys_are_refused_with_the_texts_of_go_ethereum() {
        let long = format!("0x{}", "0".repeat(65));
        let hex = "invalid hex in storage key";
        for (text, reason) in [
            ("0xzz", hex),
            ("zz", hex),
            ("0x0x", hex),
            ("0x-1", hex),
            ("0x+1", hex),
            ("0x1 ", hex),
            ("\u{e9}", hex),
            (
                long.as_str(),
                "storage key too long (want at most 32 bytes)",
            ),
        ] {
            let error = storage_key(text).unwrap_err().to_string();
            assert_eq!(error, format!("{reason}: {text:?} (code -32602)"));
        }
    }
}
