//! From settings to a user at work.

use std::sync::Arc;
use std::time::Duration;

use super::app::App;
use super::failure::Outcome;
use super::progress::Progress;
use super::{network, stop};
use crate::chain::{History, Registry};
use crate::records::{Parts, Session, Stores};
use crate::storage::{Limits, Settings};

/// How long an operation that was asked to stop may take to do so.
const GRACE: Duration = Duration::from_secs(10);
/// What shells expect of a program that a signal ended (128 + SIGINT).
const INTERRUPTED: i32 = 130;

/// Opens the keystore, connects to the registry and gets the stores ready.
pub(super) async fn open(app: &App) -> Outcome<Session> {
    let (profile, settings) = app.profile()?;
    let deployment = network::deployment(&profile, &settings).await?;
    let connection = network::connection(&settings)?;
    let own = settings.storage.as_deref().map(str::parse).transpose()?;
    let identity = app.unlock(&profile)?;
    let registry =
        Registry::connect(deployment, &connection, &network::sightings(&profile)).await?;
    let history = History::open(profile.folder(), &deployment)?;
    let stores = Stores::new(own, Settings::from_env(), Limits::default());
    let session = Session::new(Parts {
        profile,
        identity,
        registry,
        history,
        stores,
    })?;
    let session = session
        .with_progress(Arc::new(Progress::new(app.shows_progress())))
        .with_outcomes_kept();
    stop_on_signal(&session)?;
    Ok(session)
}

/// A first signal ends the operation where it can be resumed; if that takes too long, the program ends.
fn stop_on_signal(session: &Session) -> Outcome {
    let (signal, token) = (stop::signal()?, session.stop_token());
    tokio::spawn(async move {
        signal.await;
        token.cancel();
        tokio::time::sleep(GRACE).await;
        std::process::exit(INTERRUPTED);
    });
    Ok(())
}
