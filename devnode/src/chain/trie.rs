//! The Merkle-Patricia trie: a map from 32-byte keys to bytes, with one hash that stands for all of it.
//!
//! Source: Ethereum Yellow Paper, appendix D: leaf, extension and branch nodes, paths in hex-prefix encoding, and
//! nodes of less than 32 bytes that stand in their parent where others stand by their hash. As all keys have one
//! length, none ends at a branch, and branches have no values. The encoding of a node is alloy-trie's.
//!
//! Nodes are shared and never change. A change makes new nodes along one path, about one per level, and leaves
//! the others with the hashes they have; a copy of a trie is a reference to its root.

use std::sync::{Arc, OnceLock};

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_trie::{
    EMPTY_ROOT_HASH, Nibbles, TrieMask,
    nodes::{BranchNodeRef, ExtensionNodeRef, LeafNodeRef, RlpNode},
};

/// A map from 32-byte keys to bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Trie {
    root: Option<Link>,
}

impl Trie {
    /// Whether it has no key.
    pub(super) fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Sets the value of a key.
    pub(super) fn insert(&mut self, key: B256, value: Vec<u8>) {
        let (path, value) = (Nibbles::unpack(key), value.into());
        let root = match self.root.take() {
            Some(root) => root.into_node().insert(path, value),
            None => Node::Leaf { path, value },
        };
        self.root = Some(Link::new(root));
    }

    /// Removes a key; nothing happens if it is not there.
    pub(super) fn remove(&mut self, key: B256) {
        let path = Nibbles::unpack(key);
        let root = self.root.take().map(Link::into_node);
        self.root = root.and_then(|root| root.remove(path)).map(Link::new);
    }

    /// The hash of the root node; of an empty trie, Keccak-256 of the RLP of an empty string.
    pub(super) fn root(&self) -> B256 {
        self.root.as_ref().map_or(EMPTY_ROOT_HASH, |root| {
            let reference = root.reference();
            reference.as_hash().unwrap_or_else(|| keccak256(reference))
        })
    }

    /// The RLP of the nodes on the way to a key, root first: they show its value, or that it is not there. Nodes
    /// that stand in their parent are not listed again.
    pub(super) fn prove(&self, key: B256) -> Vec<Bytes> {
        let mut proof: Vec<Bytes> = Vec::new();
        let mut path = Nibbles::unpack(key);
        let mut next = self.root.as_ref();
        while let Some(link) = next {
            if proof.is_empty() || link.reference().is_hash() {
                proof.push(link.node().rlp().into());
            }
            next = link.node().step(&mut path);
        }
        proof
    }
}

/// The children of a branch, by the next nibble of the path.
type Children = [Option<Link>; 16];

/// A node; `path` is what it adds to the way that led to it.
#[derive(Clone, Debug)]
enum Node {
    Leaf { path: Nibbles, value: Box<[u8]> },
    Extension { path: Nibbles, child: Link },
    Branch(Box<Children>),
}

/// A shared node.
#[derive(Clone, Debug)]
struct Link(Arc<Linked>);

#[derive(Debug)]
struct Linked {
    node: Node,
    /// What stands for the node in its parent: its RLP or the RLP of its hash. Computed when first asked for.
    reference: OnceLock<RlpNode>,
}

impl Link {
    fn new(node: Node) -> Self {
        let reference = OnceLock::new();
        Self(Arc::new(Linked { node, reference }))
    }

    fn node(&self) -> &Node {
        &self.0.node
    }

    /// The node to make another one of: itself, or a copy while others share it.
    fn into_node(self) -> Node {
        Arc::try_unwrap(self.0).map_or_else(|shared| shared.node.clone(), |linked| linked.node)
    }

    fn reference(&self) -> &RlpNode {
        let compute = || RlpNode::from_rlp(&self.node().rlp());
        self.0.reference.get_or_init(compute)
    }
}

impl Node {
    /// This node with a value at `path` below it.
    fn insert(self, path: Nibbles, value: Box<[u8]>) -> Self {
        match self {
            Self::Leaf { path: own, .. } if own == path => Self::Leaf { path, value },
            Self::Leaf {
                path: own,
                value: other,
            } => {
                let rest = own.slice(own.common_prefix_length(&path) + 1..);
                let rest = Link::new(Self::Leaf {
                    path: rest,
                    value: other,
                });
                fork(&own, rest, &path, value)
            }
            Self::Extension { path: own, child } if path.starts_with(&own) => {
                let child = child.into_node().insert(path.slice(own.len()..), value);
                let child = Link::new(child);
                Self::Extension { path: own, child }
            }
            Self::Extension { path: own, child } => {
                let rest = own.slice(own.common_prefix_length(&path) + 1..);
                fork(&own, extension(rest, child), &path, value)
            }
            Self::Branch(mut children) => {
                let (slot, path) = (&mut children[first(&path)], path.slice(1..));
                let child = match slot.take() {
                    Some(child) => child.into_node().insert(path, value),
                    None => Self::Leaf { path, value },
                };
                *slot = Some(Link::new(child));
                Self::Branch(children)
            }
        }
    }

