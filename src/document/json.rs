//! JSON from outside, read so that no other reader can see something else in it.
//!
//! Go's decoder, which docker, registries and cosign use, takes the last of two equal keys and
//! ignores case; serde takes the first or fails, and minds case. A document that holds two keys
//! equal but for case would mean one thing to us and another to the next program: refused.

use std::{
    cell::Cell,
    collections::HashSet,
    fmt,
    hash::{BuildHasher, RandomState},
};

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
};

use crate::model::text::shortened;

/// Arrays and objects inside each other. Real bundles and SBOMs stay below 30; serde would stop
/// at 128, without saying why.
const MAX_DEPTH: usize = 100;
/// Characters of serde's words, which may quote a key or a value.
const QUOTED: usize = 160;
/// Values of a document. As `serde_json::Value` each has 32 bytes, however short it is written.
const MAX_VALUES: usize = 1 << 19;

/// A document that is not JSON, not of the expected shape, or ambiguous.
///
/// Its text quotes at most a short, printable piece of the document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StrictError(String);

/// Reads `T` out of an unambiguous document; as `serde_json::Value` it is the whole document.
///
/// Refused anywhere in the document, also where `T` does not look: a key that stands twice in one
/// object, by itself or by Go's folding of case; too many values or too deep a nest of them; and
/// anything but white space behind the end. The caller bounds the number of bytes.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StrictError> {
    parse_bounded(bytes, MAX_VALUES)
}

/// Reads as [`parse`] does, but at most `most` values, for documents that have few.
pub fn parse_bounded<T: DeserializeOwned>(bytes: &[u8], most: usize) -> Result<T, StrictError> {
    let start = bytes.trim_ascii_start();
    if start.starts_with(b"<") {
        return Err(StrictError("a web page instead of JSON".to_owned()));
    }
    check(bytes, most.min(MAX_VALUES)).map_err(|error| describe(&error))?;
    serde_json::from_slice(bytes).map_err(|error| describe(&error))
}

fn check(bytes: &[u8], most: usize) -> serde_json::Result<()> {
    let document = Document {
        most,
        left: Cell::new(most),
        hasher: RandomState::new(),
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    document.at(0).deserialize(&mut reader)?;
    reader.end()
}

/// Keeps the place and the kind of a fault; serde's own text may quote any part of the document.
fn describe(error: &serde_json::Error) -> StrictError {
    use serde_json::error::Category;
    let text = error.to_string();
    StrictError(match error.classify() {
        Category::Data => shortened(&text, QUOTED),
        Category::Eof => "the JSON ends too early".to_owned(),
        Category::Syntax | Category::Io => format!(
            "not JSON (line {}, column {})",
            error.line(),
            error.column()
        ),
    })
}

/// A character as Go compares it in the names of fields: by Unicode's simple folding.
///
/// Two characters outside ASCII fold into it, the long s and the Kelvin sign. The dotless i is
/// folded by Turkish alone.
fn fold(c: char) -> char {
    if c == 'ı' {
        return c;
    }
    let upper = single(c.to_uppercase()).unwrap_or(c);
    single(upper.to_lowercase()).unwrap_or(upper)
}

/// Whether Go takes two names for one where it ignores case.
pub(super) fn equal_to_go(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
        || (!(left.is_ascii() && right.is_ascii())
            && left.chars().map(fold).eq(right.chars().map(fold)))
}

/// The character that a mapping gives, where it gives just one.
fn single(mut mapping: impl Iterator<Item = char>) -> Option<char> {
    let first = mapping.next();
    first.filter(|_| mapping.next().is_none())
}

/// What is checked over a whole document.
struct Document {
    most: usize,
    /// The values that may still come.
    left: Cell<usize>,
    hasher: RandomState,
}

impl Document {
    fn at(&self, depth: usize) -> Check<'_> {
        Check {
            document: self,
            depth,
        }
    }

    /// What two keys share that Go takes for one. The text itself is not kept: a document of short
    /// keys would take up many times its size.
    fn fingerprint(&self, key: &str) -> u64 {
        if key.is_ascii() {
            return self.hasher.hash_one(key.to_ascii_lowercase());
        }
        self.hasher
            .hash_one(key.chars().map(fold).collect::<String>())
    }
}

