//! Prints the registry's Solidity interface, as `cargo stylus export-abi` expects it.

fn main() {
    chartseal_registry::print_from_args();
}
