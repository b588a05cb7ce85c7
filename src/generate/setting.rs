//! What a kind of file can be told besides fullsend.yaml, declared as data.

use std::collections::BTreeMap;

use super::GenerateError;
use crate::config::suggest;

/// One thing that `--set` can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What stands before the `=`.
    pub key: &'static str,
    /// What it decides, in a sentence without its full stop.
    pub help: &'static str,
    /// What holds when nothing is said; empty for nothing.
    pub default: &'static str,
    /// What can stand after the `=`.
    pub values: Values,
}

/// What can stand after the `=` of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Any text on one line; the word that stands for it in help.
    Text(&'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Some of these words, with commas between.
    SomeOf(&'static [&'static str]),
    /// Any texts with commas between; the word that stands for one in help.
    List(&'static str),
    /// `true` or `false`.
    Flag,
    /// A whole number of this range.
    Number(u32, u32),
    /// A version or a digest: it goes into the file's pins and is no part of the file's text, so
    /// that it is not remembered in the header. The word that stands for it in help.
    Pin(&'static str),
}

/// The settings of one kind as they were chosen, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    known: &'static [Setting],
    chosen: BTreeMap<&'static str, String>,
}

/// Longer values are nobody's.
const MAX_BYTES: usize = 1024;

impl Settings {
    /// Checks `pairs` against what is `known`; of two equal keys, the last counts.
    pub fn new<'p>(
        known: &'static [Setting],
        pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Self, GenerateError> {
        let mut chosen = BTreeMap::new();
        for (key, value) in pairs {
            let setting = known
                .iter()
                .find(|setting| setting.key == key)
                .ok_or_else(|| unknown(key, known))?;
            setting.check(value)?;
            chosen.insert(setting.key, value.to_owned());
        }
        Ok(Self { known, chosen })
    }

    /// The value of `key`: what was chosen, else the default.
    pub fn get(&self, key: &str) -> &str {
        let setting = self.known.iter().find(|setting| setting.key == key);
        debug_assert!(setting.is_some(), "no setting is called {key}");
        let default = setting.map_or("", |setting| setting.default);
        self.chosen.get(key).map_or(default, String::as_str)
    }

    /// [`Settings::get`], where it is not empty.
    pub fn given(&self, key: &str) -> Option<&str> {
        Some(self.get(key)).filter(|value| !value.is_empty())
    }

    /// Whether a flag is set.
    pub fn flag(&self, key: &str) -> bool {
        self.get(key) == "true"
    }

    /// A number; nothing where none was chosen and there is no default.
    pub fn number(&self, key: &str) -> Option<u32> {
        self.get(key).parse().ok()
    }

    /// The parts of a list, without the space around them.
    pub fn list(&self, key: &str) -> Vec<&str> {
        let parts = self.get(key).split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).collect()
    }

    /// What the file's header remembers: everything that was chosen and is no pin.
    pub fn remembered(&self) -> Vec<(&'static str, &str)> {
        let is_pin = |key: &str| {
            let mut known = self.known.iter();
            known.any(|setting| setting.key == key && matches!(setting.values, Values::Pin(_)))
        };
        let chosen = self.chosen.iter().filter(|(key, _)| !is_pin(key));
        chosen.map(|(key, value)| (*key, value.as_str())).collect()
    }
}

impl Setting {
    /// What help shows in the place of a value.
    pub fn placeholder(&self) -> String {
        match self.values {
            Values::Text(word) | Values::Pin(word) => word.to_owned(),
            Values::OneOf(words) => words.join("|"),
            Values::SomeOf(words) => format!("{},...", words.join("|")),
            Values::List(word) => format!("{word},..."),
            Values::Flag => "true|false".to_owned(),
            Values::Number(from, to) => format!("{from}..{to}"),
        }
    }

