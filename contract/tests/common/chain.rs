//! Typed calls and what they must come to.

use alloy_primitives::{Address, B256, IntoLogData, LogData, U256};
use alloy_sol_types::{SolCall, SolError, SolEventInterface, SolInterface};

use super::{Backend, Message, Outcome, abi};

/// A backend and its clock.
pub(crate) struct Chain<B> {
    pub(crate) backend: B,
    /// Unix seconds of the next transaction.
    pub(crate) now: u64,
}

impl<B: Backend> Chain<B> {
    /// A new chain on 14 November 2023.
    pub(crate) fn new() -> Self {
        Self {
            backend: B::fresh(),
            now: 1_700_000_000,
        }
    }

    /// Sends `data` without ether.
    pub(crate) fn send(&mut self, sender: Address, data: &[u8]) -> Outcome {
        let message = Message {
            sender,
            time: self.now,
            value: U256::ZERO,
            data,
        };
        self.backend.call(&message)
    }

    /// Sends a call that must succeed. Returns what it returns, and its events.
    pub(crate) fn run<C: SolCall>(
        &mut self,
        sender: Address,
        call: C,
    ) -> (C::Return, Vec<abi::IRegistryEvents>) {
        let Outcome { result, logs } = self.send(sender, &call.abi_encode());
        let data = result.unwrap_or_else(|data| {
            panic!("{} by {sender} refused: {}", C::SIGNATURE, refusal(&data))
        });
        let value = C::abi_decode_returns_validate(&data).expect(C::SIGNATURE);
        (value, logs.iter().map(event).collect())
    }

    /// Sends a call that must succeed.
    pub(crate) fn ok<C: SolCall>(&mut self, sender: Address, call: C) -> C::Return {
        self.run(sender, call).0
    }

    /// Sends a call that must succeed with exactly these events.
    #[track_caller]
    pub(crate) fn emits<C: SolCall, const N: usize>(
        &mut self,
        sender: Address,
        call: C,
        events: [abi::IRegistryEvents; N],
    ) -> C::Return {
        let (value, emitted) = self.run(sender, call);
        assert_eq!(emitted, events, "events of {}", C::SIGNATURE);
        value
    }

    /// Sends a call that must be refused with exactly this error, and leave everything as it was.
    #[track_caller]
    pub(crate) fn refuses<C: SolCall, E: SolError>(&mut self, sender: Address, call: C, error: E) {
        let before = self.backend.fingerprint();
        let outcome = self.send(sender, &call.abi_encode());
        let expected = error.abi_encode();
        let got = outcome
            .result
            .as_ref()
            .map_or_else(|data| refusal(data), |_| "success".into());
        assert_eq!(
            outcome.result.as_ref().err(),
            Some(&expected),
            "{} by {sender}: {got} instead of {}",
            C::SIGNATURE,
            refusal(&expected)
        );
        assert!(outcome.logs.is_empty(), "{} left logs", C::SIGNATURE);
        assert_eq!(
            self.backend.fingerprint(),
            before,
            "{} left traces",
            C::SIGNATURE
        );
    }

    /// Asks a view, which must answer and change nothing.
    pub(crate) fn view<C: SolCall>(&mut self, call: C) -> C::Return {
        let before = self.backend.fingerprint();
        let (value, events) = self.run(Address::ZERO, call);
        assert!(events.is_empty(), "{} emits events", C::SIGNATURE);
        assert_eq!(
            self.backend.fingerprint(),
            before,
            "{} writes",
            C::SIGNATURE
        );
        value
    }

    /// Rewrites a packed word in place.
    pub(crate) fn rewrite(&mut self, slot: B256, change: impl FnOnce(B256) -> B256) {
        let word = change(self.backend.slot(slot));
        self.backend.set_slot(slot, word);
    }
}

/// A log as the interface declares it; its encoding must be the only one.
pub(crate) fn event(log: &LogData) -> abi::IRegistryEvents {
    let event = abi::IRegistryEvents::decode_raw_log(log.topics(), &log.data);
    let event =
        event.unwrap_or_else(|error| panic!("{log:?} is no event of the interface: {error}"));
    assert_eq!(
        &event.to_log_data(),
        log,
        "not the canonical encoding of {event:?}"
    );
    event
}

/// Revert data in words.
pub(crate) fn refusal(data: &[u8]) -> String {
    if data.is_empty() {
        return "an empty revert".into();
    }
    match abi::IRegistryErrors::abi_decode_validate(data) {
        Ok(error) => format!("{error:?}"),
        Err(error) => format!("{data:02x?}, which is no error of the interface: {error}"),
    }
}
