//! What kind of file it is: by its path, else by what it holds.

use std::path::Path;

use memchr::memmem;

use crate::document::{Source, yaml::Node};

/// The kinds of file that name images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A GitHub workflow.
    GithubWorkflow,
    /// A GitHub action's metadata.
    GithubAction,
    /// GitLab CI: a pipeline, a file it includes, or a component.
    GitlabCi,
    /// A Dockerfile or Containerfile.
    Dockerfile,
    /// Kubernetes manifests.
    Kubernetes,
    /// Helm values.
    HelmValues,
    /// GitLab runner's config.toml.
    RunnerConfig,
    /// fullsend.yaml or fleet.yaml.
    Fullsend,
}

impl FileKind {
    /// The kind that `path` alone tells, for a name that nothing else has.
    pub fn of_path(path: &Path) -> Option<Self> {
        let name = file_name(path);
        if is_dockerfile(&name) {
            return Some(Self::Dockerfile);
        }
        if name == "config.toml" && !folders(path).ends_with(&[".cargo".to_owned()]) {
            return Some(Self::RunnerConfig);
        }
        if !is_yaml(&name) {
            return None;
        }
        let folders = folders(path);
        match name.as_str() {
            "fullsend.yaml" | "fullsend.yml" | "fleet.yaml" | "fleet.yml" => Some(Self::Fullsend),
            "action.yml" | "action.yaml" => Some(Self::GithubAction),
            _ if folders.ends_with(&[".github".to_owned(), "workflows".to_owned()]) => {
                Some(Self::GithubWorkflow)
            }
            _ if name.ends_with(".gitlab-ci.yml") || name.ends_with(".gitlab-ci.yaml") => {
                Some(Self::GitlabCi)
            }
            _ => None,
        }
    }

    /// The kind that a document's own keys tell.
    pub fn of_shape(root: &Node<'_>) -> Option<Self> {
        let has = |key: &str| root.get(key).is_some();
        if has("apiVersion") && has("kind") {
            return Some(Self::Kubernetes);
        }
        if has("jobs") && has("on") {
            return Some(Self::GithubWorkflow);
        }
        if root
            .get("runs")
            .is_some_and(|runs| runs.get("using").is_some())
        {
            return Some(Self::GithubAction);
        }
        let component = root
            .get("spec")
            .is_some_and(|spec| spec.get("inputs").is_some());
        let job =
            |(_, value): (Node<'_>, Node<'_>)| value.is_mapping() && value.get("script").is_some();
        (component || root.own_entries().any(job) || is_pipeline_part(root))
            .then_some(Self::GitlabCi)
    }
}

/// Whether it is a part of a pipeline without a job that has a script: by what nobody but GitLab
/// writes so.
///
/// Compose includes paths, Azure's and Travis' stages are no evidence, and `default` alone is that
/// of many a program's settings.
fn is_pipeline_part(root: &Node<'_>) -> bool {
    let include = |entry: &Node<'_>| {
        let has = |key: &str| entry.get(key).is_some();
        let ends = |key: &str, end: &str| {
            let value = entry.get(key);
            value.is_some_and(|value| value.text().is_some_and(|text| text.ends_with(end)))
        };
        let component = entry.get("component");
        component.is_some_and(|it| it.text().is_some_and(|text| text.contains('@')))
            || (has("project") && has("file"))
            || ends("template", ".gitlab-ci.yml")
    };
    let includes = |holder: &Node<'_>| {
        holder
            .get("include")
            .is_some_and(|it| it.items().chain([it]).any(|entry| include(&entry)))
    };
    let rules = |holder: &Node<'_>| {
        let rules = holder.get("rules");
        rules.is_some_and(|rules| rules.items().any(|rule| rule.get("if").is_some()))
    };
    let default = root.get("default").is_some_and(|default| {
        let has = |key: &str| default.get(key).is_some();
        let only_here = [
            "before_script",
            "after_script",
            "interruptible",
            "id_tokens",
        ];
        let beside = ["include", "stages", "workflow"];
        only_here.into_iter().any(has)
            || (has("image") && beside.into_iter().any(|key| root.get(key).is_some()))
    });
    let job = |(_, value): (Node<'_>, Node<'_>)| {
        let has = |key: &str| value.get(key).is_some();
        let trigger = value.get("trigger").is_some_and(|trigger| {
            includes(&trigger) || has("stage") || has("needs") || rules(&value)
        });
        trigger || (has("extends") && has("stage"))
    };
    includes(root)
        || default
        || root.get("workflow").is_some_and(|it| rules(&it))
        || root.own_entries().any(job)
}

/// Whether a file of this name is worth reading at all.
pub fn is_candidate(path: &Path) -> bool {
    is_yaml(&file_name(path)) || is_toml(path) || FileKind::of_path(path).is_some()
}

