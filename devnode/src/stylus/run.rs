//! Running one frame of a program.
//!
//! Source: Nitro `crates/stylus/src/run.rs`.

use alloy_primitives::Bytes;
use wasmi::{Extern, Instance, Store, StoreLimitsBuilder, TrapCode, Val};

use super::api::EvmApi;
use super::entry::MAX_OPEN_PAGES;
use super::host::{self, Escape, Host, Meter};
use super::outcome::{Frame, Outcome, Status};
use super::params::StylusParams;
use super::program::Program;
use super::validate::{ENTRY_POINT, MEMORY};

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
    let result = instance
        .get_typed_func::<u32, u32>(&*store, ENTRY_POINT)
        .and_then(|entry_point| entry_point.call(&mut *store, length));
    let status = match result {
        Ok(0) => Status::Success,
        Ok(_) => Status::Revert,
        Err(error) => classify(&error, store, meter),
    };
    let ink = match meter.ink_left.get(&*store) {
        Val::I64(ink) => ink as u64,
        _ => 0,
    };
    let gas_left = ink / u64::from(store.data().params.ink_price).max(1);
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

/// What a trap means, in the order in which Nitro looks.
fn classify(error: &wasmi::Error, store: &Store<Host<'_>>, meter: Meter) -> Status {
    let is = |global: wasmi::Global, value| matches!(global.get(store), Val::I32(v) if v == value);
    if error.as_trap_code() == Some(TrapCode::StackOverflow) || is(meter.stack_left, 0) {
        return Status::OutOfStack;
    }
    if !is(meter.ink_status, 0) {
        return Status::OutOfInk;
    }
    match error.downcast_ref::<Escape>() {
        Some(Escape::Exit(0)) => Status::Success,
        Some(Escape::Exit(_)) => Status::Revert,
        Some(Escape::OutOfInk) => Status::OutOfInk,
        Some(Escape::Failure) | None => Status::Failure,
    }
}
