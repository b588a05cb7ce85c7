//! The conditions in an input's rules: `$[[ inputs.a ]] == "x" && $[[ inputs.b ]] != "y"`.

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    /// It looks at what is not known here, or is written in a way that is not.
    Unknown,
}

/// More words than this are not looked at.
const MAX_WORDS: usize = 200;

/// Whether `condition` holds where `value` knows the inputs.
pub(super) fn holds(condition: &str, value: &dyn Fn(&str) -> Option<String>) -> Truth {
    let Some(words) = words(condition) else {
        return Truth::Unknown;
    };
    let mut reader = Reader {
        words: &words,
        next: 0,
        value,
    };
    let truth = reader.any(0);
    match truth {
        Some(truth) if reader.next == words.len() => truth,
        _ => Truth::Unknown,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Input(String),
    Text(String),
    Null,
    Is,
    IsNot,
    And,
    Or,
    Open,
    Close,
}

/// The words of `text`; nothing where one is not known.
fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = word(rest)?;
        words.push(word);
        if words.len() > MAX_WORDS {
            return None;
        }
        rest = after.trim_start();
    }
    Some(words)
}

fn word(text: &str) -> Option<(Word, &str)> {
    for (sign, word) in [
        ("==", Word::Is),
        ("!=", Word::IsNot),
        ("&&", Word::And),
        ("||", Word::Or),
        ("(", Word::Open),
        (")", Word::Close),
        ("null", Word::Null),
    ] {
        if let Some(rest) = text.strip_prefix(sign) {
            return Some((word, rest));
        }
    }
    if let Some(rest) = text.strip_prefix("$[[") {
        let (inside, rest) = rest.split_once("]]")?;
        let name = inside.trim().strip_prefix("inputs.")?;
        return Some((Word::Input(name.to_owned()), rest));
    }
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (inside, rest) = text[1..].split_once(quote)?;
    Some((Word::Text(inside.to_owned()), rest))
}

struct Reader<'w> {
    words: &'w [Word],
    next: usize,
    value: &'w dyn Fn(&str) -> Option<String>,
}

/// A side of a comparison.
enum Side {
    Known(Option<String>),
    Unknown,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<&Word> {
        let word = self.words.get(self.next)?;
        self.next += 1;
        Some(word)
    }

    fn takes(&mut self, wanted: &Word) -> bool {
        let is_it = self.words.get(self.next) == Some(wanted);
        self.next += usize::from(is_it);
        is_it
    }

    fn any(&mut self, depth: usize) -> Option<Truth> {
        let mut truth = self.all(depth)?;
        while self.takes(&Word::Or) {
            let other = self.all(depth)?;
            truth = match (truth, other) {
                (Truth::Yes, _) | (_, Truth::Yes) => Truth::Yes,
                (Truth::No, Truth::No) => Truth::No,
                _ => Truth::Unknown,
            };
        }
        Some(truth)
    }

    fn all(&mut self, depth: usize) -> Option<Truth> {
        let mut truth = self.single(depth)?;
        while self.takes(&Word::And) {
            let other = self.single(depth)?;
            truth = match (truth, other) {
                (Truth::No, _) | (_, Truth::No) => Truth::No,
                (Truth::Yes, Truth::Yes) => Truth::Yes,
                _ => Truth::Unknown,
            };
        }
        Some(truth)
    }

    fn single(&mut self, depth: usize) -> Option<Truth> {
        if self.takes(&Word::Open) {
            if depth > 16 {
                return None;
            }
            let truth = self.any(depth + 1)?;
            return self.takes(&Word::Close).then_some(truth);
        }
        let left = self.side()?;
        let wanted = if self.takes(&Word::Is) {
            true
        } else if self.takes(&Word::IsNot) {
            false
        } else {
            return Some(Truth::Unknown);
        };
        let right = self.side()?;
        Some(match (left, right) {
            (Side::Known(left), Side::Known(right)) if (left == right) == wanted => Truth::Yes,
            (Side::Known(_), Side::Known(_)) => Truth::No,
            _ => Truth::Unknown,
        })
    }

    fn side(&mut self) -> Option<Side> {
        match self.take()?.clone() {
            Word::Input(name) => Some(match (self.value)(&name) {
                Some(value) => Side::Known(Some(value)),
                None => Side::Unknown,
            }),
            Word::Text(text) => Some(Side::Known(Some(text))),
            Word::Null => Some(Side::Known(None)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_do_not_or_cannot_be_told() {
        let value = |name: &str| (name == "env").then(|| "prod".to_owned());
        for (text, truth) in [
            (r#"$[[ inputs.env ]] == "prod""#, Truth::Yes),
            ("$[[inputs.env]] != 'prod'", Truth::No),
            (
                r#"$[[ inputs.env ]] == "prod" && $[[ inputs.tier ]] == "a""#,
                Truth::Unknown,
            ),
            (
                r#"$[[ inputs.env ]] == "dev" && $[[ inputs.tier ]] == "a""#,
                Truth::No,
            ),
            (
                r#"$[[ inputs.tier ]] == "a" || $[[ inputs.env ]] == "prod""#,
                Truth::Yes,
            ),
            (
                r#"($[[ inputs.env ]] == "dev" || $[[ inputs.env ]] == "prod")"#,
                Truth::Yes,
            ),
            ("$[[ inputs.env ]] =~ /p/", Truth::Unknown),
            ("", Truth::Unknown),
            ("$[[ inputs.env ]] ==", Truth::Unknown),
            ("((((", Truth::Unknown),
            ("$[[ é", Truth::Unknown),
        ] {
            assert_eq!(holds(text, &value), truth, "{text}");
        }
    }
}
