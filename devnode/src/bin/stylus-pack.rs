//! Prepares a wasm module for deployment and says what the chain will make of it.
//!
//! `stylus-pack INPUT.wasm OUTPUT.wasm REPORT.json` encodes the module afresh (so that nothing is left that only
//! newer features read), drops its custom sections, activates it as a chain would, and writes module and report.
//! It fails when a chain would refuse the module, or it is larger than EIP-170 allows, or starts with more than
//! the free memory pages.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use alloy_primitives::keccak256;
use chartseal_devnode::stylus::code::compress;
use chartseal_devnode::stylus::{
    Activated, ActivationParams, StylusParams, activate, cached_init_gas, init_gas,
};
use serde_json::{Value, json};
use thiserror::Error;
use wasm_encoder::reencode::{Error as ReencodeError, Reencode};
use wasmparser::{BinaryReaderError, CustomSectionReader, Parser, Payload};

/// Bytes of code on chain at most, prefix included: EIP-170.
const MAX_CODE_BYTES: usize = 24_576;

fn main() -> ExitCode {
    let paths: Vec<_> = std::env::args_os().skip(1).collect();
    let [input, output, report] = paths.as_slice() else {
        eprintln!(
            "stylus-pack: three paths are needed\nusage: stylus-pack INPUT.wasm OUTPUT.wasm REPORT.json"
        );
        return ExitCode::from(2);
    };
    match pack(input.as_ref(), output.as_ref(), report.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stylus-pack: {error}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Debug, Error)]
enum PackError {
    #[error("{path}: {error}\nname a file that can be read, and a folder that can be written")]
    File { path: String, error: std::io::Error },
    #[error("the module cannot be read: {0}\nbuild it again; it is not a complete wasm module")]
    Read(#[from] BinaryReaderError),
    #[error("the module cannot be encoded afresh: {0}\nbuild it for target-cpu mvp")]
    Encode(#[from] ReencodeError),
    #[error("the module cannot be compressed: {0}")]
    Compress(std::io::Error),
    #[error("a chain would not activate the module: {0}\nbuild it with scripts/build-contract")]
    Activate(#[from] chartseal_devnode::stylus::ActivationError),
    #[error("{what} is {value}, over the limit of {limit}\nmake the program smaller")]
    TooLarge {
        what: &'static str,
        value: usize,
        limit: usize,
    },
}

/// What the report says, and whether the chain would take it.
struct Measured {
    wasm: Vec<u8>,
    code: Vec<u8>,
    functions: usize,
    activated: Activated,
}

fn pack(input: &Path, output: &Path, report: &Path) -> Result<(), PackError> {
    let wasm = without_custom_sections(&fs::read(input).map_err(file_error(input))?)?;
    let measured = measure(wasm)?;
    let table = measured.report();
    fs::write(report, format!("{table:#}\n")).map_err(file_error(report))?;
    for (name, value) in table.as_object().into_iter().flatten() {
        println!("{name:24} {value:>8}");
    }
    measured.check()?;
    fs::write(output, &measured.wasm).map_err(file_error(output))
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> PackError {
    move |error| PackError::File {
        path: path.display().to_string(),
        error,
    }
}

/// The module encoded afresh.
fn without_custom_sections(wasm: &[u8]) -> Result<Vec<u8>, PackError> {
    struct Strip;
    impl Reencode for Strip {
        type Error = std::convert::Infallible;

        fn parse_custom_section(
            &mut self,
            _: &mut wasm_encoder::Module,
            _: CustomSectionReader<'_>,
        ) -> Result<(), ReencodeError<Self::Error>> {
            Ok(())
        }
    }
    let mut module = wasm_encoder::Module::new();
    Strip.parse_core_module(&mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}

fn measure(wasm: Vec<u8>) -> Result<Measured, PackError> {
    let params = ActivationParams {
        stylus: StylusParams::default(),
        debug: false,
        open_pages: 0,
        gas: u64::MAX,
    };
    Ok(Measured {
        code: compress(&wasm).map_err(PackError::Compress)?,
        functions: defined_functions(&wasm)?,
        activated: activate(&wasm, &params)?,
        wasm,
    })
}

fn defined_functions(wasm: &[u8]) -> Result<usize, PackError> {
    let mut functions = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionStart { count, .. } = payload? {
            functions = count as usize;
        }
    }
    Ok(functions)
}

impl Measured {
    fn report(&self) -> Value {
        let (costs, params) = (&self.activated.costs, StylusParams::default());
        let cached = cached_init_gas(costs, &params);
        json!({
            "raw_bytes": self.wasm.len(),
            "code_bytes": self.code.len(),
            "code_hash": keccak256(&self.code).to_string(),
            "memory_pages": costs.footprint,
            "functions": self.functions,
            "start_gas_uncached": cached + init_gas(costs, &params),
            "start_gas_cached": cached,
            "activation_gas": self.activated.gas_used,
        })
    }

    fn check(&self) -> Result<(), PackError> {
        let limits = [
            (
                "the compressed code in bytes",
                self.code.len(),
                MAX_CODE_BYTES,
            ),
            (
                "the number of memory pages",
                self.activated.costs.footprint.into(),
                StylusParams::default().free_pages.into(),
            ),
        ];
        match limits.into_iter().find(|(_, value, limit)| value > limit) {
            Some((what, value, limit)) => Err(PackError::TooLarge { what, value, limit }),
            None => Ok(()),
        }
    }
}
