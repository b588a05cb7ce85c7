//! What holds across rules: which files make a pipeline, and what is never said of working ones.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use crate::{
    model::files::NoFiles,
    report::finding::Severity,
    validate::{Problem, check},
};

fn found_in(files: &[(&'static str, &'static str)]) -> Vec<Problem> {
    let files_of = files.iter().map(|(path, text)| (PathBuf::from(path), text));
    let repository: BTreeMap<PathBuf, _> = files_of.collect();
    let (path, text) = files[0];
    check(Path::new(path), text.as_bytes(), None, &repository).problems
}

fn ids(text: &str) -> Vec<&'static str> {
    ids_at(".gitlab-ci.yml", text)
}

fn ids_at(path: &str, text: &str) -> Vec<&'static str> {
    let found = check(Path::new(path), text.as_bytes(), None, &NoFiles).problems;
    found
        .iter()
        .map(|problem| problem.finding.rule.id)
        .collect()
}

#[test]
fn what_other_files_may_bring_is_not_missed() {
    let broken = "test:\n  extends: .gone\n  stage: gone\n  needs: [gone]\nlint:\n  stage: x\n";
    assert_eq!(
        ids(broken),
        [
            "gitlab-unknown-extends",
            "gitlab-unknown-stage",
            "gitlab-unknown-need",
            "gitlab-job-without-script",
            "gitlab-unknown-stage"
        ]
    );
    for include in [
        "include: https://example.com/a.yml\n",
        "include: {project: a/b, ref: v1.0.0, file: a.yml}\n",
        "include: [{template: Auto-DevOps.gitlab-ci.yml}]\n",
        "include: [{local: \"ci/*.yml\"}]\n",
        "include: [{local: \"$FILE\"}]\n",
        "include: ci/not-read.yml\n",
    ] {
        let text = format!("{include}{broken}");
        let wrong = ids(&text);
        assert!(
            wrong.iter().all(|id| id.starts_with("gitlab-include")),
            "{include}: {wrong:?}"
        );
    }
    // A file that others include says nothing about what they hold.
    assert!(ids_at("ci/part.gitlab-ci.yml", broken).is_empty());
}

#[test]
fn stages_of_the_pipeline_itself_are_final() {
    let text = "include: [{template: A.gitlab-ci.yml}]\nstages: [build]\na:\n  stage: biuld\n  script: [make]\n";
    assert_eq!(ids(text), ["gitlab-unknown-stage"]);
}

#[test]
fn local_files_are_part_of_the_pipeline() {
    let root = "include: [{local: /ci/a.yml}]\nship:\n  extends: .base\n  stage: ship\n  needs: [build, gone]\n";
    let a = "include: ci/b.yml\nstages: [build, ship]\n.base:\n  script: [make]\n";
    let b = "build:\n  stage: build\n  script: [make]\n";
    let files = [(".gitlab-ci.yml", root), ("ci/a.yml", a), ("ci/b.yml", b)];
    let found = found_in(&files);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        found[0].finding.message,
        "no job of this pipeline is called `gone`"
    );
}

#[test]
fn includes_that_lead_in_a_circle_end() {
    let root = "include: ci/a.yml\nx:\n  script: [make]\n";
    let a = "include: [ci/a.yml, .gitlab-ci.yml]\n";
    assert!(found_in(&[(".gitlab-ci.yml", root), ("ci/a.yml", a)]).is_empty());
}

const COMPONENT: &str = "\
spec:
  inputs:
    env: {options: [dev, prod], default: dev}
    tier:
      rules:
        - if: '$[[ inputs.env ]] == \"prod\"'
          options: [large]
          default: large
        - options: [small, medium]
          default: small
    count: {type: number, default: 1}
    list: {type: array, default: []}
    tag: {regex: '^v\\d+$'}
