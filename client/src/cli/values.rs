//! Roles, purposes, rights and times, as people write and read them.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use crate::chain::{AccessLevel, AccessReason, Purpose, Role};

impl ValueEnum for Role {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Patient,
            Self::Doctor,
            Self::Pharmacist,
            Self::Analyst,
            Self::Physician,
            Self::Researcher,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(role(*self)))
    }
}

impl ValueEnum for Purpose {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Treatment,
            Self::Emergency,
            Self::Payment,
            Self::Operations,
            Self::Research,
            Self::PublicHealth,
            Self::PatientRequest,
            Self::Legal,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(purpose(*self)))
    }
}

impl ValueEnum for AccessLevel {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Read, Self::All]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(level(*self)))
    }
}

/// What a role is called.
pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Patient => "patient",
        Role::Doctor => "doctor",
        Role::Pharmacist => "pharmacist",
        Role::Analyst => "analyst",
        Role::Physician => "physician",
        Role::Researcher => "researcher",
    }
}

/// What a purpose is called.
pub(crate) fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Treatment => "treatment",
        Purpose::Emergency => "emergency",
        Purpose::Payment => "payment",
        Purpose::Operations => "operations",
        Purpose::Research => "research",
        Purpose::PublicHealth => "public-health",
        Purpose::PatientRequest => "patient-request",
        Purpose::Legal => "legal",
    }
}

/// What a right is called.
pub(crate) fn level(level: AccessLevel) -> &'static str {
    match level {
        AccessLevel::Read => "read",
        AccessLevel::All => "all",
    }
}

/// Why somebody may open a record, or may not.
pub(crate) fn reason(reason: AccessReason) -> &'static str {
    match reason {
        AccessReason::Granted => "granted",
        AccessReason::Owner => "owner",
        AccessReason::NoGrant => "no grant",
        AccessReason::Expired => "expired",
        AccessReason::StaleEpoch => "revoked by a new key",
        AccessReason::Removed => "record removed",
        AccessReason::NotRegistered => "not registered",
        AccessReason::Lapsed => "lapsed: they registered again",
        AccessReason::NoSuchRecord => "no such record",
    }
}

/// Reads an end: a day (which is included), a day and a time, or a time from now such as `30d` or `2 weeks`.
/// Gives Unix seconds.
///
/// # Errors
/// A sentence for the user.
pub(crate) fn until(text: &str) -> Result<u64, String> {
    let now = Zoned::now();
    let end = end(text, &now).ok_or_else(|| {
        format!("{text:?} is no time: write 2027-12-31, 2027-12-31T18:00, 30d, 12h or \"2 weeks\"")
    })?;
    if end <= now {
        return Err(format!("{text:?} is over already"));
    }
    u64::try_from(end.timestamp().as_second()).map_err(|_| format!("{text:?} is over already"))
}

fn end(text: &str, now: &Zoned) -> Option<Zoned> {
    let zone = TimeZone::system();
    if text.len() > "2027-12-31".len()
        && let Ok(moment) = text.parse::<DateTime>()
    {
        return moment.to_zoned(zone).ok();
    }
    if let Ok(day) = text.parse::<Date>() {
        return day.tomorrow().ok()?.to_zoned(zone).ok();
    }
    now.checked_add(text.parse::<Span>().ok()?).ok()
}

/// A moment in the user's own time.
pub(crate) fn moment(seconds: u64) -> String {
    let stamp = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    stamp.map_or_else(
        || "in a far future".to_owned(),
        |stamp| {
            stamp
                .to_zoned(TimeZone::system())
                .strftime("%Y-%m-%d %H:%M")
                .to_string()
        },
    )
}

/// When something ends; nothing for what has no end.
pub(crate) fn expiry(seconds: Option<u64>) -> String {
    seconds.map_or_else(|| "never".to_owned(), moment)
}

/// A number of bytes.
pub(crate) fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let ten: DateTime = "2026-03-02T10:00".parse().unwrap();
        let now = ten.to_zoned(TimeZone::UTC).unwrap();
        let hours = |text| {
            (end(text, &now).unwrap().timestamp().as_second() - now.timestamp().as_second()) / 3600
        };
        assert_eq!(hours("36h"), 36);
        assert_eq!(hours("30d"), 720);
        assert_eq!(hours("2 weeks"), 336);
        // A day is included to its end, wherever the machine is.
        let day = end("2026-03-05", &now).unwrap();
        assert_eq!(day.strftime("%m-%d %H:%M").to_string(), "03-06 00:00");
        let moment = end("2026-03-05T18:30", &now).unwrap();
        assert_eq!(moment.strftime("%m-%d %H:%M").to_string(), "03-05 18:30");
        for bad in ["", "soon", "30", "2026-13-01", "-"] {
            assert!(end(bad, &now).is_none(), "{bad}");
        }
        assert!(until("2020-01-01").unwrap_err().contains("over already"));
        assert!(until("-3d").unwrap_err().contains("over already"));
    }

    #[test]
    fn every_value_has_a_name_of_its_own() {
        fn names<T: ValueEnum>() -> usize {
            let mut names: Vec<String> = T::value_variants()
                .iter()
                .filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()))
                .collect();
            names.sort();
            names.dedup();
            names.len()
        }
        assert_eq!(
            (names::<Role>(), names::<Purpose>(), names::<AccessLevel>()),
            (6, 8, 2)
        );
    }
}
