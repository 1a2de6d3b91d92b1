//! `people list`: everybody in the address book.

use serde::Serialize;

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::output::Report;
use crate::cli::table::{Table, fields};
use crate::cli::values;
use crate::identity::Person;
use crate::records::Acquaintance;

/// Show everybody.
///
/// With --registry, also the role that each claims, who of those you trust vouches for it, and whether a key
/// is not the one you know.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal people list
  chartseal people list --registry")]
pub(crate) struct Args {
    /// Ask the registry about them
    #[arg(long)]
    registry: bool,
}

#[derive(Serialize)]
struct OnRegistry {
    people: Vec<Acquaintance>,
}

impl Report for OnRegistry {
    fn text(&self) -> String {
        let mut table = Table::new(["name", "account", "key", "role", "vouched for by"]);
        for someone in &self.people {
            let role = someone.role.map_or("not registered", values::role);
            let key = if someone.key_changed {
                "CHANGED: compare it"
            } else {
                key(&someone.person)
            };
            let vouchers: Vec<String> =
                someone.vouched_by.iter().map(ToString::to_string).collect();
            let account = someone.person.address.to_string();
            table.row([
                &someone.person.name,
                &account,
                key,
                role,
                &vouchers.join(", "),
            ]);
        }
        table.text_or(NOBODY)
    }
}

const NOBODY: &str = "Nobody yet. Add somebody with `chartseal people add`.";

#[derive(Serialize)]
struct Everybody {
    people: Vec<Person>,
}

impl Report for Everybody {
    fn text(&self) -> String {
        let mut table = Table::new(["name", "e-mail", "account", "key", "voucher"]);
        for person in &self.people {
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
        table.text_or(NOBODY)
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
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        if self.registry {
            let people = app.session().await?.people().await?;
            return app.show(&OnRegistry { people });
        }
        let (profile, _) = app.profile()?;
        app.show(&Everybody {
            people: profile.people()?.people().to_vec(),
        })
    }
}
