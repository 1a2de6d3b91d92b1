//! What the manual lists and clap does not know.

/// Environment variables beside those that clap shows, and what they hold.
pub const VARIABLES: [(&str, &str); 4] = [
    (
        "CHARTSEAL_PASSPHRASE",
        "passphrase of the profile, where neither a file nor a terminal gives it",
    ),
    ("CHARTSEAL_PHRASE", "the 24 words, for `restore`"),
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
pub const CONFIG_KEYS: [(&str, &str); 7] = [
    (
        "profile",
        "which profile to act as (only in the file for all profiles)",
    ),
    ("name", "your name, for your contact card"),
    ("email", "your e-mail address, for your contact card"),
    ("rpc", "node of the chain, as --rpc"),
    ("second-rpc", "another node, as --second-rpc"),
    ("contract", "address of the registry, as --contract"),
    ("storage", "where your encrypted records lie, as --storage"),
];
