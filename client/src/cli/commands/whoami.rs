//! `whoami`: the user's own account, key and contact card.

use serde::Serialize;

use super::init::FIRST_KEY;
use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::output::Report;
use crate::cli::table::fields;
use crate::identity::ContactCard;

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
    address: String,
    key_version: u32,
    fingerprint: String,
    card: String,
}

impl Report for Me {
    fn text(&self) -> String {
        let mut rows = vec![
            ("profile", self.profile.clone()),
            ("name", self.name.clone()),
        ];
        rows.extend(self.email.clone().map(|email| ("e-mail", email)));
        rows.push(("account", self.address.clone()));
        rows.push(("fingerprint", self.fingerprint.clone()));
        rows.push(("card", self.card.clone()));
        fields(&rows)
    }
}

impl Args {
    pub(crate) fn exec(self, app: &App) -> Outcome {
        let (profile, settings) = app.profile()?;
        let identity = app.unlock(&profile)?;
        let key = identity.encryption_key(FIRST_KEY)?;
        let name = settings.name.as_deref().unwrap_or(profile.name());
        let card = ContactCard::new(
            name,
            settings.email.as_deref(),
            identity.account().address(),
            &key,
        )?;
        if self.qr {
            return app.output.raw(&format!("{}\n", card.to_qr()?));
        }
        if self.card {
            return app.output.raw(&format!("{}\n", card.to_text()?));
        }
        app.show(&Me {
            profile: profile.name().to_owned(),
            name: name.to_owned(),
            email: settings.email.clone(),
            address: card.address.to_string(),
            key_version: card.key_version,
            fingerprint: card.fingerprint().to_string(),
            card: card.to_text()?,
        })
    }
}
