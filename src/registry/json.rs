//! JSON from outside, read so that no other reader can see something else in it.
//!
//! Go's decoder, which docker and registries use, takes the last of two equal keys and ignores
//! case; serde takes the first or fails, and minds case. A document that holds two keys equal but
//! for case would mean one thing to us and another to the daemon that runs the image: refused.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize,
    de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
};

/// A document that is not JSON, not of the expected shape, or ambiguous.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct StrictError(String);

/// Reads `T` out of an unambiguous document.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StrictError> {
    let start = bytes.trim_ascii_start();
    if start.starts_with(b"<") {
        return Err(StrictError("a web page instead of JSON".to_owned()));
    }
    serde_json::from_slice::<Unambiguous>(bytes).map_err(|error| describe(&error))?;
    serde_json::from_slice(bytes).map_err(|error| describe(&error))
}

/// Keeps the place and the kind of a fault; serde's own text may quote any part of the document.
fn describe(error: &serde_json::Error) -> StrictError {
    use serde_json::error::Category;
    let text = error.to_string();
    StrictError(match error.classify() {
        Category::Data => printable(&text),
        Category::Eof => "the JSON ends too early".to_owned(),
        Category::Syntax | Category::Io => format!(
            "not JSON (line {}, column {})",
            error.line(),
            error.column()
        ),
    })
}

/// `text` without control characters and cut to a readable length.
fn printable(text: &str) -> String {
    let clean = text.chars().filter(|c| !c.is_control());
    clean.take(160).collect()
}

/// A value that is only checked, not kept.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Check)
    }
}

struct Check;

impl<'de> Visitor<'de> for Check {
    type Value = Unambiguous;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unambiguous, A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            // Go folds by Unicode's simple rules, in which two characters outside ASCII fold into
            // it: the long s and the Kelvin sign.
            let folded = key.replace('ſ', "s").replace('\u{212a}', "k");
            if !seen.insert(folded.to_lowercase()) {
                return Err(A::Error::custom(format!("the key `{key}` stands twice")));
            }
            map.next_value::<Unambiguous>()?;
        }
        Ok(Unambiguous)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Unambiguous, A::Error> {
        while sequence.next_element::<Unambiguous>()?.is_some() {}
        Ok(Unambiguous)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_unit<E>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_two_readers_could_read_differently() {
        for ambiguous in [
            r#"{"a":1,"a":2}"#,
            r#"{"config":1,"Config":2}"#,
            r#"{"x":[{"digest":1,"diGest":2}]}"#,
            r#"{"digest":1,"\u0064igest":2}"#,
            r#"{"kind":1,"Kind":2}"#,
            r#"{"size":1,"ſize":2}"#,
        ] {
            let error = parse::<serde_json::Value>(ambiguous.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("stands twice"), "{error}");
        }
        assert!(parse::<serde_json::Value>(br#"{"a":{"b":1},"b":[null,1.5,-1,"x",true]}"#).is_ok());
    }

    #[test]
    fn names_what_is_not_json() {
        let text = |bytes: &[u8]| parse::<serde_json::Value>(bytes).unwrap_err().to_string();
        assert_eq!(text(b" <!DOCTYPE html>"), "a web page instead of JSON");
        assert_eq!(text(b"{\"a\":"), "the JSON ends too early");
        assert!(text(b"{]").starts_with("not JSON"));
        // Deep nesting must not exhaust the stack.
        assert!(parse::<serde_json::Value>("[".repeat(1 << 20).as_bytes()).is_err());
    }
}
