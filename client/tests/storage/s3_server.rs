//! An S3 server that checks signatures, in this process.

use chartseal::storage::{Limits, Locator, Settings, Storage};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;

use crate::http;

const ACCESS_KEY: &str = "AKIATESTTESTTESTTEST";
const SECRET_KEY: &str = "the-right-secret-key";

/// Serves until the runtime of the test ends.
pub(crate) struct S3Server {
    _folder: TempDir,
    port: u16,
}

impl S3Server {
    /// The server makes file names of bucket and key; longer ones than these exceed 255 bytes.
    pub(crate) const LOCATOR: &str = "s3://box";

    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("box")).unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let port = http::serve(builder.build()).await;
        Self {
            _folder: folder,
            port,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn settings(&self, port: u16, secret_key: &str) -> Settings {
        let endpoint = format!("http://127.0.0.1:{port}");
        let pairs = [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", secret_key),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT", &endpoint),
            ("AWS_ALLOW_HTTP", "true"),
        ];
        pairs
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into_iter()
            .collect()
    }

    /// The bucket, reached at a port of this machine.
    pub(crate) fn storage(&self, port: u16, prefix: &str, limits: &Limits) -> Storage {
        let locator: Locator = format!("{}{prefix}", Self::LOCATOR).parse().unwrap();
        Storage::connect(&locator, &self.settings(port, SECRET_KEY), limits).unwrap()
    }
}
