//! `access`: who may open a record, and on what terms.

use crate::chain::{AccessLevel, Purpose};
use crate::cli::app::App;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Report;
use crate::cli::paid::Paid;
use crate::cli::short;
use crate::cli::table::Table;
use crate::cli::values;
use crate::cli::values::until;
use crate::records::{AccessItem, NewTerms};
use alloy_primitives::B256;
use serde::Serialize;

/// Show who may open a record, or change somebody's terms.
///
/// Without a person, the list. With one, their terms become the ones given; what is not given stays.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal access \"Blood test, March\"
  chartseal access \"Blood test, March\" \"Piet Kramer\" --until 2027-12-31")]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: String,

    /// Whose terms to change
    person: Option<String>,

    /// What they may do from now on
    #[arg(long, value_name = "RIGHT", requires = "person")]
    access: Option<AccessLevel>,

    /// What for
    #[arg(long, value_name = "PURPOSE", requires = "person")]
    purpose: Option<Purpose>,

    /// Until when, as for `share`
    #[arg(long, value_name = "WHEN", value_parser = until, requires = "person", conflicts_with = "no_end")]
    until: Option<u64>,

    /// Until you end it
    #[arg(long, requires = "person")]
    no_end: bool,
}

#[derive(Serialize)]
struct Listed {
    id: B256,
    people: Vec<AccessItem>,
}

impl Report for Listed {
    fn text(&self) -> String {
        let mut table = Table::new(["who", "may", "why", "purpose", "until", "opened", "since"]);
        for person in &self.people {
            table.row([
                short::party(&person.user),
                person.access.map_or("nothing", values::level).to_owned(),
                values::reason(person.reason).to_owned(),
                values::purpose(person.purpose).to_owned(),
                values::expiry(person.expires),
                person.opened.to_string(),
                values::moment(person.since),
            ]);
        }
        table.text_or("Nobody but the owner.")
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        let Some(person) = &self.person else {
            return app
                .tell(
                    &session,
                    &Listed {
                        id,
                        people: session.access_list(id).await?,
                    },
                )
                .await;
        };
        let terms = self.terms()?;
        let person = session.find_person(person)?;
        let receipts = session.change_access(id, person.address, terms).await?;
        app.tell(&session, &Paid { person, receipts }).await
    }

    fn terms(&self) -> Outcome<NewTerms> {
        let expires = if self.no_end {
            Some(None)
        } else {
            self.until.map(Some)
        };
        if self.access.is_none() && self.purpose.is_none() && expires.is_none() {
            let remedy = "Add --access, --purpose, --until or --no-end.";
            return Err(Failure::usage("nothing was said to be changed", remedy));
        }
        Ok(NewTerms {
            level: self.access,
            purpose: self.purpose,
            expires,
        })
    }
}
