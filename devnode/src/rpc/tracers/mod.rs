//! The tracers of the `debug` namespace: what each makes of an execution.
//!
//! `stylus` lists the host calls of Stylus programs, `call` the frames, `steps` the EVM instructions.

mod budget;
mod call;
mod javascript;
mod options;
mod steps;
mod stylus;

use serde_json::value::RawValue;

use self::{
    budget::Budget, call::CallTracer, javascript::Script, steps::StepTracer, stylus::StylusTracer,
};
use super::error::{RpcError, RpcResult};
use crate::chain::AnyRecorder;
pub(super) use options::{CallOptions, TraceOptions};

/// A tracer whose trace is JSON already.
pub(super) type JsonRecorder = AnyRecorder<RpcResult<Box<RawValue>>>;

/// What a client can do whose tracer there is not.
const REMEDY: &str = "use callTracer, stylusTracer, a JavaScript object with a hostio callback (answered as \
     stylusTracer), or no tracer for the EVM's instructions";

/// The tracer that a request names.
///
/// # Errors
///
/// -32000 for a tracer there is not, and for a configuration that cannot be read.
pub(super) fn recorder(options: &TraceOptions) -> RpcResult<JsonRecorder> {
    let budget = Budget::default();
    let Some(tracer) = options.tracer.as_deref().map(str::trim) else {
        return Ok(Box::new(StepTracer::new(options.steps, budget)));
    };
    match tracer {
        "callTracer" => Ok(Box::new(CallTracer::new(options.config()?, budget))),
        "stylusTracer" => Ok(Box::new(StylusTracer::new(budget))),
        _ => match Script::of(tracer) {
            Script::Hostio => Ok(Box::new(StylusTracer::new(budget))),
            Script::Other => Err(RpcError::failed(format!(
                "this node runs no JavaScript, so it takes only tracers with a hostio callback: {REMEDY}"
            ))),
            // How geth's JavaScript engine fails on a name it does not know.
            Script::Name(name) => Err(RpcError::failed(format!(
                "ReferenceError: {name} is not defined: there is no such tracer here; {REMEDY}"
            ))),
        },
    }
}
