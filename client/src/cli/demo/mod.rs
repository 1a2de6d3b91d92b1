//! The demo: the whole scheme on a chain and a storage folder of its own.

mod samples;
