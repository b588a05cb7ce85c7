//! The texts before they meet files.

use serde_json::{Value, json};

use super::*;
use crate::{
    config,
    generate::{
        self, Kind, Origin, Pins, Standing, origin,
        tests::{TODAY, owned},
    },
};

const HEX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn whole(text: &str) -> String {
    text.replace("COMMIT", COMMIT).replace("HEX", HEX)
}

fn settled(draft: Draft) -> (String, String, Value) {
    let path = draft.path().display().to_string();
    let file = draft.settle(None, Pins::Kept).unwrap();
    let json = serde_json::from_str(&file.text).unwrap();
    (path, file.text, json)
}

fn repository(config: &str, pairs: &[&str]) -> Result<Value, GenerateError> {
    let config = config::parse(whole(config).as_bytes(), "x").unwrap();
    let settings = KIND.settings(&owned(pairs))?;
    let mut drafts = generate::draft(&KIND, &config, &settings, TODAY)?;
    Ok(settled(drafts.remove(0)).2)
}

fn fleet(text: &str) -> Vec<(String, Value)> {
    let fleet = config::parse_fleet(whole(text).as_bytes(), "fleet.yaml").unwrap();
    let drafts = presets(&fleet).unwrap().into_iter();
    let files = drafts.map(settled);
    files.map(|(path, _, json)| (path, json)).collect()
}

const FLEET_YAML: &str = "\
version: 1
forge: {kind: github, owner: acme}
action: fullsend-ai/sandbox@COMMIT # v1.4.0
image: docker.io/acme/agent:1.4.2@sha256:HEX
approved:
  - action: fullsend-ai/sandbox@COMMIT # v1.3.0
    image: docker.io/acme/agent:1.3.0@sha256:HEX
  - action: fullsend-ai/sandbox@COMMIT # v1.2.0
    image: docker.io/acme/agent:1.2.4@sha256:HEX
rings:
  canary: {percent: 5}
  stable: {version: 1.2.4}
deny:
  - {version: 1.3.0, reason: It leaks., replacement: '1.2.4@sha256:HEX'}
";

#[test]
fn a_repository_extends_what_it_needs() {
    let plain = repository("version: 1", &[]).unwrap();
    assert_eq!(
        plain["extends"],
        json!([
            "config:recommended",
            "github>fullsend-ai/fullsend//renovate/default"
        ])
    );
    assert_eq!(plain.get("packageRules"), None);
    assert_eq!(plain["extends"][1], DEFAULT_PRESET);
    let pairs = [
        "presets=local>platform/fullsend//renovate/#v1.2.3",
        "fleet=https://127.0.0.1/x",
        "ring=early",
        "automerge=true",
    ];
    let all = repository("version: 1", &pairs).unwrap();
    assert_eq!(
        all["extends"],
        json!([
            "config:recommended",
            "local>platform/fullsend//renovate/default#v1.2.3",
            "local>platform/fullsend//renovate/automerge#v1.2.3",
            "https://127.0.0.1/x/ring-early.json",
            "https://127.0.0.1/x/deny.json",
        ])
    );
}

