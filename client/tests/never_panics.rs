//! Threat 33: whatever text or point comes from a stranger, parsing ends in a value or an error.

use chartseal::crypto::key::EncryptionPublicKey;
use chartseal::identity::{ContactCard, Fingerprint, RecoveryPhrase};
use chartseal::identity::{check_email, check_name, parse_address};
use chartseal::storage::{Locator, ObjectName};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn points_round_trip_or_are_refused(bytes in vec(any::<u8>(), 0..70), tag in 0_u8..8) {
        let tagged = [&[tag][..], &bytes].concat();
        for bytes in [&bytes, &tagged] {
            if let Ok(key) = EncryptionPublicKey::from_sec1(bytes) {
                let (x, odd) = key.to_compressed();
                prop_assert_eq!(EncryptionPublicKey::from_compressed(&x, odd).unwrap(), key);
            }
        }
    }

    #[test]
    fn text_is_taken_or_refused(text in any::<String>(), scheme in "(s3|gs|az|file|memory)://[a-z0-9/.%?#@:\\\\-]{0,40}") {
        for text in [&text, &scheme, &format!("chartseal-card1:{text}")] {
            if let Ok(locator) = text.parse::<Locator>() {
                prop_assert_eq!(locator.to_string().parse::<Locator>().unwrap(), locator);
            }
            prop_assert!(text.parse::<ContactCard>().is_err());
            prop_assert!(text.parse::<ObjectName>().is_err());
            prop_assert!(RecoveryPhrase::parse(text).is_err());
            prop_assert!(check_name(text).is_err() || !text.chars().any(char::is_control));
            prop_assert!(check_email(text).is_err() || text.contains('@'));
            prop_assert!(parse_address(text).is_err());
            let _ = text.parse::<Fingerprint>();
        }
    }
}
