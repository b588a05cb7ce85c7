//! GitLab's pipelines and components.

use std::path::Path;

use fullsend::{
    config,
    document::{Source, yaml},
    generate::{GeneratedFile, Kind},
    seam::files::{self, OnDisk},
    validate,
};

use super::{Case, cases, read, write};
use crate::support::{docker::command, tools};

const AGENTS: &str = "\
version: 1
image: ghcr.io/acme/agent:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
agents:
  triage: {env: [GITLAB_TOKEN, ANTHROPIC_API_KEY]}
  review: {timeout: 90s, command: [claude, -p, \"/review it's $MINE: # now\"]}
  9_lives: {timeout: 1h30m}
";

const CLI: &str = "cli=1.4.0";
const AMD64: &str = "cli-amd64=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const ARM64: &str = "cli-arm64=0000000000000000000000000000000000000000000000000000000000000000";
const BUILDER: &str = "builder=registry.example.com/tools/builder:2.0@sha256:\
    cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

const fn case(kind: &'static str, name: &'static str, set: &'static [&'static str]) -> Case {
    Case {
        kind,
        name,
        config: AGENTS,
        set,
    }
}

pub(super) const CASES: &[Case] = &[
    case("gitlab-ci", "default", &[]),
    case("gitlab-ci", "installed", &[CLI, AMD64, ARM64]),
    case(
        "gitlab-ci",
        "in-the-image",
        &["executor=kubernetes", "agent=review", CLI, AMD64],
    ),
    case(
        "gitlab-ci",
        "everything",
        &[
            "agent=9_lives",
            "events=merge_request_event,push,schedule,trigger,web,api,pipeline",
            "stage=it's: a # stage",
            "tags=a b,[c],true,1",
            "environment=agents: *",
            "id-tokens=VAULT_ID_TOKEN:https://vault.example.com,SIGSTORE_ID_TOKEN:sigstore",
            "cancel=true",
            "config=ci/it's full.yaml",
            "executor=docker",
            CLI,
            ARM64,
        ],
    ),
    case(
        "gitlab-ci",
        "forks",
        &[
            "agent=review",
            "forks=true",
            "login=triage-agent",
            "file=ci/review.yml",
            "launch-minutes=3",
            "config=a b.yaml",
        ],
    ),
    case("gitlab-image-pipeline", "default", &[]),
    case(
        "gitlab-image-pipeline",
        "in-a-container",
        &[
            "executor=docker",
            BUILDER,
            CLI,
            AMD64,
            "version-command=agent --version",
        ],
    ),
    case(
        "gitlab-image-pipeline",
        "hostile",
        &[
            "image=registry.example.com:5000/agents/triage",
            "context=images/it's one/",
            "platforms=amd64",
            "tags=true,a: b",
            "environment=",
            "user=REGISTRY_USER",
            "password=REGISTRY_PASSWORD",
            "version-command=agent it's",
            "severity=critical",
            "forks=true",
            "tags-publish=true,a # b",
            CLI,
            AMD64,
            ARM64,
        ],
    ),
    case("gitlab-components", "default", &[]),
    case(
        "gitlab-components",
        "with-a-release",
        &[CLI, AMD64, ARM64, "project=acme/agents"],
    ),
];

fn gitlab() -> impl Iterator<Item = &'static Case> {
    cases().filter(|case| case.kind.starts_with("gitlab-"))
}

/// A repository of `files`, which a pipeline of its own includes where there is none.
fn repository(files: &[GeneratedFile], stage: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        write(&folder.path().join(&file.path), &file.text);
    }
    let root = folder.path().join(".gitlab-ci.yml");
    if !root.exists() {
        let path = files[0].path.display();
        let stages = serde_json::json!(["build", "test", "deploy", stage]);
        write(
            &root,
            &format!("stages: {stages}\ninclude:\n  - local: {path}\n"),
        );
    }
    folder
}

