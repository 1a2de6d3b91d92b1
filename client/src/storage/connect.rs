//! From a locator to a store that answers.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use super::{Locator, Scheme, Storage, StorageError};

/// How long to wait for a store and how often to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait to be connected.
    pub connect: Duration,
    /// Longest time in which not a byte arrives; a part of 8 MiB must be sent and answered within it.
    pub stall: Duration,
    /// How often a request is repeated after a broken connection, a time-out, 429 or 5xx.
    pub retries: usize,
    /// First wait before a repetition; it doubles, with jitter, up to 15 seconds.
    pub backoff: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(120),
            retries: 6,
            backoff: Duration::from_millis(200),
        }
    }
}

impl Limits {
    fn retry(&self) -> RetryConfig {
        let backoff = BackoffConfig {
            init_backoff: self.backoff,
            max_backoff: Duration::from_secs(15),
            base: 2.0,
        };
        // The number of repetitions is the bound; each may take as long as a stall.
        let requests = u32::try_from(self.retries)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let retry_timeout = self.stall.saturating_mul(requests);
        RetryConfig {
            backoff,
            max_retries: self.retries,
            retry_timeout,
        }
    }

    fn client(&self) -> ClientOptions {
        ClientOptions::new()
            .with_connect_timeout(self.connect)
            .with_read_timeout(self.stall)
            // Whole transfers may take hours; what must not happen is that nothing moves.
            .with_timeout_disabled()
    }
}

/// Provider settings by their environment variables' names, such as `AWS_REGION`; credentials among them.
#[derive(Clone, Default)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// The variables of this process that begin with `AWS_`, `GOOGLE_` or `AZURE_`.
    pub fn from_env() -> Self {
        std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(key, _)| {
                ["AWS_", "GOOGLE_", "AZURE_"]
                    .iter()
                    .any(|p| key.starts_with(p))
            })
            .collect()
    }

    /// Settings the provider knows, under its own names for them; others are none of its business.
    fn known<K: std::str::FromStr>(&self) -> impl Iterator<Item = (K, &str)> {
        self.0.iter().filter_map(|(key, value)| {
            Some((key.to_ascii_lowercase().parse().ok()?, value.as_str()))
        })
    }
}

impl FromIterator<(String, String)> for Settings {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// Shows which settings there are, not what they say.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(key, _)| key))
            .finish()
    }
}

impl Storage {
    /// Sets up a store. Nothing is sent yet; a folder is created if it does not exist.
    ///
    /// # Errors
    /// [`StorageError::Setup`] if settings are missing or wrong, or the folder cannot be made.
    pub fn connect(
        locator: &Locator,
        settings: &Settings,
        limits: &Limits,
    ) -> Result<Self, StorageError> {
        let store = match locator.scheme() {
            Scheme::S3 => s3(locator, settings, limits),
            Scheme::Google => google(locator, settings, limits),
            Scheme::Azure => azure(locator, settings, limits),
            Scheme::File => return folder(locator),
            Scheme::Memory => Ok(Arc::new(InMemory::new()) as _),
        };
        Ok(Self::over(
            store.map_err(|error| StorageError::setup(&error))?,
            locator.prefix()?,
            None,
        ))
    }
}

type Store = Arc<dyn ObjectStore>;

/// TLS needs a cryptography provider chosen once for the process; another part may have chosen already.
fn choose_tls_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn s3(locator: &Locator, settings: &Settings, limits: &Limits) -> object_store::Result<Store> {
    choose_tls_provider();
    let builder = AmazonS3Builder::new()
        .with_client_options(limits.client())
        .with_retry(limits.retry())
        .with_bucket_name(locator.bucket());
    let builder = settings
        .known()
        .fold(builder, |b, (key, value)| b.with_config(key, value));
    Ok(Arc::new(builder.build()?))
}

fn google(locator: &Locator, settings: &Settings, limits: &Limits) -> object_store::Result<Store> {
    choose_tls_provider();
    let builder = GoogleCloudStorageBuilder::new()
        .with_client_options(limits.client())
        .with_retry(limits.retry())
        .with_bucket_name(locator.bucket());
    let builder = settings
        .known()
        .fold(builder, |b, (key, value)| b.with_config(key, value));
    Ok(Arc::new(builder.build()?))
}

fn azure(locator: &Locator, settings: &Settings, limits: &Limits) -> object_store::Result<Store> {
    choose_tls_provider();
    let builder = MicrosoftAzureBuilder::new()
        .with_client_options(limits.client())
        .with_retry(limits.retry())
        .with_container_name(locator.bucket());
    let builder = settings
        .known()
        .fold(builder, |b, (key, value)| b.with_config(key, value));
    Ok(Arc::new(builder.build()?))
}

fn folder(locator: &Locator) -> Result<Storage, StorageError> {
    let refused = |reason: String| StorageError::Setup(format!("{locator}: {reason}"));
    let path = locator
        .folder_path()
        .ok_or_else(|| refused("it is no path here".into()))?;
    std::fs::create_dir_all(&path).map_err(|error| refused(error.to_string()))?;
    let store =
        LocalFileSystem::new_with_prefix(&path).map_err(|error| StorageError::setup(&error))?;
    Ok(Storage::over(
        Arc::new(store.with_fsync(true)),
        locator.prefix()?,
        Some(path),
    ))
}
