//! Where objects lie and what they are called.

use std::fmt;
use std::path::Path as FsPath;
use std::str::FromStr;

use object_store::path::Path;
use url::Url;

use super::StorageError;

/// Kind of storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Amazon S3 and whatever speaks its protocol: `s3://bucket/prefix`.
    S3,
    /// Google Cloud Storage: `gs://bucket/prefix`.
    Google,
    /// Azure Blob Storage: `az://container/prefix`.
    Azure,
    /// A folder: `file:///folder`.
    File,
    /// This process only, for tests: `memory:///`.
    Memory,
}

/// A place for objects.
///
/// Invariants: one of the five schemes; a bucket for the three clouds and none otherwise; no user, password,
/// port, query or fragment, so that it can be shown and sealed; no empty, `.` or `..` segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Locator {
    url: Url,
    scheme: Scheme,
}

impl Locator {
    /// A folder of this machine.
    ///
    /// # Errors
    /// [`StorageError::Locator`] unless the path is absolute.
    pub fn folder(path: &FsPath) -> Result<Self, StorageError> {
        let reason = "a folder needs an absolute path";
        let wrong = || StorageError::Locator {
            text: path.display().to_string(),
            reason,
        };
        Url::from_file_path(path)
            .map_err(|()| wrong())?
            .as_str()
            .parse()
    }

    /// Kind of storage.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Bucket or container; empty for folders and memory.
    pub fn bucket(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The folder of a [`Scheme::File`] locator.
    pub(super) fn folder_path(&self) -> Option<std::path::PathBuf> {
        (self.scheme == Scheme::File)
            .then(|| self.url.to_file_path().ok())
            .flatten()
    }

    /// What comes before object names; a folder is its own root.
    pub(super) fn prefix(&self) -> Result<Path, StorageError> {
        if self.scheme == Scheme::File {
            return Ok(Path::default());
        }
        let reason = "its path has characters no object name can have";
        let text = || self.to_string();
        Path::from_url_path(self.url.path()).map_err(|_| StorageError::Locator {
            text: text(),
            reason,
        })
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

impl FromStr for Locator {
    type Err = StorageError;

    fn from_str(text: &str) -> Result<Self, StorageError> {
        let wrong = |reason| StorageError::Locator {
            text: shown(text),
            reason,
        };
        check_text(text).map_err(wrong)?;
        let mut url = Url::parse(text).map_err(|_| wrong("it is no URL"))?;
        let scheme = scheme_of(&url).ok_or_else(|| wrong("its scheme is unknown"))?;
        check_authority(&url, scheme).map_err(wrong)?;
        let path = url.path().trim_end_matches('/').to_owned();
        if path.contains("//") {
            return Err(wrong("it has an empty segment in its path"));
        }
        url.set_path(&path);
        let locator = Self { url, scheme };
        locator.prefix()?;
        Ok(locator)
    }
}

/// What must be seen in the text, because `Url` would silently resolve it to another place.
fn check_text(text: &str) -> Result<(), &'static str> {
    if text.len() > 512 || text.chars().any(char::is_control) {
        return Err("it is too long or has control characters");
    }
    let (_, path) = text.split_once("://").ok_or("it is no URL")?;
    let upwards = |segment: &str| {
        let segment = segment.to_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    };
    if path
        .split('/')
        .next()
        .is_some_and(|authority| authority.contains('@'))
    {
        return Err("it has a user in it");
    }
    if path.split('/').any(upwards) || path.contains('\\') {
        return Err("it has . or .. or a backslash in its path");
    }
    Ok(())
}

/// A bucket where one belongs, and nothing that is a secret or not needed.
fn check_authority(url: &Url, scheme: Scheme) -> Result<(), &'static str> {
    if !url.username().is_empty() || url.password().is_some() || url.port().is_some() {
        return Err("it has a user, a password or a port in it");
    }
    let bucket = url.host_str().unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !bucket.chars().all(allowed) || bucket.starts_with('.') || bucket.ends_with('.') {
        return Err("its bucket has characters no bucket has");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it has a query or a fragment");
    }
    let cloud = matches!(scheme, Scheme::S3 | Scheme::Google | Scheme::Azure);
    match (cloud, bucket.is_empty()) {
        (true, true) => Err("it names no bucket"),
        (false, false) => Err("it names a host"),
        _ => Ok(()),
    }
}

fn scheme_of(url: &Url) -> Option<Scheme> {
    Some(match url.scheme() {
        "s3" => Scheme::S3,
        "gs" => Scheme::Google,
        "az" => Scheme::Azure,
        "file" => Scheme::File,
        "memory" => Scheme::Memory,
        _ => return None,
    })
}

/// What of a refused text may be repeated: nothing that could be a password or a signature.
fn shown(text: &str) -> String {
    let cut = if text.contains('@') {
        text.find("://").unwrap_or_default()
    } else {
        text.find(['?', '#']).unwrap_or(text.len())
    };
    text[..cut].chars().take(80).collect()
}

/// Bytes of a digest: BLAKE3 with 224 bits of output, as the registry keeps it.
pub const DIGEST_LEN: usize = 28;

/// An object's name: the record it belongs to and the BLAKE3 digest of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName {
    /// The record's id.
    pub record_id: [u8; 32],
    /// Digest of the object.
    pub digest: [u8; DIGEST_LEN],
}

