//! End-to-end tests of Chartseal over JSON-RPC.
