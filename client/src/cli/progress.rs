//! Progress on standard error, for whatever takes longer than a second; never where nobody looks.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is done quicker shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);
const BYTES: &str = "{msg} {wide_bar} {bytes}/{total_bytes} {eta}";
const WAITING: &str = "{spinner} {msg} {elapsed}";

/// Shows how far an operation is.
pub(crate) struct Progress {
    message: &'static str,
    started: Instant,
    visible: bool,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// Progress of `message`. Nothing is drawn unless `visible`, nor unless standard error is a terminal.
    pub(crate) fn new(message: &'static str, visible: bool) -> Self {
        Self {
            message,
            started: Instant::now(),
            visible,
            bar: OnceLock::new(),
        }
    }

    /// `done` of `total` bytes are through; a total of 0 is one that is not known.
    pub(crate) fn bytes(&self, done: u64, total: u64) {
        if self.visible && self.started.elapsed() >= PATIENCE {
            let bar = self.bar.get_or_init(|| self.draw(total));
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    fn draw(&self, total: u64) -> ProgressBar {
        let bar =
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
        let template = if total > 0 { BYTES } else { WAITING };
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(self.message);
        bar.with_elapsed(self.started.elapsed())
    }
}

/// The bar goes away with the operation; the report says the rest.
impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
