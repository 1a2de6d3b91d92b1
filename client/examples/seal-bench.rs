//! Seals or opens one file and prints digest, wall time, throughput and the peak of memory, for comparison with other tools.
//!
//! ```text
//! cargo run --release -p chartseal --example seal-bench -- seal IN OUT
//! cargo run --release -p chartseal --example seal-bench -- open IN OUT DIGEST
//! ```
//!
//! The key is fixed and public: this measures, it protects nothing.

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use chartseal::crypto::context::{ContentContext, RecordRef};
use chartseal::crypto::key::RecordKey;
use chartseal::crypto::stream::{self, DIGEST_LEN, Digest};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let usage = "usage: seal-bench seal IN OUT | seal-bench open IN OUT DIGEST";
    let (input, output) = (args.get(1).ok_or(usage)?, args.get(2).ok_or(usage)?);
    let record = RecordRef {
        chain_id: 1,
        contract: [1; 20],
        record_id: [2; 32],
    };
    let context = ContentContext {
        record,
        epoch: 1,
        version: 1,
    };
    let key = RecordKey::from_bytes(&[3; 32]);

    let start = Instant::now();
    let (source, target) = (File::open(input)?, File::create(output)?);
    let summary = match args.first().map(String::as_str) {
        Some("seal") => stream::seal(source, target, &key, &context)?,
        Some("open") => {
            let mut digest = [0; DIGEST_LEN];
            hex::decode_to_slice(args.get(3).ok_or(usage)?, &mut digest)?;
            stream::open(source, target, &key, &context, &Digest(digest))?
        }
        _ => return Err(usage.into()),
    };
    let seconds = start.elapsed().as_secs_f64();
    let mib = summary.content_len as f64 / f64::from(1 << 20);
    println!(
        "{} {seconds:.3} s {:.0} MiB/s peak {:.1} MiB",
        summary.digest,
        mib / seconds,
        peak_mib()?
    );
    Ok(())
}

/// The most memory that this process had at once: `VmHWM` of proc(5), in MiB.
fn peak_mib() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = line
        .and_then(|line| line.split_whitespace().next())
        .ok_or("this system does not say how much memory a process had")?
        .parse()?;
    Ok(kib / 1024.0)
}
