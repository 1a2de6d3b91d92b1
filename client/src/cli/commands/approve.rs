//! `approve`: a request granted.

use crate::chain::{AccessLevel, Purpose};
use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::values::until;
use crate::records::Approval;

/// Grant what somebody asks for.
///
/// They get what they asked for, unless you say otherwise.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: chartseal approve \"CT of the chest\" \"Remy Okafor\" --until 90d"
)]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: String,

    /// Who asks
    person: String,

    /// What they may do, if not what they asked for
    #[arg(long, value_name = "RIGHT")]
    access: Option<AccessLevel>,

    /// What for, if not what they asked for
    #[arg(long, value_name = "PURPOSE")]
    purpose: Option<Purpose>,

    /// Until when, as for `share`
    #[arg(long, value_name = "WHEN", value_parser = until)]
    until: Option<u64>,

    /// Go on although nobody you trust vouches for them
    #[arg(long)]
    unvouched: bool,
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        let user = session.find_person(&self.person)?.address;
        let approval = Approval {
            level: self.access,
            purpose: self.purpose,
            expires: self.until,
            unvouched: self.unvouched,
        };
        app.tell(&session, &session.approve(id, user, approval).await?)
            .await
    }
}
