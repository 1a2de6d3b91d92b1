//! The registry on its chain: reading, writing, listing, deploying.
//!
//! It carries sealed bytes, digests and wrapped keys, and knows nothing of how they are made.
//!
//! - [`Registry`] is a registry whose chain and code were checked; [`Registry::snapshot`] reads it as of one block.
//! - [`Registry::calls`] builds the [`Action`] for every function; [`Registry::execute`] carries actions out.
//! - [`Journal`] keeps what is under way, with the use case's own state, so that a later process goes on with it.
//! - [`History`] has the lists and the audit trail, from the events.
//! - [`Deployer`] puts the contract on a chain.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use chartseal::chain::{Account, Connection, Deployment, Grant, Journal, Registry};
//!
//! # async fn share(
//! #     deployment: Deployment,
//! #     account: Account,
//! #     grants: &[Grant],
//! # ) -> chartseal::chain::Result<()> {
//! let connection = Connection::to("http://127.0.0.1:8547".parse()?);
//! let registry = Registry::connect(deployment, &connection, Path::new("profile/seen.db")).await?;
//! let journal = Journal::open(Path::new("profile/journal"))?;
//!
//! let plan = registry.calls().grant_many(grants);
//! let payload = serde_json::json!({ "step": "send", "plan": plan });
//! let entry = journal.begin(registry.scope(&account), payload)?;
//! let outcomes = registry.execute(&journal, entry, &account, &plan, 0).await?;
//! journal.finish(entry)?;
//! # Ok(())
//! # }
//! ```

mod abi;
mod account;
mod calls;
mod deploy;
mod error;
mod event;
#[cfg(test)]
mod fake;
mod history;
mod journal;
mod node;
mod outbox;
mod registry;
mod revert;
mod seen;
mod translate;
mod transport;
mod values;
mod view;

pub use account::Account;
pub use calls::{BATCH, Calls, Content, record_id};
pub use deploy::{
    ARB_WASM, ARB_WASM_CACHE, Caching, Deployed, Deployer, Options as DeployOptions, Program,
};
pub use error::{ChainError, Result};
pub use event::{Event, SealedContent};
pub use history::{
    DepositEntry, GrantEntry, History, Moment, Occurrence, Page, Progress, RecordEntry,
    RequestEntry, Subject, SyncReport, UserEntry, VouchEntry,
};
pub use journal::{Attempt, Entry, EntryId, Inclusion, Journal, Scope, Transaction};
pub use node::{Block, Node};
pub use outbox::{Action, Outbox, Outcome, Policy};
pub use registry::{Connection, Deployment, Registry};
pub use revert::{ProgramFault, Refusal};
pub use transport::{Limits, NodeUrl};
pub use values::{
    Access, AccessLevel, AccessReason, DepositRight, Grant, GrantedKey, ObjectDigest, PublicKey,
    Purpose, Record, RecordStatus, Request, Role, User, Vouch, WrappedKey,
};
pub use view::Snapshot;
