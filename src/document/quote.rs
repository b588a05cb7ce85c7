//! Texts as scalars of YAML, strings of TOML and words of a shell, whatever they hold.

/// Plain words that a reader of YAML 1.1 or 1.2 takes for something other than a text.
const YAML_WORDS: &[&str] = &[
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity",
];

/// Words that begin or end a command of a shell where they stand first.
const SHELL_WORDS: &[&str] = &[
    "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in",
    "select", "then", "time", "until", "while",
];

/// `text` as a scalar of one line, right in block and in flow collections, as key and as value.
///
/// It is plain where every reader of YAML 1.1 and 1.2 then sees this text; else in quotes.
pub fn yaml_scalar(text: &str) -> String {
    if plain_yaml(text) {
        return text.to_owned();
    }
    let printable = text.chars().all(yaml_printable);
    if printable && !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    if printable {
        return format!("'{}'", text.replace('\'', "''"));
    }
    escaped(text, yaml_printable, |c| match u32::from(c) {
        code @ ..=0xff => format!("\\x{code:02x}"),
        code @ ..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    })
}

fn plain_yaml(text: &str) -> bool {
    let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else {
        return false;
    };
    let begins = first.is_alphanumeric() || matches!(first, '_' | '/' | '.');
    let ends = !matches!(last, ' ' | ':');
    let inside = text.chars().all(|c| {
        c.is_alphanumeric()
            || matches!(
                c,
                '_' | '/' | '.' | '-' | '+' | '=' | '@' | ':' | '(' | ')' | ' ' | '~'
            )
    });
    let word = YAML_WORDS
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text));
    let number = (first.is_numeric() || first == '.') && !text.chars().any(never_in_a_number);
    begins && ends && inside && !text.contains(": ") && !word && !number
}

/// Letters that no number, date or time of YAML 1.1 or 1.2 has.
fn never_in_a_number(c: char) -> bool {
    c.is_ascii_alphabetic() && !"abcdefinotxz".contains(c.to_ascii_lowercase())
}

/// Characters that may stand in quotes as they are, and that an editor shows.
fn yaml_printable(c: char) -> bool {
    let unseen = matches!(
        c,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
    );
    !c.is_control() && !unseen && !turns(c)
}

/// Characters that change the order in which others are shown.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` as a string of TOML of one line.
pub fn toml_string(text: &str) -> String {
    let printable = |c: char| !c.is_control() && !turns(c);
    if text.contains(['"', '\\']) && !text.contains('\'') && text.chars().all(printable) {
        return format!("'{text}'");
    }
    escaped(text, printable, |c| match u32::from(c) {
        code @ ..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    })
}

/// `text` in double quotes, with the escapes that both languages share and those of `code`.
fn escaped(text: &str, printable: fn(char) -> bool, code: fn(char) -> String) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if printable(c) => quoted.push(c),
            c => quoted.push_str(&code(c)),
        }
    }
    quoted.push('"');
    quoted
}

/// A text that no argument of a program can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a text with a NUL character cannot be a word of a shell")]
pub struct NulError;

/// `text` as one word of a POSIX shell, wherever in a command it stands.
pub fn shell_word(text: &str) -> Result<String, NulError> {
    if text.contains('\0') {
        return Err(NulError);
    }
    Ok(if plain_shell(text) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    })
}

