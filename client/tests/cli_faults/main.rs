//! Threats 22 to 27 and 39 on the program itself: it is killed or asked to stop, its disk is full, its node goes away,
//! its blocks are taken back. Whatever is cut off where, running the command again gives exactly one version.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../cli_support/mod.rs"]
mod cli_support;
mod full_disk;
mod keystore;
mod kills;
mod network;
mod practice;
#[allow(
    unreachable_pub,
    dead_code,
    reason = "the end-to-end tests use the rest"
)]
#[path = "../../../tests/src/proxy.rs"]
mod proxy;
mod reorganisations;
mod signals;
mod tracer;