    /// This node without the value at `path` below it; `None` if nothing remains.
    fn remove(self, path: Nibbles) -> Option<Self> {
        match self {
            Self::Leaf { path: own, .. } if own == path => None,
            Self::Extension { path: own, child } if path.starts_with(&own) => {
                let child = child.into_node().remove(path.slice(own.len()..));
                child.map(|child| child.prefixed(own))
            }
            Self::Branch(mut children) => {
                let slot = &mut children[first(&path)];
                let child = slot.take().map(Link::into_node);
                *slot = child
                    .and_then(|child| child.remove(path.slice(1..)))
                    .map(Link::new);
                Some(collapse(children))
            }
            // Another key's leaf, or the way to other keys: there is nothing at the path.
            other => Some(other),
        }
    }

    /// This node, reached by `prefix` more.
    fn prefixed(self, prefix: Nibbles) -> Self {
        match self {
            Self::Leaf { path, value } => Self::Leaf {
                path: prefix.join(&path),
                value,
            },
            Self::Extension { path, child } => Self::Extension {
                path: prefix.join(&path),
                child,
            },
            branch if prefix.is_empty() => branch,
            branch => Self::Extension {
                path: prefix,
                child: Link::new(branch),
            },
        }
    }

    /// The next node on the way along `path`, which is left with what comes after it.
    fn step(&self, path: &mut Nibbles) -> Option<&Link> {
        match self {
            Self::Extension { path: own, child } if path.starts_with(own) => {
                *path = path.slice(own.len()..);
                Some(child)
            }
            Self::Branch(children) => {
                let child = children[first(path)].as_ref();
                *path = path.slice(1..);
                child
            }
            Self::Leaf { .. } | Self::Extension { .. } => None,
        }
    }

    fn rlp(&self) -> Vec<u8> {
        match self {
            Self::Leaf { path, value } => alloy_rlp::encode(LeafNodeRef::new(path, value)),
            Self::Extension { path, child } => {
                alloy_rlp::encode(ExtensionNodeRef::new(path, child.reference()))
            }
            Self::Branch(children) => branch_rlp(children),
        }
    }
}

/// The first nibble of a path that does not end here.
fn first(path: &Nibbles) -> usize {
    path.get_unchecked(0).into()
}

/// A node that leads to `child`, or the child itself if it is reached already.
fn extension(path: Nibbles, child: Link) -> Link {
    if path.is_empty() {
        return child;
    }
    Link::new(Node::Extension { path, child })
}

/// The nodes where a new value's path leaves the path `own`, which goes on with `rest`.
fn fork(own: &Nibbles, rest: Link, path: &Nibbles, value: Box<[u8]>) -> Node {
    let common = own.common_prefix_length(path);
    let leaf = Node::Leaf {
        path: path.slice(common + 1..),
        value,
    };
    let mut children = Box::<Children>::default();
    children[first(&own.slice(common..))] = Some(rest);
    children[first(&path.slice(common..))] = Some(Link::new(leaf));
    Node::Branch(children).prefixed(path.slice(..common))
}

/// A branch, or what takes its place if it has one child only.
fn collapse(mut children: Box<Children>) -> Node {
    let mut used = (0u8..)
        .zip(children.iter_mut())
        .filter(|(_, child)| child.is_some());
    if let (Some((nibble, only)), None) = (used.next(), used.next())
        && let Some(only) = only.take()
    {
        return only.into_node().prefixed(Nibbles::from_nibbles([nibble]));
    }
    Node::Branch(children)
}

fn branch_rlp(children: &Children) -> Vec<u8> {
    let mut mask = TrieMask::default();
    let mut references = Vec::with_capacity(children.len());
    for (nibble, child) in (0u8..).zip(children) {
        if let Some(child) = child {
            mask.set_bit(nibble);
            references.push(child.reference().clone());
        }
    }
    alloy_rlp::encode(BranchNodeRef::new(&references, mask))
}

#[cfg(test)]
mod tests;
