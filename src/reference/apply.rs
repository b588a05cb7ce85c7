//! Edits of references, made only where the file still names the same things afterwards.

use std::path::Path;

use super::{Reference, references};
use crate::document::edit::{self, Edit, EditError};

/// Why a file is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    /// Its bytes are no text.
    #[error("the file is not UTF-8: save it as UTF-8 to have it edited")]
    NotText,
    /// Two edits are of the same bytes, or one of bytes that are not there.
    #[error(transparent)]
    Edits(#[from] EditError),
    /// It would name something else or in another place, or could not be read.
    #[error("the file would not say the same any more: nothing in it was changed")]
    Other,
}

/// `bytes`, the file `path` that names `found`, with `edits` made: it names the same things in the
/// same places, each at whatever version.
pub fn apply(
    path: &Path,
    bytes: &[u8],
    found: &[Reference],
    edits: &[Edit],
) -> Result<String, NotApplied> {
    let text = std::str::from_utf8(bytes).map_err(|_| NotApplied::NotText)?;
    let text = edit::apply(text, edits)?;
    let now = references(path, text.as_bytes()).map_err(|_| NotApplied::Other)?;
    let is_same =
        |(old, new): (&Reference, &Reference)| old.place == new.place && old.name() == new.name();
    if now.len() == found.len() && found.iter().zip(&now).all(is_same) {
        Ok(text)
    } else {
        Err(NotApplied::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_name_something_else_is_not_written() {
        let path = Path::new("Dockerfile");
        let found = references(path, b"FROM ours:1\n").unwrap();
        let edits = [Edit {
            at: 9..11,
            text: ":2".to_owned(),
        }];
        let applied = |bytes: &[u8]| apply(path, bytes, &found, &edits);
        assert_eq!(applied(b"FROM ours:1\n").unwrap(), "FROM ours:2\n");
        assert!(matches!(applied(b"FROM evil:1\n"), Err(NotApplied::Other)));
        assert!(matches!(
            applied(b"FROM our\xff:1\n"),
            Err(NotApplied::NotText)
        ));
    }
}
