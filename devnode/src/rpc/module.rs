//! The table of methods: a name, the types of its parameters, an async function.

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Instant};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    error::{RpcError, RpcResult, to_json},
    params::Params,
};

type Outcome = Pin<Box<dyn Future<Output = RpcResult<Box<RawValue>>> + Send>>;
type Handler<C> = Box<dyn Fn(Arc<C>, Option<&RawValue>) -> RpcResult<Outcome> + Send + Sync>;

/// Methods over a shared context `C`, callable without a socket.
pub(super) struct Module<C> {
    context: Arc<C>,
    methods: HashMap<&'static str, Handler<C>>,
}

impl<C: Send + Sync + 'static> Module<C> {
    /// A module without methods.
    pub(super) fn new(context: Arc<C>) -> Self {
        Self {
            context,
            methods: HashMap::new(),
        }
    }

    /// Adds `method`: its parameters are parsed as `P` before `handler` sees them.
    pub(super) fn register<P, T, F>(
        &mut self,
        method: &'static str,
        handler: impl Fn(Arc<C>, P) -> F + Send + Sync + 'static,
    ) where
        P: Params,
        T: Serialize,
        F: Future<Output = RpcResult<T>> + Send + 'static,
    {
        let erased: Handler<C> = Box::new(move |context, params| {
            let future = handler(context, P::parse(params)?);
            Ok(Box::pin(async move { to_json(&future.await?) }))
        });
        let previous = self.methods.insert(method, erased);
        debug_assert!(previous.is_none(), "{method} is registered twice");
    }

    /// Calls one method.
    ///
    /// # Errors
    ///
    /// -32601 for an unknown method, -32602 for its parameters, else what the method gives.
    pub(super) async fn call(
        &self,
        method: &str,
        params: Option<&RawValue>,
    ) -> RpcResult<Box<RawValue>> {
        let started = Instant::now();
        let outcome = match self.methods.get(method) {
            None => Err(RpcError::method_not_found(method)),
            Some(handler) => match handler(Arc::clone(&self.context), params) {
                Ok(future) => future.await,
                Err(error) => Err(error),
            },
        };
        let elapsed = started.elapsed();
        match &outcome {
            Ok(_) => tracing::debug!(method, ?elapsed, "served"),
            Err(error) => tracing::debug!(method, ?elapsed, %error, "refused"),
        }
        outcome
    }
}
