//! What a mistyped name was probably meant to be, for as many names as anybody reads.

use crate::config::suggest;

/// Looking for a name takes as long as there are names, so it is done for the first few only.
#[derive(Debug)]
pub(super) struct Nearest {
    left: usize,
}

impl Nearest {
    pub(super) fn new() -> Self {
        Self { left: 50 }
    }

    /// The advice to write the name in `known` that is nearest to `name`.
    pub(super) fn advice<'a>(
        &mut self,
        name: &str,
        known: impl Iterator<Item = &'a str>,
    ) -> Option<String> {
        self.left = self.left.checked_sub(1)?;
        suggest(name, known).map(|near| format!("Did you mean `{}`?", super::fault::brief(near)))
    }
}
