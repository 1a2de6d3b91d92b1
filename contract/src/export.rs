//! Prints the interface as Solidity: the very text that [`crate::interface`] compiles.

use std::fmt;

use stylus_sdk::abi::GenerateAbi;

use crate::Registry;

/// The file that declares the interface inside one `sol!` block.
const DECLARATION: &str = include_str!("interface.rs");

impl GenerateAbi for Registry {
    const NAME: &'static str = "IRegistry";

    fn fmt_abi(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let block = DECLARATION
            .lines()
            .skip_while(|line| *line != "sol! {")
            .skip(1);
        for line in block.take_while(|line| *line != "}") {
            writeln!(f, "{}", line.strip_prefix("    ").unwrap_or(line))?;
        }
        Ok(())
    }

    fn fmt_constructor_signature(_: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The registry has none: nobody owns it, so there is nothing to set up.
        Ok(())
    }
}

/// What `cargo stylus export-abi` runs: prints licence, pragma and interface, or the constructor.
pub fn print_from_args() {
    stylus_sdk::abi::export::handle_license_and_pragma();
    stylus_sdk::abi::export::print_from_args::<Registry>();
}
