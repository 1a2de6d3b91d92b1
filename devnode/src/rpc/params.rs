//! Positional parameters: a tuple of types in, typed values or go-ethereum's error texts out.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::error::{RpcError, RpcResult};

/// The parameters of one method: a tuple with one type for each position.
///
/// A trailing `Option<T>` may be missing or `null`; every other type must be there.
pub(super) trait Params: Sized {
    /// Reads the `params` member of a request.
    ///
    /// # Errors
    ///
    /// -32602 for anything but an array, and for too few, too many or mistyped members.
    fn parse(params: Option<&RawValue>) -> RpcResult<Self>;
}

/// Splits `params` into its members; a missing or `null` member is an empty list.
fn members(params: Option<&RawValue>, at_most: usize) -> RpcResult<Vec<&RawValue>> {
    let json = match params.map(RawValue::get) {
        None | Some("null") => return Ok(Vec::new()),
        Some(json) if json.starts_with('[') => json,
        Some(_) => return Err(RpcError::invalid_params("non-array args")),
    };
    let members: Vec<&RawValue> =
        serde_json::from_str(json).map_err(|error| RpcError::invalid_params(error.to_string()))?;
    if members.len() > at_most {
        let message = format!("too many arguments, want at most {at_most}");
        return Err(RpcError::invalid_params(message));
    }
    Ok(members)
}

/// Reads the member at `index`. Only an optional type can be read from `null`, so a `null` that
/// cannot be read is a missing argument.
fn member<T: DeserializeOwned>(members: &[&RawValue], index: usize) -> RpcResult<T> {
    let json = members.get(index).map_or("null", |member| member.get());
    serde_json::from_str(json).map_err(|error| {
        RpcError::invalid_params(match json {
            "null" => format!("missing value for required argument {index}"),
            _ => format!("invalid argument {index}: {error}"),
        })
    })
}

macro_rules! params_of_tuple {
    ($count:literal: $($index:literal $name:ident),*) => {
        impl<$($name: DeserializeOwned),*> Params for ($($name,)*) {
            fn parse(params: Option<&RawValue>) -> RpcResult<Self> {
                let _members = members(params, $count)?;
                Ok(($(member::<$name>(&_members, $index)?,)*))
            }
        }
    };
}

params_of_tuple!(0:);
params_of_tuple!(1: 0 A);
params_of_tuple!(2: 0 A, 1 B);
params_of_tuple!(3: 0 A, 1 B, 2 C);
params_of_tuple!(4: 0 A, 1 B, 2 C, 3 D);

/// An unsigned number that developers write as JSON number, as decimal text or as `0x` quantity
/// (the parameters of the `evm_` and `anvil_` helpers have no one spelling).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "NumberText")]
pub(super) struct Number(pub(super) u64);

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberText {
    Number(u64),
    Text(String),
}

impl TryFrom<NumberText> for Number {
    type Error = String;

    fn try_from(text: NumberText) -> Result<Self, String> {
        let text = match text {
            NumberText::Number(number) => return Ok(Self(number)),
            NumberText::Text(text) => text,
        };
        let parsed = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        parsed
            .map(Self)
            .map_err(|error| format!("{text:?} is no 64-bit number: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, B256, U256};

    use super::*;

    fn parse<T: Params>(json: &str) -> Result<T, String> {
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        T::parse(Some(&raw)).map_err(|error| error.to_string())
    }

    #[test]
    fn optional_members_may_be_missing_or_null() {
        for json in ["[1]", "[1, null]"] {
            assert_eq!(parse::<(u64, Option<u64>)>(json), Ok((1, None)));
        }
        assert_eq!(<()>::parse(None), Ok(()));
        assert_eq!(parse::<()>("null"), Ok(()));
    }

    #[test]
    fn refusals_carry_the_texts_of_go_ethereum() {
        let missing = "missing value for required argument 1 (code -32602)";
        assert_eq!(parse::<(u64, u64)>("[1]").unwrap_err(), missing);
        assert_eq!(parse::<(u64, u64)>("[1, null]").unwrap_err(), missing);
        let many = "too many arguments, want at most 1 (code -32602)";
        assert_eq!(parse::<(u64,)>("[1, 2]").unwrap_err(), many);
        assert_eq!(
            parse::<(u64,)>("{}").unwrap_err(),
            "non-array args (code -32602)"
        );
        let invalid = parse::<(Address,)>(r#"["0x12"]"#).unwrap_err();
        assert!(invalid.starts_with("invalid argument 0: "), "{invalid}");
        let invalid = parse::<(U256, B256)>(r#"["0x1", 5]"#).unwrap_err();
        assert!(invalid.starts_with("invalid argument 1: "), "{invalid}");
    }

    #[test]
    fn a_number_has_three_spellings() {
        for json in ["[16]", r#"["16"]"#, r#"["0x10"]"#] {
            assert_eq!(parse::<(Number,)>(json), Ok((Number(16),)));
        }
        for json in [
            "[-1]",
            r#"["0x"]"#,
            r#"["0x1ffffffffffffffff"]"#,
            "[1.5]",
            "[[]]",
        ] {
            assert!(parse::<(Number,)>(json).is_err(), "{json}");
        }
    }
}
