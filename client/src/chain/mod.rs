//! The registry on its chain.

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
    Access, AccessLevel, AccessReason, DepositRight, Grant, GrantedKey, PublicKey, Purpose, Record,
    RecordStatus, Request, Role, User, Vouch, WrappedKey,
};
pub use view::Snapshot;
