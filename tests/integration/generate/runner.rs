//! GitLab runner's config.toml, and the Helm values that hold one.

use fullsend::{
    config,
    document::{Source, toml, yaml},
    generate::Kind,
    model::files::NoFiles,
    validate,
};

use super::{Case, cases};

const AGENTS: &str = "\
version: 1
image: ghcr.io/acme/agent:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
agents:
  triage: {cpus: 0.5, memory: 1536MiB}
  review:
    image: registry.example.com:5000/acme/review@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    timeout: 90s
";

const ONE: &str = "\
version: 1
image: ghcr.io/acme/agent:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
";

const fn file(name: &'static str, config: &'static str, set: &'static [&'static str]) -> Case {
    Case {
        kind: "runner-config",
        name,
        config,
        set,
    }
}

const fn values(name: &'static str, config: &'static str, set: &'static [&'static str]) -> Case {
    Case {
        kind: "helm-values",
        name,
        config,
        set,
    }
}

pub(super) const CASES: &[Case] = &[
    file("default", AGENTS, &[]),
    file("every-default-agent", ONE, &["jobs=1"]),
    file(
        "one-agent",
        AGENTS,
        &["agents=triage", "url=https://git.example.com/it's here"],
    ),
    file(
        "rootful",
        AGENTS,
        &["daemon=rootful", "pull-policy=if-not-present"],
    ),
    file(
        "rootless-podman",
        AGENTS,
        &["daemon=rootless-podman", "uid=994"],
    ),
    file("shell", "version: 1\n", &["executor=shell", "agents=code"]),
    file(
        "shell-rootless-podman",
        "version: 1\n",
        &["executor=shell", "daemon=rootless-podman"],
    ),
    file("kubernetes", AGENTS, &["executor=kubernetes"]),
    file(
        "kubernetes-everything",
        AGENTS,
        &[
            "executor=kubernetes",
            "pool=agents.prod",
            "namespace=say \"hi\"",
            "pull-secrets=first, second: 'x'",
            "service-account=agent # account",
            "runtime-class=kata",
            "user-namespaces=true",
            "uid=65532",
        ],
    ),
    values("default", ONE, &[]),
    values(
        "everything",
        AGENTS,
        &[
            "agent=review",
            "url=https://git.example.com/a#b: c",
            "jobs=20",
            "pool=agents",
            "secret=runner-token",
            "manager-pull-secrets=first,second",
            "namespace=ci",
            "pull-secrets=it's, \"quoted\\",
            "service-account=agent",
            "runtime-class=gvisor",
            "user-namespaces=true",
        ],
    ),
];

#[test]
fn the_runner_and_the_chart_read_what_was_meant() {
    for case in cases().filter(|case| CASES.iter().any(|own| own.kind == case.kind)) {
        for file in case.files() {
            let source = Source::decode(&file.path, file.text.as_bytes()).unwrap();
            let root = runner_config(&source);
            let runners = root.get("runners").unwrap().items();
            assert!(!runners.is_empty());
            for runner in runners {
                assert!(runner.as_table().unwrap().get("executor").is_some());
            }
            let found = validate::check(&file.path, file.text.as_bytes(), None, &NoFiles);
            assert!(found.kind.is_some(), "{}", case.name);
            assert!(
                found.problems.is_empty(),
                "{}: {:#?}",
                case.name,
                found.problems
            );
        }
    }
}

/// Values that would be something else in TOML, in YAML, for Helm or for a shell.
const HOSTILE: &[&str] = &[
    "a\"b",
    "it's",
    "back\\slash",
    "\"] [[runners]]",
    "'''",
    "${TOKEN} $(id)",
    "{{ .Values.secret }}",
    "# no comment",
    ": [",
    "yes",
    "1e3",
    "\u{202e}moc",
    "é 🦀",
];

#[test]
fn a_hostile_value_stays_a_value_or_is_refused() {
    let config = config::parse(ONE.as_bytes(), "fullsend.yaml").unwrap();
    let mut stayed = 0;
    for (kind, key, place) in [
        ("runner-config", "url", &["url"][..]),
        (
            "runner-config",
            "service-account",
            &["kubernetes", "service_account"],
        ),
        (
            "runner-config",
            "runtime-class",
            &["kubernetes", "runtime_class_name"],
        ),
        (
            "helm-values",
            "runtime-class",
            &["kubernetes", "runtime_class_name"],
        ),
        (
            "helm-values",
            "service-account",
            &["kubernetes", "service_account"],
        ),
    ] {
        let kind = Kind::named(kind).unwrap();
        for value in HOSTILE {
            let mut pairs = vec![(key, *value)];
            if kind.name == "runner-config" {
                pairs.extend([("executor", "kubernetes"), ("agents", "triage")]);
            }
            let Ok(files) = super::made(kind, &config, pairs) else {
                continue;
            };
            let (path, text) = (&files[0].path, &files[0].text);
            let source = Source::decode(path, text.as_bytes()).unwrap();
            let root = runner_config(&source);
            let runners = root.get("runners").unwrap().items();
            assert_eq!(runners.len(), 1, "{text}");
            let found = place.iter().fold(&runners[0], |table, key| {
                table.as_table().unwrap().get(key).unwrap()
            });
            assert_eq!(found.as_str(), Some(*value), "{text}");
            stayed += 1;
        }
    }
    assert!(stayed > 30, "{stayed}");
}

/// The TOML of a file of either kind.
fn runner_config(source: &Source<'_>) -> toml::Table {
    let extension = source.file().extension();
    if extension.is_some_and(|extension| extension == "toml") {
        return toml::parse(source).unwrap();
    }
    let tree = yaml::parse(source).unwrap();
    let root = tree.documents().next().unwrap();
    let template = root.get("runners").unwrap().get("config").unwrap();
    toml::parse_embedded(source, &template.scalar().unwrap()).unwrap()
}
