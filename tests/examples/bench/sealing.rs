//! Sealing and opening a file beside age, rage and openssl, each as a process of its own, in turn.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::report::{Cell, Table, median};

/// Rounds; every tool runs once in each.
const ROUNDS: usize = 5;
/// Bytes of the file that is timed.
const TIMED: u64 = 1 << 30;
/// Sizes whose peak of memory is looked at.
const SIZES: [(u64, &str); 3] = [(1 << 10, "1 KiB"), (1 << 30, "1 GiB"), (5 << 30, "5 GiB")];

/// A program that encrypts files.
struct Tool {
    name: String,
    seal: Vec<String>,
    open: Vec<String>,
    /// What sealing writes.
    sealed: String,
    /// Whether opening takes the digest that sealing prints first.
    needs_digest: bool,
}

/// The folder of the files; in memory, so that no disk is measured.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Self {
        let path = Path::new("/dev/shm").join(format!("chartseal-bench-{}", std::process::id()));
        fs::create_dir(&path).expect("a folder in memory");
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It is in memory: what stays goes away with it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Speed beside other tools, and the peak of memory at several sizes.
pub(super) fn tables() -> Vec<Table> {
    let folder = Folder::make();
    vec![speed(&folder), memory(&folder)]
}

fn speed(folder: &Folder) -> Table {
    write_input(&folder.file("plain"), TIMED);
    let tools = tools(folder);
    let mut times = vec![(Vec::new(), Vec::new()); tools.len()];
    for _ in 0..ROUNDS {
        for (tool, (sealing, opening)) in tools.iter().zip(&mut times) {
            let (took, said) = seconds(&tool.seal);
            sealing.push(took);
            let mut open = tool.open.clone();
            if tool.needs_digest {
                // No two objects are the same: each has a salt of its own.
                open.extend(said.split_whitespace().next().map(str::to_owned));
            }
            opening.push(seconds(&open).0);
            check_opened(folder, &tool.name);
            fs::remove_file(&tool.sealed).expect("its removal");
        }
    }
    let times: Vec<(f64, f64)> = times
        .into_iter()
        .map(|(sealing, opening)| (median(sealing), median(opening)))
        .collect();
    let mut table = Table::new(
        "Sealing and opening 1 GiB, from memory to memory",
        &[
            "tool",
            "sealing, s",
            "Chartseal's time by it",
            "opening, s",
            "Chartseal's time by it",
        ],
    );
    let own = times[0];
    for (tool, (sealing, opening)) in tools.iter().zip(&times) {
        table.row([
            tool.name.as_str().into(),
            Cell::fixed(Some(*sealing), 2),
            Cell::fixed(Some(own.0 / sealing), 2),
            Cell::fixed(Some(*opening), 2),
            Cell::fixed(Some(own.1 / opening), 2),
        ]);
    }
    table.note(format!("Medians of {ROUNDS} rounds in which each tool runs once. Chartseal's times hold the digest of the whole object; opening verifies it before the last byte is released."));
    table.note(raw_limit());
    table
}

/// Peak of memory of a process that seals, and of one that opens.
fn memory(folder: &Folder) -> Table {
    let mut table = Table::new(
        "Peak of memory",
        &["content", "sealing, MiB", "opening, MiB"],
    );
    for (len, name) in SIZES {
        write_input(&folder.file("plain"), len);
        let sealed = seal(folder);
        // The content is not needed any more; memory may be scarce.
        fs::remove_file(folder.file("plain")).expect("its removal");
        let opened = run_own(&[
            "open",
            &folder.file("sealed"),
            &folder.file("opened"),
            &sealed.digest,
        ]);
        table.row([
            name.into(),
            Cell::fixed(Some(sealed.peak), 1),
            Cell::fixed(Some(opened.peak), 1),
        ]);
        fs::remove_file(folder.file("opened")).expect("its removal");
    }
    table
}

/// What the example `seal-bench` prints.
struct Own {
    digest: String,
    /// MiB.
    peak: f64,
}

fn seal(folder: &Folder) -> Own {
    run_own(&["seal", &folder.file("plain"), &folder.file("sealed")])
}

/// The program that seals and opens with this library's functions, built beside this one.
fn own_program() -> PathBuf {
    let own = std::env::current_exe().expect("this program's path");
    own.with_file_name("seal-bench")
}

