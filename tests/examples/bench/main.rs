//! Everything that is measured, in one report: Markdown on standard output, JSON in a file.
//!
//! `scripts/bench` builds what this needs and runs it:
//! `bench JSON_FILE [gas|devnode|sealing|listing|sharing]...`, all of them where none is named.

mod gas;
mod growth;
mod node;
mod report;
mod sealing;

use std::env;

use report::Table;
use serde_json::{Value, json};

#[tokio::main]
async fn main() {
    let mut args = env::args().skip(1);
    let file = args.next().expect("usage: bench JSON_FILE [PART]...");
    let parts: Vec<String> = args.collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    let machine = env::var("CHARTSEAL_BENCH_MACHINE").expect("scripts/bench names the machine");
    println!(
        "# What Chartseal costs and how fast it is\n\nAs `scripts/bench` printed it on: {machine}."
    );

    let mut done: Vec<Value> = Vec::new();
    let mut show = |table: Table| {
        print!("{}", table.markdown());
        done.push(table.json());
    };
    if wanted("gas") {
        show(gas::table().await);
    }
    if wanted("devnode") {
        show(node::start_up());
        show(node::latency().await);
    }
    if wanted("sealing") {
        sealing::tables().into_iter().for_each(&mut show);
    }
    if wanted("listing") {
        show(growth::listing().await);
    }
    if wanted("sharing") {
        show(growth::sharing().await);
    }
    let report = json!({"machine": machine, "tables": done});
    let text = serde_json::to_string_pretty(&report).expect("JSON of tables");
    std::fs::write(&file, text + "\n").expect("a file to write to");
}
