//! What the manual lists and clap does not know.

/// Environment variables beside those that clap shows, and what they hold.
pub const VARIABLES: [(&str, &str); 5] = [
    (
        "CHARTSEAL_PASSPHRASE",
        "passphrase of the profile, where neither a file nor a terminal gives it",
    ),
    ("CHARTSEAL_PHRASE", "the 24 words, for `restore`"),
    (
        "CHARTSEAL_ACCOUNT_KEY",
        "key of the account that pays for `deploy`, in hexadecimal, where it is not your own",
    ),
    (
        "AWS_*, GOOGLE_*, AZURE_*",
        "credentials and settings of the storage, by the provider's own names",
    ),
    (
        "NO_COLOR",
        "no colours in help and errors, whatever it holds",
    ),
];

/// Keys of a configuration file, and what they hold.
pub const CONFIG_KEYS: [(&str, &str); 8] = [
    (
        "profile",
        "which profile to act as (only in the file for all profiles)",
    ),
    ("name", "your name, for your contact card"),
    ("email", "your e-mail address, for your contact card"),
    ("rpc", "node of the chain, as --rpc"),
    ("second-rpc", "another node, as --second-rpc"),
    ("contract", "address of the registry, as --contract"),
    (
        "contract-block",
        "block in which the registry was made: nothing is looked for before it (default 0)",
    ),
    ("storage", "where your encrypted records lie, as --storage"),
];
