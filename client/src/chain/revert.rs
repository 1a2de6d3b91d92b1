//! Revert data in plain words: every custom error of the registry and of Stylus's activation.

use std::fmt;

use alloy::primitives::hex;
use alloy::sol_types::{Revert, SolError, SolInterface};

use super::abi::{IArbWasm::IArbWasmErrors, IRegistry::IRegistryErrors};
use super::error::ChainError;
use super::values::{AccessReason, Purpose};

/// Why the registry refused a call. It changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub IRegistryErrors);

/// Why Stylus does not run, or not activate, a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramFault {
    /// A custom error of the ArbWasm precompile.
    ArbWasm(IArbWasmErrors),
    /// The WASM was rejected; the text is the node's.
    Rejected(String),
}

/// Most characters of unknown revert data that an error repeats.
const SHOWN: usize = 128;

/// The error that revert data stands for.
pub(super) fn decode(data: &[u8]) -> ChainError {
    if data.is_empty() {
        return ChainError::RefusedSilently;
    }
    if let Ok(error) = IRegistryErrors::abi_decode(data) {
        return ChainError::Refused(Refusal(error));
    }
    if let Ok(error) = IArbWasmErrors::abi_decode(data) {
        return ChainError::Program(ProgramFault::ArbWasm(error));
    }
    let text = match Revert::abi_decode(data) {
        Ok(revert) => revert.reason,
        Err(_) => hex::encode_prefixed(data),
    };
    ChainError::RefusedUnknown(shorten(&text))
}

/// Text of others, cut to what fits into a message and without control characters.
pub(super) fn shorten(text: &str) -> String {
    let mut short: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(SHOWN)
        .collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use IRegistryErrors as E;
        match &self.0 {
            E::NotRegistered(e) => write!(f, "{} is not registered", e.user),
            E::AlreadyRegistered(e) => write!(f, "{} is registered already", e.user),
            E::InvalidRole(e) => write!(f, "{} is not the number of a role", e.role),
            E::InvalidKey(e) => write!(f, "{} is not the x coordinate of a P-256 key", e.x),
            E::InvalidExpiry(e) => {
                write!(
                    f,
                    "the expiry {} for {} is in the past or too far away",
                    e.expires, e.user
                )
            }
            E::SelfTarget(e) => write!(f, "{} cannot do this to themselves", e.user),
            E::NoVouch(e) => write!(f, "{} does not vouch for {}", e.voucher, e.user),
            E::RecordExists(e) => write!(f, "record {} exists already", e.id),
            E::NoSuchRecord(e) => write!(f, "there is no record {}", e.id),
            E::RecordIsRemoved(e) => write!(f, "record {} was removed", e.id),
            E::NotOwner(e) => write!(f, "{} does not own record {}", e.caller, e.id),
            E::NoAccess(e) => {
                write!(
                    f,
                    "{} has no such access to record {}: {}",
                    e.user,
                    e.id,
                    reason(e.reason)
                )
            }
            E::ZeroDigest(e) => write!(f, "the digest given for record {} is zero", e.id),
            E::VersionConflict(e) => {
                write!(
                    f,
                    "record {} has version {} now, somebody changed it in between",
                    e.id, e.current
                )
            }
            E::CounterExhausted(e) => write!(f, "{} has reached its last version", e.subject),
            E::TooLong(e) => {
                write!(
                    f,
                    "the sealed text for record {} has {} bytes, at most {} fit",
                    e.id, e.length, e.limit
                )
            }
            E::TooMany(e) => write!(f, "{} entries were given, at most {} fit", e.count, e.limit),
            E::DepositsNotAllowed(e) => {
                write!(f, "{} may not deposit records for {}", e.depositor, e.owner)
            }
            E::InvalidAccess(e) => write!(f, "{} is not the number of an access level", e.access),
            E::InvalidPurpose(e) => write!(f, "{} is not the number of a purpose", e.purpose),
            E::InvalidSuite(e) => write!(f, "the registry knows no encryption suite {}", e.suite),
            E::StaleKey(e) => write!(
                f,
                "the record key was wrapped for an older key of {}, who has version {} now",
                e.user, e.current
            ),
            E::StaleEpoch(e) => write!(
                f,
                "the key wrapped for {} is not the present one of record {}, which is of epoch {}",
                e.user, e.id, e.current
            ),
            E::OtherRecord(e) => {
                write!(
                    f,
                    "a grant for record {} was given while record {} is changed",
                    e.given, e.id
                )
            }
            E::NoGrant(e) => write!(f, "{} holds no grant on record {}", e.user, e.id),
            E::NoRequest(e) => write!(f, "{} has no open request for record {}", e.user, e.id),
            E::PurposeNotGranted(e) => write!(
                f,
                "record {} was granted for {}, not for {}",
                e.id,
                purpose(e.granted),
                purpose(e.purpose)
            ),
        }
    }
}