fn run_own(args: &[&str]) -> Own {
    let output = Command::new(own_program()).args(args).output();
    let output = output.expect("scripts/bench builds the example seal-bench");
    assert!(output.status.success(), "seal-bench {args:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words
        .iter()
        .position(|word| *word == "peak")
        .expect("a peak");
    Own {
        digest: words[0].to_owned(),
        peak: words[at + 1].parse().expect("a number of MiB"),
    }
}

/// Chartseal first, then the tools that are there.
fn tools(folder: &Folder) -> Vec<Tool> {
    let (plain, opened) = (folder.file("plain"), folder.file("opened"));
    let own = own_program().display().to_string();
    let words = |text: &[&str]| text.iter().map(|&word| word.to_owned()).collect();
    let sealed = folder.file("sealed");
    let mut tools = vec![Tool {
        name: format!("chartseal {}", env!("CARGO_PKG_VERSION")),
        seal: words(&[&own, "seal", &plain, &sealed]),
        open: words(&[&own, "open", &sealed, &opened]),
        sealed,
        needs_digest: true,
    }];
    // age and rage take each other's keys.
    let found: Vec<_> = ["age", "rage"].into_iter().filter_map(find).collect();
    if let Some((maker, _)) = found.first() {
        let key = folder.file("identity");
        let recipient = new_key(maker, &key);
        for (program, version) in found {
            let sealed = folder.file(&program);
            tools.push(Tool {
                name: version,
                seal: words(&[&program, "-r", &recipient, "-o", &sealed, &plain]),
                open: words(&[&program, "-d", "-i", &key, "-o", &opened, &sealed]),
                sealed,
                needs_digest: false,
            });
        }
    }
    if let Some((program, version)) = find("openssl") {
        let sealed = folder.file("openssl");
        let (secret, iv) = ("01".repeat(32), "02".repeat(16));
        let with = ["enc", "-chacha20", "-K", &secret, "-iv", &iv];
        let line = |more: [&str; 4]| {
            let all: Vec<&str> = std::iter::once(program.as_str())
                .chain(with)
                .chain(more)
                .collect();
            words(&all)
        };
        let mut open = line(["-in", &sealed, "-out", &opened]);
        open.push("-d".to_owned());
        tools.push(Tool {
            name: format!("{version}, chacha20 without authentication"),
            seal: line(["-in", &plain, "-out", &sealed]),
            open,
            sealed: sealed.clone(),
            needs_digest: false,
        });
    }
    tools
}

/// Makes a key pair of age in a file; gives the public key.
fn new_key(tool: &str, file: &str) -> String {
    let made = Command::new(format!("{tool}-keygen"))
        .args(["-o", file])
        .output();
    assert!(made.expect("a key generator").status.success());
    let text = fs::read_to_string(file).expect("the key file");
    let public = text
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    public.expect("a public key").to_owned()
}

/// A program of the search path, and the version that it calls itself.
fn find(name: &str) -> Option<(String, String)> {
    let flag = if name == "openssl" {
        "version"
    } else {
        "--version"
    };
    let Ok(output) = Command::new(name).arg(flag).output() else {
        eprintln!("{name} is not on this machine: left out");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text
        .split_whitespace()
        .find(|word| word.trim_start_matches('v').starts_with(char::is_numeric))?;
    Some((name.to_owned(), format!("{name} {number}")))
}

/// Wall time of a command, and what it printed.
fn seconds(line: &[String]) -> (f64, String) {
    let begun = Instant::now();
    let output = Command::new(&line[0]).args(&line[1..]).output();
    let took = begun.elapsed().as_secs_f64();
    let output = output.expect("a program that runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}", line[0]);
    (took, String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A tool that did not give the content back has no time.
fn check_opened(folder: &Folder, tool: &str) {
    let digest = |name: &str| {
        let mut hasher = blake3::Hasher::new();
        let mut file = File::open(folder.file(name)).expect("a file");
        io::copy(&mut file, &mut hasher).expect("its content");
        hasher.finalize()
    };
    assert_eq!(digest("plain"), digest("opened"), "{tool}");
    fs::remove_file(folder.file("opened")).expect("its removal");
}

/// Content that does not compress.
fn write_input(path: &str, len: u64) {
    let block = chartseal_tests::world::content(1 << 20);
    let mut left = io::repeat(0).take(len);
    let mut file = File::create(path).expect("a file");
    while left.limit() > 0 {
        let part = left.limit().min(block.len() as u64);
        file.write_all(&block[..part as usize])
            .expect("its content");
        left.set_limit(left.limit() - part);
    }
}

/// What one core of this machine can do at most, by openssl's own benchmark.
fn raw_limit() -> String {
    let args = [
        "speed",
        "-mr",
        "-seconds",
        "1",
        "-bytes",
        "65536",
        "-evp",
        "chacha20-poly1305",
    ];
    let Ok(output) = Command::new("openssl").args(args).output() else {
        return "openssl is not on this machine, so the limit of one core was not measured.".into();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text
        .lines()
        .find_map(|line| line.strip_prefix("+F:"))
        .and_then(|line| line.rsplit(':').next())
        .and_then(|rate| rate.trim().parse::<f64>().ok());
    match rate {
        Some(rate) => format!(
            "ChaCha20-Poly1305 on one core without any file, by `openssl speed`: {:.0} MiB/s.",
            rate / f64::from(1 << 20)
        ),
        None => "openssl printed no speed of ChaCha20-Poly1305.".into(),
    }
}