#[test]
fn settings_that_lead_nowhere_are_refused() {
    for (pairs, message) in [
        (&["presets=fullsend"][..], "is no place"),
        (&["presets=github>fullsend"], "is no place"),
        (&["presets=github>a/b//c#"], "is no place"),
        (&["presets=github>a/b c"], "is no place"),
        (&["presets=github>a/{{b}}"], "is no place"),
        (&["fleet=github>a/b"], "says nothing without a ring"),
        (&["ring=a"], "says nothing without a fleet"),
        (&["fleet=github>a/b", "ring=../a"], "is no name of a ring"),
    ] {
        let error = repository("version: 1", pairs).unwrap_err();
        assert!(error.to_string().contains(message), "{pairs:?}: {error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn a_hold_allows_its_version_of_the_image_alone_and_keeps_the_action() {
    let held = "version: 1\nimage: a.b/c:1.2.3\nagents:\n  triage: {image: 'acme/d:1.2.3'}\n\
                hold: {version: 1.2.3, reason: slow, until: 2030-01-31}\n";
    let rules = &repository(held, &[]).unwrap()["packageRules"];
    assert_eq!(
        *rules,
        json!([{
            "description": "fullsend.yaml holds version 1.2.3 until 2030-01-31: slow",
            "matchPackageNames": ["a.b/c", "acme/d", "docker.io/acme/d"],
            "allowedVersions": r"/^v?1\.2\.3$/",
        }, {
            "description": "fullsend.yaml holds version 1.2.3 until 2030-01-31: the action stays where it is",
            "matchPackageNames": ["fullsend-ai/sandbox"],
            "allowedVersions": "/^none$/",
        }])
    );
    let pairs = ["action-name=acme/agents", "components=platform/fullsend"];
    let rules = &repository(held, &pairs).unwrap()["packageRules"];
    assert_eq!(rules[1]["matchPackageNames"], json!(["acme/agents"]));
    assert_eq!(rules[2]["matchDepNames"], json!(["platform/fullsend"]));
    assert_eq!(rules[2]["allowedVersions"], "/^none$/");
    for (pair, message) in [
        ("action-name=agents", "is no action"),
        ("components=x", "is no project"),
    ] {
        let error = repository(held, &[pair]).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let over = held.replace("2030-01-31", "2020-01-31");
    assert_eq!(repository(&over, &[]).unwrap().get("packageRules"), None);
}

#[test]
fn a_ring_has_one_list_for_each_package() {
    let files = fleet(FLEET_YAML);
    let names: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        names,
        [
            "renovate/ring-canary.json",
            "renovate/ring-stable.json",
            "renovate/deny.json"
        ]
    );
    let rule =
        |ring: usize, rule: usize, key: &str| files[ring].1["packageRules"][rule][key].clone();
    assert_eq!(rule(0, 0, "allowedVersions"), r"/^v?(1\.2\.4|1\.4\.2)$/");
    assert_eq!(rule(0, 1, "allowedVersions"), r"/^v?(1\.2\.0|1\.4\.0)$/");
    assert_eq!(rule(1, 0, "allowedVersions"), r"/^v?(1\.2\.4)$/");
    assert_eq!(rule(1, 1, "allowedVersions"), r"/^v?(1\.2\.0)$/");
    assert_eq!(
        rule(0, 0, "matchPackageNames"),
        json!(["acme/agent", "docker.io/acme/agent"])
    );
    assert_eq!(files[0].1["packageRules"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_denied_sees_its_replacement_alone() {
    let files = fleet(FLEET_YAML);
    let rules = files[2].1["packageRules"].as_array().unwrap();
    let [image, action] = &rules[..] else {
        panic!("{rules:#?}");
    };
    assert_eq!(
        image["description"],
        "From 1.3.0 of the image back to 1.2.4: It leaks."
    );
    assert_eq!(image["matchCurrentValue"], r"/^v?1\.3\.0$/");
    assert_eq!(image["extractVersion"], r"^(?<version>v?1\.2\.4)$");
    assert_eq!(action["matchCurrentValue"], r"/^v?1\.3\.0$/");
    assert_eq!(action["extractVersion"], r"^(?<version>v?1\.2\.0)$");
    assert_eq!(action["matchPackageNames"], json!(["fullsend-ai/sandbox"]));
}

#[test]
fn what_cannot_be_taken_back_is_said() {
    let denials = [
        "{version: 1.9.0, reason: r}",
        "{version: latest, reason: r}",
        "{digest: 'sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', reason: r}",
        "{version: 1.8.0, reason: r, replacement: '1.9.0@sha256:HEX'}",
        "{version: 1.1.0, reason: r, replacement: '1.1.1@sha256:HEX'}",
    ];
    let text = FLEET_YAML.split("deny:").next().unwrap();
    let files = fleet(&format!("{text}deny: [{}]\n", denials.join(", ")));
    let deny = &files[2].1;
    assert_eq!(deny["packageRules"], json!([]));
    let about = deny["description"].as_array().unwrap();
    let about: Vec<&str> = about
        .iter()
        .skip(4)
        .map(|it| it.as_str().unwrap())
        .collect();
    assert_eq!(about.len(), denials.len(), "{about:#?}");
    for (said, part) in about.iter().zip([
        "1.9.0 is denied without a version to go back to",
        "latest is denied, but is no version",
        "is denied, but of no release that fleet.yaml names",
        "1.8.0 is denied without a version to go back to",
        "1.1.0 is denied for the sake of 1.1.1, which is newer",
    ]) {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn an_action_that_stays_where_it_is_is_said() {
    let (before, after) = FLEET_YAML.split_once("approved:").unwrap();
    let (_, after) = after.split_once("rings:").unwrap();
    let deny_of = |text: &str| fleet(text).pop().unwrap().1;
    let text = format!("{before}rings:{after}").replace("stable: {version: 1.2.4}", "stable: {}");
    let deny = deny_of(&text);
    assert_eq!(deny["packageRules"].as_array().unwrap().len(), 1);
    let about = deny["description"].to_string();
    assert!(about.contains("does not name the release 1.3.0"), "{about}");
    // Where its action goes back too, nothing is left to say.
    let about = deny_of(FLEET_YAML)["description"].to_string();
    assert!(!about.contains("does not name the release"), "{about}");
}

#[test]
fn a_reason_keeps_its_dots() {
    for (reason, said) in [
        ("It leaks", ": It leaks."),
        ("'...'", ": ..."),
        ("No..", ": No.."),
    ] {
        let text = FLEET_YAML.replace("reason: It leaks.", &format!("reason: {reason}"));
        let rule = &fleet(&text)[2].1["packageRules"][0];
        let about = rule["description"].as_str().unwrap();
        assert!(about.ends_with(&format!("to 1.2.4{said}")), "{about}");
    }
}

#[test]
fn a_gitlab_fleet_moves_its_components_too() {
    let forge = "{kind: gitlab, group: acme, url: 'https://git.example', component_source: platform/fullsend}";
    let files = fleet(&FLEET_YAML.replace("{kind: github, owner: acme}", forge));
    let rules = files[0].1["packageRules"].as_array().unwrap();
    assert_eq!(
        rules[2]["matchDatasources"],
        json!(["git-tags", "gitlab-tags"])
    );
    assert_eq!(rules[2]["matchDepNames"], json!(["platform/fullsend"]));
    assert_eq!(rules[3]["registryUrls"], json!(["https://git.example"]));
    assert_eq!(
        rules[4]["overridePackageName"],
        "https://git.example/platform/fullsend.git"
    );
    assert_eq!(rules[2]["allowedVersions"], rules[1]["allowedVersions"]);
    let deny = files[2].1["packageRules"].as_array().unwrap();
    assert_eq!(deny.len(), 3);
}

#[test]
fn a_ring_without_a_good_version_allows_none() {
    let text = FLEET_YAML.replace("version: 1.3.0, reason", "version: 1.2.4, reason");
    let files = fleet(&text.replace("replacement: '1.2.4@", "replacement: '1.2.3@"));
    let rules = &files[1].1["packageRules"];
    assert_eq!(rules[0]["allowedVersions"], "/^none$/");
}

#[test]
fn a_skewed_release_is_not_rolled_out() {
    let text = FLEET_YAML.replace("agent:1.3.0@", "agent:0.9.0@");
    let fleet = config::parse_fleet(whole(&text).as_bytes(), "fleet.yaml").unwrap();
    let error = presets(&fleet).unwrap_err();
    assert!(error.to_string().contains("different major versions"));
}

#[test]
fn a_persons_edit_of_a_preset_is_noticed() {
    let parsed = config::parse_fleet(whole(FLEET_YAML).as_bytes(), "fleet.yaml").unwrap();
    let standing = |existing: &str| {
        let draft = presets(&parsed).unwrap().remove(0);
        let file = draft.settle(Some(existing.to_owned()), Pins::Kept).unwrap();
        (file.standing, file.text)
    };
    let text = standing("{}").1;
    assert_eq!(standing(&text).0, Standing::Current);
    assert_eq!(standing(&text.replace('\n', "\r\n")).0, Standing::Current);
    assert_eq!(
        standing(&text.replace("1\\\\.4\\\\.2", "9")).0,
        Standing::Edited
    );
    assert_eq!(standing("{}").0, Standing::Foreign);
    let Origin::Ours { stamp, .. } = origin("renovate/ring-canary.json".as_ref(), &text) else {
        panic!("{text}");
    };
    assert_eq!(stamp.kind, FLEET);
    assert!(text.contains("\"To change it, run: fullsend generate renovate --fleet\","));
    let newer = FLEET_YAML.replace("stable: {version: 1.2.4}", "stable: {}");
    let parsed = config::parse_fleet(whole(&newer).as_bytes(), "fleet.yaml").unwrap();
    let before = settled(presets(&self::parsed()).unwrap().remove(1)).1;
    let draft = presets(&parsed).unwrap().remove(1);
    let file = draft.settle(Some(before), Pins::Kept).unwrap();
    assert_eq!(file.standing, Standing::Outdated);
    assert!(Kind::named("renovate").is_some());
}

fn parsed() -> config::Fleet {
    config::parse_fleet(whole(FLEET_YAML).as_bytes(), "fleet.yaml").unwrap()
}
