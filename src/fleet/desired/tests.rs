//! What becomes of fleet.yaml, byte for byte, and of the files that follow from it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    config::{Release, parse_fleet},
    generate::renovate,
};

const HEAD: &str = "\
version: 1 # of the format
forge: {kind: github, owner: acme}

# What all are to reach.
action: A4 # v1.4.0
image: I4
approved:
  - action: A2 # v1.2.0
    image: I2
";

/// With actions and images as they are in full.
fn whole(text: &str) -> String {
    let mut text = text.to_owned();
    for minor in ["2", "3", "4", "5"] {
        let action = format!("fullsend-ai/sandbox@{}", minor.repeat(40));
        let image = format!(
            "ghcr.io/fullsend-ai/agent-sandbox:1.{minor}.0@sha256:{}",
            minor.repeat(64)
        );
        text = text.replace(&format!("A{minor}"), &action);
        text = text.replace(&format!("I{minor}"), &image);
    }
    text
}

fn release(minor: u64) -> Release {
    let (action, image) = (format!("A{minor} # v1.{minor}.0"), format!("I{minor}"));
    let (action, image) = (whole(&action).parse(), whole(&image).parse());
    Release::new(action.unwrap(), image.unwrap()).unwrap()
}

fn with(rest: &str) -> String {
    whole(&format!("{HEAD}{rest}"))
}

fn said(edited: Result<String, EditError>) -> Result<String, String> {
    edited.map_err(|error| error.to_string())
}

#[test]
fn a_ring_follows_however_it_is_written() {
    for (before, after) in [
        (
            "rings: {a: {percent: 5}, b: {version: 1.2.0}}",
            "rings: {a: {percent: 5}, b: {}}",
        ),
        (
            "rings:\n  b: {version: '1.2.0', percent: 5} # b\n  c: {}\n",
            "rings:\n  b: {percent: 5} # b\n  c: {}\n",
        ),
        (
            "rings:\r\n  b: {percent: 5, \"version\": v1.2.0}\r\n  c: {}\r\n",
            "rings:\r\n  b: {percent: 5}\r\n  c: {}\r\n",
        ),
        (
            "rings:\n  b: # early\n    version: 1.2.0 # for now\n    percent: 5\n  c: {}\n",
            "rings:\n  b: # early\n    percent: 5\n  c: {}\n",
        ),
        ("rings:\n  b:\n    version: 1.2.0\n", "rings:\n  b: {}\n"),
        ("rings: {b: {}}\n", "rings: {b: {}}\n"),
    ] {
        assert_eq!(said(advance(&with(before), "b")), Ok(with(after)));
    }
}

#[test]
fn what_is_not_followed_is_left_and_named() {
    let anchored = with("rings:\n  a: {percent: 5, version: &v 1.2.0}\n  b: {version: *v}\n");
    let error = advance(&anchored, "a").unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("fleet.yaml:11: could not let the ring `a` follow: "),
        "{text}"
    );
    assert!(error.hint().is_some());
    let error = advance(&with("rings: {b: {}}\n"), "x").unwrap_err();
    assert_eq!(error.to_string(), "fleet.yaml has no ring `x`");
    let error = advance("rings: {", "x").unwrap_err();
    assert!(error.to_string().starts_with("fleet.yaml:1:"), "{error}");
    let flow = with("rings: {b: {}}\n").replace("approved:\n  -", "approved: [] #\n#");
    let flow = flow.replace("\n    image", "\n#");
    let error = reach(&flow, &release(5), &[]).unwrap_err().to_string();
    assert!(
        error.starts_with("fleet.yaml:7: could not make 1.5.0 the release to reach"),
        "{error}"
    );
}

