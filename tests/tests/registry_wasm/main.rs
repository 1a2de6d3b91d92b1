//! The contract's own test bodies on the compiled registry.
//!
//! They live with the contract, in `contract/tests/registry/`, where they run on the contract compiled for this machine.

#[path = "../../../contract/tests/common/mod.rs"]
mod common;
mod wasm;

use wasm::Wasm as Machine;

/// Makes a test of each generic body.
macro_rules! tests {
    ($($body:ident),* $(,)?) => {
        mod wasm {
            $(
                #[test]
                fn $body() {
                    super::$body::<crate::Machine>();
                }
            )*
        }
    };
}

#[path = "../../../contract/tests/registry/access.rs"]
mod access;
#[path = "../../../contract/tests/registry/calldata.rs"]
mod calldata;
#[path = "../../../contract/tests/registry/deposits.rs"]
mod deposits;
#[path = "../../../contract/tests/registry/hostile.rs"]
mod hostile;
#[path = "../../../contract/tests/registry/malformed.rs"]
mod malformed;
#[path = "../../../contract/tests/registry/matrix.rs"]
mod matrix;
#[path = "../../../contract/tests/registry/model/mod.rs"]
mod model;
#[path = "../../../contract/tests/registry/records.rs"]
mod records;
#[path = "../../../contract/tests/registry/requests.rs"]
mod requests;
#[path = "../../../contract/tests/registry/standing.rs"]
mod standing;
#[path = "../../../contract/tests/registry/storage.rs"]
mod storage;
#[path = "../../../contract/tests/registry/users.rs"]
mod users;
#[path = "../../../contract/tests/registry/views.rs"]
mod views;
#[path = "../../../contract/tests/registry/world.rs"]
mod world;
