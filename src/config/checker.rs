//! From written values to understood ones, collecting every error on the way.

use std::{ops::Range, str::FromStr};

use super::{
    diagnostic::Diagnostic,
    value::ValueError,
    yaml::{Field, Located},
};

/// Collects what is wrong, so that one run shows all of it.
#[derive(Debug, Default)]
pub(super) struct Checker {
    diagnostics: Vec<Diagnostic>,
}

impl Checker {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// Reads one value; a value that is refused is reported and read as nothing.
    pub(super) fn value<T, E: Into<ValueError>>(
        &mut self,
        written: &Located<String>,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match read(&written.value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.report(Diagnostic::of_value(&written.at, &error.into()));
                None
            }
        }
    }

    /// Reads the value of a key that may be absent.
    pub(super) fn field<T, E: Into<ValueError>>(
        &mut self,
        field: &Field<String>,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.value(field.get()?, read)
    }

    /// Reads the value of a key that may be absent, by its type's own grammar.
    pub(super) fn parse<T>(&mut self, field: &Field<String>) -> Option<T>
    where
        T: FromStr<Err: Into<ValueError>>,
    {
        self.field(field, str::parse::<T>)
    }

    /// Reads each value of a list; those that are refused are reported and left out.
    pub(super) fn list<T>(&mut self, field: &Field<Vec<Located<String>>>) -> Vec<T>
    where
        T: FromStr<Err: Into<ValueError>>,
    {
        let written = field.get().map_or(&[][..], |list| &list.value);
        written
            .iter()
            .filter_map(|item| self.value(item, str::parse::<T>))
            .collect()
    }

    /// Reports a key that must be there, at the mapping that lacks it.
    pub(super) fn missing(&mut self, at: &Range<usize>, key: &str, mend: &str) {
        let message = format!("the key `{key}` is missing");
        self.report(Diagnostic::about(at, message).help(mend));
    }
}

/// Refuses what no value may have: nothing, or control characters.
pub(super) fn text(text: &str) -> Result<String, ValueError> {
    if text.trim().is_empty() {
        return Err(ValueError::new("the value is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(ValueError::new("the value has control characters"));
    }
    Ok(text.to_owned())
}
