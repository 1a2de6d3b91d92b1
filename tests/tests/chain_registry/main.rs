//! The client's chain access against the real contract on a running chain.
//!
//! With `CHARTSEAL_TEST_RPC` set to the address of a node, and `CHARTSEAL_TEST_KEY` to the hexadecimal secret of a
//! funded account there, the tests run on it; what only a development chain can be told to do is left out then.
//! Otherwise each test has a chain of its own in this process. The contract comes from `scripts/build-contract`.

mod deploy;
mod faults;
mod functions;
mod refusals;
mod world;
