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
