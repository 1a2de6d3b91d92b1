//! `share`: access for others.

use crate::chain::{AccessLevel, Purpose};
use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::money::bill;
use crate::cli::output::Report;
use crate::cli::table::fields;
use crate::cli::values::until;
use crate::records::{Share, Shared};

/// Let others open a record.
///
/// They get its key, encrypted for them alone. You are stopped if somebody's key is not the one you know, or
/// if nobody you trust vouches for the role they claim.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal share \"Blood test, March\" \"Dr. Noor Haddad\" --access all
  chartseal share \"Blood test, March\" \"Piet Kramer\" --until 30d")]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: String,

    /// With whom: names of the address book, or accounts
    #[arg(required = true)]
    people: Vec<String>,

    /// What they may do: read it, or set new versions, too
    #[arg(long, value_name = "RIGHT", default_value = "read")]
    access: AccessLevel,

    /// What for
    #[arg(long, value_name = "PURPOSE", default_value = "treatment")]
    purpose: Purpose,

    /// Until when: 2027-12-31, 2027-12-31T18:00, or a time from now such as 30d; without it, until you end it
    #[arg(long, value_name = "WHEN", value_parser = until)]
    until: Option<u64>,

    /// Go on although nobody you trust vouches for them
    #[arg(long)]
    unvouched: bool,
}

impl Report for Shared {
    fn text(&self) -> String {
        let people: Vec<String> = self.granted.iter().map(ToString::to_string).collect();
        fields(&[
            ("record", self.id.to_string()),
            ("shared with", people.join(", ")),
            ("paid", bill(&self.receipts)),
        ])
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        let users = session.find_people(&self.people)?;
        let share = Share {
            id,
            users,
            level: self.access,
            purpose: self.purpose,
            expires: self.until,
            unvouched: self.unvouched,
        };
        app.tell(&session, &session.share(&share).await?).await
    }
}
