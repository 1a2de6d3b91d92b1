use serde_json::Value;

use super::*;

const ADA: Subject = Subject {
    family: "Lovelace",
    given: "Ada",
    born: "1985-12-10",
    seed: 7,
};

/// Every entry has a resource and an address, and every reference points to an entry of the bundle.
fn check_bundle(json: &[u8]) -> Value {
    let bundle: Value = serde_json::from_slice(json).unwrap();
    assert_eq!(bundle["resourceType"], "Bundle");
    assert_eq!(bundle["type"], "collection");
    let entries = bundle["entry"].as_array().unwrap();
    let urls: Vec<&str> = entries
        .iter()
        .map(|entry| entry["fullUrl"].as_str().unwrap())
        .collect();
    for entry in entries {
        let resource = &entry["resource"];
        assert!(resource["resourceType"].is_string());
        if let Some(subject) = resource["subject"]["reference"].as_str() {
            assert!(urls.contains(&subject));
        }
    }
    let mut unique = urls.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), urls.len());
    bundle
}

#[test]
fn bundles_are_whole() {
    let bundle = check_bundle(&history(&ADA, 3));
    assert_eq!(bundle["entry"].as_array().unwrap().len(), 2 + 3 * 4);
    let bundle = check_bundle(&prescription(&ADA));
    assert_eq!(bundle["entry"][1]["resource"]["status"], "active");
}

#[test]
fn documents_are_the_same_for_the_same_seed_only() {
    let other = Subject { seed: 8, ..ADA };
    assert_eq!(history(&ADA, 2), history(&ADA, 2));
    assert_ne!(history(&ADA, 2), history(&other, 2));
    let stack = |subject: &Subject| {
        let mut file = Vec::new();
        write_image_stack(subject, 1, &mut file).unwrap();
        file
    };
    assert_eq!(stack(&ADA), stack(&ADA));
    assert_ne!(stack(&ADA), stack(&other));
}

/// The cross-reference table of a PDF says where each object begins (ISO 32000-1 section 7.5.4).
#[test]
fn a_letters_cross_references_point_to_its_objects() {
    let pdf = letter(
        "Discharge letter",
        &["Dear colleague,", "thank you (very much)."],
    );
    assert!(pdf.starts_with(b"%PDF-1.7"));
    let text = String::from_utf8_lossy(&pdf);
    let table: usize = text
        .split("startxref")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let mut lines = std::str::from_utf8(&pdf[table..]).unwrap().lines();
    assert_eq!(lines.next(), Some("xref"));
    let count: usize = lines
        .next()
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(count, 7);
    for (number, line) in lines.take(count).enumerate().skip(1) {
        let offset: usize = line.split_whitespace().next().unwrap().parse().unwrap();
        assert!(
            pdf[offset..].starts_with(format!("{number} 0 obj").as_bytes()),
            "{line}"
        );
    }
}

/// Reads a file element by element: tags rise, lengths are even, and nothing is left at the end.
#[test]
fn an_image_stack_reads_back_element_by_element() {
    let mut file = Vec::new();
    write_image_stack(&ADA, 600_000, &mut file).unwrap();
    assert_eq!(&file[128..132], b"DICM");
    let (mut at, mut last, mut frames) = (132, 0, 0);
    while at < file.len() {
        let word = |at: usize| u16::from_le_bytes([file[at], file[at + 1]]);
        let tag = u32::from(word(at)) << 16 | u32::from(word(at + 2));
        let long = matches!(&file[at + 4..at + 6], b"OB" | b"OW");
        let (start, length) = if long {
            (
                at + 12,
                u32::from_le_bytes(file[at + 8..at + 12].try_into().unwrap()) as usize,
            )
        } else {
            (at + 8, usize::from(word(at + 6)))
        };
        assert!(tag > last && length.is_multiple_of(2), "{tag:08x}");
        let value = &file[start..start + length];
        match tag {
            0x0002_0000 => {
                assert!(file[start + 4 + value[0] as usize..].starts_with(&[8, 0, 8, 0]))
            }
            0x0028_0008 => frames = std::str::from_utf8(value).unwrap().trim().parse().unwrap(),
            0x7fe0_0010 => assert_eq!(length, frames * 512 * 512 * 2),
            _ => {}
        }
        (at, last) = (start + length, tag);
    }
    assert_eq!((at, last, frames), (file.len(), 0x7fe0_0010, 2));
}
