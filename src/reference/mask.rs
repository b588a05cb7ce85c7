//! Files without their pins: what is left when versions, digests and their comments are taken out.
//!
//! A generated file's text belongs to its template, its pins to whoever keeps them current. Two
//! files that differ in nothing but pins have the same masked text.

use std::{ops::Range, path::Path};

use super::{Reference, references, target::ImageName};
use crate::document::edit::{self, Edit};

/// A text without its pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The text without the bytes of its pins.
    pub text: String,
    /// What was pinned, in the order of the places; not what stands in scripts and comments.
    pub references: Vec<Reference>,
}

/// Takes the pins out of `text`, which is the file `path`.
///
/// `path` is relative to the repository's root and tells the kind of file. In a text that cannot be
/// parsed, only images with a digest are found.
pub fn mask(path: &Path, text: &str) -> Masked {
    let mut references = references(path, text.as_bytes()).unwrap_or_default();
    references.retain(|reference| !reference.spots().is_empty());
    let spots = references.iter().flat_map(Reference::spots);
    let mut taken: Vec<Range<usize>> = spots.map(|spot| spot.at.clone()).collect();
    taken.sort_by_key(|at| at.start);
    let mut last = 0;
    let mut elsewhere = in_words(text);
    elsewhere.retain(|at| {
        // What a reference holds is not found again.
        let number = taken.partition_point(|spot| spot.end <= at.start);
        let free = taken.get(number).is_none_or(|spot| at.end <= spot.start);
        let free = free && at.start >= last;
        if free {
            last = at.end;
        }
        free
    });
    taken.append(&mut elsewhere);
    let deletion = |at| Edit {
        at,
        text: String::new(),
    };
    let edits: Vec<Edit> = taken.into_iter().map(deletion).collect();
    Masked {
        // No two of them meet; if they did, the text would stay as it is.
        text: edit::apply(text, &edits).unwrap_or_else(|_| text.to_owned()),
        references,
    }
}

/// The pins of images with a digest wherever they stand: in a script, a pattern, a comment.
fn in_words(text: &str) -> Vec<Range<usize>> {
    const MARK: &str = "@sha256:";
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._/:-".contains(c);
    let find = |(at, _): (usize, &str)| {
        let end = at + MARK.len() + 64;
        let start = text[..at].trim_end_matches(is_part).len();
        let whole = text.get(start..end)?;
        let joined = |c: char| is_part(c) || c == '@';
        if text[..start].ends_with('@') || text[end..].starts_with(joined) {
            return None;
        }
        ImageName::parse(whole).ok()?;
        Some(start + ImageName::length(whole)..end)
    };
    text.match_indices(MARK).filter_map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[track_caller]
    fn assert_masked(path: &str, text: &str, expected: &str) {
        let text = text.replace("HEX", HEX);
        let masked = mask(Path::new(path), &text);
        assert_eq!(masked.text, expected);
        for spot in masked.references.iter().flat_map(Reference::spots) {
            assert_eq!(&text[spot.at.clone()], spot.text);
        }
        assert_eq!(mask(Path::new(path), expected).text, expected);
    }

    #[test]
    fn a_workflow_loses_versions_and_nothing_else() {
        assert_masked(
            ".github/workflows/a.yml",
            "on: push\r\n\
             jobs:\n  \
               a:\n    \
                 uses: 'o/r/.github/workflows/x.yml@v1' # v1.2.3 why\n  \
               b: # v1\n    \
                 container: alpine:3@sha256:HEX\n    \
                 steps:\n      \
                 - uses: actions/checkout@v4   # tag=v4.1\n      \
                 - uses: \"a/b/c@HEX\" # pinned by hand\n      \
                 - uses: ./local # v1\n      \
                 - run: 'uses: a/b@v1 # v1'\n      \
                 - uses: docker://alpine:3\n",
            "on: push\r\n\
             jobs:\n  \
               a:\n    \
                 uses: 'o/r/.github/workflows/x.yml' # why\n  \
               b: # v1\n    \
                 container: alpine\n    \
                 steps:\n      \
                 - uses: actions/checkout\n      \
                 - uses: \"a/b/c\" # pinned by hand\n      \
                 - uses: ./local # v1\n      \
                 - run: 'uses: a/b@v1 # v1'\n      \
                 - uses: docker://alpine\n",
        );
    }

    #[test]
    fn pipelines_values_and_configurations_lose_theirs() {
        assert_masked(
            ".gitlab-ci.yml",
            "include:\n  - component: $CI_SERVER_FQDN/a/b/c@1.2.3\n  - local: x@1.yml\n\
             job:\n  image: r.example:5000/a:1\n  script: [verify r.example:5000/a:1@sha256:HEX]\n",
            "include:\n  - component: $CI_SERVER_FQDN/a/b/c\n  - local: x@1.yml\n\
             job:\n  image: r.example:5000/a\n  script: [verify r.example:5000/a]\n",
        );
        assert_masked(
            ".gitlab-ci.yml",
            "include: {component: gitlab.com/a/b@~latest}\n",
            "include: {component: gitlab.com/a/b}\n",
        );
        assert_masked(
            "values.yaml",
            "image:\n  repository: a/b\n  tag: '1'\n  digest: sha256:HEX\n",
            "image:\n  repository: a/b\n  tag: ''\n  digest:\n",
        );
        assert_masked(
            "config.toml",
            "[[runners]]\n[runners.docker]\nimage = 'a/b:1'\nallowed_images = ['a/b:1@sha256:HEX']\n",
            "[[runners]]\n[runners.docker]\nimage = 'a/b'\nallowed_images = ['a/b']\n",
        );
        assert_masked(
            "deploy.yaml",
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a/b:1}]}\n",
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a/b}]}\n",
        );
    }

    #[test]
    fn a_broken_text_still_loses_digests() {
        assert_masked(
            "a.yml",
            "a: [b\n # x a/b:1@sha256:HEX é",
            "a: [b\n # x a/b é",
        );
        assert_masked(
            "a.yml",
            "@sha256:HEX a@sha256:é",
            &format!("@sha256:{HEX} a@sha256:é"),
        );
    }
}
