//! The runner's chart: the template of config.toml inside of its values.

use super::{
    RULES,
    view::{Extent, RunnerConfig},
};
use crate::{
    document::{
        DocumentError, Problem as Fault, toml,
        yaml::{Node, Yaml},
    },
    validate::{Report, Subject, rule::Check, secret},
};

/// Nobody installs the chart more often from one file.
const MAX_RELEASES: usize = 100;

/// Whether `root` holds values of the runner's chart, at its top or as a part of another chart's.
pub(in crate::validate) fn are_values(root: &Node<'_>) -> bool {
    releases(root).next().is_some()
}

fn releases<'t>(root: &Node<'t>) -> impl Iterator<Item = Node<'t>> + use<'t> {
    let below = root.own_entries().map(|(_, value)| value);
    std::iter::once(*root)
        .chain(below)
        .filter(is_release)
        .take(MAX_RELEASES)
}

fn is_release(node: &Node<'_>) -> bool {
    let Some(runners) = node.get("runners").filter(Node::is_mapping) else {
        return false;
    };
    let template = runners.get("config").and_then(|config| config.text());
    let own = ["gitlabUrl", "runnerToken", "runnerRegistrationToken"];
    template.is_some_and(|text| text.contains("[[runners"))
        || own.iter().any(|key| node.get(key).is_some())
}

/// Looks at the values of the runner's chart with every rule.
pub(in crate::validate) fn check_values(
    subject: Subject<'_>,
    tree: &Yaml,
    report: &mut Report<'_>,
) -> Result<(), DocumentError> {
    for release in tree
        .documents()
        .flat_map(|root| releases(&root).collect::<Vec<_>>())
    {
        let template = release
            .get("runners")
            .and_then(|runners| runners.get("config"));
        let table = match template.and_then(|template| template.scalar()) {
            None => toml::Table::default(),
            Some(scalar) => match toml::parse_embedded(subject.source, &scalar) {
                // The chart fills the text in before the runner reads it.
                Err(error) if scalar.value.contains("{{") => {
                    return Err(DocumentError {
                        problem: Fault::Template("TOML"),
                        ..error
                    });
                }
                parsed => {
                    parsed.map_err(|error| secret::concealed(subject.source.text(), error))?
                }
            },
        };
        let mut config = RunnerConfig::new(subject, &table, Extent::Helm);
        config.values = Some(release);
        for rule in RULES {
            if let Check::Runner(check) = rule.check {
                check(&config, report);
            }
        }
    }
    Ok(())
}

/// The chart's own values that hold a token, with their keys.
pub(super) fn secrets<'a>(config: &RunnerConfig<'a>) -> Vec<(&'static str, Node<'a>)> {
    let keys = ["runnerToken", "runnerRegistrationToken"].into_iter();
    let found = keys.filter_map(|key| {
        let node = config.values?.get(key)?;
        secret::is_one(node.text()?).then_some((key, node))
    });
    found.collect()
}