impl ObjectName {
    pub(super) fn path(&self, prefix: &Path) -> Path {
        let text = self.to_string();
        prefix.parts().chain(Path::from(text).parts()).collect()
    }

    /// The name behind a path, or `None` if the path is not one of ours.
    pub(super) fn from_path(prefix: &Path, path: &Path) -> Option<Self> {
        let rest: Vec<String> = path
            .prefix_match(prefix)?
            .map(|part| part.as_ref().to_owned())
            .collect();
        rest.join("/").parse().ok()
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.record_id
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("/")?;
        self.digest
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectName({self})")
    }
}

impl FromStr for ObjectName {
    type Err = StorageError;

    fn from_str(text: &str) -> Result<Self, StorageError> {
        let wrong = || StorageError::Name(text.chars().take(160).collect());
        let (record, digest) = text.split_once('/').ok_or_else(wrong)?;
        let record_id = digits(record).ok_or_else(wrong)?;
        let digest = digits(digest).ok_or_else(wrong)?;
        Ok(Self { record_id, digest })
    }
}

/// Two lower-case hexadecimal digits for each byte: only one text for one name.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut out = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locators_round_trip() {
        for (text, scheme, bucket) in [
            ("s3://clinic", Scheme::S3, "clinic"),
            ("s3://clinic/records/2026", Scheme::S3, "clinic"),
            ("gs://clinic/records", Scheme::Google, "clinic"),
            ("az://container/records", Scheme::Azure, "container"),
            ("file:///srv/records", Scheme::File, ""),
            ("file:///", Scheme::File, ""),
            ("memory://", Scheme::Memory, ""),
        ] {
            let locator: Locator = text.parse().unwrap();
            assert_eq!(
                (locator.scheme(), locator.bucket()),
                (scheme, bucket),
                "{text}"
            );
            let shown = locator.to_string();
            assert_eq!(shown.parse::<Locator>().unwrap(), locator, "{shown}");
        }
        let slashes: Locator = "s3://clinic/records///".parse().unwrap();
        assert_eq!(slashes.to_string(), "s3://clinic/records");
        let folder = Locator::folder(FsPath::new("/srv/with space")).unwrap();
        assert_eq!(
            folder.folder_path().unwrap(),
            FsPath::new("/srv/with space")
        );
        assert!(Locator::folder(FsPath::new("relative")).is_err());
    }

    /// Threats 31 and 32: nothing that hides a secret or leads elsewhere.
    #[test]
    fn hostile_locators_are_refused_without_repeating_secrets() {
        let long = format!("s3://b/{}", "x".repeat(600));
        for bad in [
            "",
            "records",
            "http://host/path",
            "s3://",
            "s3:///path",
            "gs://",
            "az:///x",
            "s3://user:SECRET@bucket/x",
            "s3://bucket:9000/x",
            "s3://bucket/x?sig=SECRET",
            "s3://bucket/x#SECRET",
            "file://host/path",
            "s3://b/../c",
            "s3://b/%2e%2E/c",
            "file:///srv/../etc",
            "s3://b/a//c",
            "s3://b/\u{1b}[2J",
            "s3://b/a\\..\\c",
            "memory://x/",
            "memory:x",
            "s3:clinic",
            "user:SECRET@host",
            "s3://@bucket",
            "s3://.bucket",
            "s3://buck%20et/x",
            "s3://b/x?a=@SECRET",
            "s3://user:SECRET?SECRET@host",
            &long,
        ] {
            let error = bad.parse::<Locator>().unwrap_err();
            assert!(matches!(error, StorageError::Locator { .. }), "{bad}");
            assert!(!error.to_string().contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn object_names_have_one_text() {
        let name = ObjectName {
            record_id: [0x1d; 32],
            digest: [0xd1; DIGEST_LEN],
        };
        let text = name.to_string();
        assert_eq!(text.len(), 121);
        assert_eq!(text.parse::<ObjectName>().unwrap(), name);
        for bad in [
            "",
            "/",
            &text[1..],
            &text[..120],
            &text.to_uppercase(),
            &text.replace('/', "\\"),
            &format!("../{text}"),
            &format!("{text}/"),
            &text.replace('d', "g"),
            &text.replace('/', "//"),
        ] {
            assert!(
                matches!(bad.parse::<ObjectName>(), Err(StorageError::Name(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn paths_lead_back_to_names() {
        let name = ObjectName {
            record_id: [1; 32],
            digest: [2; DIGEST_LEN],
        };
        for prefix in ["", "records", "a/b"] {
            let prefix = Path::from(prefix);
            let path = name.path(&prefix);
            assert_eq!(ObjectName::from_path(&prefix, &path), Some(name));
            assert_eq!(ObjectName::from_path(&prefix, &prefix), None);
            assert_eq!(ObjectName::from_path(&Path::from("other"), &path), None);
        }
    }
}
