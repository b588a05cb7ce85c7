//! The includes of a pipeline, and what can be known of the files behind them.

use std::path::{Component, Path, PathBuf};

use crate::document::yaml::{Node, Scalar};

/// Where an included file lies.
#[derive(Clone, Debug)]
pub(super) enum Place<'a> {
    /// In this repository.
    Local(Scalar<'a>),
    /// A component, of this project or another.
    Component(Scalar<'a>),
    /// Behind a URL.
    Remote(Scalar<'a>),
    /// In another project of the instance.
    Project(Scalar<'a>),
    /// Anywhere else: GitLab's own templates, a job's artifact.
    Elsewhere,
}

/// One entry of `include`.
#[derive(Clone, Debug)]
pub(super) struct Include<'a> {
    /// Where the file lies.
    pub(super) place: Place<'a>,
    /// The entry as it is written.
    pub(super) node: Node<'a>,
}

impl<'a> Include<'a> {
    /// Every entry of the value of `include`.
    pub(super) fn all(value: &Node<'a>) -> Vec<Self> {
        let mut found = Vec::new();
        gather(*value, &mut found);
        found
    }

    /// Whether the file is included only where its rules say so.
    pub(super) fn is_conditional(&self) -> bool {
        self.node.get("rules").is_some()
    }

    /// The paths at which the file may lie in this repository, if it lies there.
    pub(super) fn candidates(&self) -> Option<Vec<PathBuf>> {
        match &self.place {
            Place::Local(path) => Some(vec![within(path.value)?]),
            Place::Component(reference) => {
                let name = own_component(reference.value)?;
                let folder = Path::new("templates");
                Some(vec![
                    folder.join(format!("{name}.yml")),
                    folder.join(name).join("template.yml"),
                ])
            }
            Place::Remote(_) | Place::Project(_) | Place::Elsewhere => None,
        }
    }
}

fn gather<'a>(node: Node<'a>, found: &mut Vec<Include<'a>>) {
    if node.tag().is_some() {
        return found.push(Include {
            place: Place::Elsewhere,
            node,
        });
    }
    if let Some(text) = node.scalar() {
        let is_url = text.value.starts_with("https://") || text.value.starts_with("http://");
        let place = if is_url {
            Place::Remote(text)
        } else {
            Place::Local(text)
        };
        return found.push(Include { place, node });
    }
    if node.is_mapping() {
        let of = |key| node.get(key).and_then(|node| node.scalar());
        let place = of("local")
            .map(Place::Local)
            .or_else(|| of("component").map(Place::Component))
            .or_else(|| of("remote").map(Place::Remote))
            .or_else(|| of("project").map(Place::Project))
            .unwrap_or(Place::Elsewhere);
        return found.push(Include { place, node });
    }
    for item in node.items() {
        gather(item, found);
    }
}

/// The path within the repository that `written` names; nothing where a variable or a wildcard
/// decides, or it leads out.
fn within(written: &str) -> Option<PathBuf> {
    if written.contains(['$', '*']) {
        return None;
    }
    let path = PathBuf::from(written.trim_start_matches('/'));
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    (!path.as_os_str().is_empty() && path.components().all(inside)).then_some(path)
}

/// The name of a component of this very project: `$CI_SERVER_FQDN/$CI_PROJECT_PATH/name@...`.
fn own_component(reference: &str) -> Option<&str> {
    let (path, _) = reference.rsplit_once('@')?;
    let path = strip_variable(path, &["CI_SERVER_FQDN", "CI_SERVER_HOST"])?;
    let name = strip_variable(path, &["CI_PROJECT_PATH"])?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

/// `text` without one of the variables `names` and the slash after it.
fn strip_variable<'t>(text: &'t str, names: &[&str]) -> Option<&'t str> {
    let rest = text.strip_prefix('$')?;
    names.iter().find_map(|name| {
        let plain = rest.strip_prefix(name);
        let braced = rest
            .strip_prefix('{')
            .and_then(|rest| rest.strip_prefix(name)?.strip_prefix('}'));
        plain.or(braced)?.strip_prefix('/')
    })
}
