//! `hold:` in a repository's fullsend.yaml, set and taken out while every other byte stays. Pure:
//! for a file here and for one on the forge.

use crate::{
    config::{self, Config, ConfigError, Hold},
    document::insert::{self, NoRoom, Notation, Step, Value},
};

/// Why a hold cannot be set or taken out.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// The file is no fullsend.yaml.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It is written in a way that does not let the key be edited.
    #[error("{name}: {reason}")]
    NoRoom {
        /// The file.
        name: String,
        /// Why.
        reason: NoRoom,
    },
    /// The file would say something else than before, beside the hold.
    #[error("{0}: a hold cannot be written there without changing what else the file says")]
    Changed(String),
}

impl HoldError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Config(_) => None,
            Self::NoRoom { .. } | Self::Changed(_) => {
                Some("edit `hold:` by hand; `fullsend schema config` tells its keys")
            }
        }
    }
}

/// `text`, the file `name`, with this hold in place of one that is there.
pub fn hold(text: &str, name: &str, hold: &Hold) -> Result<String, HoldError> {
    let before = config::parse(text.as_bytes(), name)?;
    if before.hold.as_ref() == Some(hold) {
        return Ok(text.to_owned());
    }
    let until = hold.until.to_string();
    let entries = [
        ("version", hold.version.tag()),
        ("reason", hold.reason.as_str()),
        ("until", until.as_str()),
    ];
    let edited = match before.hold {
        None => set(text, &[Step::Key("hold")], &Value::texts(entries)),
        // Key by key, so that comments between them stay.
        Some(_) => entries
            .iter()
            .try_fold(text.to_owned(), |text, (key, value)| {
                set(
                    &text,
                    &[Step::Key("hold"), Step::Key(key)],
                    &Value::text(*value),
                )
            }),
    };
    let held = Config {
        hold: Some(hold.clone()),
        ..before
    };
    checked(edited, name, &held)
}

/// `text`, the file `name`, without its hold.
pub fn release(text: &str, name: &str) -> Result<String, HoldError> {
    let before = config::parse(text.as_bytes(), name)?;
    if before.hold.is_none() {
        return Ok(text.to_owned());
    }
    let edited = insert::remove(text, Notation::Yaml, &[Step::Key("hold")]);
    let free = Config {
        hold: None,
        ..before
    };
    checked(edited, name, &free)
}

fn set(text: &str, path: &[Step<'_>], value: &Value) -> Result<String, NoRoom> {
    insert::set(text, Notation::Yaml, path, value)
}

/// The text, once it is known to say what it should.
fn checked(
    edited: Result<String, NoRoom>,
    name: &str,
    wanted: &Config,
) -> Result<String, HoldError> {
    let edited = edited.map_err(|reason| HoldError::NoRoom {
        name: name.to_owned(),
        reason,
    })?;
    let read = config::parse(edited.as_bytes(), name)?;
    if read == *wanted {
        return Ok(edited);
    }
    Err(HoldError::Changed(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: &str = "# Ours.\nversion: 1 # one\nagents:\n  triage: {memory: 2GiB}\n# end\n";

    fn a_hold(version: &str, reason: &str) -> Hold {
        Hold {
            version: version.parse().unwrap(),
            reason: reason.to_owned(),
            until: config::parse_date("2030-01-31").unwrap(),
        }
    }

    #[track_caller]
    fn assert_held(before: &str, after: &str) {
        let held = hold(before, "a", &a_hold("1.4.2", "it's: slow")).unwrap();
        assert_eq!(held, after);
        assert_eq!(
            hold(&held, "a", &a_hold("1.4.2", "it's: slow")).unwrap(),
            held
        );
    }

    #[test]
    fn a_hold_comes_and_goes() {
        let lines =
            "hold:\n  version: \"1.4.2\"\n  reason: \"it's: slow\"\n  until: \"2030-01-31\"\n";
        assert_held(PLAIN, &PLAIN.replace("# end", &format!("{lines}# end")));
        assert_held("version: 1", &format!("version: 1\n{}", lines.trim_end()));
        let crlf = lines.replace('\n', "\r\n");
        assert_held("version: 1\r\n", &format!("version: 1\r\n{crlf}"));
        assert_held(
            "{version: 1}\n",
            "{version: 1, hold: {version: \"1.4.2\", reason: \"it's: slow\", until: \"2030-01-31\"}}\n",
        );
        assert_held(
            "version: 1\nhold:\n  # why\n  reason: old # r\n  until: 2029-01-31 # u\n  version: 1.3.0\n",
            "version: 1\nhold:\n  # why\n  reason: \"it's: slow\" # r\n  until: \"2030-01-31\" # u\n  version: 1.4.2\n",
        );
        let released = release(
            "version: 1\nhold: {version: 1.3.0, reason: r, until: 2029-01-31} # h\nagents: {}\n",
            "a",
        );
        assert_eq!(released.unwrap(), "version: 1\nagents: {}\n");
        assert_eq!(release(PLAIN, "a").unwrap(), PLAIN);
    }

    #[test]
    fn what_cannot_be_edited_says_so() {
        let error = hold("version: [", "a.yaml", &a_hold("1.0.0", "r")).unwrap_err();
        assert!(error.to_string().contains("a.yaml"), "{error}");
        let shared = "version: 1\nhold: &h {version: 1.3.0, reason: r, until: 2029-01-31}\n---\n";
        let error = hold(shared, "a.yaml", &a_hold("1.0.0", "r")).unwrap_err();
        assert!(error.to_string().starts_with("a.yaml"), "{error}");
    }

    proptest! {
        #[test]
        fn any_reason_is_written(reason in "\\PC{1,40}", tail in "(\n|\r\n|)", body in prop::sample::select(vec!["version: 1", "# a\nversion: 1 # b\nagents:\n    triage:\n        memory: 1GiB # c"])) {
            let before = format!("{body}{tail}");
            let wanted = a_hold("1.4.2", &reason);
            // A reason of spaces alone is none.
            if let Ok(held) = hold(&before, "a", &wanted) {
                prop_assert_eq!(config::parse(held.as_bytes(), "a").unwrap().hold, Some(wanted));
                prop_assert_eq!(release(&held, "a").unwrap(), before);
            } else {
                prop_assert!(reason.trim().is_empty(), "{:?}", reason);
            }
        }
    }
}
