//! `demo`: everything at once.

use std::path::PathBuf;

use crate::cli::app::App;
use crate::cli::demo::Demo;
use crate::cli::failure::Outcome;

/// Play the whole scheme with made-up people and documents.
///
/// Starts a chain and a storage folder in temporary places and lets a patient, a doctor, a pharmacist, a
/// researcher and a hospital share records. Every step is a command you could type; every result is checked.
/// Ends with what each operation cost.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal demo --keep")]
pub(crate) struct Args {
    /// Leave chain, storage and profiles running, and print commands to try
    #[arg(long)]
    keep: bool,

    /// The contract, as scripts/build-contract makes it
    #[arg(
        long,
        value_name = "FILE",
        default_value = "target/contract/registry.wasm"
    )]
    wasm: PathBuf,
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        Demo {
            wasm: self.wasm,
            keep: self.keep,
        }
        .run(app)
        .await
    }
}
