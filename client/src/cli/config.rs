//! Settings: command line and environment, then the profile's file, then the file for all profiles.
//!
//! ```text
//! <home>/config.toml                   for all profiles
//! <home>/profiles/<name>/config.toml   for one; `init`, `restore` and `deploy` write what they are told here
//! ```

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml_edit::DocumentMut;

use super::args::Global;
use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::files;
use crate::identity::{Profile, Profiles};

const FILE: &str = "config.toml";
/// Name of the first profile, where none is given.
const FIRST_PROFILE: &str = "default";

/// Where profiles and settings lie, and what the command line says about them.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    folder: PathBuf,
    given: Global,
    shared: Values,
}

/// What a configuration file may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Values {
    profile: Option<String>,
    name: Option<String>,
    email: Option<String>,
    rpc: Option<String>,
    second_rpc: Option<String>,
    contract: Option<String>,
    contract_block: Option<u64>,
    storage: Option<String>,
}

/// What holds for one profile.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Name on the contact card.
    pub(crate) name: Option<String>,
    /// E-mail address on the contact card.
    pub(crate) email: Option<String>,
    pub(crate) rpc: Option<String>,
    pub(crate) second_rpc: Option<String>,
    pub(crate) contract: Option<String>,
    /// Block in which the registry was made.
    pub(crate) contract_block: Option<u64>,
    pub(crate) storage: Option<String>,
}

impl Home {
    /// Finds the folder and reads the file for all profiles.
    pub(crate) fn open(given: &Global) -> Outcome<Self> {
        let folder = match &given.home {
            Some(folder) => folder.clone(),
            None => default_folder()?,
        };
        let shared = read(&folder.join(FILE))?;
        Ok(Self {
            folder,
            given: given.clone(),
            shared,
        })
    }

    pub(crate) fn profiles(&self) -> Profiles {
        Profiles::new(self.folder.join("profiles"))
    }

    /// Transactions of the development account that are under way.
    #[cfg(feature = "devnode")]
    pub(crate) fn devnode_journal(&self) -> PathBuf {
        self.folder.join("devnode-journal")
    }

    /// The profile that is meant: the one named, or the only one there is.
    pub(crate) fn profile(&self) -> Outcome<Profile> {
        if let Some(name) = self.named() {
            return Ok(self.profiles().get(name)?);
        }
        let names = self.profiles().list()?;
        match &names[..] {
            [only] => Ok(self.profiles().get(only)?),
            [] => Err(Failure::new(
                Exit::Identity,
                "there is no profile on this machine",
                "Make one with `chartseal init`, or bring yours back with `chartseal restore`.",
            )),
            several => Err(Failure::usage(
                format!("there are several profiles: {}", several.join(", ")),
                "Say which one with --profile, or set `profile` in the configuration file.",
            )),
        }
    }

    /// Name for a profile that is to be made.
    pub(crate) fn new_profile(&self) -> &str {
        self.named().unwrap_or(FIRST_PROFILE)
    }

    fn named(&self) -> Option<&str> {
        self.given
            .profile
            .as_deref()
            .or(self.shared.profile.as_deref())
    }

    /// Everything that holds for a profile.
    pub(crate) fn settings(&self, profile: &Profile) -> Outcome<Settings> {
        let own = read(&profile.folder().join(FILE))?;
        let (given, shared) = (self.given.clone(), self.shared.clone());
        Ok(Settings {
            name: own.name.or(shared.name),
            email: own.email.or(shared.email),
            rpc: given.rpc.or(own.rpc).or(shared.rpc),
            second_rpc: given.second_rpc.or(own.second_rpc).or(shared.second_rpc),
            contract: given.contract.or(own.contract).or(shared.contract),
            contract_block: own.contract_block.or(shared.contract_block),
            storage: given.storage.or(own.storage).or(shared.storage),
        })
    }

    /// Writes settings into a profile's file and leaves everything else in it as it is.
    pub(crate) fn remember(&self, profile: &Profile, values: &[(&str, Option<&str>)]) -> Outcome {
        let path = profile.folder().join(FILE);
        let mut document: DocumentMut = text(&path)?
            .unwrap_or_default()
            .parse()
            .map_err(|error| damaged(&path, &error))?;
        for (key, value) in values
            .iter()
            .filter_map(|(key, value)| Some((key, (*value)?)))
        {
            document[*key] = toml_edit::value(value);
        }
        files::write(&path, document.to_string().as_bytes())
    }

    /// What the command line says about where everything is, for [`Home::remember`].
    pub(crate) fn places(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("rpc", self.given.rpc.as_deref()),
            ("second-rpc", self.given.second_rpc.as_deref()),
            ("contract", self.given.contract.as_deref()),
            ("storage", self.given.storage.as_deref()),
        ]
    }
}

/// The system's folder for a user's data, such as `~/.local/share/chartseal`.
fn default_folder() -> Outcome<PathBuf> {
    let found = directories::ProjectDirs::from("", "", "chartseal");
    found
        .map(|folders| folders.data_dir().to_owned())
        .ok_or_else(|| {
            let what = "this system has no home folder for you";
            Failure::new(
                Exit::File,
                what,
                "Name a folder with --home or CHARTSEAL_HOME.",
            )
        })
}

fn read(path: &Path) -> Outcome<Values> {
    let text = text(path)?.unwrap_or_default();
    toml::from_str(&text).map_err(|error| damaged(path, &error))
}

fn text(path: &Path) -> Outcome<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file(path)(error)),
    }
}

fn damaged(path: &Path, error: &impl std::fmt::Display) -> Failure {
    let reason = error
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let remedy = "Correct the file; the command line's manual lists what may stand in it.";
    Failure::usage(format!("{}: {reason}", path.display()), remedy)
}
