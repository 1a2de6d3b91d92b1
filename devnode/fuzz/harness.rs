//! What the fuzz targets and the robustness tests do with bytes from a stranger.
//!
//! Every function here takes any bytes and must return: whatever they are, the VM neither panics nor
//! hangs nor takes memory without bound, and its answers agree with each other.

use std::collections::HashMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use chartseal_devnode::stylus::api::{
    CallOutcome, CallRequest, CreateOutcome, CreateRequest, EvmApi, Flush, Pages, Refused,
};
use chartseal_devnode::stylus::gas::{CallGas, CallTarget, CreateGas, FlushMeter};
use chartseal_devnode::stylus::{
    Activated, ActivationParams, Frame, Outcome, ProgramCosts, Status, StylusParams, activate,
    call_program, code,
};

/// Gas of an activation: enough for any module of the largest size.
const ACTIVATION_GAS: u64 = 1 << 32;
/// Most gas of an execution: bounds its time.
const MOST_GAS: u64 = 200_000;
/// Nested frames of an execution.
const MOST_FRAMES: usize = 12;

fn activation() -> ActivationParams {
    ActivationParams {
        stylus: StylusParams::default(),
        debug: true,
        open_pages: 0,
        gas: ACTIVATION_GAS,
    }
}

/// Decompresses `bytes` as on-chain code, with and without the prefix that makes them such.
pub(crate) fn decompression(bytes: &[u8]) {
    const LIMIT: u32 = 65_536;
    let prefixed = [&code::CLASSIC_PREFIX[..], &[code::NO_DICTIONARY], bytes].concat();
    for candidate in [bytes, &prefixed] {
        if let Ok(wasm) = code::decompress(candidate, LIMIT) {
            assert!(wasm.len() <= LIMIT as usize, "the bound holds");
        }
    }
}

/// Activates `wasm`. True if it was accepted.
pub(crate) fn activating(wasm: &[u8]) -> bool {
    match activate(wasm, &activation()) {
        Ok(activated) => {
            assert!(activated.gas_used <= ACTIVATION_GAS);
            assert!(activated.costs.asm_bytes >= 512_000);
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty(), "a refusal says why");
            false
        }
    }
}

/// Activates `wasm` and, if it is accepted, runs it twice with `input` (whose first bytes choose the
/// gas). How it ended, if it ran.
pub(crate) fn executing(wasm: &[u8], input: &[u8]) -> Option<Status> {
    let activated = activate(wasm, &activation()).ok()?;
    let gas = input
        .iter()
        .take(3)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        % MOST_GAS;
    let run = || {
        let mut chain = Scratch::new(&activated);
        let outcome = chain.enter(Bytes::copy_from_slice(input), gas);
        assert_eq!(chain.pages.open, 0, "pages are given back");
        outcome
    };
    let outcome = run();
    check(&outcome, gas);
    assert_eq!(outcome, run(), "execution is deterministic");
    Some(outcome.status)
}

fn check(outcome: &Outcome, gas: u64) {
    assert!(outcome.gas_left <= gas, "no gas comes from nowhere");
    match outcome.status {
        Status::Success | Status::Revert => {}
        Status::Failure => assert!(outcome.output.is_empty()),
        Status::OutOfInk | Status::OutOfStack => {
            assert!(outcome.output.is_empty() && outcome.gas_left == 0);
        }
    }
}

/// A chain on which every contract is the program itself.
struct Scratch<'p> {
    program: &'p Activated,
    frames: usize,
    pages: Pages,
    storage: HashMap<B256, B256>,
    transient: HashMap<B256, B256>,
}

impl<'p> Scratch<'p> {
    fn new(program: &'p Activated) -> Self {
        let (storage, transient) = (HashMap::new(), HashMap::new());
        Self {
            program,
            frames: 0,
            pages: Pages::default(),
            storage,
            transient,
        }
    }

    fn enter(&mut self, calldata: Bytes, gas: u64) -> Outcome {
        let Activated { program, costs, .. } = self.program;
        let cheap = ProgramCosts {
            init: 0,
            cached_init: 0,
            ..*costs
        };
        let params = StylusParams {
            min_init_gas: 1,
            ..StylusParams::default()
        };
        let frame = Frame {
            calldata,
            gas,
            ..Frame::default()
        };
        self.frames += 1;
        let outcome = call_program(program, &cheap, false, frame, &params, self);
        self.frames -= 1;
        check(&outcome, gas);
        outcome
    }
}

impl EvmApi for Scratch<'_> {
    fn storage_load(&mut self, key: B256) -> (B256, u64) {
        (self.storage.get(&key).copied().unwrap_or_default(), 2_100)
    }

    fn storage_flush(&mut self, dirty: &[(B256, B256)], gas_left: u64) -> Flush {
        let mut meter = FlushMeter::new(gas_left);
        for (key, value) in dirty {
            if !meter.pay(2_900) {
                break;
            }
            self.storage.insert(*key, *value);
        }
        meter.finish()
    }

    fn transient_load(&mut self, key: B256) -> B256 {
        self.transient.get(&key).copied().unwrap_or_default()
    }

    fn transient_store(&mut self, key: B256, value: B256) -> Result<(), Refused> {
        self.transient.insert(key, value);
        Ok(())
    }

    fn call(&mut self, request: CallRequest) -> CallOutcome {
        let target = CallTarget {
            cold: false,
            sends_value: !request.value.is_zero(),
            empty: false,
        };
        let nothing = |gas_cost| CallOutcome {
            success: false,
            gas_cost,
            return_data: Bytes::new(),
        };
        let Some(gas) = CallGas::plan(target, request.gas_left, request.gas_requested) else {
            return nothing(request.gas_left);
        };
        if self.frames >= MOST_FRAMES {
            return nothing(gas.cost(gas.given));
        }
        let outcome = self.enter(request.calldata, gas.given);
        CallOutcome {
            success: outcome.status == Status::Success,
            gas_cost: gas.cost(outcome.gas_left),
            return_data: outcome.output,
        }
    }

    fn create(&mut self, request: CreateRequest) -> Result<CreateOutcome, Refused> {
        let gas = CreateGas::plan(
            request.init_code.len(),
            request.salt.is_some(),
            request.gas_left,
        )
        .ok_or(Refused)?;
        let address = (!request.init_code.is_empty()).then_some(Address::repeat_byte(1));
        Ok(CreateOutcome {
            address,
            gas_cost: gas.cost(gas.given),
            return_data: request.init_code,
        })
    }

    fn emit_log(&mut self, topics: Vec<B256>, _: Bytes) -> Result<(), Refused> {
        assert!(topics.len() <= 4);
        Ok(())
    }

    fn account_balance(&mut self, address: Address) -> (U256, u64) {
        (U256::from_be_slice(address.as_slice()), 2_600)
    }

    fn account_code(&mut self, address: Address, _: u64) -> (Bytes, u64) {
        (Bytes::copy_from_slice(address.as_slice()), 3_300)
    }

    fn account_codehash(&mut self, _: Address) -> (B256, u64) {
        (B256::ZERO, 2_600)
    }

    fn pages(&self) -> Pages {
        self.pages
    }

    fn set_pages(&mut self, pages: Pages) {
        self.pages = pages;
    }

    fn console(&mut self, line: &str) {
        assert!(line.len() <= 3 * 4_096, "lines are bounded");
    }
}
