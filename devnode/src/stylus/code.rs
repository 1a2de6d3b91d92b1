//! The form Stylus programs have on chain: a prefix and a brotli stream.
//!
//! Source: go-ethereum fork of Nitro, `core/state/statedb_arbitrum.go`; Nitro `crates/brotli`.

use std::io::Write;

use brotli::enc::BrotliEncoderParams;
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

fn inflate(stream: &[u8], max_size: u32) -> Result<Vec<u8>, CodeError> {
    let limit = max_size as usize;
    let mut sink = Bounded {
        bytes: Vec::new(),
        limit,
        full: false,
    };
    let mut input = stream;
    let result = brotli::BrotliDecompress(&mut input, &mut sink);
    match (result, sink.full) {
        (_, true) => Err(CodeError::TooLarge(max_size)),
        (Ok(()), false) => Ok(sink.bytes),
        (Err(_), false) => Err(CodeError::Stream),
    }
}

/// A writer that refuses what goes past its limit.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, chunk: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + chunk.len() > self.limit {
            self.full = true;
            return Err(std::io::ErrorKind::WriteZero.into());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
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
