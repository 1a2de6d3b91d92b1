//! `people list`: everybody in the address book.

use serde::Serialize;

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::output::Report;
use crate::cli::table::{Table, fields};
use crate::identity::Person;

/// Show everybody.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal people list")]
pub(crate) struct Args {}

#[derive(Serialize)]
struct Everybody(Vec<Person>);

impl Report for Everybody {
    fn text(&self) -> String {
        let mut table = Table::new(["name", "e-mail", "account", "key", "voucher"]);
        for person in &self.0 {
            let email = person.email.as_deref().unwrap_or_default();
            let voucher = if person.trusted_voucher {
                "trusted"
            } else {
                ""
            };
            table.row([
                &person.name,
                email,
                &person.address.to_string(),
                key(person),
                voucher,
            ]);
        }
        table.text_or("Nobody yet. Add somebody with `chartseal people add`.")
    }
}

/// One person.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Shown(pub(super) Person);

impl Report for Shown {
    fn text(&self) -> String {
        let Self(person) = self;
        let mut rows = vec![
            ("name", person.name.clone()),
            ("account", person.address.to_string()),
        ];
        rows.extend(person.email.clone().map(|email| ("e-mail", email)));
        rows.push(("key", key(person).to_owned()));
        rows.extend(
            person
                .pinned
                .map(|pinned| ("fingerprint", pinned.to_string())),
        );
        if person.trusted_voucher {
            rows.push(("voucher", "trusted".to_owned()));
        }
        fields(&rows)
    }
}

fn key(person: &Person) -> &'static str {
    match (person.pinned, person.verified) {
        (None, _) => "not seen yet",
        (Some(_), false) => "not compared",
        (Some(_), true) => "verified",
    }
}

impl Args {
    pub(crate) fn exec(self, app: &App) -> Outcome {
        let (profile, _) = app.profile()?;
        app.show(&Everybody(profile.people()?.people().to_vec()))
    }
}