/// A value that is only checked, not kept.
#[derive(Clone, Copy)]
struct Check<'a> {
    document: &'a Document,
    depth: usize,
}

impl Check<'_> {
    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format!(
                "it nests more than {MAX_DEPTH} levels deep"
            )));
        }
        Ok(self.document.at(self.depth + 1))
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let left = self.document.left.get().checked_sub(1).ok_or_else(|| {
            D::Error::custom(format!("it has more than {} values", self.document.most))
        })?;
        self.document.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !seen.insert(self.document.fingerprint(&key)) {
                return Err(A::Error::custom(format!("the key `{key}` stands twice")));
            }
            map.next_value_seed(inside)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while sequence.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn refusal(text: &str) -> String {
        parse::<Value>(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn refuses_what_two_readers_could_read_differently() {
        for ambiguous in [
            r#"{"a":1,"a":2}"#,
            r#"{"config":1,"Config":2}"#,
            r#"{"x":[{"digest":1,"diGest":2}]}"#,
            r#"{"digest":1,"\u0064igest":2}"#,
            "{\"kind\":1,\"\u{212a}ind\":2}",
            r#"{"size":1,"ſize":2}"#,
            r#"{"SIZE":1,"\u017fize":2}"#,
            r#"{"σ":1,"ς":2}"#,
        ] {
            let text = refusal(ambiguous);
            assert!(text.contains("stands twice"), "{ambiguous}: {text}");
        }
        let plain = r#"{"a":{"b":1},"b":[null,1.5,-1,"x",true],"i":1,"ı":2,"ss":1,"ß":2}"#;
        assert!(parse::<Value>(plain.as_bytes()).is_ok());
    }

    #[test]
    fn what_is_not_looked_at_is_checked_too() {
        #[derive(Debug, serde::Deserialize)]
        struct Shape {
            a: u8,
        }
        assert_eq!(parse::<Shape>(br#"{"a":1,"b":[{}]}"#).unwrap().a, 1);
        parse::<Shape>(br#"{"a":1,"b":[{"c":1,"C":2}]}"#).unwrap_err();
    }

    #[test]
    fn names_what_is_not_json() {
        assert_eq!(refusal(" <!DOCTYPE html>"), "a web page instead of JSON");
        assert_eq!(refusal("{\"a\":"), "the JSON ends too early");
        for text in ["{]", "{} {}", "{}x", "\u{feff}{}", "[1,]", "NaN", "01"] {
            assert!(refusal(text).starts_with("not JSON"), "{text}");
        }
        parse::<Value>(b"{} \n").unwrap();
        parse::<Value>(b"[\"\xff\"]").unwrap_err();
    }

    #[test]
    fn what_is_quoted_is_short_and_steers_nothing() {
        let text = refusal("{\"a\u{202e}##[x]\":1,\"a\u{202e}##[x]\":2}");
        assert!(text.contains("a\u{fffd}##\u{fffd}x]"), "{text:?}");
        let key = "k".repeat(999);
        let text = refusal(&format!("{{\"{key}\":1,\"{key}\":2}}"));
        assert_eq!(text.chars().count(), QUOTED + 1, "{text}");
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        parse::<Value>(nest(MAX_DEPTH).as_bytes()).unwrap();
        assert!(refusal(&nest(MAX_DEPTH + 1)).contains("100 levels"));
        assert!(refusal(&"[".repeat(1 << 20)).contains("100 levels"));
        let list = |values: usize| format!("[1{}]", ",1".repeat(values - 2));
        parse::<Value>(list(MAX_VALUES).as_bytes()).unwrap();
        assert!(refusal(&list(MAX_VALUES + 1)).contains("values"));
        parse_bounded::<Value>(b"[1,{\"a\":2}]", 4).unwrap();
        parse_bounded::<Value>(b"[1,{\"a\":2}]", 3).unwrap_err();
    }

    #[test]
    fn letters_fold_as_unicode_has_it() {
        let letter = regex::Regex::new("(?i)^[a-z]$").unwrap();
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let folds = fold(c).is_ascii_lowercase();
            assert_eq!(letter.is_match(c.encode_utf8(&mut [0; 4])), folds, "{c:?}");
        }
    }
}
