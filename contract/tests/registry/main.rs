//! The registry seen from outside: calldata, return data, revert data, logs and storage.
//!
//! A test body is generic over the [`common::Backend`] that runs the contract. Here that is the contract compiled for
//! this machine; the package of end-to-end tests runs the same bodies on the WebAssembly program.

#[path = "../common/mod.rs"]
mod common;

use native::Native as Machine;

/// Makes a test of each generic body.
macro_rules! tests {
    ($($body:ident),* $(,)?) => {
        mod native {
            $(
                #[test]
                fn $body() {
                    super::$body::<crate::Machine>();
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
mod native;
mod records;
mod requests;
mod standing;
mod storage;
mod users;
mod views;
mod world;
