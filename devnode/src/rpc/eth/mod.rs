//! The `eth` namespace, by what its methods ask about.

mod account;
mod block;
mod call;
mod fee;
mod filter;
mod proof;
mod transaction;

use super::{context::Context, module::Module};

/// Adds every method of the namespace.
pub(super) fn register(module: &mut Module<Context>) {
    account::register(module);
    block::register(module);
    call::register(module);
    fee::register(module);
    filter::register(module);
    proof::register(module);
    transaction::register(module);
}