---
$[[ inputs.env ]]-$[[ inputs.tier ]]:
  script: [\"make $[[ inputs.count ]] $[[ inputs.tag | expand_vars ]]\"]
  tags: $[[ inputs.list ]]
";

#[test]
fn inputs_are_judged_by_the_file_that_takes_them() {
    for (inputs, wrong) in [
        ("{tag: v1}", ""),
        ("{tag: v1, env: prod, tier: large, count: 2, list: [a]}", ""),
        ("{tag: $VERSION, env: $ENV}", ""),
        (
            "{tag: v1, env: prod, tier: small}",
            "`tier` takes one of: `large`",
        ),
        (
            "{tag: v1, tier: large}",
            "`tier` takes one of: `small`, `medium`",
        ),
        (
            "{tag: v1, env: $ENV, tier: huge}",
            "`tier` takes one of: `large`, `small`, `medium`",
        ),
        ("{tag: v1, env: stage}", "`env` takes one of: `dev`, `prod`"),
        ("{tag: main}", "`tag` takes only what matches `^v\\d+$`"),
        ("{tag: 1}", "`tag` takes text"),
        ("{tag: v1, count: \"2\"}", "`count` takes a number"),
        ("{tag: v1, list: a}", "`list` takes a list"),
        ("{}", "the included file needs the input `tag`"),
        (
            "{tag: v1, evn: prod}",
            "the included file takes no input `evn`",
        ),
    ] {
        for place in [
            "local: templates/agent.yml",
            "component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/agent@$CI_COMMIT_SHA",
        ] {
            let root = format!("include:\n  - {place}\n    inputs: {inputs}\n");
            let files = [
                (".gitlab-ci.yml", &*root.leak()),
                ("templates/agent.yml", COMPONENT),
            ];
            let found = found_in(&files);
            let said: Vec<_> = found.iter().map(|it| it.finding.message.as_str()).collect();
            let wanted: Vec<_> = Some(wrong)
                .into_iter()
                .filter(|it| !it.is_empty())
                .collect();
            assert_eq!(said, wanted, "{inputs}");
        }
    }
    assert!(ids_at("templates/agent.yml", COMPONENT).is_empty());
}

#[test]
fn only_what_is_gitlabs_is_judged() {
    for other in [
        "language: rust\nscript: [cargo test]\ndeploy:\n  provider: script\n  script: x\n",
        "name: x\nsteps:\n  script: x\n",
        "task:\n  container: {image: rust}\n  script: x\nenv:\n  A: b\n",
    ] {
        assert!(ids_at("ci/other.yml", other).is_empty(), "{other}");
    }
    assert_eq!(
        ids_at("ci/ours.yml", "test:\n  script: [make]\n  artifcats: {}\n"),
        ["gitlab-unknown-keyword"]
    );
}

#[test]
fn keywords_newer_than_this_are_notes() {
    let text = "test:\n  script: [make]\n  frobnicate: true\n";
    let found = check(Path::new(".gitlab-ci.yml"), text.as_bytes(), None, &NoFiles).problems;
    assert_eq!(found[0].finding.severity, Severity::Note);
}

#[test]
fn working_files_are_left_alone() {
    for good in [
        ".a: &a\n  script: [make]\n  retry: {max: 1}\ntest:\n  <<: *a\n  retry: 2\n",
        ".vars:\n  anything: [goes, {here: too}]\ntest:\n  script: [make]\n",
        "test:\n  script:\n    - &x\n      - make\n      - make test\n    - *x\n",
        ".only:\n  only: [main]\ntest:\n  extends: .only\n  only: null\n  rules: [{when: always}]\n  script: [make]\n",
        "test:\n  script: [make]\n  parallel: {matrix: [{A: [1, 2], B: x}]}\nb:\n  script: [make]\n  needs: [\"test: [1, x]\"]\n",
        "test:\n  script: !reference [.s]\n.s: [make]\n",
        "default:\n  image:\n  interruptible: yes\ntest:\n  script: make\n  variables: {A: 1, B: true, C: {value: x, expand: false}}\n",
        "pages:\n  script: [make]\n  artifacts: {paths: [public], expire_in: never}\n",
        "child:\n  trigger: {include: [{local: child.yml}], strategy: depend}\n",
        "test:\n  run:\n    - {name: a, script: make}\n",
        "stages: [a]\ntest:\n  stage: .post\n  script: [make]\n  needs: []\n",
    ] {
        assert!(ids(good).is_empty(), "{good}: {:?}", ids(good));
    }
}

#[test]
fn secrets_are_never_shown() {
    let secret = ["glpat", "-AbCdEfGhIjKlMnOpQrSt"].concat();
    let text = format!(
        "variables:\n  A: {secret}\ntest:\n  script: [make]\n  variables: {{TOKEN: {secret}}}\n"
    );
    let found = check(Path::new(".gitlab-ci.yml"), text.as_bytes(), None, &NoFiles).problems;
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(!format!("{found:?}").contains(&secret));
}

#[test]
fn what_is_large_stays_fast() {
    let mut text = String::from("stages: [a]\n");
    // Whatever is quadratic here runs into the test runner's own limit.
    for number in 0..20_000 {
        let next = (number + 1) % 20_000;
        writeln!(text, "j{number}: {{script: [x], needs: [j{next}]}}").unwrap();
    }
    let found = ids(&text);
    assert!(found.contains(&"gitlab-need-cycle"), "{}", found.len());
}

proptest! {
    /// Nothing that anybody writes ends in a panic.
    #[test]
    fn any_text_is_survived(
        lines in proptest::collection::vec(
            "( {0,6}(- )?(include|extends|needs|stage|script|image|inputs|spec|rules|job|\\.x|a|<<)(: ?| )?(\\[a, \\.x\\]|\\*a|&a |!reference \\[a, b\\]|\\$\\[\\[ ?inputs\\.a ?\\]\\]|\\{a: b\\}|---|a)?\n|---\n)",
            0..20,
        )
    ) {
        ids(&lines.concat());
    }
}
