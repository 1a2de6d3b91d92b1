//! `docs/cli.md` is what the program itself says. After a change, `CHARTSEAL_BLESS=1 cargo test -p chartseal
//! --test cli_reference` writes it anew.

use std::fmt::Write;
use std::path::Path;

use chartseal::cli::{CONFIG_KEYS, EXIT_CODES, VARIABLES, command};
use clap::{Arg, Command};

#[test]
fn the_manual_is_what_the_program_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    let manual = manual();
    if std::env::var_os("CHARTSEAL_BLESS").is_some() {
        std::fs::write(&path, &manual).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == manual,
        "docs/cli.md is out of date: run with CHARTSEAL_BLESS=1"
    );
}

/// Every command can be understood without the manual.
#[test]
fn every_command_has_a_description_and_an_example() {
    let mut commands = Vec::new();
    leaves(&built(), "", &mut commands);
    assert!(commands.len() > 10);
    for (name, command) in commands {
        assert!(command.get_about().is_some(), "{name} has no description");
        let after = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(after.contains("Example"), "{name} has no example");
        assert!(
            after.contains(&format!("chartseal {name}")),
            "{name}'s example is of another command"
        );
        for arg in own(&command) {
            assert!(
                arg.get_help().is_some(),
                "{name} {} has no description",
                arg.get_id()
            );
        }
    }
}

fn built() -> Command {
    let mut command = command();
    command.build();
    command
}

/// Commands that do something, with their names.
fn leaves(command: &Command, prefix: &str, into: &mut Vec<(String, Command)>) {
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        let name = format!("{prefix}{}", sub.get_name());
        if !sub.is_subcommand_required_set() {
            into.push((name.clone(), sub.clone()));
        }
        leaves(sub, &format!("{name} "), into);
    }
}

/// Arguments that are the command's own.
fn own(command: &Command) -> impl Iterator<Item = &Arg> {
    let common = ["help", "version"];
    command
        .get_arguments()
        .filter(move |arg| !arg.is_global_set() && !common.contains(&arg.get_id().as_str()))
}

fn manual() -> String {
    let command = built();
    let mut text = format!(
        "# Command line\n\n{}\n\n",
        command.get_long_about().unwrap()
    );
    writeln!(text, "{}\n", command.get_after_help().unwrap()).unwrap();
    text += "Every answer is a table or a list for people, or JSON with `--json`. A failure is two lines on standard\n\
             error, what happened and what to do about it, or one JSON object (`error`, `remedy`, `exit`) with `--json`.\n";
    text += "\n## Commands\n";
    let mut commands = Vec::new();
    leaves(&command, "", &mut commands);
    commands
        .iter()
        .for_each(|(name, command)| section(name, command, &mut text));
    text += "\n## Options of every command\n\n| option | what it is | variable |\n|---|---|---|\n";
    for arg in command.get_arguments().filter(|arg| arg.is_global_set()) {
        let variable = arg
            .get_env()
            .map(|name| format!("`{}`", name.display()))
            .unwrap_or_default();
        writeln!(
            text,
            "| `{}` | {} | {variable} |",
            usage(arg),
            cell(&help(arg))
        )
        .unwrap();
    }
    text += "\n## Settings\n\nWhat holds is, in this order: the option, its environment variable, the profile's \
             file\n(`profiles/<name>/config.toml` in the folder of `--home`), the file for all profiles \
             (`config.toml` there).\nThe folder is the system's folder for a user's data, such as \
             `~/.local/share/chartseal`. `init`, `restore` and\n`deploy` write what they are told into the \
             profile's file.\n";
    table(&mut text, "key", &CONFIG_KEYS);
    text += "\n```toml\nrpc = \"http://127.0.0.1:8547\"\ncontract = \"0x…\"\nstorage = \"s3://my-bucket/records\"\n```\n";
    text += "\n## Environment variables\n\nBeside those of the options above:\n";
    table(&mut text, "variable", &VARIABLES);
    text += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n";
    EXIT_CODES
        .iter()
        .for_each(|(code, meaning)| writeln!(text, "| {code} | {meaning} |").unwrap());
    text
}

fn section(name: &str, command: &Command, text: &mut String) {
    let about = command.get_long_about().or(command.get_about()).unwrap();
    writeln!(text, "\n### {name}\n\n{about}\n").unwrap();
    let usage_line = command.clone().render_usage().to_string();
    let usage_line = usage_line.trim_start_matches("Usage: ").trim();
    writeln!(text, "```text\n{usage_line}\n```\n").unwrap();
    let args: Vec<&Arg> = own(command).collect();
    if !args.is_empty() {
        text.push_str("| argument | what it is |\n|---|---|\n");
        for arg in args {
            writeln!(text, "| `{}` | {} |", usage(arg), cell(&help(arg))).unwrap();
        }
        text.push('\n');
    }
    let examples = command
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let examples = examples
        .trim_start_matches("Examples:")
        .trim_start_matches("Example:");
    writeln!(text, "```sh").unwrap();
    examples
        .trim()
        .lines()
        .for_each(|line| writeln!(text, "{}", line.trim()).unwrap());
    writeln!(text, "```").unwrap();
}

fn usage(arg: &Arg) -> String {
    arg.to_string().replace('|', "\\|")
}

fn help(arg: &Arg) -> String {
    let mut help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let values = arg.get_possible_values();
    if arg.get_action().takes_values() && !values.is_empty() {
        let names: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
        write!(help, ": {}", names.join(", ")).unwrap();
    }
    let defaults: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| value.display().to_string())
        .collect();
    if arg.get_action().takes_values() && !defaults.is_empty() {
        write!(help, " (default {})", defaults.join(" ")).unwrap();
    }
    help
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn table(text: &mut String, heading: &str, rows: &[(&str, &str)]) {
    write!(text, "\n| {heading} | what it holds |\n|---|---|\n").unwrap();
    rows.iter()
        .for_each(|(name, what)| writeln!(text, "| `{name}` | {what} |").unwrap());
}
