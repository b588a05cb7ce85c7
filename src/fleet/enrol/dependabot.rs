//! Dependabot, which would move our action past its ring.

use serde_json::json;

use super::{
    Obstacle, Wanted,
    sheet::{Sheet, read},
};
use crate::document::{
    insert::{Notation, Step, Value},
    yaml::Node,
};

/// Where Dependabot's configuration is.
pub(super) const PLACES: [&str; 2] = [".github/dependabot.yml", ".github/dependabot.yaml"];

/// The key of an entry that names the package.
pub(super) const NAME: &str = "dependency-name";

/// Tells Dependabot to leave our action alone, where it updates actions.
pub(super) fn ignore(sheet: &mut Sheet<'_>, wanted: &Wanted<'_>) -> Result<(), Obstacle> {
    for path in PLACES {
        if let Some(text) = sheet.text(path)? {
            ignore_in(sheet, wanted, path, &text)?;
        }
    }
    Ok(())
}

fn ignore_in(
    sheet: &mut Sheet<'_>,
    wanted: &Wanted<'_>,
    path: &str,
    text: &str,
) -> Result<(), Obstacle> {
    let action = &wanted.ring.release.action.repository;
    let tree = read(path, text, Notation::Yaml)?;
    let branch = sheet.seen().repository.default_branch.clone();
    let root = tree.documents().next();
    for (number, update) in root.iter().flat_map(updates) {
        let target = update.get("target-branch").and_then(|it| it.text());
        if target.is_some_and(|it| Some(it) != branch.as_deref()) {
            continue;
        }
        let what = format!("updates[{number}].ignore");
        let entry = (&*what, json!({ NAME: action }));
        match ignored(&update, action) {
            Some(true) => sheet.keep(path, &what, entry.1),
            Some(false) => {}
            None => {
                let at = [
                    Step::Key("updates"),
                    Step::Item(number),
                    Step::Key("ignore"),
                ];
                let item = Value::texts([(NAME, action.as_str())]);
                let pushed = sheet.push(path, Notation::Yaml, &at, &item, entry);
                let what = format!("an `ignore` of {action}, which Dependabot moves too");
                pushed.map_err(|error| Obstacle::uncontrolled(path, &what, &error))?;
            }
        }
    }
    Ok(())
}

/// The updates of GitHub's actions, each with its number.
pub(super) fn updates<'t>(root: &Node<'t>) -> Vec<(usize, Node<'t>)> {
    let updates = root.get("updates").into_iter().flat_map(|it| it.items());
    let is_actions = |update: &Node<'_>| {
        let ecosystem = update.get("package-ecosystem").and_then(|it| it.text());
        ecosystem == Some("github-actions")
    };
    let numbered = updates.enumerate();
    numbered.filter(|(_, update)| is_actions(update)).collect()
}

/// Whether all versions of `action` are ignored: by an entry such as ours, or by a pattern.
fn ignored(update: &Node<'_>, action: &str) -> Option<bool> {
    let entries = update.get("ignore").into_iter().flat_map(|it| it.items());
    let whole = entries.filter(|entry| entry.own_entries().count() == 1);
    let mut names = whole.filter_map(|entry| entry.get(NAME)?.text());
    names.find_map(|name| {
        if name == action {
            return Some(true);
        }
        let start = name.strip_suffix('*')?;
        action.starts_with(start).then_some(false)
    })
}
