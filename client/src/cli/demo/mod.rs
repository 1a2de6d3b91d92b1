//! The demo: the whole scheme on a chain and a storage folder of its own.

mod cast;
mod documents;
mod ledger;
mod node;
mod samples;
mod scenario;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use alloy_primitives::hex;

use super::app::App;
use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::stop;
use ledger::Ledger;
use stage::Stage;

/// What the demo is run with.
pub(super) struct Demo {
    /// The contract.
    pub(super) wasm: PathBuf,
    /// Whether node, storage and profiles stay until the user ends the program.
    pub(super) keep: bool,
}

impl Demo {
    /// Plays it.
    pub(super) async fn run(self, app: &App) -> Outcome {
        let stopped = stop::signal()?;
        let folder = Folder::make()?;
        prepare(&folder.0, &self.wasm)?;
        let state = self.keep.then(|| folder.0.join("chain.state"));
        let node = node::start(state, &folder.0.join("home").join("devnode-journal")).await?;
        let mut stage = Stage::new(&folder.0, &node.url(), app.output.is_json())?;
        let begun = Instant::now();
        let played = scenario::play(&mut stage);
        if played.is_ok() {
            stage.scene(&format!(
                "All steps did what they should, in {:.0} s",
                begun.elapsed().as_secs_f64()
            ));
            app.output.raw(&report(app, &stage.ledger)?)?;
        }
        if self.keep {
            app.output.raw(&farewell(&stage, &node.url()))?;
            let kept = folder.keep();
            app.output.raw(&format!(
                "Ctrl-C ends the chain. Everything stays in {}\n",
                kept.display()
            ))?;
            stopped.await;
        }
        node.stop()?;
        played
    }
}

/// A folder that goes away with the demo.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("chartseal-demo-{}", random::<6>()?));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(Failure::file(&path))?;
        Ok(Self(path))
    }

    /// Leaves it where it is.
    fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // What cannot be deleted is in the system's folder for such things.
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// Storage, contract and the passphrase that all profiles of the demo share.
fn prepare(folder: &Path, wasm: &Path) -> Outcome {
    for name in ["home", "storage"] {
        let path = folder.join(name);
        fs::create_dir(&path).map_err(Failure::file(&path))?;
    }
    let copied = fs::copy(wasm, folder.join("registry.wasm"));
    copied.map_err(|error| {
        let what = format!("the contract {} cannot be read: {error}", wasm.display());
        Failure::new(
            Exit::NotFound,
            what,
            "Build it with scripts/build-contract, or name it with --wasm.",
        )
    })?;
    let path = folder.join("passphrase");
    fs::write(&path, format!("{}\n", random::<16>()?)).map_err(Failure::file(&path))
}

fn random<const N: usize>() -> Outcome<String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("the system gave no random numbers: {error}"),
            "Try again.",
        )
    })?;
    Ok(hex::encode(bytes))
}

fn report(app: &App, ledger: &Ledger) -> Outcome<String> {
    if !app.output.is_json() {
        return Ok(format!("\n{}", ledger.table()));
    }
    let json = serde_json::to_string_pretty(ledger);
    let failed = |error| {
        Failure::new(
            Exit::Failed,
            format!("the table is no JSON: {error}"),
            "Report this.",
        )
    };
    Ok(format!("{}\n", json.map_err(failed)?))
}

/// What to try on a stage that stays.
fn farewell(stage: &Stage, rpc: &str) -> String {
    format!(
        "
Try it yourself; the profiles are ada, noor, piet, remy and hospital:

  export CHARTSEAL_HOME={home} CHARTSEAL_RPC={rpc}
  export CHARTSEAL_STORAGE=file://{storage} CHARTSEAL_PASSPHRASE_FILE={passphrase}
  export CHARTSEAL_CONTRACT={contract}
  chartseal --profile ada list
  chartseal --profile ada access \"Medical history\"
  chartseal --profile noor open \"Medical history\"
  chartseal --profile ada audit

",
        home = stage.home().display(),
        storage = stage.storage().display(),
        passphrase = stage.file("passphrase"),
        contract = stage.contract(),
    )
}
