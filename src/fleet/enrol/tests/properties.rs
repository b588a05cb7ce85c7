//! What holds for every file of people.

use proptest::prelude::*;

use super::*;

/// The lines of people's files, in any order and combination.
fn renovate_files() -> impl Strategy<Value = (String, String)> {
    let path = prop::sample::select(vec![
        "renovate.json",
        ".github/renovate.json5",
        ".renovaterc",
        "package.json",
    ]);
    let extends = prop::sample::select(vec![
        "",
        "\"extends\": [],",
        "\"extends\":[\"a\",\"b\"],",
        "\"extends\": \"a\",",
        "\"extends\": [\n  \"a\",\n  \"b\"\n],",
        "\"extends\": [\n    \"github>fullsend-ai/fullsend//renovate/default\"\n  ],",
    ]);
    let rest = prop::sample::select(vec![
        "\"x\": 1",
        "\"packageRules\": [\n  {\"enabled\": true}\n  ]",
        "\n  \"labels\":[\"a\"]\n",
    ]);
    let end = prop::sample::select(vec!["", "\n", "\r\n", "\n\n"]);
    (path, extends, rest, end).prop_map(|(path, extends, rest, end)| {
        let body = format!("{{\n  {extends}\n  {rest}\n}}");
        let text = match path {
            "package.json" => format!("{{\"name\": \"x\", \"renovate\": {body}}}{end}"),
            _ => format!("{body}{end}"),
        };
        let text = if end == "\r\n" {
            text.replace("\r\n", "\n").replace('\n', "\r\n")
        } else {
            text
        };
        (path.to_owned(), text)
    })
}

fn yaml_files() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "include: a.yml\n",
        "include:\n- local: a.yml\n  rules: [{if: $A}]\n# tail\n",
        "include:\n    - project: x/y\n      file:\n        - a.yml\n",
        "# comment\n\n",
        "stages: [test]\n",
        ".base: &base\n  script: [a]\n",
        "job:\n  script: |\n    a: b\n\n    c\n",
        "build:\n  script:\n  - make\n",
        "variables: {A: 'b'}\n",
    ]);
    let parts = prop::collection::hash_set(part, 0..6);
    (parts, any::<bool>(), any::<bool>()).prop_map(|(parts, crlf, end)| {
        let mut text: String = parts.into_iter().collect();
        // A key stands once.
        if text.matches("include:").count() > 1 {
            text = "job: 1\n".to_owned();
        }
        if !end {
            text.truncate(text.trim_end().len());
        }
        if crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whoever_leaves_finds_every_byte_as_it_was((path, text) in renovate_files(), pipeline in yaml_files(), dependabot in prop::sample::select(DEPENDABOT.to_vec())) {
        let github = Scene::github(&[(&path, &text), (".github/dependabot.yml", dependabot)]);
        assert_round(github);
        assert_round(Scene::gitlab(&[(&path, &text), (PIPELINE, &pipeline)]));
    }

    #[test]
    fn no_file_of_strangers_is_too_strange(text in "(?s).{0,80}", path in prop::sample::select(vec![CONFIG, WORKFLOW, "renovate.json", "package.json", ".github/dependabot.yml", ACTIONS_LOCK, PIPELINE])) {
        for mut scene in [Scene::github(&[(path, &text)]), Scene::gitlab(&[(path, &text)])] {
            if let Ok(enrolment) = scene.plan() {
                scene.apply(&enrolment.changes);
                scene.record = Some(enrolment.record);
            }
            let kept = scene.unenrol();
            let is_kept = kept.iter().any(|(it, _)| it == path);
            prop_assert!(is_kept || scene.files.get(path) == Some(&text), "{:?}", scene.files);
        }
    }
}
