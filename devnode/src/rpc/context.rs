//! What the methods work on.

use super::{filters::Filters, shared::SharedChain};

/// The chain, and what the server itself keeps for its clients.
pub(super) struct Context {
    pub(super) chain: SharedChain,
    pub(super) filters: Filters,
}

impl Context {
    pub(super) fn new(chain: SharedChain) -> Self {
        Self {
            chain,
            filters: Filters::default(),
        }
    }
}