impl Refusal {
    /// The record's present version, where the refusal is that the expected one is out of date.
    pub fn conflicting_version(&self) -> Option<u32> {
        match &self.0 {
            IRegistryErrors::VersionConflict(conflict) => Some(conflict.current),
            _ => None,
        }
    }

    /// What the user can do about it.
    pub fn remedy(&self) -> &'static str {
        use IRegistryErrors as E;
        match &self.0 {
            E::NotRegistered(_) => "They must register first.",
            E::AlreadyRegistered(_) => "Nothing is left to do; to change the key, rotate it.",
            E::InvalidRole(_) => {
                "Choose patient, doctor, pharmacist, analyst, physician or researcher."
            }
            E::InvalidKey(_) => {
                "Ask for a new contact card, or restore the profile from its phrase."
            }
            E::InvalidExpiry(_) => "Choose a time in the future, or none.",
            E::SelfTarget(_) => {
                "Name somebody else: an owner always has access to their own records."
            }
            E::NoVouch(_) => "Nothing is left to do.",
            E::RecordExists(_) => "Look at the record: the command may have succeeded before.",
            E::NoSuchRecord(_) => "Check the id and the profile's contract.",
            E::RecordIsRemoved(_) => "A removed record does not come back; add it as a new one.",
            E::NotOwner(_) => "Only the owner can do this; ask them.",
            E::NoAccess(_) => "Ask the owner for access.",
            E::ZeroDigest(_)
            | E::TooLong(_)
            | E::InvalidAccess(_)
            | E::InvalidPurpose(_)
            | E::InvalidSuite(_)
            | E::OtherRecord(_) => {
                "Update this program; if that does not help, report it as a defect."
            }
            E::VersionConflict(_) => {
                "Open the new version, bring your change into it and update again; your file is untouched."
            }
            E::CounterExhausted(_) => {
                "Add the content as a new record, or register with a new account."
            }
            E::TooMany(_) => "Pass them in several parts.",
            E::DepositsNotAllowed(_) => "Ask the patient to allow your deposits.",
            E::StaleKey(_) => "Run the command again: it will use their present key.",
            E::StaleEpoch(_) => "Run the command again: it will use the record's present key.",
            E::NoGrant(_) => {
                "Look at the record's access list; there is nothing to change or take away."
            }
            E::NoRequest(_) => "Look at the open requests; it may have been settled.",
            E::PurposeNotGranted(_) => "State the granted purpose, or emergency if it is one.",
        }
    }
}

fn reason(code: u8) -> &'static str {
    match AccessReason::try_from(code) {
        Ok(AccessReason::Granted) => "they may only read it",
        Ok(AccessReason::Owner) => "they own it",
        Ok(AccessReason::NoGrant) => "nothing was granted",
        Ok(AccessReason::Expired) => "the grant has expired",
        Ok(AccessReason::StaleEpoch) => "the record has a new key",
        Ok(AccessReason::Removed) => "it was removed",
        Ok(AccessReason::NotRegistered) => "they are not registered",
        Ok(AccessReason::Lapsed) => "they registered anew after the grant",
        Ok(AccessReason::NoSuchRecord) => "it does not exist",
        Err(_) => "for a reason this version does not know",
    }
}

fn purpose(code: u8) -> &'static str {
    match Purpose::try_from(code) {
        Ok(Purpose::Treatment) => "treatment",
        Ok(Purpose::Emergency) => "emergency",
        Ok(Purpose::Payment) => "payment",
        Ok(Purpose::Operations) => "operations",
        Ok(Purpose::Research) => "research",
        Ok(Purpose::PublicHealth) => "public health",
        Ok(Purpose::PatientRequest) => "the patient's own request",
        Ok(Purpose::Legal) => "legal proceedings",
        Err(_) => "an unknown purpose",
    }
}

impl fmt::Display for ProgramFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use IArbWasmErrors as E;
        match self {
            Self::ArbWasm(E::ProgramNotWasm(_)) => {
                write!(f, "there is no Stylus program at this address")
            }
            Self::ArbWasm(E::ProgramNotActivated(_)) => {
                write!(f, "the contract's program is not activated")
            }
            Self::ArbWasm(E::ProgramNeedsUpgrade(e)) => write!(
                f,
                "the program was activated for Stylus version {}, the chain has version {}",
                e.version, e.stylusVersion
            ),
            Self::ArbWasm(E::ProgramExpired(e)) => {
                write!(
                    f,
                    "the program's activation expired: it is {} days old",
                    e.ageInSeconds / 86_400
                )
            }
            Self::ArbWasm(E::ProgramUpToDate(_)) => write!(f, "the program is activated already"),
            Self::ArbWasm(E::ProgramKeepaliveTooSoon(e)) => {
                write!(
                    f,
                    "the activation is only {} days old",
                    e.ageInSeconds / 86_400
                )
            }
            Self::ArbWasm(E::ProgramInsufficientValue(e)) => {
                write!(
                    f,
                    "activation costs {} wei and {} were sent",
                    e.want, e.have
                )
            }
            Self::Rejected(text) => write!(f, "the chain rejects the program: {text}"),
        }
    }
}

