//! The registry as a plain program: what `docs/contract.md` says, in maps, without a chain.
//!
//! [`Model`] answers every call with the outcome that the contract must have; [`Audit`] knows nothing but the
//! events and must come to the same answers; [`Step`] makes random calls; [`run`] plays histories of them.

mod audit;
mod coverage;
mod rule;
mod run;
mod state;
mod steps;
mod views;
mod writes;

use audit::Audit;
use coverage::Coverage;
use rule::access;
use state::{Model, Refused};
use steps::{Counter, Step, step};
use views::Views;
