//! `eth_subscribe`: what the connections with notifications wait for.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use alloy_primitives::{B128, U128};
use alloy_rpc_types_eth::{Filter, pubsub::SubscriptionKind};
use serde_json::value::RawValue;

use super::{
    error::{RpcError, RpcResult, to_json},
    message::Notification,
    objects,
    params::Params,
    trail::{Changes, Trail},
};
use crate::chain::Chain;

/// Most subscriptions of one connection.
const MAX_SUBSCRIPTIONS: usize = 128;

/// What a subscription hears of.
#[derive(Debug)]
pub(super) enum Topic {
    /// Every new header.
    Heads,
    /// Every log that matches, and those that a reorganisation removes.
    Logs(Box<Filter>),
}

impl Topic {
    /// Reads the parameters of `eth_subscribe`.
    ///
    /// # Errors
    ///
    /// -32602 for parameters of the wrong shape, -32601 for an event that does not exist here.
    pub(super) fn parse(params: Option<&RawValue>) -> RpcResult<Self> {
        let (name, filter) = <(String, Option<Filter>)>::parse(params)?;
        match name.parse() {
            Ok(SubscriptionKind::NewHeads) => Ok(Self::Heads),
            Ok(SubscriptionKind::Logs) => Ok(Self::Logs(Box::new(filter.unwrap_or_default()))),
            _ => Err(RpcError::subscription_not_found(&name)),
        }
    }
}

/// The subscriptions of one connection.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    by_id: Mutex<HashMap<String, Subscription>>,
}

#[derive(Debug)]
struct Subscription {
    topic: Topic,
    trail: Trail,
}

impl Subscriptions {
    /// Adds a subscription to everything that happens after `trail`, and names it.
    ///
    /// # Errors
    ///
    /// -32000 when the connection has too many.
    pub(super) fn add(&self, topic: Topic, trail: Trail) -> RpcResult<String> {
        let mut by_id = self.lock();
        if by_id.len() >= MAX_SUBSCRIPTIONS {
            return Err(RpcError::failed(format!(
                "too many subscriptions on one connection (at most {MAX_SUBSCRIPTIONS}): \
                 unsubscribe from some"
            )));
        }
        let id = new_id()?;
        by_id.insert(id.clone(), Subscription { topic, trail });
        Ok(id)
    }

    /// Ends a subscription.
    ///
    /// # Errors
    ///
    /// -32000 when there is none of that name.
    pub(super) fn remove(&self, id: &str) -> RpcResult<bool> {
        match self.lock().remove(id) {
            Some(_) => Ok(true),
            None => Err(RpcError::failed("subscription not found")),
        }
    }

    /// Whether nothing is waited for.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The notifications, as JSON, of everything that happened since the last call.
    ///
    /// # Errors
    ///
    /// -32603 when one has no JSON form.
    pub(super) fn advance(&self, chain: &Chain) -> RpcResult<Vec<Box<RawValue>>> {
        let mut messages = Vec::new();
        for (id, Subscription { topic, trail }) in self.lock().iter_mut() {
            let changes = trail.advance(chain);
            topic.notify(id, &changes, &mut messages)?;
        }
        Ok(messages)
    }

    /// The map is whole whenever the lock is free, also after a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Subscription>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Topic {
    fn notify(
        &self,
        id: &str,
        changes: &Changes,
        messages: &mut Vec<Box<RawValue>>,
    ) -> RpcResult<()> {
        match self {
            Self::Heads => {
                for block in &changes.added {
                    messages.push(to_json(&Notification::new(id, &objects::header(block)))?);
                }
            }
            Self::Logs(filter) => {
                for log in changes.logs(filter) {
                    messages.push(to_json(&Notification::new(id, &log))?);
                }
            }
        }
        Ok(())
    }
}

/// A name nobody can guess: 16 random bytes as a quantity without leading zeros, as in go-ethereum
/// (`rpc/subscription.go`). Clients keep it as a number.
///
/// # Errors
///
/// -32603 when the system has no randomness.
pub(super) fn new_id() -> RpcResult<String> {
    let id = B128::try_random().map_err(|error| RpcError::internal(error.to_string()))?;
    Ok(format!("{:#x}", U128::from_be_bytes(id.0)))
}