    fn check(&self, value: &str) -> Result<(), GenerateError> {
        if value.len() > MAX_BYTES || value.chars().any(char::is_control) {
            return Err(self.refuse(
                "is longer than a line, or holds characters that cannot be seen",
                "write it on one line".to_owned(),
            ));
        }
        let words = |known: &[&str], given: &[&str]| {
            let wrong = given.iter().find(|word| !known.contains(word));
            match wrong {
                None => Ok(()),
                Some(wrong) => {
                    let all = known.join(", ");
                    let hint = match suggest(wrong, known.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`? Known: {all}"),
                        None => format!("write one of: {all}"),
                    };
                    Err(self.refuse(&format!("does not know `{wrong}`"), hint))
                }
            }
        };
        match self.values {
            Values::Text(_) | Values::List(_) | Values::Pin(_) => Ok(()),
            Values::OneOf(known) => words(known, &[value]),
            Values::SomeOf(known) => {
                let given: Vec<&str> = value.split(',').map(str::trim).collect();
                words(known, &given)
            }
            Values::Flag => words(&["true", "false"], &[value]),
            Values::Number(from, to) => match value.parse::<u32>() {
                Ok(number) if (from..=to).contains(&number) => Ok(()),
                _ => Err(self.refuse(
                    "is not a number that it can be",
                    format!("write a whole number from {from} to {to}"),
                )),
            },
        }
    }

    /// The error that this setting's value causes.
    pub(super) fn refuse(&self, problem: &str, hint: String) -> GenerateError {
        refused(self.key, problem, hint)
    }
}

/// The error that the value of the setting `key` causes.
pub(super) fn refused(key: &str, problem: &str, hint: impl Into<String>) -> GenerateError {
    GenerateError::Setting {
        message: format!("the setting `{key}` {problem}"),
        hint: hint.into(),
    }
}

fn unknown(key: &str, known: &[Setting]) -> GenerateError {
    let keys: Vec<&str> = known.iter().map(|setting| setting.key).collect();
    let all = keys.join(", ");
    let shown: String = key.chars().take(60).flat_map(char::escape_debug).collect();
    GenerateError::Setting {
        message: format!("there is no setting `{shown}`"),
        hint: match suggest(key, keys.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? Known: {all}"),
            None if keys.is_empty() => "this kind of file has none".to_owned(),
            None => format!("known: {all}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Setting] = &[
        Setting {
            key: "runner",
            help: "",
            default: "ubuntu-24.04",
            values: Values::List("LABEL"),
        },
        Setting {
            key: "events",
            help: "",
            default: "",
            values: Values::SomeOf(&["issues", "schedule"]),
        },
        Setting {
            key: "launch",
            help: "",
            default: "10",
            values: Values::Number(1, 60),
        },
        Setting {
            key: "action",
            help: "",
            default: "",
            values: Values::Pin("REF"),
        },
    ];

    fn hint(pair: (&str, &str)) -> String {
        let error = Settings::new(KNOWN, [pair]).unwrap_err();
        format!("{error}: {}", error.hint().unwrap())
    }

    #[test]
    fn what_is_chosen_counts_else_the_default() {
        let settings =
            Settings::new(KNOWN, [("events", "issues, schedule"), ("action", "a/b@1")]).unwrap();
        assert_eq!(settings.list("events"), ["issues", "schedule"]);
        assert_eq!(settings.get("runner"), "ubuntu-24.04");
        assert_eq!(settings.number("launch"), Some(10));
        assert_eq!(settings.remembered(), [("events", "issues, schedule")]);
    }

    #[test]
    fn mistakes_come_with_their_mend() {
        assert_eq!(
            hint(("runer", "x")),
            "there is no setting `runer`: did you mean `runner`? Known: runner, events, launch, \
             action"
        );
        assert_eq!(
            hint(("events", "issue")),
            "the setting `events` does not know `issue`: did you mean `issues`? Known: issues, \
             schedule"
        );
        assert!(hint(("launch", "61")).ends_with("write a whole number from 1 to 60"));
        assert!(hint(("runner", "a\nb")).ends_with("write it on one line"));
        assert!(hint(("a\u{1b}b", "")).starts_with("there is no setting `a\\u{1b}b`"));
    }
}
