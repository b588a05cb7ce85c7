//! Files without their pins: what is left when versions, digests and their comments are taken out.
//!
//! A generated file's text belongs to its template, its pins to whoever keeps them current. Two
//! files that differ in nothing but pins have the same masked text.

use std::{collections::HashSet, ops::Range, path::Path};

use super::{FoundUse, Part, Spot, SpotPart, UsePlace, images, uses};
use crate::model::image::ImageReference;

/// A text without its pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The text without the bytes of its pins.
    pub text: String,
    /// What was taken out, in the order of the places.
    pub pins: Vec<Pin>,
}

/// What one reference is pinned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// What is pinned.
    pub kind: PinKind,
    /// Its name, without version.
    pub name: String,
    /// The bytes that make up the pin.
    pub spots: Vec<Spot>,
}

/// What can be pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PinKind {
    /// A GitHub action or reusable workflow.
    Action,
    /// A GitLab component.
    Component,
    /// A container image.
    Image,
}

/// Takes the pins out of `text`, which is the file `path`.
///
/// `path` is relative to the repository's root and tells the kind of file. In a text that cannot be
/// parsed, only images with a digest are found.
pub fn mask(path: &Path, text: &str) -> Masked {
    let mut pins = of_uses(path, text);
    pins.extend(of_images(path, text));
    let taken: HashSet<usize> = pins
        .iter()
        .flat_map(|pin| pin.spots.iter().map(|spot| spot.at.end))
        .collect();
    let elsewhere = in_words(text).into_iter();
    pins.extend(elsewhere.filter(|pin| pin.spots.iter().all(|spot| !taken.contains(&spot.at.end))));
    pins.sort_by_key(|pin| pin.spots.first().map(|spot| spot.at.start));
    let edits = pins.iter().flat_map(|pin| &pin.spots);
    let edits = edits.map(|spot| (spot.at.clone(), String::new())).collect();
    Masked {
        text: splice(text, edits),
        pins,
    }
}

/// `text` with each range replaced; where two overlap, the first counts.
pub fn splice(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(at, _)| (at.start, at.end));
    let mut new = String::with_capacity(text.len());
    let mut done = 0;
    for (at, replacement) in edits {
        if let Some(kept) = text.get(done..at.start) {
            new.push_str(kept);
            new.push_str(&replacement);
            done = at.end;
        }
    }
    new.push_str(text.get(done..).unwrap_or_default());
    new
}

fn of_uses(path: &Path, text: &str) -> Vec<Pin> {
    let found = uses(path, text.as_bytes()).unwrap_or_default();
    let remote = found
        .iter()
        .filter(|found| found.literal && !found.is_local());
    remote.filter_map(|found| of_use(found, text)).collect()
}

fn of_use(found: &FoundUse, text: &str) -> Option<Pin> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._/~+-".contains(c);
    if !found
        .reference
        .iter()
        .all(|reference| reference.chars().all(is_plain))
    {
        return None;
    }
    let at = found.span.start.offset + found.name.len()..found.span.end.offset;
    let version = match &found.comment {
        Some(comment) => {
            let first = comment.text.split_whitespace().next().unwrap_or_default();
            let end = comment.span.start.offset + first.len();
            if is_version(first) { end } else { found.end }
        }
        None => found.end,
    };
    let comment = found.end..version;
    Some(Pin {
        kind: match found.place {
            UsePlace::Step | UsePlace::Workflow => PinKind::Action,
            UsePlace::Component => PinKind::Component,
        },
        name: found.name.clone(),
        spots: vec![
            Spot {
                part: SpotPart::Reference,
                text: text.get(at.clone())?.to_owned(),
                at,
            },
            Spot {
                part: SpotPart::Comment,
                text: text.get(comment.clone())?.to_owned(),
                at: comment,
            },
        ],
    })
}

