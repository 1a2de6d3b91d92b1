//! Makes the bindings from the interface as it stands in `contract/abi/registry.sol`.

use std::error::Error;
use std::path::{Path, PathBuf};

use ethers_contract_abigen::Abigen;

const INTERFACE: &str = "../../contract/abi/registry.sol";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={INTERFACE}");
    println!("cargo:rerun-if-changed=build.rs");
    let source = std::fs::read_to_string(Path::new(INTERFACE))?;
    let abi = format!("[\n{}\n]", declarations(&source)?.join("\n"));
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("registry.rs");
    Abigen::new("Registry", abi)?
        .generate()?
        .write_to_file(out)?;
    Ok(())
}

/// The declarations of the one interface in `source`, each on a line, as abigen's human-readable form has them:
/// without comments, and without the semicolon behind functions, events and errors.
fn declarations(source: &str) -> Result<Vec<String>, String> {
    let text = without_comments(source)?;
    let (_, rest) = text
        .split_once("interface ")
        .ok_or("there is no interface")?;
    let (_, body) = rest.split_once('{').ok_or("the interface has no body")?;
    let (mut found, mut current, mut inside) = (Vec::new(), String::new(), false);
    for character in body.chars() {
        match (character, inside) {
            ('}', false) => return Ok(found),
            ('{', _) => inside = true,
            (';', false) => found.push(one_line(&std::mem::take(&mut current))),
            ('}', true) => {
                inside = false;
                found.push(one_line(&(std::mem::take(&mut current) + "}")));
                continue;
            }
            _ => {}
        }
        if character != ';' || inside {
            current.push(character);
        }
    }
    Err("the interface does not end".to_owned())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn without_comments(source: &str) -> Result<String, String> {
    let mut kept = String::new();
    let mut rest = source;
    while let Some(at) = rest.find('/') {
        let (before, comment) = rest.split_at(at);
        let end = match comment.as_bytes().get(1) {
            Some(b'/') => comment.find('\n'),
            Some(b'*') => comment.find("*/").map(|end| end + 2),
            _ => {
                return Err(format!(
                    "unexpected '/' before {:?}",
                    one_line(&comment[1..])
                ));
            }
        };
        kept.push_str(before);
        rest = &comment[end.ok_or("a comment does not end")?..];
    }
    Ok(kept + rest)
}
