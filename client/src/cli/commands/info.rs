//! `info`: one record.

use crate::cli::app::App;
use crate::cli::failure::Outcome;
use crate::cli::output::Report;
use crate::cli::table::fields;
use crate::cli::values;
use crate::records::RecordItem;

/// Show everything about one record.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: chartseal info \"Blood test, March\"")]
pub(crate) struct Args {
    /// The record: its title, or the beginning of its id
    record: String,
}

impl Report for RecordItem {
    fn text(&self) -> String {
        let readable =
            |text: &Option<String>| text.clone().unwrap_or_else(|| "(not readable)".to_owned());
        let right = self.access.map_or_else(|| "nothing", values::level);
        let mut rows = vec![
            ("record", self.id.to_string()),
            ("title", readable(&self.title)),
            ("kind", readable(&self.media_type)),
            (
                "length",
                self.content_len
                    .map_or_else(|| readable(&None), values::size),
            ),
            ("owner", self.owner.to_string()),
            ("made by", self.creator.to_string()),
            ("version", self.version.to_string()),
            ("key epoch", self.epoch.to_string()),
            ("digest", self.digest.to_string()),
            ("stored at", readable(&self.locator)),
            ("added", values::moment(self.added)),
            ("changed", values::moment(self.changed)),
            (
                "you may",
                format!("{right} ({})", values::reason(self.reason)),
            ),
        ];
        rows.extend(
            self.purpose
                .map(|purpose| ("purpose", values::purpose(purpose).to_owned())),
        );
        rows.extend(self.expires.map(|end| ("until", values::moment(end))));
        fields(&rows)
    }
}

impl Args {
    pub(crate) async fn exec(self, app: &App) -> Outcome {
        let session = app.session().await?;
        let id = session.find_record(&self.record).await?;
        app.show(&session.info(id).await?)
    }
}
