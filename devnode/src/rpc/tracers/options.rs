//! What a client asks of a trace.

use alloy_primitives::U64;
use alloy_rpc_types_eth::{BlockOverrides, state::StateOverride};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::steps::StepOptions;
use crate::{
    chain::Overrides,
    rpc::error::{RpcError, RpcResult},
};

/// Options of `debug_traceTransaction`. `reexec` and `timeout` have no meaning here: every state is at
/// hand, and the time is that of a call. Source: go-ethereum `eth/tracers/api.go`, `TraceConfig`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::rpc) struct TraceOptions {
    /// Name or source of a tracer; without one the instructions are listed.
    pub(super) tracer: Option<String>,
    tracer_config: Option<Value>,
    /// What of the instructions is listed.
    #[serde(flatten)]
    pub(super) steps: StepOptions,
}

impl TraceOptions {
    /// The configuration of the tracer, all defaults if there is none.
    pub(super) fn config<T: DeserializeOwned + Default>(&self) -> RpcResult<T> {
        let Some(config) = self.tracer_config.clone().filter(|value| !value.is_null()) else {
            return Ok(T::default());
        };
        serde_json::from_value(config)
            .map_err(|error| RpcError::failed(format!("cannot read the tracerConfig: {error}")))
    }
}

/// Options of `debug_traceCall`. Source: go-ethereum `eth/tracers/api.go`, `TraceCallConfig`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::rpc) struct CallOptions {
    /// How to trace.
    #[serde(flatten)]
    pub(in crate::rpc) trace: TraceOptions,
    state_overrides: Option<StateOverride>,
    block_overrides: Option<BlockOverrides>,
    tx_index: Option<U64>,
}

impl CallOptions {
    /// What differs from the state and the block that are named.
    ///
    /// # Errors
    ///
    /// -32000 for a state within a block.
    pub(in crate::rpc) fn overrides(&mut self) -> RpcResult<Overrides> {
        if self.tx_index.is_some() {
            return Err(RpcError::failed(
                "txIndex is not supported: a block holds one transaction; name the block before it for \
                 the state it met",
            ));
        }
        Ok(Overrides {
            state: self.state_overrides.take(),
            block: self.block_overrides.take(),
        })
    }
}