/// Whether a comment's first word names a version: `v4.3.1`, `4`, `tag=v4`, `pin@v4`.
fn is_version(word: &str) -> bool {
    let word = ["tag=", "pin@"]
        .iter()
        .find_map(|prefix| word.strip_prefix(prefix))
        .unwrap_or(word);
    let number = word.strip_prefix('v').unwrap_or(word);
    number.starts_with(|c: char| c.is_ascii_digit())
}

fn of_images(path: &Path, text: &str) -> Vec<Pin> {
    let found = images(path, text.as_bytes()).unwrap_or_default();
    let mut pins = Vec::new();
    for image in found {
        // What is no reference could not stand in another text.
        let Ok(reference) = &image.image else {
            continue;
        };
        let name = reference.repository().to_string();
        let spots: Vec<Spot> = image
            .pieces
            .iter()
            .filter_map(|piece| {
                let at = piece.span.start.offset..piece.span.end.offset;
                let written = text.get(at.clone()).filter(|text| *text == piece.text)?;
                let (part, from) = match piece.part {
                    Part::Whole => (SpotPart::Reference, name_length(written)),
                    Part::Tag => (SpotPart::Tag, 0),
                    Part::Digest => (SpotPart::Digest, 0),
                    Part::Registry | Part::Repository => return None,
                };
                Some(Spot {
                    part,
                    at: at.start + from..at.end,
                    text: written[from..].to_owned(),
                })
            })
            .collect();
        if !spots.is_empty() {
            let kind = PinKind::Image;
            pins.push(Pin { kind, name, spots });
        }
    }
    pins
}

/// How long the name is that `reference` begins with.
fn name_length(reference: &str) -> usize {
    let name = reference.split('@').next().unwrap_or_default();
    let slash = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[slash..].find(':') {
        Some(colon) => slash + colon,
        None => name.len(),
    }
}

/// Images with a digest wherever they stand: in a script, a pattern, a comment.
fn in_words(text: &str) -> Vec<Pin> {
    const MARK: &str = "@sha256:";
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._/:-".contains(c);
    let find = |(at, _): (usize, &str)| {
        let end = at + MARK.len() + 64;
        let start = text[..at].trim_end_matches(is_part).len();
        let whole = text.get(start..end)?;
        let reference: ImageReference = whole.parse().ok()?;
        let from = start + name_length(whole);
        Some(Pin {
            kind: PinKind::Image,
            name: reference.repository().to_string(),
            spots: vec![Spot {
                part: SpotPart::Reference,
                at: from..end,
                text: text[from..end].to_owned(),
            }],
        })
    };
    text.match_indices(MARK).filter_map(find).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[track_caller]
    fn assert_masked(path: &str, text: &str, expected: &str) {
        let text = text.replace("HEX", HEX);
        let masked = mask(Path::new(path), &text);
        assert_eq!(masked.text, expected);
        let spots = masked.pins.iter().flat_map(|pin| &pin.spots);
        for spot in spots.clone() {
            assert_eq!(&text[spot.at.clone()], spot.text);
        }
        let back = spots.map(|spot| (spot.at.clone(), spot.text.clone()));
        assert_eq!(splice(&text, back.collect()), text);
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
                 uses: 'o/r/.github/workflows/x.yml' why\n  \
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
            "image:\n  repository: a/b\n  tag: ''\n  digest: \n",
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

    proptest! {
        #[test]
        fn any_text_can_be_masked_and_masking_ends(
            text in "(on: x\njobs: |uses: |a/b@|:1|@sha256:|[0-9a-f]{64}| # v1|\n|  |- |é|\"|'){0,30}",
        ) {
            let masked = mask(Path::new(".github/workflows/a.yml"), &text);
            let spots = masked.pins.iter().flat_map(|pin| &pin.spots);
            let back: Vec<_> = spots.map(|spot| (spot.at.clone(), spot.text.clone())).collect();
            prop_assert_eq!(splice(&text, back), text);
        }
    }
}
