//! The registry seen from outside: calldata, return data, revert data, logs and storage.
//!
//! A test body is generic over the [`common::Backend`] that runs the contract; `tests!` names the ones to run it on.

#[path = "../common/mod.rs"]
mod common;

/// Makes a test of each generic body for each backend.
macro_rules! tests {
    ($($body:ident),* $(,)?) => {
        mod native {
            $(
                #[test]
                fn $body() {
                    super::$body::<crate::common::Native>();
                }
            )*
        }
    };
}

mod access;
mod calldata;
mod deposits;
mod hostile;
mod malformed;
mod matrix;
mod model;
mod records;
mod requests;
mod standing;
mod storage;
mod users;
mod views;
mod world;