impl ProgramFault {
    /// What the user can do about it.
    pub fn remedy(&self) -> &'static str {
        use IArbWasmErrors as E;
        match self {
            Self::ArbWasm(E::ProgramNotWasm(_)) => "Check the contract's address.",
            Self::ArbWasm(
                E::ProgramNotActivated(_) | E::ProgramNeedsUpgrade(_) | E::ProgramExpired(_),
            ) => "Activate it; anybody can, for a small fee: the deploy command tells how.",
            Self::ArbWasm(E::ProgramUpToDate(_) | E::ProgramKeepaliveTooSoon(_)) => {
                "Nothing is left to do."
            }
            Self::ArbWasm(E::ProgramInsufficientValue(_)) => {
                "Run the command again: the fee changes with every activation on the chain."
            }
            Self::Rejected(_) => {
                "Build the contract with scripts/build-contract and deploy that file."
            }
        }
    }
}

/// The custom error that geth names in a message when it passes no data: the call frame of a program that is not
/// active ends that way (`error ProgramNotActivated()`, Nitro's `arbos/programs`).
pub(super) fn program_fault_in(message: &str) -> Option<ProgramFault> {
    use super::abi::IArbWasm as arb;
    if let Some((_, text)) = message.split_once("program activation failed") {
        return Some(ProgramFault::Rejected(shorten(
            text.trim_start_matches([':', ' ']),
        )));
    }
    let fault = [
        (
            "ProgramNotActivated",
            IArbWasmErrors::ProgramNotActivated(arb::ProgramNotActivated {}),
        ),
        (
            "ProgramNotWasm",
            IArbWasmErrors::ProgramNotWasm(arb::ProgramNotWasm {}),
        ),
        (
            "ProgramUpToDate",
            IArbWasmErrors::ProgramUpToDate(arb::ProgramUpToDate {}),
        ),
    ]
    .into_iter()
    .find(|(name, _)| message.contains(name))?;
    Some(ProgramFault::ArbWasm(fault.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::sol_types::{Panic, SolError};

    /// Revert data of a custom error whose fields are all zero; no error of the interface has more than eight.
    fn zeroed(selector: [u8; 4]) -> Vec<u8> {
        [selector.as_slice(), &[0; 8 * 32]].concat()
    }

    #[test]
    fn every_error_of_the_registry_is_put_into_words() {
        for selector in IRegistryErrors::selectors() {
            let error = decode(&zeroed(selector));
            let ChainError::Refused(refusal) = &error else {
                panic!("{selector:?}: {error:?}")
            };
            assert!(
                error.to_string().len() > 10 && refusal.remedy().ends_with('.'),
                "{error}"
            );
        }
    }

    #[test]
    fn every_error_of_activation_is_put_into_words() {
        for selector in IArbWasmErrors::selectors() {
            let error = decode(&zeroed(selector));
            let ChainError::Program(fault) = &error else {
                panic!("{selector:?}: {error:?}")
            };
            assert!(
                error.to_string().len() > 10 && fault.remedy().ends_with('.'),
                "{error}"
            );
        }
    }

    #[test]
    fn fields_are_named() {
        let conflict = super::super::abi::IRegistry::VersionConflict {
            id: [0xab; 32].into(),
            current: 7,
        };
        let text = decode(&conflict.abi_encode()).to_string();
        assert!(
            text.contains("0xabab") && text.contains("version 7"),
            "{text}"
        );
    }

    #[test]
    fn other_data_is_shown_and_bounded() {
        assert!(matches!(decode(&[]), ChainError::RefusedSilently));
        let text = decode(&Revert::from("no\u{7} reason").abi_encode()).to_string();
        assert!(text.ends_with("no reason…"), "{text}");
        for data in [
            vec![1, 2, 3],
            vec![0xff; 1 << 20],
            Panic::from(0x11).abi_encode(),
        ] {
            let error = decode(&data);
            assert!(matches!(error, ChainError::RefusedUnknown(_)));
            assert!(error.to_string().len() < 300);
        }
    }
}
