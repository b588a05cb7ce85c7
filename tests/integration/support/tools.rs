//! The real tools that a user's files and our requests meet, as `dev/setup.sh lint renovate forge`
//! installs them.
//!
//! A function returns what its tool says against the files, and nothing when it says nothing. A
//! machine without the tool fails the test: skipping would look like passing.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fullsend::seam::{environment::Environment, files};
use serde_json::Value;

/// The program `name` as `dev/setup.sh` pins it, whatever another of that name lies in the path.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = cache().join("bin").join(name);
    assert!(path.exists(), "these tests need `{name}`: run dev/setup.sh");
    path
}

/// One of the descriptions that forges publish, as `dev/setup.sh forge` cuts them down.
pub(crate) fn forge_description(name: &str) -> PathBuf {
    let path = cache().join("tools/forge").join(name);
    assert!(
        path.exists(),
        "these tests need {name}: run dev/setup.sh forge"
    );
    path
}

/// A busybox that needs no library.
pub(crate) fn busybox() -> Vec<u8> {
    files::read(&program("busybox-static"), 16 << 20).unwrap()
}

/// Workflows; the scripts in them go through shellcheck.
pub(crate) fn actionlint(files: &[impl AsRef<Path>]) -> String {
    let mut command = command("actionlint");
    command
        .args(["-no-color", "-oneline", "-pyflakes=", "-shellcheck"])
        .arg(program("shellcheck"));
    findings(&mut command, files)
}

/// Workflows, actions, or folders of them, as severe as it can be.
pub(crate) fn zizmor(inputs: &[impl AsRef<Path>]) -> String {
    let options = "--offline --no-config --no-progress --quiet --strict-collection \
        --persona auditor --color never --format plain";
    let mut command = command("zizmor");
    command.args(options.split(' ').filter(|it| !it.is_empty()));
    findings(&mut command, inputs)
}

/// Files against a schema of the tool's own: `github-workflows`, `github-actions`, `gitlab-ci`,
/// `renovate`, `dependabot`.
pub(crate) fn check_jsonschema(schema: &str, files: &[impl AsRef<Path>]) -> String {
    let mut command = command("check-jsonschema");
    command.args(["--color", "never", "--builtin-schema"]);
    command.arg(format!("vendor.{schema}"));
    if schema == "gitlab-ci" {
        command.args(["--data-transform", "gitlab-ci"]);
    }
    findings(&mut command, files)
}

/// Dockerfiles.
pub(crate) fn hadolint(files: &[impl AsRef<Path>]) -> String {
    findings(command("hadolint").arg("--no-color"), files)
}

/// Shell scripts.
pub(crate) fn shellcheck(files: &[impl AsRef<Path>]) -> String {
    findings(command("shellcheck").arg("--color=never"), files)
}

/// Manifests of the kinds that Kubernetes has, of one or more documents each.
///
/// A kind that it does not know is a finding, except one that [`kyverno_schema`] judges.
pub(crate) fn kubernetes_validate(files: &[impl AsRef<Path>]) -> String {
    let (_, said) = run(command("kubernetes-validate").arg("--strict"), files);
    let ours = |line: &&str| !line.starts_with("INFO") && !known_to_policies(line);
    said.lines()
        .filter(ours)
        .fold(String::new(), |text, line| text + line + "\n")
}

/// Policies of Kyverno and of the policy-controller among a file's documents.
///
/// Fields that the project's definition does not name are findings, and so is a file without any
/// such policy.
pub(crate) fn kyverno_schema(path: &Path) -> String {
    let text = files::read(path, 16 << 20).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_slice_multiple(&text).unwrap();
    let mut said = String::new();
    let mut judged = 0;
    for document in &documents {
        let [version, kind] = ["apiVersion", "kind"].map(|key| document[key].as_str());
        let Some(schema) = policy_schema(version.unwrap(), kind.unwrap()) else {
            continue;
        };
        judged += 1;
        let validator = jsonschema::validator_for(&schema).unwrap();
        for error in validator.iter_errors(document) {
            let name = &document["metadata"]["name"];
            let _ = writeln!(said, "{name}: {}: {error}", error.instance_path());
        }
    }
    if judged == 0 {
        let _ = writeln!(said, "{}: no policy", path.display());
    }
    said
}

