//! Google Cloud Storage's XML API over HTTP, in this process.
//!
//! There is no server of it to install: Google's and others' emulators speak its JSON API, and of the XML API no
//! multipart uploads. The XML API is a dialect of S3, however, so this is an S3 server with what is Google's own before
//! it, as Google's reference says (<https://cloud.google.com/storage/docs/xml-api/reference-headers>): tokens signed by
//! a service account, preconditions on generations, and an error where what is deleted is not there. A request with
//! anything else of Google's or S3's own is refused, so nothing is passed over. What objects, listings and parts are is
//! the S3 server's word, and errors have its texts.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chartseal::storage::{Limits, Locator, Settings, Storage};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue, IF_NONE_MATCH};
use hyper::service::Service;
use hyper::{Method, Request, Response, StatusCode};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpRequest, HttpResponse};
use serde_json::Value;
use tempfile::TempDir;

use crate::http;

/// A service account's file, made for these tests and known to no one else's project.
pub(crate) const ACCOUNT: &str = include_str!("gcs_account.json");

/// What a token has to be good for: one of the scopes that Google's reference lists for every request on objects.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Serves until the runtime of the test ends.
pub(crate) struct GcsServer {
    _folder: TempDir,
    port: u16,
    requests: Arc<AtomicUsize>,
}

impl GcsServer {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("box")).unwrap();
        let files = s3s_fs::FileSystem::new(folder.path()).unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let front = Front {
            objects: S3ServiceBuilder::new(files).build(),
            account: Arc::new(Account::from_file(ACCOUNT)),
            requests: Arc::clone(&requests),
        };
        let port = http::serve(front).await;
        Self {
            _folder: folder,
            port,
            requests,
        }
    }

    /// How many have arrived.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// The bucket, with one setting that says who asks.
    pub(crate) fn storage(&self, prefix: &str, (name, value): (&str, &str)) -> Storage {
        let locator: Locator = format!("gs://box{prefix}").parse().unwrap();
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        let pairs = [
            ("GOOGLE_BASE_URL", endpoint.as_str()),
            ("GOOGLE_ALLOW_HTTP", "true"),
            (name, value),
        ];
        let settings: Settings = pairs
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into_iter()
            .collect();
        Storage::connect(&locator, &settings, &Limits::default()).unwrap()
    }
}

/// Whose tokens are taken.
struct Account {
    email: String,
    public_key: Vec<u8>,
}

impl Account {
    fn from_file(text: &str) -> Self {
        let file: Value = serde_json::from_str(text).unwrap();
        let lines = file["private_key"].as_str().unwrap().lines();
        let body: String = lines.filter(|line| !line.starts_with("-----")).collect();
        let key = RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(body).unwrap()).unwrap();
        Self {
            email: file["client_email"].as_str().unwrap().to_owned(),
            public_key: key.public_key().as_ref().to_owned(),
        }
    }

    /// Whether a request carries a JSON Web Token of this account for storage that has not expired. Source: RFC 7515,
    /// RFC 7519, and <https://google.aip.dev/auth/4111>.
    fn vouches_for<B>(&self, request: &Request<B>) -> bool {
        let header = request.headers().get(AUTHORIZATION);
        let token = header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        token
            .and_then(|token| self.claims(token))
            .is_some_and(|claims| {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                claims["iss"] == *self.email
                    && claims["scope"] == SCOPE
                    && claims["exp"]
                        .as_u64()
                        .is_some_and(|end| end > now.as_secs())
            })
    }

    /// What a token says, if its signature is this account's.
    fn claims(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (_, claims) = signed.split_once('.')?;
        let decoded = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key)
            .verify(signed.as_bytes(), &decoded(signature)?)
            .ok()?;
        serde_json::from_slice(&decoded(claims)?).ok()
    }
}

/// What is Google's own, before the objects.
#[derive(Clone)]
struct Front {
    objects: S3Service,
    account: Arc<Account>,
    requests: Arc<AtomicUsize>,
}

impl Service<Request<Incoming>> for Front {
    type Response = HttpResponse;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let front = self.clone();
        Box::pin(async move { Ok(front.answer(request.map(Body::from)).await) })
    }
}

impl Front {
    async fn answer(&self, mut request: HttpRequest) -> HttpResponse {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if !self.account.vouches_for(&request) {
            return refusal(StatusCode::UNAUTHORIZED, "AuthenticationRequired");
        }
        request.headers_mut().remove(AUTHORIZATION);
        if !translate(&mut request) {
            return refusal(StatusCode::BAD_REQUEST, "InvalidArgument");
        }
        // S3 is content to delete what is not there; Google is not.
        if request.method() == Method::DELETE && request.uri().query().is_none() {
            let mut look = Request::new(Body::empty());
            *look.method_mut() = Method::HEAD;
            *look.uri_mut() = request.uri().clone();
            look.headers_mut().clone_from(request.headers());
            let found = self.objects.call(look).await.unwrap();
            if found.status() == StatusCode::NOT_FOUND {
                return refusal(StatusCode::NOT_FOUND, "NoSuchKey");
            }
        }
        let mut answer = self.objects.call(request).await.unwrap();
        let ours = |name: &HeaderName| name.as_str().starts_with("x-amz-");
        let names: Vec<HeaderName> = answer
            .headers()
            .keys()
            .filter(|n| ours(n))
            .cloned()
            .collect();
        for name in names {
            answer.headers_mut().remove(name);
        }
        answer
    }
}

/// Says what Google's headers say in S3's. `false` where there are others of either, or where an object would be
/// replaced.
fn translate(request: &mut HttpRequest) -> bool {
    let of_part = request.uri().query().is_some();
    let headers = request.headers_mut();
    let create = headers.remove("x-goog-if-generation-match");
    if create.as_ref().is_some_and(|generation| generation != "0") {
        return false;
    }
    let creates = create.is_some();
    if creates {
        headers.insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
    }
    let others = |name: &HeaderName| {
        let name = name.as_str();
        name.starts_with("x-goog-") || name.starts_with("x-amz-")
    };
    !headers.keys().any(others) && (creates || of_part || request.method() != Method::PUT)
}

fn refusal(status: StatusCode, code: &str) -> HttpResponse {
    let text = format!("<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>");
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    answer
}