fn plain_shell(text: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // What stands first in a command would be set instead.
    let assigns = text
        .split_once('=')
        .is_some_and(|(before, _)| before.strip_suffix('+').unwrap_or(before).chars().all(name));
    !text.is_empty() && text.chars().all(safe) && !assigns && !SHELL_WORDS.contains(&text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::document::{
        Source, toml,
        yaml::{self, Kind},
    };

    /// Texts that mean something to somebody.
    fn texts() -> impl Strategy<Value = String> {
        let words = prop::sample::select(vec![
            "yes",
            "NO",
            "on",
            "~",
            "null",
            "True",
            "1",
            "0x1F",
            "0o7",
            "017",
            "1_0",
            "1e3",
            "12e45",
            ".5",
            "1.",
            "-1",
            "+1",
            ".inf",
            ".NaN",
            "1:30",
            "2001-01-01",
            "1.2.3",
            "2001-01-01T00:00:00Z",
            "---",
            "...",
            "- a",
            "? a",
            "a: b",
            "a:",
            ":a",
            "a #b",
            "#",
            " a",
            "a ",
            "<<",
            "=",
            "!t",
            "&a",
            "*a",
            "|",
            ">",
            "%a",
            "@a",
            "`a`",
            "{a}",
            "[a]",
            "a,b",
            "'",
            "\"",
            "\\",
            "\r\n",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{7f}",
            "\0",
            "${{ a }}",
            "$(a)",
            "~/a",
            "v1.2",
            "a/b@sha256:0",
            "8Gi",
            "10m",
            "a  b",
            "\t",
            "é",
            "\u{1f980}",
            "\u{202e}",
            "if",
            "A=b",
            "--a=b",
            "*",
            "!",
            "１２",
            "0b1",
            "0.1e-3",
        ]);
        prop_oneof![
            words.prop_map(str::to_owned),
            any::<String>(),
            "[-+.0-9exobinfaTZ_:]{0,8}",
            "[ a:#\\-,'\"\\\\\\n\\t?~]{0,8}",
        ]
    }

    #[test]
    fn only_what_needs_quotes_gets_them() {
        for plain in [
            "a",
            "ubuntu-24.04",
            "v1.2",
            "a/b@sha256:0",
            "8Gi",
            "10m",
            "Build it",
            "é",
        ] {
            assert_eq!(yaml_scalar(plain), plain);
        }
        for quoted in [
            "", "yes", "On", "1", "1.0", "0x1f", "12e45", "1:30", "a: b", "- a", "~",
        ] {
            assert_eq!(yaml_scalar(quoted), format!("\"{quoted}\""));
        }
        assert_eq!(yaml_scalar("a\nb\u{202e}"), "\"a\\nb\\u202e\"");
        assert_eq!(yaml_scalar("\"'\\"), "'\"''\\'");
        assert_eq!(toml_string("C:\\a"), "'C:\\a'");
        assert_eq!(toml_string("a\"'\0"), "\"a\\\"'\\u0000\"");
        assert_eq!(shell_word("a/b:1"), Ok("a/b:1".to_owned()));
        assert_eq!(shell_word("--a=b"), Ok("--a=b".to_owned()));
        assert_eq!(shell_word("it's"), Ok("'it'\\''s'".to_owned()));
        for quoted in ["", "~", "if", "A=b", "A+=b", "a b", "*", "é"] {
            assert_eq!(shell_word(quoted), Ok(format!("'{quoted}'")));
        }
        assert_eq!(shell_word("a\0"), Err(NulError));
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a real shell has to read the words"
    )]
    fn shell(words: &[String]) -> Vec<u8> {
        let script = format!("printf '%s\\0' {}", words.join(" "));
        let output = std::process::Command::new("/bin/sh")
            .args(["-c", &script])
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}");
        output.stdout
    }

    proptest! {
        #[test]
        fn yaml_is_read_back_by_both_readers(text in texts(), other in texts()) {
            let (value, key) = (yaml_scalar(&text), yaml_scalar(&other));
            for (written, has_key) in [
                (value.clone(), false),
                (format!("a:\n  b: {value} # c\n"), false),
                (format!("- {value}\n- 1\n"), false),
                (format!("{{{key}: [{value}, {value}]}}"), true),
                (format!("{key}:\n- {value}"), true),
            ] {
                let source = Source::decode(Path::new("a"), written.as_bytes()).unwrap();
                let tree = yaml::parse(&source).unwrap();
                let mut found = Vec::new();
                let mut pending: Vec<_> = tree.documents().collect();
                while let Some(node) = pending.pop() {
                    pending.extend(node.own_entries().flat_map(|(key, value)| [key, value]));
                    pending.extend(node.items());
                    if node.kind() == Kind::Text {
                        found.push(node.text().unwrap());
                    }
                }
                prop_assert!(found.contains(&text.as_str()), "{written:?}: {found:?}");
                let key = !has_key || found.contains(&other.as_str());
                prop_assert!(key, "{written:?}: {found:?}");
                let read: serde_json::Value = serde_saphyr::from_str(&written).unwrap();
                let json = serde_json::Value::from(text.as_str()).to_string();
                prop_assert!(read.to_string().contains(&json), "{written:?}: {read}");
            }
        }

        #[test]
        fn toml_is_read_back(text in texts()) {
            let written = format!("a = {}\n{} = 1\n", toml_string(&text), toml_string(&format!("k{text}")));
            let source = Source::decode(Path::new("a"), written.as_bytes()).unwrap();
            let root = toml::parse(&source).unwrap();
            prop_assert_eq!(root.get("a").and_then(toml::Value::as_str), Some(text.as_str()));
            prop_assert_eq!(&root.entries()[1].key, &format!("k{text}"));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_shell_reads_words_back(texts in prop::collection::vec(texts(), 1..40)) {
            let texts: Vec<String> = texts.iter().map(|text| text.replace('\0', "")).collect();
            let words: Vec<String> = texts.iter().map(|text| shell_word(text).unwrap()).collect();
            let wanted: String = texts.iter().flat_map(|text| [text, "\0"]).collect();
            prop_assert_eq!(shell(&words), wanted.into_bytes());
        }
    }
}
