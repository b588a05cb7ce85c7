//! What GitLab's files are told by where no job has a script, and what is somebody else's.

use super::*;

fn written(path: &str, text: &str) -> Vec<String> {
    let found = found(path, text).into_iter();
    found.map(|found| found.written).collect()
}

#[test]
fn parts_of_pipelines_are_known_by_what_they_hold() {
    let component = "gitlab.com/g/p/c@1.0";
    for (text, expected) in [
        ("include:\n- component: gitlab.com/g/p/c@1.0\n", component),
        ("include: {component: gitlab.com/g/p/c@1.0}\n", component),
        (
            "include: [{project: g/p, ref: main, file: x.yml}]\n",
            "g/p@main",
        ),
        ("default: {image: 'a:1', interruptible: true}\n", "a:1"),
        ("stages: [test]\ndefault: {image: 'a:1'}\n", "a:1"),
        ("workflow: {rules: [{if: $CI}]}\nimage: a:1\n", "a:1"),
        (".a: {image: 'a:1', extends: .b, stage: test}\n", "a:1"),
        (
            "b: {trigger: {include: [{component: gitlab.com/g/p/c@1.0}]}}\n",
            component,
        ),
    ] {
        assert_eq!(written("ci/part.yml", text), [expected], "{text}");
    }
}

#[test]
fn parts_of_pipelines_are_known_by_where_they_lie() {
    let text = "default: {image: 'a:1'}\n";
    for path in [
        ".gitlab/ci/defaults.yml",
        ".gitlab/ci/more/defaults.yaml",
        ".gitlab-ci/defaults.yml",
        "gitlab-ci-defaults.yml",
    ] {
        assert_eq!(written(path, text), ["a:1"], "{path}");
    }
    for path in [
        "ci/defaults.yml",
        ".gitlab/defaults.yml",
        ".gitlab/ci/a.json",
    ] {
        assert_eq!(written(path, text), [""; 0], "{path}");
    }
    // What a file says of itself goes before where it lies.
    let pod = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'b:1'}]}\nimage: a:1\n";
    assert_eq!(written(".gitlab/ci/pod.yml", pod), ["b:1"]);
}

#[test]
fn the_files_of_others_are_theirs() {
    for text in [
        // Travis
        "language: go\nstages: [test]\njobs: {include: [{stage: test, image: 'a:1'}]}\n",
        // Compose
        "include: [a.yml, {path: b.yml, project_directory: .}]\nservices: {a: {image: 'a:1'}}\n",
        "services: {a: {extends: {service: b}, image: 'a:1'}}\n",
        // Azure
        "trigger: [main]\nstages: [{stage: a, jobs: [{job: b, container: {image: 'a:1'}}]}]\n",
        "trigger: {branches: {include: [main]}}\npool: {image: 'a:1'}\n",
        // Ansible
        "- include: tasks.yml\n- hosts: all\n  tasks: [{image: 'a:1'}]\n",
        // MkDocs
        "site_name: a\nnav: [{a: b.md}]\nplugins: [include]\nimage: a:1\n",
        // Settings of programs
        "default: {image: 'a:1'}\nproduction: {image: 'b:1'}\n",
        "workflow: {name: a}\ninclude: ['**/*.rs']\nimage: a:1\n",
        // Kestra, n8n and the like
        "tasks: {a: {trigger: b, image: 'a:1'}}\n",
    ] {
        assert_eq!(written("some/file.yml", text), [""; 0], "{text}");
    }
}

#[test]
fn what_a_job_starts_is_named_as_what_the_file_includes() {
    let text = "a: {script: x}\nb: {trigger: {include: [{project: g/p, ref: main, file: x.yml},\
                {component: gitlab.com/g/p/c@1.0}, {local: a.yml}]}}\nc: {trigger: {include: b.yml}}\n\
                d: {trigger: g/p}\n";
    assert_eq!(
        written("x.gitlab-ci.yml", text),
        ["g/p@main", "gitlab.com/g/p/c@1.0", "a.yml", "b.yml"]
    );
}
