//! `revoke`: the end of somebody's access.

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::money::bill;
use crate::cli::output::Report;
use crate::cli::short;
use crate::cli::table::fields;
use crate::cli::values;
use crate::records::{Party, Rekeyed, Removed};

/// End somebody's access to a record.
///
/// The record is encrypted anew under another key, which everybody else gets; the old ciphertext is deleted.
/// What they have read they keep: the receipt says what that was.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal revoke \"Blood test, March\" \"Piet Kramer\"")]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: String,

    /// Whose access
    #[arg(required = true)]
    people: Vec<String>,
}

impl Report for Rekeyed {
    fn text(&self) -> String {
        let names = |people: &[Party]| match people {
            [] => "nobody".to_owned(),
            several => several
                .iter()
                .map(short::party)
                .collect::<Vec<_>>()
                .join(", "),
        };
        let mut rows = vec![
            ("record", self.id.to_string()),
            ("version", self.version.to_string()),
            ("key epoch", self.epoch.to_string()),
            ("digest", self.digest.to_string()),
            ("still in", names(&self.kept)),
        ];
        if !self.suspended.is_empty() {
            rows.push((
                "suspended",
                format!(
                    "{}: their key changed; verify it and share again",
                    names(&self.suspended)
                ),
            ));
        }
        rows.push((
            "erased",
            format!("the objects of {} earlier versions", self.deleted),
        ));
        rows.extend(
            self.left_behind
                .iter()
                .map(|object| ("not deleted", object.clone())),
        );
        rows.push(("paid", bill(&self.receipts)));
        fields(&rows) + &self.removed.iter().map(kept_by).collect::<String>()
    }
}

/// What somebody may have kept.
fn kept_by(removed: &Removed) -> String {
    let versions: Vec<String> = removed
        .within_reach
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut text = format!("\n{} is out.", short::party(&removed.user));
    match &versions[..] {
        [] => text += " No version was ever within their reach.\n",
        _ => {
            text += &format!(
                " Within their reach were versions {}; what they read they keep.\n",
                versions.join(", ")
            )
        }
    }
    for fetched in &removed.fetched {
        let (version, purpose) = (fetched.version, values::purpose(fetched.purpose));
        text += &format!(
            "  opened version {version} on {} for {purpose}\n",
            values::moment(fetched.at)
        );
    }
    text
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        let users = session.find_people(&self.people)?;
        app.tell(&session, &session.revoke(id, &users, None).await?)
            .await
    }
}