#[test]
fn a_release_is_reached_ring_by_ring() {
    let before =
        with("rings:\n  a: {percent: 5}\n  b: {percent: 7, version: 1.2.0}\n  c: {} # all\n");
    let reached = reach(&before, &release(5), &["b", "c"]);
    let wanted = whole(
        "version: 1 # of the format
forge: {kind: github, owner: acme}

# What all are to reach.
action: A5 # v1.5.0
image: I5
approved:
  - action: A2 # v1.2.0
    image: I2
  - action: A4 # v1.4.0
    image: I4
rings:
  a: {percent: 5}
  b: {percent: 7, version: 1.2.0}
  c: {version: \"1.4.0\"} # all
",
    );
    assert_eq!(said(reached), Ok(wanted.clone()));
    // Once more it changes nothing.
    assert_eq!(
        said(reach(&wanted, &release(5), &["b", "c"])),
        Ok(wanted.clone())
    );
    // What was approved and is reached stands in one place.
    let back = reach(&wanted, &release(4), &[]).unwrap();
    let back = parse_fleet(back.as_bytes(), "fleet.yaml").unwrap();
    assert_eq!(back.release, release(4));
    let versions = back.approved.iter().map(|it| it.version().to_string());
    assert_eq!(versions.collect::<Vec<_>>(), ["1.2.0", "1.5.0"]);
    assert!(back.rings.iter().all(|ring| ring.release == release(4)));
}

#[test]
fn a_first_release_before_makes_the_list() {
    let before = whole(
        "version: 1\nforge: {kind: github, owner: acme}\naction: A4 # v1.4.0\nimage: I4\nrings: {all: {}}\n",
    );
    let wanted = whole(
        "version: 1\nforge: {kind: github, owner: acme}\naction: A5 # v1.5.0\nimage: I5\nrings: {all: {version: \"1.4.0\"}}\napproved:\n  - action: A4 # v1.4.0\n    image: I4\n",
    );
    assert_eq!(said(reach(&before, &release(5), &["all"])), Ok(wanted));
}

#[test]
fn what_is_bad_is_denied_and_rings_go_back() {
    let before = with("rings:\n  a: {percent: 5}\n  c: {}\n");
    let version = release(4).version().clone();
    let denied = deny(&before, &version, "It leaks: #1.\n", Some(&release(2))).unwrap();
    let retreated = retreat(&denied, &["a", "c"], release(2).version()).unwrap();
    let fleet = parse_fleet(retreated.as_bytes(), "fleet.yaml").unwrap();
    assert!(fleet.rings.iter().all(|ring| ring.release == release(2)));
    assert!(
        fleet
            .denial(&release(4))
            .unwrap()
            .reason
            .starts_with("It leaks: #1.")
    );
    assert_eq!(
        said(deny(&retreated, &version, "again", None)),
        Ok(retreated.clone())
    );
    // A second one joins it.
    let second = deny(&retreated, release(2).version(), "worse", None).unwrap();
    assert!(second.starts_with(&retreated), "{second}");
    let unknown = retreat(&before, &["a"], &"1.9.0".parse().unwrap()).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "fleet.yaml knows no release of version 1.9.0"
    );
}

#[test]
fn the_files_follow_from_it() {
    let text = with(
        "rings: {a: {}}\ndeny:\n  - {version: 1.3.0, reason: r, replacement: '1.2.0@sha256:2222222222222222222222222222222222222222222222222222222222222222'}\n",
    );
    let fleet = parse_fleet(text.as_bytes(), "fleet.yaml").unwrap();
    let mut existing = BTreeMap::from([("fleet.yaml".to_owned(), text.clone())]);
    let made = files(&text, &fleet, &existing).unwrap();
    let mut written: Vec<&str> = made.changes.iter().map(|it| it.path.as_str()).collect();
    written.sort_unstable();
    assert_eq!(
        written,
        ["deny.json", "renovate/deny.json", "renovate/ring-a.json"]
    );
    assert_eq!(paths(&fleet).unwrap().len(), 4);
    for change in made.changes {
        let text = String::from_utf8(change.content.unwrap()).unwrap();
        existing.insert(change.path, text);
    }
    let again = files(&text, &fleet, &existing).unwrap();
    assert!(again.changes.is_empty());
    assert_eq!(again.denied, existing["deny.json"]);
    // The presets are those of `fullsend generate renovate --fleet`.
    let drafts = renovate::presets(&fleet).unwrap();
    assert_eq!(drafts.len(), 2);
    // What somebody wrote is kept: a preset, and what is denied besides.
    existing.insert("renovate/ring-a.json".to_owned(), "{}\n".to_owned());
    let theirs = "[{\"version\": \"0.9.0\", \"reason\": \"old\"}]";
    existing.insert("deny.json".to_owned(), theirs.to_owned());
    let made = files(&text, &fleet, &existing).unwrap();
    assert_eq!(made.kept, ["renovate/ring-a.json"]);
    let [list] = &made.changes[..] else {
        panic!("{:?}", made.changes);
    };
    let list = crate::config::DenyList::parse(list.content.as_ref().unwrap(), "deny.json").unwrap();
    assert_eq!(list.entries().len(), 2);
    existing.insert("deny.json".to_owned(), "[".to_owned());
    let kept = files(&text, &fleet, &existing).unwrap();
    assert!(kept.kept.contains(&"deny.json".to_owned()));
    // What nobody can read is published all the same, as far as fleet.yaml says it.
    assert_eq!(kept.denied, again.denied);
}

proptest! {
    /// Whatever is done to a file, an edit of it means what it should or is not made.
    #[test]
    fn any_file_is_edited_or_left(
        cut in 0_usize..600,
        length in 0_usize..20,
        junk in "[-{}\\[\\]:,#&*!|>'\"@é\r\n a1]{0,10}",
    ) {
        let text = with("rings:\n  a: {percent: 5}\n  b: {version: 1.2.0}\n");
        let cut = cut.min(text.len());
        let end = text.len().min(cut + length);
        let text = [&text[..cut], junk.as_str(), &text[end..]].concat();
        let to = release(5);
        if let Ok(edited) = reach(&text, &to, &["b"]) {
            let fleet = parse_fleet(edited.as_bytes(), "fleet.yaml").unwrap();
            prop_assert_eq!(&fleet.release, &to);
        }
        if let Ok(edited) = deny(&text, to.version(), "why: #", None) {
            let fleet = parse_fleet(edited.as_bytes(), "fleet.yaml").unwrap();
            prop_assert!(fleet.denial(&to).is_some());
        }
    }
}
