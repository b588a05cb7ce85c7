//! What becomes of fleet.yaml, byte for byte.

use super::*;

const HEX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

const HEAD: &str = "\
version: 1 # of the format
forge: {kind: github, owner: acme}

# What all are to reach.
action: fullsend-ai/sandbox@COMMIT # v1.4.0, tested on Monday
image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:HEX
approved:
  - action: fullsend-ai/sandbox@COMMIT # v1.2.0
    image: ghcr.io/fullsend-ai/agent-sandbox:1.2.4@sha256:HEX
";

/// With `COMMIT` and `HEX` as they are in full.
fn whole(text: &str) -> String {
    text.replace("COMMIT", COMMIT).replace("HEX", HEX)
}

fn with_rings(rings: &str) -> String {
    whole(&format!("{HEAD}{rings}"))
}

#[track_caller]
fn advances(before: &str, after: &str) {
    let edited = advance(&with_rings(before), "b").map_err(|error| error.to_string());
    assert_eq!(edited, Ok(with_rings(after)));
}

#[test]
fn a_ring_follows_however_it_is_written() {
    for (before, after) in [
        (
            "rings: {a: {percent: 5}, b: {version: 1.2.4}}",
            "rings: {a: {percent: 5}, b: {}}",
        ),
        (
            "rings:\n  b: {version: '1.2.4', percent: 5} # b\n  c: {}\n",
            "rings:\n  b: {percent: 5} # b\n  c: {}\n",
        ),
        (
            "rings:\r\n  b: {percent: 5, \"version\": v1.2.4}\r\n  c: {}\r\n",
            "rings:\r\n  b: {percent: 5}\r\n  c: {}\r\n",
        ),
        (
            "rings:\n  b: # early\n    version: 1.2.4 # for now\n    percent: 5\n  c: {}\n",
            "rings:\n  b: # early\n    percent: 5\n  c: {}\n",
        ),
        (
            "rings:\n  'b': # last\n    # why\n    version: 1.2.4",
            "rings:\n  'b': {} # last\n    # why\n",
        ),
        ("rings: {b: {}}\n", "rings: {b: {}}\n"),
    ] {
        advances(before, after);
    }
}

#[test]
fn what_is_not_followed_is_left_and_named() {
    let anchored =
        with_rings("rings:\n  a: &x\n    percent: 5\n    version: &v 1.2.4\n  b: {version: *v}\n");
    let error = advance(&anchored, "a").unwrap_err();
    assert_eq!(
        error.to_string(),
        "fleet.yaml:13: could not let the ring `a` follow: it is written in a way that is not followed"
    );
    let error = advance(&with_rings("rings: {b: {}}\n"), "x").unwrap_err();
    assert_eq!(error.to_string(), "fleet.yaml has no ring `x`");
    let error = advance("rings: {", "x").unwrap_err();
    assert!(error.to_string().starts_with("fleet.yaml:1:"), "{error}");
}