/// Whether it is TOML, which is the runner's or another program's.
pub(super) fn is_toml(path: &Path) -> bool {
    extension(&file_name(path)).is_some_and(|e| e.eq_ignore_ascii_case("toml"))
}

/// Whether a line opens a section of the runner's, for text that is no TOML.
pub(super) fn opens_runner(text: &str) -> bool {
    let mut lines = text
        .lines()
        .map(|line| line.trim_start().to_ascii_lowercase());
    lines.any(|line| line.starts_with("[[runners]]") || line.starts_with("[runners."))
}

/// Whether the bytes could name anything: most YAML and TOML of a repository is something else.
pub(super) fn may_name(path: &Path, named: Option<FileKind>, bytes: &[u8]) -> bool {
    let holds = |needle: &str| memmem::find(bytes, needle.as_bytes()).is_some();
    let any = |needles: &[&str]| needles.iter().any(|needle| holds(needle));
    if is_toml(path) {
        let lower = bytes.to_ascii_lowercase();
        let holds = |needle: &str| memmem::find(&lower, needle.as_bytes()).is_some();
        return holds("runners") && (holds("image") || holds("services"));
    }
    if named.is_some() {
        return true;
    }
    // Words that another encoding or an escape in quotes spells cannot be searched for.
    let encoded = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    if encoded || any(&["\\x", "\\u", "\\U", "\\\n", "\\\r"]) {
        return true;
    }
    if by_hint(path).is_some() && any(&["image", "repository", "include", "services"]) {
        return true;
    }
    any(&["image", "docker://", "uses", "include"])
        && ((holds("apiVersion") && holds("kind"))
            || (holds("jobs") && holds("on"))
            || any(&[
                "runs", "script", "spec", "include", "default", "stage", "workflow",
            ]))
}

/// What the values of a chart and the parts of a pipeline are called where nothing inside tells
/// them from other files.
pub(super) fn by_hint(path: &Path) -> Option<FileKind> {
    let name = file_name(path);
    let folders = folders(path);
    let of_gitlab = name.contains("gitlab-ci")
        || folders.iter().any(|folder| folder == ".gitlab-ci")
        || folders.windows(2).any(|pair| pair == [".gitlab", "ci"]);
    if of_gitlab && is_yaml(&name) {
        return Some(FileKind::GitlabCi);
    }
    let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
    (is_yaml(&name) && (stem.starts_with("values") || stem.ends_with("values")))
        .then_some(FileKind::HelmValues)
}

/// Whether text that is no YAML is a template for it: Helm's and Go's braces, but not GitHub's.
pub fn looks_like_template(source: &Source<'_>) -> bool {
    let text = source.text();
    text.match_indices("{{")
        .any(|(at, _)| !text[..at].ends_with('$'))
}

fn is_dockerfile(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let named = |base: &str| {
        lower == base
            || lower
                .strip_prefix(base)
                .is_some_and(|rest| rest.starts_with('.'))
            || lower
                .strip_suffix(base)
                .is_some_and(|rest| rest.ends_with('.'))
    };
    (named("dockerfile") || named("containerfile")) && !lower.ends_with(".dockerignore")
}

fn is_yaml(name: &str) -> bool {
    extension(name).is_some_and(|e| e.eq_ignore_ascii_case("yml") || e.eq_ignore_ascii_case("yaml"))
}

fn extension(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, extension)| extension)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn folders(path: &Path) -> Vec<String> {
    let parent = path.parent().unwrap_or(Path::new(""));
    parent
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kinds() {
        for (path, kind) in [
            (".github/workflows/a.yml", Some(FileKind::GithubWorkflow)),
            (".github/workflows/sub/a.yml", None),
            (".github/dependabot.yml", None),
            ("sub/action.yaml", Some(FileKind::GithubAction)),
            (".gitlab-ci.yml", Some(FileKind::GitlabCi)),
            ("ci/build.gitlab-ci.yml", Some(FileKind::GitlabCi)),
            ("Dockerfile", Some(FileKind::Dockerfile)),
            ("a/Dockerfile.ubi9", Some(FileKind::Dockerfile)),
            ("a/dev.dockerfile", Some(FileKind::Dockerfile)),
            ("Containerfile", Some(FileKind::Dockerfile)),
            ("Dockerfile.dockerignore", None),
            ("dockerfiles.md", None),
            ("etc/config.toml", Some(FileKind::RunnerConfig)),
            (".cargo/config.toml", None),
            ("Cargo.toml", None),
            ("fullsend.yaml", Some(FileKind::Fullsend)),
            ("deploy/pod.yaml", None),
        ] {
            assert_eq!(FileKind::of_path(Path::new(path)), kind, "{path}");
        }
        assert_eq!(
            by_hint(Path::new("a/values.yaml")),
            Some(FileKind::HelmValues)
        );
        assert_eq!(
            by_hint(Path::new("runner-values.yml")),
            Some(FileKind::HelmValues)
        );
        assert_eq!(by_hint(Path::new("values.json")), None);
    }
}
