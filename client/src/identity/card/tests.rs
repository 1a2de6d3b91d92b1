//! Cards as text and as QR code.

use qrcode::Color;

use super::*;

fn card() -> ContactCard {
    let pair = EncryptionKeyPair::from_seed(&[5; 64], 2).unwrap();
    let email = Some("ada@clinic.example");
    ContactCard::new("Dr. Ada Møller", email, Address::repeat_byte(0xad), &pair).unwrap()
}

#[test]
fn a_card_survives_mail_programs() {
    let text = card().to_text().unwrap();
    assert_eq!(text.parse::<ContactCard>().unwrap(), card());
    let wrapped: String = text
        .as_bytes()
        .chunks(30)
        .map(|line| format!("  {}\r\n", std::str::from_utf8(line).unwrap()))
        .collect();
    assert_eq!(wrapped.parse::<ContactCard>().unwrap(), card());
    assert_eq!(
        text.parse::<ContactCard>().unwrap().fingerprint(),
        card().fingerprint()
    );
}

#[test]
fn every_mistyped_or_missing_character_is_noticed() {
    let text = card().to_text().unwrap();
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(changed.parse::<ContactCard>().is_err(), "character {at}");
        assert!(text[..at].parse::<ContactCard>().is_err(), "length {at}");
    }
    assert!("x".repeat(1 << 20).parse::<ContactCard>().is_err());
}

/// What a hostile card may carry with a right check sum.
#[test]
fn hostile_content_is_refused() {
    let json = serde_json::json!({
        "name": "Ada", "address": Address::repeat_byte(1), "keyVersion": 1,
        "key": alloy_primitives::hex::encode(card().key.to_sec1_compressed()),
    });
    let text = |json: &serde_json::Value| {
        let mut bytes = json.to_string().into_bytes();
        bytes.extend_from_slice(&check(&bytes.clone()));
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    };
    text(&json).parse::<ContactCard>().unwrap();
    for (field, value) in [
        ("name", serde_json::json!("evil\u{1b}[2J")),
        ("name", serde_json::json!("0x1234")),
        ("email", serde_json::json!("nobody")),
        ("address", serde_json::json!("0x12")),
        ("key", serde_json::json!("00")),
        ("key", serde_json::json!(format!("02{}", "ff".repeat(32)))),
        ("keyVersion", serde_json::json!(-1)),
    ] {
        let mut bad = json.clone();
        bad[field] = value;
        assert!(text(&bad).parse::<ContactCard>().is_err(), "{bad}");
    }
}

/// The QR code is read back from the terminal picture, module by module.
#[test]
fn the_qr_code_in_the_terminal_holds_the_text() {
    let picture = card().to_qr().unwrap();
    let drawn: Vec<Vec<bool>> = picture.lines().flat_map(half_blocks).collect();
    let code = QrCode::with_error_correction_level(card().to_text().unwrap(), EcLevel::M).unwrap();
    let dark: Vec<bool> = code
        .to_colors()
        .iter()
        .map(|color| *color == Color::Dark)
        .collect();
    let (width, quiet) = (code.width(), 4);
    assert_eq!(drawn[0].len(), width + 2 * quiet);
    let modules: Vec<bool> = (0..width * width)
        .map(|i| !drawn[quiet + i / width][quiet + i % width])
        .collect();
    assert_eq!(modules, dark);
    assert!(
        drawn[..quiet].iter().flatten().all(|&light| light),
        "the quiet zone is light"
    );
}

/// Upper and lower half of a line: whether each is drawn.
fn half_blocks(line: &str) -> [Vec<bool>; 2] {
    let upper = line.chars().map(|c| matches!(c, '▀' | '█')).collect();
    let lower = line.chars().map(|c| matches!(c, '▄' | '█')).collect();
    [upper, lower]
}