#[test]
fn gitlabs_schema_has_nothing_to_say() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for case in gitlab() {
        for file in case.files() {
            if file.path.extension().is_none_or(|it| it != "yml") {
                continue;
            }
            // The schema knows one document: a component's is what comes below its header.
            let text = file.text.rsplit("\n---\n").next().unwrap();
            let text = text.replace("$[[ inputs.tags ]]", "[fullsend]");
            let path = folder.path().join(format!("{}.yml", paths.len()));
            write(&path, &text);
            paths.push(path);
        }
    }
    assert!(paths.len() > CASES.len());
    assert_eq!(tools::check_jsonschema("gitlab-ci", &paths), "");
}

#[test]
fn our_own_rules_have_nothing_to_say() {
    for case in gitlab() {
        let files = case.files();
        let folder = repository(&files, "it's: a # stage");
        let root = files::resolve(folder.path()).unwrap();
        let read_by_gitlab =
            |file: &&GeneratedFile| file.path.extension().is_some_and(|it| it == "yml");
        for file in files.iter().filter(read_by_gitlab) {
            let disk = OnDisk {
                root: &root,
                limit: 1 << 20,
            };
            let found = validate::check(&file.path, file.text.as_bytes(), None, &disk);
            assert!(
                found.problems.is_empty(),
                "{}: {:#?}",
                case.name,
                found.problems
            );
        }
    }
}

#[test]
fn gitlab_makes_jobs_of_them() {
    for case in gitlab() {
        let folder = repository(&case.files(), "it's: a # stage");
        let seen = tools::gitlab_ci_local_preview(folder.path());
        let seen = seen.unwrap_or_else(|error| panic!("{} {}: {error}", case.kind, case.name));
        assert!(seen.contains("fullsend-"), "{seen}");
        assert!(!seen.contains("$[["), "{}: {seen}", case.name);
    }
}

/// The components as a user includes them, with the real program in the place of a release.
#[test]
fn the_components_run() {
    let case = gitlab()
        .find(|case| case.kind == "gitlab-components")
        .unwrap();
    let project = tempfile::tempdir().unwrap();
    for file in case.files() {
        write(&project.path().join(&file.path), &file.text);
    }
    let caches = tempfile::tempdir().unwrap();
    let archive = "fullsend-1.4.0-MACHINE-unknown-linux-musl.tar.gz";
    let archive = archive.replace("MACHINE", std::env::consts::ARCH);
    let archive = caches.path().join("fullsend").join(archive);
    files::make_parents(&archive).unwrap();
    let sum = released(&archive);
    let image = format!("127.0.0.1:1/a/b:1@sha256:{}", "0123456789abcdef".repeat(4));
    let included = [
        ("verify", format!("image: \"{image}\", ")),
        ("validate", String::new()),
    ]
    .map(|(name, inputs)| {
        format!(
            "  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/{name}@$CI_COMMIT_SHA\n    \
             inputs: {{{inputs}version: 1.4.0, url: https://127.0.0.1:1, \
             sha256-amd64: \"{sum}\", sha256-arm64: \"{sum}\"}}\n"
        )
    });
    let pipeline = format!("include:\n{}", included.concat());
    write(&project.path().join(".gitlab-ci.yml"), &pipeline);
    let policy = "version: 1\nverify: [{match: \"**\", key: cosign.pub}]\n";
    write(&project.path().join("fullsend.yaml"), policy);

    let job = |name| tools::gitlab_ci_local_job(project.path(), name, caches.path());
    let said = job("fullsend-validate").unwrap_or_else(|said| panic!("{said}"));
    assert!(said.contains("fullsend-validate"), "{said}");
    let report = read(&project.path().join("gl-code-quality-report.json"));
    assert!(report.starts_with('['), "{report}");
    let said = job("fullsend-verify").unwrap_err();
    assert!(said.contains("FAIL"), "{said}");
    // A program that is not the release's is not run.
    write(&archive, "another program");
    let said = job("fullsend-validate").unwrap_err();
    assert!(!said.contains("> fullsend validate"), "{said}");
}

/// Packs the program that is tested as a release does; the archive's checksum.
fn released(archive: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_fullsend"));
    let mut tar = command("tar");
    tar.args(["--dereference", "-czf"])
        .arg(archive)
        .arg("-C")
        .arg(program.parent().unwrap());
    assert!(tar.arg("fullsend").status().unwrap().success());
    let output = command("sha256sum").arg(archive).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.split(' ').next().unwrap().to_owned()
}

