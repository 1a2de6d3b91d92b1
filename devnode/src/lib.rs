//! A Stylus development chain in one process, with Nitro's gas.

pub mod stylus;
