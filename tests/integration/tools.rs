//! Each tool finds a fault where one is: a judge that agrees with everything would go unnoticed.

use std::path::PathBuf;

use fullsend::seam::files;

use crate::support::tools;

/// Files that end with the value.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        files::create(&path, text.as_bytes(), 0o644).unwrap();
        path
    }
}

/// The first file has no fault; of the second, the tool says each of `faults`.
fn judges(tool: impl Fn(&[PathBuf]) -> String, good: &str, bad: &str, faults: &[&str]) {
    let files = Files::new();
    let (good, bad) = (files.with("good.yml", good), files.with("bad.yml", bad));
    assert_eq!(tool(std::slice::from_ref(&good)), "");
    let said = tool(&[good, bad]);
    assert!(!said.contains("good.yml"), "{said}");
    for fault in faults {
        assert!(said.contains(fault), "no {fault:?} in: {said}");
    }
}

const WORKFLOW: &str = "\
name: good
on: {workflow_dispatch: {}}
permissions: {}
concurrency: {group: one, cancel-in-progress: false}
jobs:
  one: {name: one, runs-on: ubuntu-24.04, timeout-minutes: 5, steps: [{run: 'true'}]}
";

#[test]
fn of_workflows() {
    let wrong_type = WORKFLOW.replace("permissions: {}", "permissions: 7");
    let injected = WORKFLOW
        .replace("workflow_dispatch: {}", "issues: {types: [opened]}")
        .replace(
            "'true'",
            "'echo ${{ github.event.issue.title }}; [ $x == 1 ]'",
        );
    let schema = |files: &[PathBuf]| tools::check_jsonschema("github-workflows", files);
    judges(schema, WORKFLOW, &wrong_type, &["permissions"]);
    let faults = ["potentially untrusted", "SC2086"];
    judges(tools::actionlint, WORKFLOW, &injected, &faults);
    judges(tools::zizmor, WORKFLOW, &injected, &["template-injection"]);
    judges(
        tools::zizmor,
        WORKFLOW,
        &wrong_type,
        &["no audit was performed"],
    );
}

#[test]
fn of_actions_and_settings() {
    let action = "name: a\ndescription: b\nruns: {using: composite, steps: []}\n";
    let schema = |files: &[PathBuf]| tools::check_jsonschema("github-actions", files);
    judges(
        schema,
        action,
        &action.replace("composite", "compost"),
        &["compost"],
    );
    let schema = |files: &[PathBuf]| tools::check_jsonschema("renovate", files);
    judges(schema, "{\"labels\": []}", "{\"labels\": 1}", &["labels"]);
}

#[test]
fn of_scripts_and_images() {
    judges(
        tools::shellcheck,
        "#!/bin/sh\n:\n",
        "#!/bin/sh\necho $1\n",
        &["SC2086"],
    );
    judges(
        tools::hadolint,
        "FROM a:1\n",
        "FROM a:1\nRUN sudo b\n",
        &["DL3004"],
    );
}

#[test]
fn of_gitlab() {
    let good = "one: {stage: test, script: [\"true\"]}\n";
    let schema = |files: &[PathBuf]| tools::check_jsonschema("gitlab-ci", files);
    judges(
        schema,
        good,
        "one: {script: [\"true\"], retry: many}\n",
        &["retry"],
    );

    let preview = |part: &str| {
        let files = Files::new();
        files.with("part.yml", part);
        let component = "$CI_SERVER_FQDN/$CI_PROJECT_PATH/whole@$CI_COMMIT_SHA";
        let includes = format!("include: [{{local: part.yml}}, {{component: {component}}}]\n");
        files.with(".gitlab-ci.yml", &includes);
        std::fs::create_dir(files.0.path().join("templates")).unwrap();
        let two = good.replace("one", "two");
        files.with("templates/whole.yml", &format!("spec: {{}}\n---\n{two}"));
        tools::gitlab_ci_local_preview(files.0.path())
    };
    let expanded = preview(good).unwrap();
    assert!(
        expanded.contains("one:\n") && expanded.contains("two:\n"),
        "{expanded}"
    );
    let refused = preview("one: {script: [\"true\"], needs: [three]}\n").unwrap_err();
    assert!(refused.contains("three"), "{refused}");
}

const POLICY: &str = "\
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: one}
spec: {images: [{glob: '**'}], authorities: [{static: {action: pass}}]}
";

#[test]
fn of_manifests() {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
    let good = format!("{namespace}---\n{POLICY}");
    let bad = format!(
        "{good}---\n{namespace}nope: 1\n---\n{}",
        namespace.replace("v1", "v7")
    );
    let faults = [
        "'nope' was unexpected",
        "Couldn't find schema for kind Namespace",
    ];
    judges(tools::kubernetes_validate, &good, &bad, &faults);

    let files = Files::new();
    let wrong = POLICY
        .replace("glob", "regex")
        .replace("[{static", "1, more: [{static");
    assert_eq!(tools::kyverno_schema(&files.with("good", &good)), "");
    let said = tools::kyverno_schema(&files.with("wrong", &wrong));
    assert!(said.contains("'regex' was unexpected"), "{said}");
    assert!(said.contains("'more' was unexpected"), "{said}");
    let said = tools::kyverno_schema(&files.with("none", namespace));
    assert!(said.contains("no policy"), "{said}");
}
