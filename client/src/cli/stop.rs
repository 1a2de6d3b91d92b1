//! The signals that end a server: Ctrl-C, and the system's request to stop.

use super::exit::Exit;
use super::failure::{Failure, Outcome};

/// Catches the signals from now on; what is returned is ready when one has come.
#[cfg(unix)]
pub(crate) fn signal() -> Outcome<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Catches Ctrl-C.
#[cfg(not(unix))]
pub(crate) fn signal() -> Outcome<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c().map_err(failed)?;
    Ok(async move {
        interrupt.recv().await;
    })
}

fn failed(error: std::io::Error) -> Failure {
    let what = format!("the system's signals cannot be caught: {error}");
    Failure::new(Exit::Failed, what, "Start the program again.")
}
