//! The form Stylus programs have on chain: a prefix and a brotli stream.
//!
//! Source: go-ethereum fork of Nitro, `core/state/statedb_arbitrum.go`; Nitro `crates/brotli`.

use brotli::enc::{BrotliEncoderParams, StandardAlloc};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use thiserror::Error;

/// First bytes of every classic Stylus program; the dictionary byte follows.
pub const CLASSIC_PREFIX: [u8; 3] = [0xEF, 0xF0, 0x00];
/// Dictionary byte of a stream without a dictionary: what all current tools write.
pub const NO_DICTIONARY: u8 = 0;
/// Brotli quality and window that deployment tools use.
const QUALITY: i32 = 11;
const WINDOW: i32 = 22;

/// Why on-chain code does not yield a wasm module.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CodeError {
    /// The code has no Stylus prefix.
    #[error("the code is no Stylus program: it does not start with 0xEFF000")]
    NotStylus,
    /// The dictionary byte is not supported.
    #[error("unsupported dictionary type {0}: compress the program without a dictionary")]
    Dictionary(u8),
    /// The stream is not brotli, or ends early.
    #[error("the program is no complete brotli stream: compress it again and redeploy")]
    Stream,
    /// The module is larger than the chain allows.
    #[error("the program has more than {0} bytes after decompression: make it smaller")]
    TooLarge(u32),
}

/// Whether `code` is run by the Stylus VM: a classic prefix and at least the dictionary byte.
pub fn is_stylus_program(code: &[u8]) -> bool {
    code.len() > CLASSIC_PREFIX.len() && code.starts_with(&CLASSIC_PREFIX)
}

/// The wasm module inside on-chain `code`; at most `max_size` bytes. Bytes after the end of the brotli
/// stream are ignored.
///
/// # Errors
/// [`CodeError`] when the prefix, the dictionary byte, the stream or the size is wrong.
pub fn decompress(code: &[u8], max_size: u32) -> Result<Vec<u8>, CodeError> {
    if !is_stylus_program(code) {
        return Err(CodeError::NotStylus);
    }
    let body = &code[CLASSIC_PREFIX.len()..];
    match body.split_first() {
        Some((&NO_DICTIONARY, stream)) => inflate(stream, max_size),
        Some((&dictionary, _)) => Err(CodeError::Dictionary(dictionary)),
        None => Err(CodeError::NotStylus),
    }
}

/// Decodes into a buffer of exactly the largest size, as Nitro does.
fn inflate(stream: &[u8], max_size: u32) -> Result<Vec<u8>, CodeError> {
    let mut output = vec![0; max_size as usize];
    // Strict: without the large windows that ordinary brotli does not have.
    let mut state = BrotliState::new_strict(
        StandardAlloc::default(),
        StandardAlloc::default(),
        StandardAlloc::default(),
    );
    let (mut input_left, mut input_at) = (stream.len(), 0);
    let (mut output_left, mut output_at, mut written) = (output.len(), 0, 0);
    let result = BrotliDecompressStream(
        &mut input_left,
        &mut input_at,
        stream,
        &mut output_left,
        &mut output_at,
        &mut output,
        &mut written,
        &mut state,
    );
    match result {
        BrotliResult::ResultSuccess => {
            output.truncate(output_at);
            Ok(output)
        }
        BrotliResult::NeedsMoreOutput => Err(CodeError::TooLarge(max_size)),
        BrotliResult::NeedsMoreInput | BrotliResult::ResultFailure => Err(CodeError::Stream),
    }
}

/// On-chain code of a wasm module, as deployment tools make it: brotli quality 11, no dictionary.
///
/// # Errors
/// The encoder's own error; writing to memory does not fail.
pub fn compress(wasm: &[u8]) -> std::io::Result<Vec<u8>> {
    let params = BrotliEncoderParams {
        quality: QUALITY,
        lgwin: WINDOW,
        ..Default::default()
    };
    let mut code = CLASSIC_PREFIX.to_vec();
    code.push(NO_DICTIONARY);
    let mut input = wasm;
    brotli::BrotliCompress(&mut input, &mut code, &params)?;
    Ok(code)
}
