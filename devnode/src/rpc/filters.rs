//! `eth_newFilter` and its kin: what clients without notifications poll.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use alloy_rpc_types_eth::{Filter, FilterChanges};

use super::{
    error::{RpcError, RpcResult},
    subscriptions::new_id,
    trail::Trail,
};
use crate::chain::Chain;

/// Most filters of a node.
const MAX_FILTERS: usize = 1000;

/// A filter that nobody polls for that long is gone (go-ethereum `eth/filters`, `Timeout`).
const EXPIRY: Duration = Duration::from_secs(5 * 60);

/// The installed filters.
#[derive(Debug)]
pub(super) struct Filters {
    by_id: Mutex<HashMap<String, Installed>>,
    expiry: Duration,
}

impl Default for Filters {
    fn default() -> Self {
        Self::expiring_after(EXPIRY)
    }
}

#[derive(Debug)]
struct Installed {
    kind: Kind,
    trail: Trail,
    polled: Instant,
}

/// What a filter collects.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Hashes of new blocks.
    Blocks,
    /// Logs that match, and those that a reorganisation removed.
    Logs(Box<Filter>),
}

impl Filters {
    /// No filters; those to come are gone when nobody polls them for that long.
    fn expiring_after(expiry: Duration) -> Self {
        Self {
            by_id: Mutex::default(),
            expiry,
        }
    }

    /// Installs a filter on everything that happens from now on, and names it.
    ///
    /// # Errors
    ///
    /// -32000 when there are too many.
    pub(super) fn install(&self, kind: Kind, chain: &Chain) -> RpcResult<String> {
        let mut by_id = self.current();
        if by_id.len() >= MAX_FILTERS {
            return Err(RpcError::failed(format!(
                "too many filters (at most {MAX_FILTERS}): uninstall some, or wait {} s",
                self.expiry.as_secs()
            )));
        }
        let id = new_id()?;
        let installed = Installed {
            kind,
            trail: Trail::start(chain),
            polled: Instant::now(),
        };
        by_id.insert(id.clone(), installed);
        Ok(id)
    }

    /// Removes a filter; whether there was one.
    pub(super) fn uninstall(&self, id: &str) -> bool {
        self.current().remove(id).is_some()
    }

    /// What happened since the last poll.
    ///
    /// # Errors
    ///
    /// -32000 when there is no such filter (any more).
    pub(super) fn changes(&self, id: &str, chain: &Chain) -> RpcResult<FilterChanges> {
        let mut by_id = self.current();
        let installed = by_id.get_mut(id).ok_or_else(not_found)?;
        installed.polled = Instant::now();
        let changes = installed.trail.advance(chain);
        Ok(match &installed.kind {
            Kind::Blocks => {
                FilterChanges::Hashes(changes.added.iter().map(|block| block.hash).collect())
            }
            Kind::Logs(filter) => FilterChanges::Logs(changes.logs(filter)),
        })
    }

    /// The criteria of a log filter.
    ///
    /// # Errors
    ///
    /// -32000 when there is no such filter (any more), or it is of another kind.
    pub(super) fn criteria(&self, id: &str) -> RpcResult<Filter> {
        match self.current().get(id) {
            Some(Installed {
                kind: Kind::Logs(filter),
                ..
            }) => Ok((**filter).clone()),
            _ => Err(not_found()),
        }
    }

    /// The filters that have not expired. The map is whole whenever the lock is free.
    fn current(&self) -> MutexGuard<'_, HashMap<String, Installed>> {
        let mut by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        by_id.retain(|_, installed| installed.polled.elapsed() < self.expiry);
        by_id
    }
}

fn not_found() -> RpcError {
    RpcError::failed("filter not found")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::ChainConfig;

    #[test]
    fn a_filter_nobody_polls_is_gone() {
        let chain = Chain::new(ChainConfig::default());
        let filters = Filters::expiring_after(Duration::ZERO);
        let id = filters.install(Kind::Blocks, &chain).unwrap();
        assert!(filters.changes(&id, &chain).is_err());
        assert!(!filters.uninstall(&id));
        let filters = Filters::default();
        let id = filters.install(Kind::Blocks, &chain).unwrap();
        assert!(filters.changes(&id, &chain).is_ok());
        assert!(filters.uninstall(&id));
    }
}
