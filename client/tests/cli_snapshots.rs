//! What the program answers, as data: one file for each command line in `tests/cli/`. Most are refusals.
//! `TRYCMD=overwrite cargo test -p chartseal --test cli_snapshots` writes the answers anew; read them then.

#[test]
fn command_lines_are_answered_as_written_down() {
    trycmd::TestCases::new()
        .default_bin_path(env!("CARGO_BIN_EXE_chartseal"))
        .env("CHARTSEAL_HOME", "home")
        .env("NO_COLOR", "1")
        .case("tests/cli/*.toml");
}
