//! The file that Renovate itself would choose as a repository's configuration, and what of it is
//! Renovate's.

use std::path::Path;

use super::{
    insert::Notation,
    jsonc::Dialect,
    yaml::{Kind, Node},
};
use crate::model::renovate::PLACES;

/// The file that is Renovate's only if it has a key for it.
pub const PACKAGE: &str = "package.json";

/// That key.
pub const PACKAGE_KEY: &str = "renovate";

/// The configuration that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Where it lies, from the repository's root on.
    pub path: &'static str,
    /// The whole file.
    pub text: String,
    /// How it is written.
    pub notation: Notation,
}

/// The configuration that Renovate would choose: the first file that counts, and no other. `text`
/// has the text of a path, if anything is there.
pub fn choose<E>(
    text: impl Fn(&'static str) -> Result<Option<String>, E>,
) -> Result<Option<Configuration>, E> {
    for path in PLACES {
        if let Some(text) = text(path)?
            && counts(path, &text)
        {
            let notation = notation(path, &text);
            return Ok(Some(Configuration {
                path,
                text,
                notation,
            }));
        }
    }
    Ok(None)
}

/// Whether the file `path` is a configuration: package.json may have none, and one that cannot be
/// read has none for Renovate.
pub fn counts(path: &str, text: &str) -> bool {
    if path != PACKAGE {
        return true;
    }
    let Ok(tree) = Notation::Json(Dialect::Json).read(text) else {
        return false;
    };
    let root = tree.documents().next();
    let key = root.and_then(|root| root.get(PACKAGE_KEY));
    key.is_some_and(|it| it.kind() != Kind::Null && it.text().is_none_or(|text| !text.is_empty()))
}

/// JSON with comments; if it is none, JSON5, as Renovate does it.
fn notation(path: &str, text: &str) -> Notation {
    let is_jsonc = || Notation::Json(Dialect::Jsonc).read(text).is_ok();
    let is_json5 = Path::new(path).extension().is_some_and(|it| it == "json5");
    Notation::Json(match path {
        PACKAGE => Dialect::Json,
        _ if !is_json5 && is_jsonc() => Dialect::Jsonc,
        _ => Dialect::Json5,
    })
}

/// The part of the file `path` that is Renovate's.
pub fn part<'t>(root: &Node<'t>, path: &Path) -> Option<Node<'t>> {
    if path.ends_with(PACKAGE) {
        return root.get(PACKAGE_KEY);
    }
    Some(*root)
}

/// What the file `path` extends: a list, or one text. What is no text is empty, and keeps its number.
pub fn extended(root: &Node<'_>, path: &str) -> Vec<String> {
    let extends = part(root, Path::new(path)).and_then(|it| it.get("extends"));
    let Some(extends) = extends else {
        return Vec::new();
    };
    let items: Vec<Node<'_>> = match extends.kind() {
        Kind::Sequence => extends.items().collect(),
        _ => vec![extends],
    };
    let texts = items.iter().map(|it| it.text().unwrap_or_default());
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, convert::Infallible};

    use super::*;

    fn chosen(files: &[(&str, &str)]) -> Option<(&'static str, Notation, Vec<String>)> {
        let files: BTreeMap<&str, &str> = files.iter().copied().collect();
        let text = |path| Ok::<_, Infallible>(files.get(path).map(|text| (*text).to_owned()));
        let Ok(found) = choose(text);
        let Configuration {
            path,
            text,
            notation,
        } = found?;
        let tree = notation.read(&text).unwrap();
        let root = tree.documents().next().unwrap();
        Some((path, notation, extended(&root, path)))
    }

    #[test]
    fn the_first_file_that_counts_is_the_configuration() {
        let package = ("package.json", r#"{"renovate": {"extends": ["a"]}}"#);
        let rc = (".renovaterc", "{extends: 'b'}");
        let json = ("renovate.json", "{\"extends\": [\"c\", 1], /* */}");
        let is = |path, dialect, extends: &[&str]| {
            let extends = extends.iter().map(|it| (*it).to_owned()).collect();
            Some((path, Notation::Json(dialect), extends))
        };
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&[package]), is(package.0, Dialect::Json, &["a"]));
        assert_eq!(chosen(&[package, rc]), is(rc.0, Dialect::Json5, &["b"]));
        assert_eq!(
            chosen(&[package, rc, json]),
            is(json.0, Dialect::Jsonc, &["c", "1"])
        );
        for none in ["{}", "{\"renovate\": null}", "{\"renovate\": \"\"}", "{"] {
            assert_eq!(chosen(&[("package.json", none)]), None, "{none}");
        }
    }
}
