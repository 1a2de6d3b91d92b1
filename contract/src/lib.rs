//! The Chartseal registry.
