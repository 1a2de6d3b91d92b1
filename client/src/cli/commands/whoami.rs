//! `whoami`: the user's own account, key and contact card.

use alloy_primitives::{Address, U256};
use serde::Serialize;

use super::init::FIRST_KEY;
use crate::cli::app::App;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::money::ether;
use crate::cli::output::Report;
use crate::cli::table::fields;
use crate::cli::values;
use crate::identity::{ContactCard, Profile};
use crate::records::Registration;

/// Show who you are, and your contact card.
///
/// The card is not secret: hand it over in person, as text or as a QR code, so that others can share with
/// you. The fingerprint is what the two of you compare.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  chartseal whoami
  chartseal whoami --card > ada.card
  chartseal whoami --qr")]
pub(crate) struct Args {
    /// Print only the card, as one line of text
    #[arg(long, conflicts_with = "qr")]
    card: bool,

    /// Print the card as a QR code
    #[arg(long)]
    qr: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Me {
    profile: String,
    name: String,
    email: Option<String>,
    address: Address,
    /// Wei; `None` without a registry.
    balance: Option<U256>,
    registration: Option<Registration>,
    card: Option<String>,
    #[serde(skip)]
    qr: Option<String>,
}

impl Report for Me {
    fn text(&self) -> String {
        let mut rows = vec![
            ("profile", self.profile.clone()),
            ("name", self.name.clone()),
        ];
        rows.extend(self.email.clone().map(|email| ("e-mail", email)));
        rows.push(("account", self.address.to_string()));
        rows.extend(self.balance.map(|balance| ("for fees", ether(balance))));
        match &self.registration {
            Some(registration) => {
                rows.push(("role", values::role(registration.role).to_owned()));
                rows.push(("fingerprint", registration.fingerprint.to_string()));
            }
            None => rows.push(("role", "not registered".to_owned())),
        }
        rows.extend(self.card.clone().map(|card| ("card", card)));
        fields(&rows)
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let (profile, settings) = app.profile()?;
        let name = settings
            .name
            .clone()
            .unwrap_or_else(|| profile.name().to_owned());
        let me = if settings.contract.is_some() {
            registered(app, name, settings.email).await?
        } else {
            alone(app, &profile, name, settings.email)?
        };
        let absent = || {
            Failure::new(
                Exit::Refused,
                "you are not registered yet, so there is no card",
                "Register first: `chartseal register`.",
            )
        };
        if self.qr {
            return app.output.raw(&format!("{}\n", me.qr.ok_or_else(absent)?));
        }
        if self.card {
            return app
                .output
                .raw(&format!("{}\n", me.card.ok_or_else(absent)?));
        }
        app.show(&me)
    }
}

/// As the registry knows the user.
async fn registered(app: &App, name: String, email: Option<String>) -> Outcome<Me> {
    let session = app.session().await?;
    let who = session.who_am_i().await?;
    let card = match who.registration {
        Some(_) => Some(session.contact_card(&name, email.as_deref()).await?),
        None => None,
    };
    Ok(Me {
        profile: who.profile,
        name,
        email,
        address: who.address,
        balance: Some(who.balance),
        registration: who.registration,
        card: card.as_ref().map(ContactCard::to_text).transpose()?,
        qr: card.as_ref().map(ContactCard::to_qr).transpose()?,
    })
}

/// Without a registry: the card carries the key of a first registration.
fn alone(app: &App, profile: &Profile, name: String, email: Option<String>) -> Outcome<Me> {
    let identity = app.unlock(profile)?;
    let address = identity.account().address();
    let card = ContactCard::new(
        &name,
        email.as_deref(),
        address,
        &identity.encryption_key(FIRST_KEY)?,
    )?;
    Ok(Me {
        profile: profile.name().to_owned(),
        name,
        email,
        address,
        balance: None,
        registration: None,
        card: Some(card.to_text()?),
        qr: Some(card.to_qr()?),
    })
}
