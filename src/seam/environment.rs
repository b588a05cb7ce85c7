//! Environment variables, read once at the start and replaceable in tests.

use std::{collections::BTreeMap, fmt, path::PathBuf};

/// A snapshot of environment variables.
///
/// Variables that are not UTF-8 are left out. `Debug` shows names only, as values may be secret.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door that the ban points to"
    )]
    pub fn of_process() -> Self {
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(utf8).collect())
    }

    /// The variable's value; an empty one counts as unset, as CI platforms export empty ones.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| !value.is_empty())
    }

    /// The variable's value even where it is empty.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether the variable says yes: `true` or `1`.
    pub fn is_true(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1"))
    }

    /// The user's home folder.
    pub fn home(&self) -> Option<PathBuf> {
        self.get("HOME").map(PathBuf::from)
    }

    /// Where we keep what is neither configuration nor cache: below `XDG_STATE_HOME`, where that
    /// is absolute as it has to be, else below the home folder.
    pub fn state_folder(&self) -> Option<PathBuf> {
        let named = self.get("XDG_STATE_HOME").map(PathBuf::from);
        let named = named.filter(|folder| folder.is_absolute());
        let folder = named.or_else(|| Some(self.home()?.join(".local/state")))?;
        Some(folder.join("fullsend"))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_lies_where_it_is_said() {
        let folder = |pairs: &[(&str, &str)]| {
            let environment: Environment = pairs.iter().copied().collect();
            environment.state_folder()
        };
        let home = ("HOME", "/home/ann");
        let below_home = Some(PathBuf::from("/home/ann/.local/state/fullsend"));
        assert_eq!(folder(&[]), None);
        assert_eq!(folder(&[home]), below_home);
        assert_eq!(folder(&[home, ("XDG_STATE_HOME", "here")]), below_home);
        let named = folder(&[home, ("XDG_STATE_HOME", "/state")]);
        assert_eq!(named, Some(PathBuf::from("/state/fullsend")));
    }
}
