//! `fullsend verify --all`: each image once, each place told, and registries asked with measure.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, process::Output, time::Instant};

use fullsend_testkit::registry::{Auth, Fault};
use serde_json::Value;

use super::{
    command::{fullsend, text, write},
    *,
};

const KEY: &[&str] = &["--key", "cosign.pub", "--insecure-ignore-tlog"];

/// `count` images in as many repositories as are said, each signed by `key`.
fn signed_images(registry: &Registry, key: &SigningKey, count: usize, repositories: usize) {
    for number in 0..count {
        let image = ImageBuilder::new()
            .file("agent", number.to_string(), 0o755)
            .platform("linux", "amd64")
            .build();
        let name = format!("acme/r{}", number % repositories);
        let bundle = Signing::with_key(key).bundle(image.digest());
        let referrer = bundle.referrer(&image.manifest);
        for blob in image.blobs.iter().chain(&referrer.blobs) {
            registry.put_blob(blob.bytes.clone());
        }
        let tag = format!("t{number}");
        for (reference, manifest) in [
            (tag.as_str(), &image.manifest),
            (&referrer.manifest.digest, &referrer.manifest),
        ] {
            let bytes = manifest.bytes.clone();
            registry.put_manifest(&name, reference, &manifest.media_type, bytes);
        }
    }
}

/// A Dockerfile that names those images, each twice.
fn dockerfile(host: &str, count: usize, repositories: usize) -> String {
    let mut text = String::new();
    for number in (0..count).chain(0..count) {
        let name = format!("{host}/acme/r{}:t{number}", number % repositories);
        writeln!(text, "FROM {name}").unwrap();
    }
    text
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    fullsend(folder, &[&["--all"], arguments].concat())
}

#[track_caller]
fn json(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let output = run(folder, &[arguments, &["--format", "json"]].concat());
    let document = serde_json::from_slice(&output.stdout);
    let document = document.unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    (output.status.code().unwrap(), document)
}

#[test]
fn a_token_a_repository_and_each_manifest_once() {
    let (registry, key, folder) = (Registry::start(), SigningKey::p256(), tempfile::tempdir());
    let folder = folder.unwrap();
    key.write(folder.path()).unwrap();
    signed_images(&registry, &key, 100, 20);
    write(
        folder.path(),
        "Dockerfile",
        dockerfile(&registry.host(), 100, 20),
    );
    registry.require(Auth::bearer());
    let (code, document) = json(folder.path(), KEY);
    assert_eq!(code, 0, "{:#}", document["summary"]);
    assert_eq!(document["summary"]["verified"], 100);
    assert_eq!(document["images"][99]["locations"][1]["line"], 200);
    let requests = registry.requests();
    let tokens = requests.iter().filter(|one| one.path == "/token").count();
    assert_eq!(tokens, 20);
    let mut fetched = BTreeMap::new();
    for request in &requests {
        // Without a token it is refused first.
        if request.path.contains("/manifests/") && request.header("authorization").is_some() {
            *fetched.entry(&request.path).or_insert(0) += 1;
        }
    }
    assert!(fetched.len() >= 200);
    assert!(fetched.values().all(|count| *count == 1), "{fetched:?}");
}

#[test]
fn no_more_than_eight_at_a_time() {
    const DELAY: Duration = Duration::from_millis(400);
    let (registry, key, folder) = (Registry::start(), SigningKey::p256(), tempfile::tempdir());
    let folder = folder.unwrap();
    key.write(folder.path()).unwrap();
    signed_images(&registry, &key, 24, 3);
    write(
        folder.path(),
        "Dockerfile",
        dockerfile(&registry.host(), 24, 3),
    );
    registry.fault("*/manifests/t*", Fault::normal().delay(DELAY));
    assert_eq!(json(folder.path(), KEY).0, 0);
    let requests = registry.requests();
    let by_tag = requests
        .iter()
        .filter(|one| one.path.contains("/manifests/t"));
    let begun: Vec<Instant> = by_tag.map(|one| one.at).collect();
    assert_eq!(begun.len(), 24);
    let at_once = |from: Instant| {
        let during = begun.iter().filter(|at| (from..from + DELAY).contains(*at));
        during.count()
    };
    let most = begun.iter().map(|at| at_once(*at)).max();
    assert_eq!(most, Some(8));
}

