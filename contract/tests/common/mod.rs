//! The chain as the tests see it: calldata in; return data, revert data and logs out.
//!
//! Everything is encoded and decoded with the types that `sol!` makes from the exported interface, so a test knows
//! nothing of the contract's insides. [`Backend`] is what runs the contract: compiled for this machine, or the
//! WebAssembly program, with the same test bodies.

mod backend;
mod chain;
mod changes;
mod fixture;
mod layout;

pub(crate) use backend::{Backend, Message, Outcome};
pub(crate) use chain::{Chain, event, refusal};
pub(crate) use changes::{Changes, Storage, fingerprint};
pub(crate) use fixture::*;
pub(crate) use layout::*;

/// The interface, from nothing but the exported Solidity.
#[allow(
    missing_docs,
    reason = "the macro documents what the interface documents"
)]
mod interface {
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        "../contract/abi/registry.sol"
    );

    /// `sol!` makes no conversions into its enum of events.
    macro_rules! events {
        ($($event:ident),* $(,)?) => {
            $(
                impl From<IRegistry::$event> for IRegistry::IRegistryEvents {
                    fn from(event: IRegistry::$event) -> Self {
                        Self::$event(event)
                    }
                }
            )*
        };
    }

    events! {
        Registered, KeyRotated, Deregistered, Vouched, VouchWithdrawn, RecordAdded,
        RecordUpdated, RecordRekeyed, RecordRemoved, DepositsAllowed, DepositsDisallowed,
        RecordDeposited, Granted, AccessUpdated, Revoked, AccessRequested, RequestWithdrawn,
        RequestDenied, AccessLogged,
    }
}

pub(crate) use interface::IRegistry as abi;
