//! Releases of unequal versions: what is said of an image is not said of another's action.

use super::*;
use crate::config::{self, parse_fleet};

/// Action 1.2.0 is that of image 1.2.4, and there is an image 1.2.0, too.
const FLEET: &str = "\
version: 1
forge: {kind: github, owner: acme}
action: acme/agents@4444444444444444444444444444444444444444 # v1.4.0
image: ghcr.io/acme/agent:1.4.2@sha256:DIGEST
approved:
  - action: acme/agents@2222222222222222222222222222222222222222 # v1.2.0
    image: ghcr.io/acme/agent:1.2.4@sha256:DIGEST
  - action: acme/agents@1111111111111111111111111111111111111111 # v1.1.0
    image: ghcr.io/acme/agent:1.2.0@sha256:DIGEST
rings: {slow: {percent: 5, version: 1.2.4}, all: {}}
";

fn fleet(more: &str) -> Fleet {
    let text = format!("{FLEET}{more}").replace("DIGEST", &"d".repeat(64));
    parse_fleet(text.as_bytes(), "fleet.yaml").unwrap()
}

fn hold(version: &str) -> Hold {
    let text = format!("version: 1\nhold: {{version: {version}, reason: slow, until: 2999-01-01}}");
    let config = config::parse(text.as_bytes(), "fullsend.yaml").unwrap();
    config.hold.unwrap()
}

fn bounds(ring: &str, denied: &str, held: Option<&str>) -> Bounds {
    let fleet = fleet(denied);
    let hold = held.map(hold);
    Bounds::of_fleet(&fleet, fleet.ring(Some(ring)).unwrap(), hold.as_ref())
}

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// Those of all versions that may be moved to, of the action and of the image.
fn open(bounds: &Bounds) -> (Vec<&'static str>, Vec<&'static str>) {
    let action = |tag: &&str| bounds.refuse_action("Acme/Agents", tag, now()).is_none();
    let image = |tag: &&str| {
        let image = format!("ghcr.io/acme/agent:{tag}").parse().unwrap();
        bounds.refuse_image(&image, now()).is_none()
    };
    let actions = ["v1.1.0", "v1.2.0", "v1.2.4", "v1.4.0", "v1.4.2", "v1.5.0"];
    let images = ["1.2.0", "1.2.4", "1.4.0", "1.4.2", "1.5.0"];
    (
        actions.into_iter().filter(action).collect(),
        images.into_iter().filter(image).collect(),
    )
}

#[test]
fn a_ring_allows_pairs() {
    let (actions, images) = open(&bounds("all", "", None));
    assert_eq!(actions, ["v1.1.0", "v1.2.0", "v1.4.0"]);
    assert_eq!(images, ["1.2.0", "1.2.4", "1.4.2"]);
    let (actions, images) = open(&bounds("slow", "", None));
    assert_eq!(actions, ["v1.1.0", "v1.2.0"]);
    assert_eq!(images, ["1.2.0", "1.2.4"]);
}

#[test]
fn a_denied_image_takes_its_own_action_along_and_no_other() {
    let bounds = bounds("all", "deny: [{version: 1.2.0, reason: leaks}]\n", None);
    let (actions, images) = open(&bounds);
    assert_eq!(actions, ["v1.2.0", "v1.4.0"]);
    assert_eq!(images, ["1.2.4", "1.4.2"]);
    let why = bounds.refuse_action("acme/agents", "v1.1.0", now());
    assert_eq!(why.as_deref(), Some("v1.1.0 is denied: leaks"));
}

#[test]
fn a_list_from_elsewhere_denies_pairs_too() {
    let list = DenyList::parse(b"[{version: 1.4.2, reason: leaks}]", "deny").unwrap();
    let (actions, images) = open(&bounds("all", "", None).denying(list));
    assert_eq!(actions, ["v1.1.0", "v1.2.0"]);
    assert_eq!(images, ["1.2.0", "1.2.4"]);
}

#[test]
fn a_held_image_has_its_own_action_whatever_the_ring() {
    for ring in ["slow", "all"] {
        let (actions, images) = open(&bounds(ring, "", Some("1.4.2")));
        assert_eq!(actions, ["v1.4.0"]);
        assert_eq!(images, ["1.4.2"]);
    }
    let (actions, images) = open(&bounds("all", "", Some("1.2.0")));
    assert_eq!(actions, ["v1.1.0"]);
    assert_eq!(images, ["1.2.0"]);
    // A denial goes before it.
    let deny = "deny: [{version: 1.2.0, reason: leaks}]\n";
    assert_eq!(open(&bounds("all", deny, Some("1.2.0"))), (vec![], vec![]));
}

#[test]
fn without_a_fleet_a_hold_keeps_the_action_where_it_is_and_a_denial_says_nothing_of_it() {
    let config = config::parse(b"version: 1\nimage: ghcr.io/acme/agent:1.4.2\n", "x").unwrap();
    let own = |tag: &str, bounds: &Bounds| bounds.refuse_action(OWN_ACTION, tag, now());
    let list = DenyList::parse(b"[{version: 1.2.0, reason: leaks}]", "deny").unwrap();
    let bounds = Bounds::of(&config).denying(list);
    assert_eq!(own("v1.2.0", &bounds), None);
    let image = "ghcr.io/acme/agent:1.2.0".parse().unwrap();
    assert!(bounds.refuse_image(&image, now()).is_some());
    let held = Config {
        hold: Some(hold("1.2.0")),
        ..config
    };
    let bounds = Bounds::of(&held);
    for tag in ["v1.2.0", "v1.4.0"] {
        let why = own(tag, &bounds).unwrap();
        assert_eq!(
            why,
            "this repository is held on 1.2.0 until 2999-01-01: slow"
        );
    }
}