/// A repository with an image of each kind of trouble that one registry can give.
fn troubled(scene: &Scene, key: &SigningKey) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    key.write(folder.path()).unwrap();
    let host = scene.host();
    scene.bundle(&Signing::with_key(key).bundle(scene.digest()));
    let unsigned = agent("arm64");
    scene.put_blobs(&unsigned.blobs);
    scene.put_manifest("unsigned", &unsigned.manifest);
    let workflow = format!(
        "on: push\njobs:\n  a:\n    container: {host}/{REPOSITORY}:1\n  b:\n    container: ${{{{ x }}}}\n"
    );
    write(folder.path(), ".github/workflows/ci.yml", &workflow);
    let manifest = format!(
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: {host}/{REPOSITORY}:unsigned\n"
    );
    write(folder.path(), "deploy/pod.yaml", &manifest);
    folder
}

#[test]
fn every_format_says_the_same() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let folder = troubled(&scene, &key);
    let (code, document) = json(folder.path(), KEY);
    assert_eq!(code, 1);
    assert_eq!(document["summary"]["verified"], 1);
    assert_eq!(document["summary"]["unsigned"], 1);
    let place = json!({"file": "deploy/pod.yaml", "line": 5, "column": 12});
    assert_eq!(document["images"][1]["locations"], json!([place]));
    assert_eq!(document["findings"][0]["rule"], "unresolved-image");
    assert_schema("verify-all", &document);
    let findings = json!({"schema_version": 1, "findings": document["findings"]});
    assert_schema("findings", &findings);

    let output = run(folder.path(), &[KEY, &["--format", "sarif"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let sarif: Value = serde_json::from_slice(&output.stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let found: Vec<_> = results
        .iter()
        .map(|one| {
            (
                one["ruleId"].as_str().unwrap(),
                one["level"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [("unresolved-image", "warning"), ("image-unsigned", "error")]
    );
    let physical = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "deploy/pod.yaml");
    assert_eq!(physical["region"]["startLine"], 5);

    let output = run(folder.path(), &[KEY, &["--format", "github"]].concat());
    let annotations = text(&output.stdout);
    assert!(
        annotations.starts_with("::error file=deploy/pod.yaml,line=5,"),
        "{annotations}"
    );

    let output = run(folder.path(), &[KEY, &["--format", "gitlab"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let issues: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names = [&issues[0]["check_name"], &issues[1]["check_name"]];
    assert_eq!(names, ["unresolved-image", "image-unsigned"]);
    assert_eq!(issues[1]["severity"], "critical");
    let place = json!({"path": "deploy/pod.yaml", "lines": {"begin": 5}});
    assert_eq!(issues[1]["location"], place);

    let human = text(&run(folder.path(), KEY).stdout);
    let image = format!("{}/{REPOSITORY}", scene.host());
    for expected in [
        format!("verified     {image}:1  .github/workflows/ci.yml:4:16\n"),
        format!("unsigned     {image}:unsigned  deploy/pod.yaml:5:12\n"),
        format!("\n{image}:unsigned: unsigned\n"),
        "warning[unresolved-image]".to_owned(),
    ] {
        assert!(human.contains(&expected), "{expected}{human}");
    }
    assert!(
        human.ends_with("\n2 images: 1 verified, 1 unsigned\n"),
        "{human}"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program under test is run as a user runs it"
)]
fn assert_schema(name: &str, document: &Value) {
    let schema = std::process::Command::new(env!("CARGO_BIN_EXE_fullsend"))
        .args(["schema", name])
        .output()
        .unwrap();
    let schema = serde_json::from_slice(&schema.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn files_go_by_their_names_from_the_repositorys_root() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let folder = troubled(&scene, &key);
    write(folder.path(), ".git/HEAD", "ref: refs/heads/main\n");
    for path in [".github", ".github/workflows/ci.yml"] {
        let (code, document) = json(folder.path(), &[&[path], KEY].concat());
        assert_eq!(code, 0, "{document:#}");
        let place = &document["images"][0]["locations"][0]["file"];
        assert_eq!(place, ".github/workflows/ci.yml");
    }
}

#[test]
fn the_exit_code_tells_trouble_from_a_registry_that_is_away() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let folder = troubled(&scene, &key);
    let absent = format!("FROM {}/{REPOSITORY}:absent\n", scene.host());
    write(folder.path(), "a/Dockerfile", &absent);
    assert_eq!(json(folder.path(), &[&["a"], KEY].concat()).0, 3);
    assert_eq!(json(folder.path(), KEY).0, 1);
    write(folder.path(), "b/Dockerfile", "FROM scratch\n");
    let empty = run(folder.path(), &[&["b"], KEY].concat());
    assert_eq!(empty.status.code(), Some(0));
    assert_eq!(text(&empty.stdout), "no image is named\n");
    // What GitHub could not read either is an error, though every image be good.
    write(folder.path(), "c/fullsend.yaml", "a: [\n");
    assert_eq!(json(folder.path(), &[&["c"], KEY].concat()).0, 1);
    let rule = "version: 1\nverify:\n- {match: other.example/**, key: cosign.pub, insecure_ignore_tlog: true}\n";
    write(folder.path(), "fullsend.yaml", rule);
    let (code, document) = json(folder.path(), &["deploy"]);
    assert_eq!((code, &document["summary"]["untrusted"]), (1, &json!(1)));
}

/// What kubectl takes and this program does not look at must not pass for verified.
#[test]
fn a_file_beyond_a_limit_fails_the_run_whatever_its_name() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let folder = troubled(&scene, &key);
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: {}/{REPOSITORY}:unsigned\n",
        scene.host()
    );
    let flow = |open: &str, count: usize, close: &str| {
        format!("{pod}x: {}{}\n", open.repeat(count), close.repeat(count))
    };
    for (number, text) in [
        format!("{pod}#{}\n", " ".repeat(1 << 20)),
        format!("{pod}#{}\n", " ".repeat(16 << 20)),
        format!("# {{{{ x }}}}\n{pod}x: [{}]\n", "[],".repeat(300_000)),
        flow("[", 1_000, "]"),
    ]
    .iter()
    .enumerate()
    {
        for name in ["deploy/pod.yaml", "chart/values.yaml", "ci/build.yml"] {
            let part = format!("case{number}/{name}");
            write(folder.path(), &part, text);
            let (code, document) = json(folder.path(), &[&[part.as_str()], KEY].concat());
            let finding = &document["findings"][0];
            assert_eq!(code, 1, "{part}: {document:#}");
            assert_eq!(finding["rule"], "unreadable-file", "{part}");
            assert_eq!(finding["severity"], "error", "{part}: {finding}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let folder = troubled(&scene, &key);
    let image = format!("{}/{REPOSITORY}:1", scene.host());
    for (arguments, expected) in [
        (&[] as &[&str], "IMAGE"),
        (&[&image, "--all"], "cannot be used with"),
        (&["--all", "nowhere", "--key", "cosign.pub"], "nowhere"),
        (
            &[&image, "--key", "cosign.pub", "--format", "sarif"],
            "verify --all",
        ),
        (&[&image, "--format", "gitlab"], "verify --all"),
        (&["--all"], "no policy"),
    ] {
        let output = fullsend(folder.path(), arguments);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
    }
    assert!(scene.registry.requests().is_empty());
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let folder = troubled(&scene, &key);
    let unsigned = format!("FROM {}/{REPOSITORY}:unsigned\n", scene.host());
    write(folder.path(), "x\u{1b}[2J\u{202e}/Dockerfile", &unsigned);
    write(folder.path(), "y\n::error::z/fullsend.yaml", "a: [\u{1b}\n");
    for format in ["human", "github"] {
        let output = run(folder.path(), &[KEY, &["--format", format]].concat());
        let shown = text(&output.stdout);
        let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        if format == "human" {
            assert!(!shown.contains(steers), "{shown:?}");
        }
        assert!(
            !shown.lines().any(|line| line.starts_with("::error::")),
            "{shown}"
        );
    }
}
