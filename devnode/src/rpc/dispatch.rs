//! From the bytes of one message to its answer, whatever the transport.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::{
    context::Context,
    error::{RpcError, RpcResult, to_json},
    message::{Answer, Packet, Rejected, Reply, Request},
    module::Module,
    params::Params,
    subscriptions::{Subscriptions, Topic},
    trail::Trail,
};

/// Bytes of results after which the rest of a batch is not run (go-ethereum `node/defaults.go`,
/// `BatchResponseMaxSize`).
const MAX_BATCH_ANSWER: usize = 25_000_000;

/// All methods of the node.
pub(super) struct Dispatcher {
    context: Arc<Context>,
    module: Module<Context>,
}

impl Dispatcher {
    /// A dispatcher over every namespace.
    pub(super) fn new(context: Arc<Context>) -> Self {
        let mut module = Module::new(Arc::clone(&context));
        super::register(&mut module);
        Self { context, module }
    }

    /// What the methods work on.
    pub(super) fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Answers one message; nothing when it held notifications only.
    ///
    /// `session` holds the connection's subscriptions, where the transport can have them.
    pub(super) async fn answer(
        &self,
        body: &[u8],
        session: Option<&Subscriptions>,
    ) -> Option<Reply> {
        match Packet::parse(body) {
            Err(error) => Some(Reply::Single(Answer::new(None, Err(error)))),
            Ok(Packet::Single(request)) => self.one(request, session).await.map(Reply::Single),
            Ok(Packet::Batch(requests)) => self.all(requests, session).await,
        }
    }

    /// Runs a batch, in order, until the answers are too long.
    async fn all(
        &self,
        requests: Vec<Result<Request, Rejected>>,
        session: Option<&Subscriptions>,
    ) -> Option<Reply> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut length = 0;
        for request in requests {
            let answer = if length < MAX_BATCH_ANSWER {
                self.one(request, session).await
            } else {
                refuse(request)
            };
            length += answer.as_ref().map_or(0, Answer::length);
            answers.extend(answer);
        }
        (!answers.is_empty()).then_some(Reply::Batch(answers))
    }

    /// Runs one request of a message. A notification is run too, and not answered.
    async fn one(
        &self,
        request: Result<Request, Rejected>,
        session: Option<&Subscriptions>,
    ) -> Option<Answer> {
        let request = match request {
            Ok(request) => request,
            Err(Rejected { id }) => {
                return Some(Answer::new(
                    id,
                    Err(RpcError::invalid_request("invalid request")),
                ));
            }
        };
        let params = request.params.as_deref();
        let outcome = match request.method.as_str() {
            "eth_subscribe" => self.subscribe(session, params).await,
            "eth_unsubscribe" => unsubscribe(session, params),
            method => self.module.call(method, params).await,
        };
        request.id.map(|id| Answer::new(Some(id), outcome))
    }

    async fn subscribe(
        &self,
        session: Option<&Subscriptions>,
        params: Option<&RawValue>,
    ) -> RpcResult<Box<RawValue>> {
        let session = session.ok_or_else(RpcError::notifications_unsupported)?;
        let topic = Topic::parse(params)?;
        let trail = self.context.chain.read(Trail::start).await?;
        to_json(&session.add(topic, trail)?)
    }
}

/// The answer to a request that is not run any more.
fn refuse(request: Result<Request, Rejected>) -> Option<Answer> {
    let id = match request {
        Ok(request) => request.id?,
        Err(rejected) => rejected.id?,
    };
    Some(Answer::new(Some(id), Err(RpcError::response_too_large())))
}

fn unsubscribe(
    session: Option<&Subscriptions>,
    params: Option<&RawValue>,
) -> RpcResult<Box<RawValue>> {
    let session = session.ok_or_else(RpcError::notifications_unsupported)?;
    let (id,) = <(String,)>::parse(params)?;
    to_json(&session.remove(&id)?)
}
