//! Running one frame of a program.
//!
//! Source: Nitro `crates/stylus/src/run.rs`.

use alloy_primitives::Bytes;
use wasmi::{Extern, Instance, Store, StoreLimitsBuilder, TrapCode, Val};

use super::api::{EvmApi, HostCall};
use super::entry::MAX_OPEN_PAGES;
use super::host::{self, Escape, Host, Meter};
use super::outcome::{Frame, Outcome, Status};
use super::params::StylusParams;
use super::program::Program;
use super::validate::{ENTRY_POINT, MEMORY};

/// Name of the end of a program in traces.
const RETURNED: &str = "user_returned";

/// Bytes of a memory page.
const PAGE_BYTES: usize = 65_536;

/// Runs `program` with all of the frame's gas turned into ink, and the rest turned back.
///
/// Start costs, pages and the floor for return data are not charged here but by
/// [`super::call_program`].
pub fn run(
    program: &Program,
    frame: &Frame,
    params: &StylusParams,
    api: &mut dyn EvmApi,
) -> Outcome {
    match start(program, frame, params, api) {
        Some((mut store, instance, meter)) => execute(&mut store, instance, meter),
        // Every compiled program exports what is looked up here, and has memory and segments that fit.
        None => Outcome::failure(frame.gas),
    }
}

/// A fresh instance with its ink and its virtual stack.
fn start<'a>(
    program: &Program,
    frame: &'a Frame,
    params: &'a StylusParams,
    api: &'a mut dyn EvmApi,
) -> Option<(Store<Host<'a>>, Instance, Meter)> {
    let module = program.module();
    // Reached only by growing from zero to 65536 pages, which Nitro's 16-bit count lets pass unpaid.
    let memory_limit = usize::from(MAX_OPEN_PAGES) * PAGE_BYTES;
    let limits = StoreLimitsBuilder::new().memory_size(memory_limit).build();
    let mut store = Store::new(module.engine(), Host::new(api, frame, params, limits));
    store.limiter(|host| &mut host.limits);
    let mut functions = Vec::new();
    for (space, name) in program.imports() {
        functions.push(Extern::Func(host::bind(&mut store, space, name)?));
    }
    let imports: Vec<_> = program
        .import_order()
        .iter()
        .map(|place| functions[*place])
        .collect();
    let instance = Instance::new(&mut store, module, &imports).ok()?;
    let meter = Meter::find(|name| instance.get_export(&store, name))?;
    let memory = instance.get_memory(&store, MEMORY)?;
    let ink = frame.gas.saturating_mul(u64::from(params.ink_price));
    meter.ink_left.set(&mut store, Val::I64(ink as i64)).ok()?;
    meter
        .stack_left
        .set(&mut store, Val::I32(params.max_stack_depth as i32))
        .ok()?;
    store.data_mut().meter = Some(meter);
    store.data_mut().memory = Some(memory);
    Some((store, instance, meter))
}

fn execute(store: &mut Store<Host<'_>>, instance: Instance, meter: Meter) -> Outcome {
    let length = store.data().frame.calldata.len() as u32;
    let ink = ink_left(store, meter);
    record(
        store,
        ENTRY_POINT,
        length.to_be_bytes().into(),
        Bytes::new(),
        ink,
    );
    let result = instance
        .get_typed_func::<u32, u32>(&*store, ENTRY_POINT)
        .and_then(|entry_point| entry_point.call(&mut *store, length));
    let (status, returned) = match result {
        Ok(number) => (of_number(number), number),
        Err(error) => classify(&error, store, meter),
    };
    if matches!(status, Status::Success | Status::Revert) {
        // With the ink of the start, as Nitro gives it.
        record(
            store,
            RETURNED,
            Bytes::new(),
            returned.to_be_bytes().into(),
            ink,
        );
    }
    let gas_left = ink_left(store, meter) / u64::from(store.data().params.ink_price).max(1);
    let output = std::mem::take(&mut store.data_mut().output);
    match status {
        Status::Success | Status::Revert => Outcome {
            status,
            output: Bytes::from(output),
            gas_left,
        },
        Status::Failure => Outcome::failure(gas_left),
        Status::OutOfInk | Status::OutOfStack => Outcome {
            status,
            output: Bytes::new(),
            gas_left: 0,
        },
    }
}

fn ink_left(store: &Store<Host<'_>>, meter: Meter) -> u64 {
    match meter.ink_left.get(store) {
        Val::I64(ink) => ink as u64,
        _ => 0,
    }
}

/// Records an edge of the program, if it is traced.
fn record(store: &mut Store<Host<'_>>, name: &'static str, args: Bytes, outs: Bytes, ink: u64) {
    let host = store.data_mut();
    if host.is_traced {
        host.api.host_call(HostCall {
            name,
            args,
            outs,
            start_ink: ink,
            end_ink: ink,
        });
    }
}

/// What the number that a program ends with means.
fn of_number(number: u32) -> Status {
    match number {
        0 => Status::Success,
        _ => Status::Revert,
    }
}

/// What a trap means, in the order in which Nitro looks, and the number of an `exit_early`.
fn classify(error: &wasmi::Error, store: &Store<Host<'_>>, meter: Meter) -> (Status, u32) {
    let is = |global: wasmi::Global, value| matches!(global.get(store), Val::I32(v) if v == value);
    if error.as_trap_code() == Some(TrapCode::StackOverflow) || is(meter.stack_left, 0) {
        return (Status::OutOfStack, 0);
    }
    if !is(meter.ink_status, 0) {
        return (Status::OutOfInk, 0);
    }
    match error.downcast_ref::<Escape>() {
        Some(Escape::Exit(number)) => (of_number(*number), *number),
        Some(Escape::OutOfInk) => (Status::OutOfInk, 0),
        Some(Escape::Failure) | None => (Status::Failure, 0),
    }
}
