//! One file for each command: its arguments and what it does.

mod access;
mod add;
mod approve;
mod audit;
mod completions;
#[cfg(feature = "devnode")]
mod demo;
mod deny;
mod deploy;
#[cfg(feature = "devnode")]
pub(crate) mod devnode;
mod info;
mod init;
mod list;
mod open;
mod people;
mod register;
mod rekey;
mod remove;
mod request;
mod requests;
mod restore;
mod resume;
mod revoke;
mod share;
mod storage;
mod update;
mod verify;
mod whoami;

use clap::Subcommand;

use super::app::App;
use super::failure::Outcome;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    Restore(restore::Args),
    Whoami(whoami::Args),
    Register(register::Args),
    #[command(subcommand)]
    People(people::Command),
    Add(add::Args),
    List(list::Args),
    Info(info::Args),
    Share(share::Args),
    Access(access::Args),
    Open(open::Args),
    Update(update::Args),
    Revoke(revoke::Args),
    Remove(remove::Args),
    Request(request::Args),
    Requests(requests::Args),
    Approve(approve::Args),
    Deny(deny::Args),
    Audit(audit::Args),
    Verify(verify::Args),
    Rekey(rekey::Args),
    Resume(resume::Args),
    Deploy(deploy::Args),
    #[command(subcommand)]
    Storage(storage::Command),
    #[cfg(feature = "devnode")]
    Devnode(devnode::Args),
    #[cfg(feature = "devnode")]
    Demo(demo::Args),
    Completions(completions::Args),
}

impl Command {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        match self {
            Self::Init(args) => args.exec(app),
            Self::Restore(args) => args.exec(app),
            Self::Whoami(args) => args.exec(app).await,
            Self::Register(args) => args.exec(app).await,
            Self::People(args) => args.exec(app).await,
            Self::Add(args) => args.exec(app).await,
            Self::List(args) => args.exec(app).await,
            Self::Info(args) => args.exec(app).await,
            Self::Share(args) => args.exec(app).await,
            Self::Access(args) => args.exec(app).await,
            Self::Open(args) => args.exec(app).await,
            Self::Update(args) => args.exec(app).await,
            Self::Revoke(args) => args.exec(app).await,
            Self::Remove(args) => args.exec(app).await,
            Self::Request(args) => args.exec(app).await,
            Self::Requests(args) => args.exec(app).await,
            Self::Approve(args) => args.exec(app).await,
            Self::Deny(args) => args.exec(app).await,
            Self::Audit(args) => args.exec(app).await,
            Self::Verify(args) => args.exec(app).await,
            Self::Rekey(args) => args.exec(app).await,
            Self::Resume(args) => args.exec(app).await,
            Self::Deploy(args) => args.exec(app).await,
            Self::Storage(args) => args.exec(app).await,
            #[cfg(feature = "devnode")]
            Self::Devnode(args) => args.exec(app).await,
            #[cfg(feature = "devnode")]
            Self::Demo(args) => args.exec(app).await,
            Self::Completions(args) => args.exec(app),
        }
    }
}
