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

/// How long an operation that was asked to stop may take to come to an end of its own.
const GRACE: Duration = Duration::from_secs(2);

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
    stop_on_signal(app, &session)?;
    Ok(session)
}

/// A signal ends the operation where it can be resumed; one that waits for an answer, say, is left where it is.
fn stop_on_signal(app: &App, session: &Session) -> Outcome {
    let (signal, token) = (stop::signal()?, session.stop_token());
    let overdue = app.overdue.clone();
    tokio::spawn(async move {
        signal.await;
        token.cancel();
        tokio::time::sleep(GRACE).await;
        overdue.cancel();
    });
    Ok(())
}
