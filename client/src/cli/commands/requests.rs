//! `requests`: open requests, received and made.

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::output::Report;
use crate::cli::short;
use crate::cli::table::Table;
use crate::cli::values;
use crate::records::{Party, RequestItem, Requests};

/// Show who asks you for access, and what you asked for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal requests")]
pub(crate) struct Args {}

impl Report for Requests {
    fn text(&self) -> String {
        let incoming = table("who asks", &self.incoming, |request| &request.user);
        let outgoing = table("whom you ask", &self.outgoing, |request| &request.owner);
        format!(
            "Received\n{}\nMade\n{}",
            incoming.text_or("Nobody asks you for access."),
            outgoing.text_or("You ask nobody for access.")
        )
    }
}

fn table(heading: &str, requests: &[RequestItem], other: fn(&RequestItem) -> &Party) -> Table {
    let mut table = Table::new([heading, "record", "title", "for", "purpose", "when", "note"]);
    for request in requests {
        table.row([
            short::party(other(request)),
            short::id(&request.id),
            request.title.clone().unwrap_or_default(),
            values::level(request.level).to_owned(),
            values::purpose(request.purpose).to_owned(),
            values::moment(request.at),
            request.note.clone().unwrap_or_default(),
        ]);
    }
    table
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        app.show(&app.session().await?.requests().await?)
    }
}
