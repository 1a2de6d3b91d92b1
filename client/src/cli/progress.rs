//! Progress on standard error, for whatever takes longer than a second; never where nobody looks.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::plain;
use crate::records::{self, RecordsError, Stage};

/// What is done quicker shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);
const BYTES: &str = "{msg} {wide_bar} {bytes}/{total_bytes} {eta}";
const ITEMS: &str = "{msg} {wide_bar} {pos}/{len}";
const WAITING: &str = "{spinner} {msg} {elapsed}";

/// Shows how far an operation is.
pub(crate) struct Progress {
    visible: bool,
    shown: Mutex<Shown>,
}

/// The stage under way, and its bar once it takes long.
struct Shown {
    stage: Option<Stage>,
    since: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Nothing is drawn unless `visible`, nor unless standard error is a terminal.
    pub(crate) fn new(visible: bool) -> Self {
        let shown = Shown {
            stage: None,
            since: Instant::now(),
            bar: None,
        };
        Self {
            visible,
            shown: Mutex::new(shown),
        }
    }
}

impl records::Progress for Progress {
    fn advance(&self, stage: Stage, done: u64, total: u64) {
        if !self.visible {
            return;
        }
        // A bar that was drawn half is no reason to stop.
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.stage != Some(stage) {
            *shown = Shown {
                stage: Some(stage),
                since: Instant::now(),
                bar: None,
            };
        }
        let since = shown.since;
        if since.elapsed() >= PATIENCE {
            let bar = shown.bar.get_or_insert_with(|| draw(stage, total, since));
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    fn resumed(&self, operation: &str, problem: Option<&RecordsError>) {
        let ended = problem.map_or_else(|| "it is done now".to_owned(), ToString::to_string);
        let note = format!(
            "note: {} was interrupted earlier and taken up again: {}\n",
            plain(operation),
            plain(&ended)
        );
        // Nobody is left to tell when standard error is closed.
        let _ = io::stderr().write_all(note.as_bytes());
    }
}

impl Drop for Shown {
    /// The bar goes away with its stage; the report says the rest.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn draw(stage: Stage, total: u64, since: Instant) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
    let template = match stage {
        _ if total == 0 => WAITING,
        Stage::Syncing | Stage::Confirming | Stage::Deleting => ITEMS,
        _ => BYTES,
    };
    bar.set_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_message(stage.label());
    bar.with_elapsed(since.elapsed())
}