/// Renovate's configurations and presets, judged by Renovate itself.
pub(crate) fn renovate_config_validator(files: &[impl AsRef<Path>]) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command = command("renovate-config-validator");
    command.env("HOME", home.path());
    findings(command.args(["--strict", "--no-global"]), files)
}

/// Renovate's log, line by line JSON, of looking up what the repository `folder` depends on.
///
/// `host` is the only one that it may speak to in plain HTTP, and no other has a name.
pub(crate) fn renovate(folder: &Path, host: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let rules = serde_json::json!([
        {"matchHost": format!("http://{host}"), "allowInternal": true, "token": "none"},
        {"hostType": "docker", "matchHost": host, "insecureRegistry": true},
    ]);
    let mut command = command("renovate");
    command
        .args(["--platform=local", "--dry-run=lookup"])
        .current_dir(folder)
        .env("HOME", home.path())
        .env("RENOVATE_BASE_DIR", home.path())
        .env("RENOVATE_HOST_RULES", rules.to_string())
        // Without one it looks no action up, wherever the action is.
        .env("RENOVATE_GITHUB_COM_TOKEN", "none")
        .env("LOG_LEVEL", "debug")
        .env("LOG_FORMAT", "json");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What the script `script` says under our Node of `arguments`, of which the first is the folder of
/// Renovate's modules.
pub(crate) fn by_renovates_node(script: &Path, arguments: &[&Path]) -> String {
    let launcher = files::read(&program("renovate"), 1 << 10).unwrap();
    let launcher = String::from_utf8(launcher).unwrap();
    // It ends with `exec "NODE" "SCRIPT" "$@"`.
    let link = launcher.split('"').nth(3).unwrap();
    let modules = Path::new(link).canonicalize().unwrap();
    let modules = modules.parent().unwrap();
    let mut command = command("node");
    command.arg(script).arg(modules).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What JavaScript's engine, which Renovate has where RE2 is not built, says of patterns: it ends.
pub(crate) fn javascript(script: &Path, patterns: &[String]) -> String {
    findings(command("node").arg(script), patterns)
}

/// Patterns, judged by Google's RE2: what it says of those that it refuses.
pub(crate) fn re2(patterns: &[String]) -> String {
    const SCRIPT: &str = "import re2, sys\n\
        for pattern in sys.argv[1:]:\n    \
            try: re2.compile(pattern)\n    \
            except re2.error as error: sys.exit(f'{pattern}: {error}')\n";
    // An environment of Python is found by where its program lies, not by a link to it.
    let tool = program("check-jsonschema").canonicalize().unwrap();
    let python = tool.parent().unwrap().join("python");
    let mut command = scrubbed(python.to_str().unwrap());
    findings(command.args(["-c", SCRIPT]), patterns)
}

/// What GitLab would make of the folder's `.gitlab-ci.yml` with its includes, or why it would not.
///
/// The folder becomes a clone of `acme/agents` on gitlab.com: only files that git tracks can be
/// included, and components by the project's own name and commit.
pub(crate) fn gitlab_ci_local_preview(folder: &Path) -> Result<String, String> {
    gitlab_ci_local(folder, &["--preview"], &[])
}

/// Runs the job `name` of the folder's pipeline in a shell of this machine, with `cache` as the
/// user's folder for caches; what it said.
pub(crate) fn gitlab_ci_local_job(
    folder: &Path,
    name: &str,
    cache: &Path,
) -> Result<String, String> {
    // It copies the project by rsync, which not every machine has.
    let programs = tempfile::tempdir().unwrap();
    let rsync = programs.path().join("rsync");
    let copy = "#!/bin/sh\nfor last; do :; done\n\
        mkdir -p \"$last\" && git archive HEAD | tar -x -C \"$last\"\n";
    let file = files::AtomicFile::open(&rsync).unwrap();
    file.commit(copy.as_bytes()).unwrap();
    let (done, said) = run(&mut scrubbed("chmod"), &[Path::new("755"), &rsync]);
    assert!(done, "{said}");
    let path = Environment::of_process()
        .get("PATH")
        .unwrap_or_default()
        .to_owned();
    let path = format!("{}:{path}", programs.path().display());
    let cache = cache.to_str().unwrap();
    let arguments = ["--force-shell-executor", "--needs=false", name];
    gitlab_ci_local(
        folder,
        &arguments,
        &[("PATH", &path), ("XDG_CACHE_HOME", cache)],
    )
}

fn gitlab_ci_local(
    folder: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Result<String, String> {
    let git = |arguments: &[&str]| {
        let (done, said) = run(scrubbed("git").current_dir(folder), arguments);
        assert!(done, "git {arguments:?}: {said}");
    };
    git(&["init", "--quiet"]);
    git(&["config", "user.name", "test"]);
    git(&["config", "user.email", "test@example.com"]);
    let url = "git@gitlab.com:acme/agents.git";
    git(&["config", "remote.origin.url", url]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--allow-empty", "--message", "test"]);
    let home = tempfile::tempdir().unwrap();
    let mut command = command("gitlab-ci-local");
    command.env("HOME", home.path()).current_dir(folder);
    command.envs(environment.iter().copied()).args(arguments);
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr) + &text(&output.stdout))
    }
}

fn cache() -> PathBuf {
    let environment = Environment::of_process();
    if let Some(folder) = environment.get("FULLSEND_DEV_CACHE") {
        return folder.into();
    }
    let cache = environment.get("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || environment.home().unwrap_or_default().join(".cache");
    cache.unwrap_or_else(home).join("fullsend-dev")
}

/// A tool that learns nothing of the job that these tests run in.
pub(crate) fn command(name: &str) -> Command {
    scrubbed(program(name).to_str().unwrap())
}

/// A program that learns nothing of the job that these tests run in.
fn scrubbed(program: &str) -> Command {
    let environment = Environment::of_process();
    let path = environment.get("PATH").unwrap_or_default();
    let mut command = super::docker::command(program);
    command.env_clear().env("PATH", path).stdin(Stdio::null());
    command
}

/// What the tool says of `files`, all at once, where it is not content with them.
fn findings(command: &mut Command, files: &[impl AsRef<Path>]) -> String {
    let (content, said) = run(command, files);
    assert!(
        content || !said.is_empty(),
        "{command:?} failed and said nothing"
    );
    if content { String::new() } else { said }
}

fn run(command: &mut Command, files: &[impl AsRef<Path>]) -> (bool, String) {
    assert!(!files.is_empty(), "no file for {command:?}");
    let output = command
        .args(files.iter().map(AsRef::as_ref))
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

/// The schema of a policy's kind, where it is a policy's.
fn policy_schema(version: &str, kind: &str) -> Option<Value> {
    let schemas = cache().join("tools/policies/schemas");
    assert!(
        schemas.exists(),
        "these tests need the schemas of policies: run dev/setup.sh"
    );
    let name = format!("{}_{kind}.json", version.replace('/', "_"));
    let text = files::read(&schemas.join(name), 1 << 20).ok()?;
    Some(serde_json::from_slice(&text).unwrap())
}

/// Whether kubernetes-validate misses in `line` a schema that is among those of policies.
fn known_to_policies(line: &str) -> bool {
    let Some((_, rest)) = line.split_once("find schema for kind ") else {
        return false;
    };
    let mut words = rest.split(' ');
    let kind = words.next().unwrap();
    let version = words.nth(3).unwrap();
    policy_schema(version, kind).is_some()
}
