//! fleet.yaml as people write it, well and badly; and that the schema gives the same answers.

use proptest::prelude::*;

use super::*;
use crate::model::skew;

const HEX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// With `COMMIT` and `HEX` as they are in full.
fn whole(text: &str) -> String {
    text.replace("COMMIT", COMMIT).replace("HEX", HEX)
}

const HEAD: &str = "\
version: 1
forge: {kind: github, owner: acme}
action: fullsend-ai/sandbox@COMMIT # v1.4.0
image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:HEX
";

/// All that can be written.
const EXAMPLE: &str = "\
version: 1
forge: {kind: gitlab, group: acme/agents, url: https://gitlab.example.com/, component_source: platform/fullsend}
action: 'fullsend-ai/sandbox@COMMIT' # v1.4.0, tested on Monday
image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:HEX
approved:
  - action: fullsend-ai/sandbox@COMMIT # v1.3.0
    image: ghcr.io/fullsend-ai/agent-sandbox:1.3.5@sha256:HEX
  - action: fullsend-ai/sandbox@COMMIT # v1.3.0
    image: ghcr.io/fullsend-ai/agent-sandbox:1.3.0@sha256:HEX
  - action: fullsend-ai/sandbox@COMMIT # v1.2.0
    image: ghcr.io/fullsend-ai/agent-sandbox:1.2.4@sha256:HEX
select: {include: ['*', 'tools/**'], exclude: ['*-archive'], topics: [agents], visibility: any}
rings:
  zero: {repositories: [sandbox-a, tools/sandbox-b]}
  early: {percent: 5}
  half: {percent: '50', version: v1.3.5}
  stable: {version: 1.2.4}
gates: {runs: 20, repositories: 4, baseline: 7d, tolerance_points: 0}
deny:
  - {version: 1.3.0, reason: leaks, replacement: '1.2.4@sha256:HEX'}
";

fn fleet(text: &str) -> Fleet {
    let text = whole(text);
    parse_fleet(text.as_bytes(), "fleet.yaml").unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn versions(list: &[&str]) -> std::collections::BTreeSet<semver::Version> {
    list.iter().filter_map(|it| skew::of_tag(it)).collect()
}

#[test]
fn all_of_it_is_understood() {
    let fleet = fleet(EXAMPLE);
    assert_eq!(fleet.forge.url(), "https://gitlab.example.com");
    assert_eq!(
        fleet.release.action.to_string(),
        format!("fullsend-ai/sandbox@{COMMIT} # v1.4.0")
    );
    assert_eq!(fleet.release.version().to_string(), "1.4.2");
    let rings = fleet.rings.iter().map(|ring| {
        let stands_on = ring.release.version().to_string();
        (ring.name.as_str(), &ring.members, stands_on)
    });
    let named = ["sandbox-a", "tools/sandbox-b"].map(str::to_owned);
    assert_eq!(
        rings.collect::<Vec<_>>(),
        [
            ("zero", &Members::Named(named.into()), "1.4.2".to_owned()),
            ("early", &Members::Percent(5), "1.4.2".to_owned()),
            ("half", &Members::Percent(50), "1.3.5".to_owned()),
            ("stable", &Members::Rest, "1.2.4".to_owned()),
        ]
    );
    assert_eq!(fleet.gates.baseline.as_secs(), 7 * 86_400);
    assert_eq!((fleet.gates.runs, fleet.gates.tolerance_points), (20, 0));
    assert!(fleet.select.takes_name("a") && fleet.select.takes_name("tools/a/b"));
    assert!(!fleet.select.takes_name("a-archive") && !fleet.select.takes_name("more/a"));
    assert!(fleet.select.takes_name("Tools/A") && !fleet.select.takes_name("A-ARCHIVE"));
}

#[test]
fn a_short_file_has_what_goes_without_saying() {
    let fleet = fleet(&format!("{HEAD}rings: {{all: {{}}}}\n"));
    assert_eq!(fleet.forge.url(), "https://github.com");
    assert_eq!(fleet.gates, Gates::default());
    assert_eq!(fleet.select, Selection::default());
    assert!(fleet.select.takes_name("any/thing"));
    let allowed = fleet.allowed(&fleet.rings[0]);
    assert_eq!(allowed.images, versions(&["1.4.2"]));
    assert_eq!(allowed.actions, versions(&["1.4.0"]));
}

#[test]
fn a_ring_may_be_on_what_is_known_good_up_to_its_own_release() {
    let fleet = fleet(EXAMPLE);
    let allowed = |index: usize| fleet.allowed(&fleet.rings[index]);
    assert_eq!(allowed(0).images, versions(&["1.2.4", "1.3.5", "1.4.2"]));
    // 1.3.0 is denied, but its action is 1.3.5's too.
    assert_eq!(allowed(0).actions, versions(&["1.2.0", "1.3.0", "1.4.0"]));
    assert_eq!(allowed(2).images, versions(&["1.2.4", "1.3.5"]));
    assert_eq!(allowed(2).actions, versions(&["1.2.0", "1.3.0"]));
    assert_eq!(allowed(3).images, versions(&["1.2.4"]));
    assert!(!fleet.denies_action(&skew::of_tag("1.3.0").unwrap()));
}

#[test]
fn a_denied_release_is_not_allowed_even_where_a_ring_stands_on_it() {
    let text = format!(
        "{HEAD}rings: {{all: {{}}}}\napproved:\n  - action: a/b@COMMIT # v1.3.0\n    \
         image: x.y/z:v1.3.5@sha256:{}\ndeny:\n- {{digest: 'sha256:HEX', reason: bad}}\n",
        "b".repeat(64)
    );
    let fleet = fleet(&text);
    assert_eq!(fleet.allowed(&fleet.rings[0]).images, versions(&["1.3.5"]));
    let entry = &fleet.deny.entries()[0];
    assert_eq!(fleet.denied_version(entry), skew::of_tag("1.4.2"));
    assert!(fleet.denies_action(&skew::of_tag("v1.4.0").unwrap()));
    let release = fleet.release_of("1.3.5").unwrap();
    assert_eq!(release.action.repository, "a/b");
}

#[test]
fn a_release_is_made_of_an_action_and_an_image() {
    let fleet = fleet(&rest(""));
    let of = |action: &str, image: &str| {
        let (action, image) = (whole(action).parse(), whole(image).parse());
        Release::new(action.unwrap(), image.unwrap())
    };
    let image = "ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:HEX";
    let made = of("fullsend-ai/sandbox@COMMIT # v1.4.0", image);
    assert_eq!(made, Ok(fleet.release.clone()));
    for bad in ["a.b/c:1.4.2", "a.b/c@sha256:HEX", "a.b/c:latest@sha256:HEX"] {
        of("a/b@COMMIT # v1.4.0", bad).unwrap_err();
    }
    for bad in [
        "a/b@COMMIT",
        "a/b@COMMIT#v1.4.0",
        "a/b@v1 # v1.4.0",
        "a/b@COMMIT # new",
        "",
    ] {
        assert!(whole(bad).parse::<ActionPin>().is_err(), "{bad}");
    }
}

/// By the schema and by the parser.
fn verdicts(text: &str) -> (bool, bool) {
    let validator = jsonschema::validator_for(&fleet_schema()).unwrap();
    let document = serde_saphyr::from_str(text).unwrap();
    let by_parser = parse_fleet(text.as_bytes(), "fleet.yaml").is_ok();
    (validator.is_valid(&document), by_parser)
}

#[test]
fn the_schema_accepts_what_the_parser_accepts() {
    for good in [
        EXAMPLE.to_owned(),
        rest(""),
        rest("select: {visibility: private}"),
        rest("gates: {runs: '5'}"),
        rest("deny_list: oci:ghcr.io/acme/deny:latest"),
        rest("deny: []"),
        rest("deny: [{digest: 'sha256:HEX', reason: r}]"),
        format!("{HEAD}rings: {{a: {{version: 1.4.2}}}}\n"),
    ] {
        let good = whole(&good);
        assert_eq!(verdicts(&good), (true, true), "{good}");
    }
}

/// The smallest file with one ring that takes all, and `more`.
fn rest(more: &str) -> String {
    format!("{HEAD}rings: {{all: {{}}}}\n{more}\n")
}

/// That file with a part of it changed.
fn with(old: &str, new: &str) -> String {
    rest("").replace(old, new)
}

/// That file without the line of `key`.
fn without(key: &str) -> String {
    let text = rest("");
    let lines = text.lines().filter(|line| !line.starts_with(key));
    lines.collect::<Vec<_>>().join("\n")
}

/// The smallest file with these rings.
fn rings(rings: &str) -> String {
    format!("{HEAD}rings: {rings}\n")
}

/// Each text is refused with the message, at its place, and with a mend; the schema refuses it too
/// where it can tell.
#[track_caller]
fn refused(mistakes: &[(bool, String, &str)]) {
    let mut wrong = Vec::new();
    for (by_schema, bad, message) in mistakes {
        let bad = whole(bad);
        let error = parse_fleet(bad.as_bytes(), "fleet.yaml").unwrap_err();
        let mends = error.diagnostics().iter().all(|it| it.hint().is_some());
        let right = error.to_string().contains(message) && mends;
        if !right || verdicts(&bad) != (!by_schema, false) {
            wrong.push(format!("{message}: {by_schema} {mends}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn mistakes_of_keys_and_the_forge_have_a_place_and_a_mend() {
    refused(&[
        (
            true,
            without("version"),
            ":1:1: the key `version` is missing",
        ),
        (true, without("forge"), ":1:1: the key `forge` is missing"),
        (true, without("action"), ":1:1: the key `action` is missing"),
        (true, without("image"), ":1:1: the key `image` is missing"),
        (true, HEAD.to_owned(), ":1:1: the key `rings` is missing"),
        (true, rest("ring: {}"), ":6:1: unknown key `ring`"),
        (
            true,
            with("kind: github, ", ""),
            ":2:8: the key `kind` is missing",
        ),
        (
            true,
            with("github", "gitea"),
            ":2:15: `gitea` is not a forge",
        ),
        (
            true,
            with("owner", "group"),
            ":2:8: the key `owner` is missing",
        ),
        (
            true,
            with("kind: github, owner", "kind: gitlab, owner"),
            ":2:8: the key `group` is missing",
        ),
        (
            true,
            with("acme}", "acme, component_source: a/b}"),
            ":2:54: this forge has no `component_source`",
        ),
        (
            false,
            with("acme}", "acme, url: 'http://a.b'}"),
            ":2:41: `http://a.b` is not an https URL",
        ),
    ]);
}

#[test]
fn mistakes_of_releases_and_the_rest_have_a_place_and_a_mend() {
    refused(&[
        (
            false,
            with(" # v1.4.0", ""),
            ":3:9: nothing says which version",
        ),
        (
            false,
            with("# v1.4.0", "# v1"),
            ":3:9: nothing says which version",
        ),
        (
            true,
            with("@COMMIT", "@v1"),
            ":3:9: `fullsend-ai/sandbox@v1` names no whole commit",
        ),
        (
            true,
            with("@COMMIT", ""),
            ":3:9: `fullsend-ai/sandbox` names no commit",
        ),
        (
            true,
            with("fullsend-ai/sandbox@", "sandbox@"),
            "is not an action",
        ),
        (
            true,
            with("@sha256:HEX", ""),
            ":4:8: the image has no digest",
        ),
        (true, with(":1.4.2@", "@"), ":4:8: the image has no tag"),
        (
            true,
            with(":1.4.2@", ":latest@"),
            ":4:8: the tag `latest` is not a version",
        ),
        (
            true,
            rest("approved: [{image: 'a.b/c:1.0.0@sha256:HEX'}]"),
            ":6:12: the key `action` is missing",
        ),
        (
            false,
            rest("approved:\n  - action: a/b@COMMIT # v1.4.0\n    image: a.b/c:v1.4.2@sha256:HEX"),
            ":7:5: the image's version 1.4.2 stands twice",
        ),
        (
            true,
            rest("select: {visibility: secret}"),
            ":6:22: `secret` is not a visibility",
        ),
        (
            false,
            rest("select: {include: ['***']}"),
            ":6:20: three stars",
        ),
        (
            true,
            rest("gates: {runs: 0}"),
            ":6:15: `0` is not a number that it can be",
        ),
        (true, rest("gates: {tolerance_points: 101}"), ":6:27: `101`"),
        (true, rest("gates: {baseline: 14}"), ":6:19: "),
        (
            true,
            rest("deny: [{version: 1.3.0}]"),
            ":6:8: the key `reason` is missing",
        ),
        (
            true,
            rest("deny: [{version: 1.3.0, reason: r, replacement: 1.2.4}]"),
            ":6:49: `1.2.4` is not a replacement",
        ),
        (
            true,
            rest("deny: [{reason: r}]"),
            ":6:8: an entry names either",
        ),
    ]);
}

#[test]
fn the_deny_list_is_published_at_a_tag() {
    let fleet = fleet(&rest("deny_list: oci://localhost:5000/deny:1"));
    let place = fleet.deny_list.unwrap();
    assert_eq!(place.to_string(), "localhost:5000/deny:1");
    let at = |place: &str| rest(&format!("deny_list: {place}"));
    let message = "is no tag in a registry";
    refused(&[
        (true, at("deny.json"), message),
        (true, at("https://acme.example/deny.json"), message),
        (true, at("oci:ghcr.io/acme/deny@sha256:HEX"), message),
        (true, at("oci:ghcr.io/acme/deny:1@sha256:HEX"), message),
        (
            true,
            at("oci:ghcr.io/acme/deny"),
            ":6:12: the image names neither a tag nor a digest",
        ),
    ]);
}

#[test]
fn mistakes_of_rings_have_a_place_and_a_mend() {
    refused(&[
        (true, rings("{}"), ":5:8: a fleet has 1 to 20 rings"),
        (
            true,
            rings("{Canary: {}}"),
            ":5:9: `Canary` cannot be the name of a ring",
        ),
        (
            true,
            rings("{a: {repositories: [x], percent: 5}, b: {}}"),
            ":5:12: a ring has either",
        ),
        (
            true,
            rings("{a: {repositories: []}, b: {}}"),
            ":5:27: a ring without repositories",
        ),
        (true, rings("{a: {percent: 100}, b: {}}"), ":5:22: `100`"),
        (
            true,
            rings("{a: {repositories: ['x y']}, b: {}}"),
            ":5:28: `x y` is not a repository",
        ),
        (
            false,
            rings("{a: {}, b: {}}"),
            ":5:9: this ring takes all that are left",
        ),
        (
            false,
            rings("{a: {percent: 5}}"),
            ":5:9: no ring takes the repositories",
        ),
        (
            false,
            rings("{a: {percent: 60}, b: {percent: 40}, c: {}}"),
            ":5:30: the shares leave nothing",
        ),
        (
            false,
            rings("{a: {repositories: [x]}, b: {repositories: [z, x]}, c: {}}"),
            ":5:55: `x` is in a ring already",
        ),
        (
            false,
            rings("{a: {version: 1.3.0}}"),
            ":5:22: no release of version 1.3.0 is known",
        ),
        (
            true,
            rings("{a: {version: newest}}"),
            ":5:22: `newest` is not a version",
        ),
    ]);
}

proptest! {
    /// Whatever is done to a file, it is read or refused.
    #[test]
    fn any_text_is_read(
        cut in 0..EXAMPLE.len(),
        length in 0_usize..40,
        junk in "[-{}\\[\\]:,#&*!|>'\"@é\r\n a1]{0,12}",
    ) {
        let text = whole(EXAMPLE);
        let end = text.len().min(cut + length);
        let text = [&text[..cut], junk.as_str(), &text[end..]].concat();
        if let Ok(fleet) = parse_fleet(text.as_bytes(), "fleet.yaml") {
            for ring in &fleet.rings {
                let allowed = fleet.allowed(ring);
                prop_assert!(allowed.images.iter().all(|it| it <= ring.release.version()));
            }
        }
    }

    /// A ring allows what is known and good, never what is denied, whatever the other rings do.
    #[test]
    fn a_ceiling_and_a_denial_hold_together(ceiling in 0_u64..5, denied in proptest::collection::btree_set(0_u64..5, 0..5)) {
        let mut text = HEAD.replace(":1.4.2@", ":1.4.0@") + "approved:\n";
        let mut line = |line: String| text.push_str(&line);
        for minor in 0..4 {
            line(format!("  - action: a/b@COMMIT # v1.{minor}.0\n    image: x.y/z:1.{minor}.0@sha256:HEX\n"));
        }
        line(format!("rings: {{a: {{version: 1.{ceiling}.0}}}}\ndeny:\n"));
        for minor in &denied {
            line(format!("  - {{version: v1.{minor}.0, reason: r}}\n"));
        }
        let text = if denied.is_empty() { text.replace("deny:\n", "") } else { text };
        let fleet = fleet(&text);
        let allowed = fleet.allowed(&fleet.rings[0]);
        let good = (0..=ceiling).filter(|minor| !denied.contains(minor));
        let good: Vec<String> = good.map(|minor| format!("1.{minor}.0")).collect();
        let good: Vec<&str> = good.iter().map(String::as_str).collect();
        prop_assert_eq!(&allowed.images, &versions(&good));
        prop_assert_eq!(&allowed.actions, &versions(&good));
    }
}
