//! A repository's own rules for Renovate that take the place of its ring's.

use super::Judge;
use crate::{
    config::{AnchoredRegexp, Config, Glob, Ring},
    document::{
        renovate::{choose, part},
        yaml::Node,
    },
    forge::Seen,
    model::text::excerpt,
};

/// More are not looked at; a file of people has a dozen.
const MAX_RULES: usize = 500;
/// How the rule begins that a hold of fullsend.yaml becomes.
const OWN_HOLD: &str = "fullsend.yaml holds version ";

/// A sentence for each of them.
pub(super) fn overrides(
    judge: &Judge<'_>,
    ring: &Ring,
    seen: &Seen,
    config: &Config,
) -> Vec<String> {
    let text = |path: &'static str| judge.text(seen, path).transpose();
    let found = match choose(|path| text(path).map(|it| it.map(str::to_owned))) {
        Ok(Some(found)) => found,
        Ok(None) => return vec!["there is no configuration of Renovate".to_owned()],
        Err(why) => return vec![why],
    };
    let path = found.path;
    let Ok(tree) = found.notation.read(&found.text) else {
        return vec![format!("{path} cannot be read, by Renovate neither")];
    };
    let root = tree.documents().next();
    let Some(root) = root.and_then(|root| part(&root, path.as_ref())) else {
        return vec![format!("{path} is empty")];
    };
    let rules = Rules {
        path,
        ours: ours(judge, ring, config),
        is_held: config
            .hold
            .as_ref()
            .is_some_and(|it| it.is_in_force(judge.today)),
    };
    let mut sentences = Vec::new();
    rules.presets(&root, ring, &mut sentences);
    rules.switches(&root, &mut sentences);
    rules.packages(&root, &mut sentences);
    sentences
}

/// The names under which files write our image, action and components.
fn ours(judge: &Judge<'_>, ring: &Ring, config: &Config) -> Vec<String> {
    let image = ring.release.image().repository();
    let mut names = vec![image.to_string(), ring.release.action.repository.clone()];
    if let crate::config::FleetForge::GitLab {
        component_source: Some(source),
        ..
    } = &judge.fleet.forge
    {
        names.push(source.clone());
    }
    let own = config.image.as_ref().map(|it| it.repository().to_string());
    names.extend(own.filter(|own| *own != image.to_string()));
    names
}

/// What is looked for in one file.
struct Rules<'a> {
    path: &'a str,
    ours: Vec<String>,
    is_held: bool,
}

impl Rules<'_> {
    /// Whether it follows its own ring.
    fn presets(&self, root: &Node<'_>, ring: &Ring, sentences: &mut Vec<String>) {
        let path = self.path;
        let extends = texts(root, "extends");
        let mut rings = extends.iter().filter_map(|preset| {
            let name = preset.split('#').next()?.rsplit('/').next()?;
            let name = name.strip_suffix(".json").unwrap_or(name);
            name.strip_prefix("ring-")
        });
        let own = &ring.name;
        match (rings.clone().any(|it| it == own), rings.next()) {
            (false, None) => sentences.push(format!("{path} extends no ring of the fleet")),
            (false, Some(other)) => sentences.push(format!(
                "{path} extends ring {}, and it is in {own}",
                excerpt(other)
            )),
            (true, _) => {}
        }
        let ignored = texts(root, "ignorePresets");
        if let Some(ignored) = ignored.iter().find(|it| extends.contains(it)) {
            sentences.push(format!("{path} ignores {}", excerpt(ignored)));
        }
    }

    /// Whether it is switched off, as a whole or for what is ours.
    fn switches(&self, root: &Node<'_>, sentences: &mut Vec<String>) {
        let path = self.path;
        if is_false(root, "enabled") {
            sentences.push(format!("{path} switches Renovate off"));
        }
        for ignored in texts(root, "ignoreDeps") {
            if self.ours.iter().any(|own| own == ignored) {
                sentences.push(format!("{path} ignores {}", excerpt(ignored)));
            }
        }
        if root.get("allowedVersions").is_some() {
            sentences.push(format!("{path} sets `allowedVersions` for everything"));
        }
    }

    /// The last `allowedVersions` that matches counts: one of the repository goes before the ring's.
    fn packages(&self, root: &Node<'_>, sentences: &mut Vec<String>) {
        let rules = root.get("packageRules");
        let rules = rules.iter().flat_map(Node::items).take(MAX_RULES);
        for (index, rule) in rules.enumerate() {
            let does = if rule.get("allowedVersions").is_some() {
                "sets `allowedVersions`"
            } else if is_false(&rule, "enabled") {
                "switches updates off"
            } else {
                continue;
            };
            let is_hold = self.is_held
                && texts(&rule, "description")
                    .iter()
                    .any(|it| it.starts_with(OWN_HOLD));
            if is_hold {
                continue;
            }
            if let Some(own) = self.ours.iter().find(|own| matches(&rule, own)) {
                let path = self.path;
                sentences.push(format!("{path} {does} for {own}, in packageRules[{index}]"));
            }
        }
    }
}

/// Whether a rule may be about the package `name`: of its matchers, those of names are looked at.
fn matches(rule: &Node<'_>, name: &str) -> bool {
    let keys = ["matchPackageNames", "matchDepNames"];
    keys.iter().all(|key| match rule.get(key) {
        None => true,
        Some(_) => any(&texts(rule, key), name),
    })
}

/// Renovate's list of patterns: one that is positive has to match, where there is any, and none
/// that is negative may.
fn any(patterns: &[&str], name: &str) -> bool {
    let (negative, positive): (Vec<&str>, Vec<&str>) =
        patterns.iter().partition(|it| it.starts_with('!'));
    let has = |patterns: &[&str]| patterns.iter().any(|it| one(it, name));
    let negative: Vec<&str> = negative.iter().map(|it| &it[1..]).collect();
    (positive.is_empty() || has(&positive)) && !has(&negative)
}

/// `/regular expression/`, a glob, or the name itself.
fn one(pattern: &str, name: &str) -> bool {
    let inner = pattern
        .strip_prefix('/')
        .and_then(|it| it.strip_suffix("/i").or_else(|| it.strip_suffix('/')));
    let Some(inner) = inner else {
        let glob = pattern.parse::<Glob>().map(Glob::ignoring_case);
        return glob.is_ok_and(|glob| glob.matches(name));
    };
    // It may match anywhere; one that cannot be read may match.
    let anywhere = format!("(?i)(?s:.*)(?:{inner})(?s:.*)");
    anywhere
        .parse::<AnchoredRegexp>()
        .is_ok_and(|it| it.matches(name))
}

/// The texts of a list, or the one text that stands in its place.
fn texts<'t>(of: &Node<'t>, key: &str) -> Vec<&'t str> {
    let Some(value) = of.get(key) else {
        return Vec::new();
    };
    match value.text() {
        Some(text) => vec![text],
        None => value.items().filter_map(|item| item.text()).collect(),
    }
}

fn is_false(of: &Node<'_>, key: &str) -> bool {
    of.get(key).is_some_and(|it| it.text() == Some("false"))
}
