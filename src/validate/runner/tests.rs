//! Whole files, and what is said of them.

use std::{fmt::Write as _, path::Path};

use crate::{
    model::files::NoFiles,
    validate::{Problem, check},
};

fn found(path: &str, text: &str) -> Vec<Problem> {
    check(Path::new(path), text.as_bytes(), None, &NoFiles).problems
}

fn lines(path: &str, text: &str) -> Vec<String> {
    let problems = found(path, text);
    let line = |it: &Problem| {
        let place = (it.finding.line.unwrap_or(0), it.finding.column.unwrap_or(0));
        format!("{}:{} {}", place.0, place.1, it.finding.rule.id)
    };
    problems.iter().map(line).collect()
}

#[test]
fn toml_of_other_programs_is_none_of_ours() {
    for (path, text) in [
        ("Cargo.toml", "[package]\nname = \"runners\"\nbroken\n"),
        ("pyproject.toml", "[tool.runners]\nurl = 1\n"),
        (
            "config.toml",
            "[[runners]]\nname = \"a marathon\"\nid = 7\n",
        ),
        ("config.toml", "runners = [\"a\", \"b\"]\n"),
        ("config.toml", ""),
    ] {
        assert_eq!(lines(path, text), [""; 0], "{path}: {text}");
    }
    assert_eq!(
        lines("a.toml", "[[runners]]\nexecutor =\n"),
        ["2:11 unreadable"]
    );
}

#[test]
fn keys_are_read_whatever_their_case() {
    let text = "Concurrent = 0\n[[Runners]]\nURL = \"https://g.example\"\nToken = \"$T\"\n\
                Executor = \"Docker\"\n";
    assert_eq!(
        lines("config.toml", text),
        ["1:14 runner-concurrent", "5:12 runner-unknown-executor"]
    );
}

#[test]
fn a_piece_of_a_configuration_may_lack_anything() {
    for text in [
        "[[runners]]\n  executor = \"docker\"\n  request_concurrency = 2\n",
        "[runners.kubernetes]\n  namespace = \"a\"\n",
        "[[runners]]\n  [runners.cache.s3]\n    BucketName = \"a\"\n",
    ] {
        assert_eq!(
            lines("config.toml", text),
            ["0:0 runner-fragment"],
            "{text}"
        );
    }
}

#[test]
fn toml_in_helm_values_is_found_at_its_own_place() {
    let text = "nested:\r\n  gitlabUrl: https://gitlab.example.com\r\n  runners:\r\n    config: |\r\n      \
                [[runners]]\r\n        [runners.kubernetes]\r\n          memory_limit = 4\r\n          \
                allowed_images = [\"a@sha256:*\"]\r\n";
    assert_eq!(lines("values.yaml", text), ["7:26 runner-wrong-type"]);
    let folded = "runners:\n  config: \"[[runners]]\\n[runners.kubernetes]\\nallowed_images = ['a']\\n\
                  memory_limit = '1gb'\\n\"\n";
    assert_eq!(lines("values.yaml", folded), ["2:86 runner-size"]);
    let template = "runners:\n  config: |\n    [[runners]]\n      name = {{ .Values.name }}\n";
    assert_eq!(lines("values.yaml", template), ["4:15 unreadable"]);
    assert_eq!(lines("values.yaml", "runners:\n  enabled: true\n"), [""; 0]);
}

#[test]
fn no_secret_is_shown() {
    const SECRET: &str = "t1_A7cdEfGh2jKlMn0pQr5t";
    for text in [
        format!(
            "[[runners]]\nurl = \"https://g.example\"\nexecutor = \"shell\"\ntoken = \"glrt-{SECRET}\"\n"
        ),
        format!(
            "[[runners]]\nexecutor = \"shell\"\ntokn = \"glrt-{SECRET}\"\nurl = \"https://g.example\"\n"
        ),
        format!("[[runners]]\nexecutor = \"shell\"\nenvironment = [\"API_TOKEN={SECRET}\", 5]\n"),
        format!("[[runners]]\nexecutor = \"shell\"\ntoken = glrt-{SECRET}\n"),
        format!("runners = [{{executor = \"docer\", token = \"{SECRET}\", limit = \"2\"}}]\n"),
    ] {
        let problems = found("config.toml", &text);
        assert!(!problems.is_empty());
        assert!(!format!("{problems:?}").contains(SECRET), "{problems:#?}");
    }
    let values = format!(
        "gitlabUrl: https://g.example\nrunnerToken: glrt-{SECRET}\nrunners: {{privileged: true}}\n"
    );
    let problems = found("values.yaml", &values);
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(!format!("{problems:?}").contains(SECRET));
}

#[test]
fn hostile_files_are_looked_at_in_time() {
    let mut many = String::from("concurrent = 1\n");
    for number in 0..12_000 {
        let _ = write!(
            many,
            "[[runners]]\nexecutor = \"docker\"\nbuids_dir{number} = \"a\"\n[runners.docker]\n"
        );
    }
    assert_eq!(found("config.toml", &many).len(), 1_000);
    let deep = format!(
        "[[runners]]\nexecutor = {}1{}\n",
        "[".repeat(60),
        "]".repeat(60)
    );
    assert_eq!(
        lines("config.toml", &deep),
        ["0:0 runner-fragment", "2:12 runner-wrong-type"]
    );
    let wide = format!("runners = [{}]\n", "{executor = \"docer\"},".repeat(4_000));
    assert!(!found("config.toml", &wide).is_empty());
}