/// The folder of the repository is what the kind makes.
#[test]
fn the_components_are_as_checked_in() {
    let case = gitlab()
        .find(|case| case.kind == "gitlab-components")
        .unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("gitlab-components");
    for file in case.files() {
        let path = project.join(&file.path);
        if super::updates() {
            write(&path, &file.text);
        }
        assert_eq!(read(&path), file.text, "run with UPDATE_GENERATED=1");
    }
}

/// What is a word of a shell, and would be something else in YAML.
const HOSTILE: &[&str] = &[
    "a: b.yaml",
    "a #b.yaml",
    "it's \"quoted\": #1",
    "- a",
    "{a: b}",
    "[a",
    "&a *b !c",
    "back\\slash: |",
    "a:",
    "%a @b",
];

fn made(kind: &str, pairs: &[(&str, &str)]) -> Result<GeneratedFile, String> {
    let kind = Kind::named(kind).unwrap();
    let config = config::parse(AGENTS.as_bytes(), "fullsend.yaml").unwrap();
    let files = super::made(kind, &config, pairs.iter().copied());
    files
        .map(|mut files| files.remove(0))
        .map_err(|error| error.to_string())
}

/// All lines of the script of `job`.
fn script(file: &GeneratedFile, job: &str) -> String {
    let source = Source::decode(&file.path, file.text.as_bytes()).unwrap();
    let tree = yaml::parse(&source).unwrap();
    let root = tree.documents().next().unwrap();
    let script = root.get(job).unwrap().get("script").unwrap();
    let lines = script.items().map(|line| line.text().unwrap().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// The words of a line, as a shell reads them.
fn words(line: &str) -> Vec<String> {
    let output = command("sh")
        .args(["-c", &format!("printf '%s\\n' {line}")])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(str::to_owned).collect()
}

#[test]
fn a_hostile_word_stays_a_word_of_its_script() {
    for value in HOSTILE {
        let agent = made("gitlab-ci", &[("config", value)]).unwrap();
        let image = [("context", *value), ("dockerfile", value)];
        let image = made("gitlab-image-pipeline", &image).unwrap();
        for (file, job, start, times) in [
            (&agent, "fullsend-triage", "fullsend exec triage ", 1),
            (&image, "fullsend-image-amd64", "buildah build ", 2),
        ] {
            let script = script(file, job);
            let line = script.lines().find(|line| line.starts_with(start)).unwrap();
            let found = words(line);
            let found = found.iter().filter(|word| word == value).count();
            assert_eq!(found, times, "{value}: {line}");
        }
    }
}

#[test]
fn what_publishes_shares_no_runner_with_what_builds() {
    let refused = "the setting `tags-publish` names a runner that builds";
    for (tags, publish) in [
        ("a", "a"),
        ("a,b", "b,a"),
        ("a", "a,b"),
        ("a,b", "a"),
        ("a", ""),
    ] {
        let pairs = [("tags", tags), ("tags-publish", publish)];
        let error = made("gitlab-image-pipeline", &pairs).unwrap_err();
        assert_eq!(error, refused, "{tags} {publish}");
    }
    let arm = [("tags-publish", "fullsend-build-arm64")];
    assert!(made("gitlab-image-pipeline", &arm).is_err());
    let pairs = [("tags", "a,b"), ("tags-publish", "a,c")];
    assert!(made("gitlab-image-pipeline", &pairs).is_ok());
}

#[test]
fn the_file_is_one_of_the_repository() {
    for path in ["../a.yml", "/a.yml", "a/./b.yml", "a", "a//b.yml"] {
        let error = made("gitlab-ci", &[("file", path)]).unwrap_err();
        assert!(error.contains("`file` is no .yml file"), "{path}: {error}");
    }
    for login in ["a b", "a\" || \"\" == \"", "$A"] {
        let error = made("gitlab-ci", &[("login", login)]).unwrap_err();
        assert!(error.contains("is no account's name"), "{login}: {error}");
    }
}
