//! What subscribers hear of.

use std::sync::Arc;

use super::Block;

/// A change of the chain's head.
#[derive(Clone, Debug)]
pub enum ChainEvent {
    /// A block was added.
    Added(Arc<Block>),
    /// Blocks left the chain (reorganisation or revert), highest first. The blocks that replace
    /// them, if any, follow as [`ChainEvent::Added`].
    Removed(Vec<Arc<Block>>),
}
