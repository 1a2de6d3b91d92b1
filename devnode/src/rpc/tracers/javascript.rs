//! Telling apart what stands in the place of a tracer's name. No script is run.

/// Most characters of an unknown name that an error repeats.
const MAX_NAME: usize = 60;

/// What the text is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// A JavaScript object with a `hostio` callback: what cargo-stylus sends.
    Hostio,
    /// Another JavaScript object.
    Other,
    /// The name of a tracer, cut to a bearable length.
    Name(String),
}

impl Script {
    /// Looks at the text.
    pub(super) fn of(text: &str) -> Self {
        if !text.starts_with(['{', '(']) {
            return Self::Name(text.chars().take(MAX_NAME).collect());
        }
        if has_member(text, "hostio") {
            Self::Hostio
        } else {
            Self::Other
        }
    }
}

/// Whether the text has `name` as a member: `name: `, `"name": ` or the method `name(`.
fn has_member(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].trim_end_matches(['"', '\'']).trim_end();
        let after = text[at + name.len()..]
            .trim_start_matches(['"', '\''])
            .trim_start();
        before.ends_with(['{', ',', '/', '}']) && after.starts_with([':', '('])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostio_callback_is_recognised_however_it_is_written() {
        for script in [
            r#"{ "hostio": function(info) { this.open.push(info); } }"#,
            "{'hostio' : (info) => 0}",
            "{hostio(info) {}, result() {}}",
            "{ enter: function(frame) {}, hostio: function(info) {} }",
            "({ step() {}\n, hostio: 1 })",
        ] {
            assert_eq!(Script::of(script), Script::Hostio, "{script}");
        }
    }

    #[test]
    fn other_scripts_and_names_are_told_apart() {
        for script in [
            "{ step: function(log) { hostio; } }",
            "{ nohostio: 1 }",
            "{}",
            "{ hostios: 1 }",
        ] {
            assert_eq!(Script::of(script), Script::Other, "{script}");
        }
        assert_eq!(
            Script::of("prestateTracer"),
            Script::Name("prestateTracer".into())
        );
        let Script::Name(name) = Script::of(&"é".repeat(1_000)) else {
            panic!("no name");
        };
        assert_eq!(name.chars().count(), MAX_NAME);
    }
}
