//! The presets of the ring, in the configuration that Renovate itself would choose.
//!
//! Renovate reads the first file of its list and no other, so that a second beside it would switch
//! the first off, or never be read. Where there is none, the repository is unknown to Renovate: it
//! would wait for its own request to be merged. A file of ours is enough to take it in, and is made
//! such that nothing but our packages moves: whoever wants more of Renovate deletes one rule.

use std::{collections::BTreeMap, path::PathBuf};

use jiff::civil::Date;

use super::{
    Obstacle, Via, Wanted,
    sheet::{Sheet, read},
};
use crate::{
    config::{Config, FleetForge},
    document::{
        insert::{self, NoRoom, Step, Value},
        renovate::{Configuration, PACKAGE, PACKAGE_KEY, choose, extended, part},
        yaml::{Kind, Node},
    },
    generate::{
        Origin, Standing, origin,
        renovate::{DEFAULT_PRESET, is_default, names, preset},
    },
    model::text::excerpt,
};

/// The kind of a file of ours.
pub(super) const KIND: &str = "renovate";

/// Where it is.
pub(super) const PATH: &str = "renovate.json";

/// The folder of a fleet's presets, as `extends` names it.
pub fn place(forge: &FleetForge, configuration: &str) -> String {
    let scheme = match forge.url() {
        "https://github.com" => "github",
        "https://gitlab.com" => "gitlab",
        // The forge that Renovate itself runs on.
        _ => "local",
    };
    format!("{scheme}>{configuration}//renovate")
}

/// The way to a key of the configuration.
pub(super) fn way<'s>(found: &Configuration, key: &'s str) -> Vec<Step<'s>> {
    let own = (found.path == PACKAGE).then_some(Step::Key(PACKAGE_KEY));
    own.into_iter().chain([Step::Key(key)]).collect()
}

/// The presets that a repository of a ring extends.
struct Presets {
    ring: String,
    deny: String,
    /// What the presets of all rings begin with.
    rings: String,
}

impl Presets {
    fn of(wanted: &Wanted<'_>) -> Result<Self, Obstacle> {
        Ok(Self {
            ring: preset(wanted.presets, &format!("ring-{}", wanted.ring.name))?,
            deny: preset(wanted.presets, "deny")?,
            rings: rings(wanted.presets),
        })
    }
}

/// What the presets of all rings below `place` begin with.
pub(super) fn rings(place: &str) -> String {
    let folder = place.split('#').next().unwrap_or_default();
    format!("{}/ring-", folder.trim_end_matches('/'))
}

/// Whether `preset` is of some fleet, by its folder and its name.
pub(super) fn is_preset(preset: &str) -> bool {
    let named = preset.split('#').next().unwrap_or_default();
    let name = named.rsplit_once("//renovate/").map(|(_, name)| name);
    name.is_some_and(|name| name == "deny" || name.starts_with("ring-"))
}

/// Lets Renovate follow the ring.
pub(super) fn extend(
    sheet: &mut Sheet<'_>,
    wanted: &Wanted<'_>,
    config: &Config,
) -> Result<(), Obstacle> {
    let presets = Presets::of(wanted)?;
    let found = choose(|path| sheet.text(path))?;
    let Some(found) = found else {
        return match wanted.via {
            Via::Renovate => make(sheet, wanted, config, &presets, None),
            Via::Direct => Ok(()),
        };
    };
    if let Origin::Ours { stamp, is_edited } = origin(found.path.as_ref(), &found.text)
        && stamp.kind == KIND
        && found.path == PATH
        && !is_edited
    {
        return make(sheet, wanted, config, &presets, Some(stamp.settings));
    }
    let entered = enter(sheet, &found, &presets);
    entered.map_err(|error| Obstacle::uncontrolled(found.path, "its ring's preset", &error))?;
    tell_overrides(sheet, wanted, &found)
}

/// The file that is ours: `settings` are those of one that is there.
fn make(
    sheet: &mut Sheet<'_>,
    wanted: &Wanted<'_>,
    config: &Config,
    presets: &Presets,
    settings: Option<Vec<(String, String)>>,
) -> Result<(), Obstacle> {
    let is_new = settings.is_none();
    let mut settings = settings.unwrap_or_else(|| vec![("only".to_owned(), only(wanted))]);
    settings.retain(|(key, _)| key != "fleet" && key != "ring");
    settings.push(("fleet".to_owned(), wanted.presets.to_owned()));
    settings.push(("ring".to_owned(), wanted.ring.name.clone()));
    let existing = sheet.text(PATH)?.into_iter();
    let existing: BTreeMap<PathBuf, String> =
        existing.map(|text| (PathBuf::from(PATH), text)).collect();
    let file = super::own::make(KIND, config, &settings, wanted.today, &existing)?;
    if is_new {
        sheet.own(PATH, file.text);
        sheet.note(
            "Renovate does not know the repository yet: a renovate.json takes it in, for \
             fullsend's own packages alone",
        );
    } else {
        sheet.still_own(PATH);
        if file.standing != Standing::Current {
            sheet.rewrite(PATH, file.text);
        }
    }
    for value in [&presets.ring, &presets.deny] {
        sheet.claim(PATH, "extends", value.as_str().into());
    }
    Ok(())
}

/// A file as it was made with `settings` before the fleet came.
pub(super) fn unmade(
    config: &Config,
    mut settings: Vec<(String, String)>,
    today: Date,
) -> Result<String, Obstacle> {
    settings.retain(|(key, _)| key != "fleet" && key != "ring");
    // From nothing: no settings would stand for those of the file, and it has no pins to keep.
    let file = super::own::make(KIND, config, &settings, today, &BTreeMap::new())?;
    Ok(file.text)
}

/// The names of our packages.
fn only(wanted: &Wanted<'_>) -> String {
    let fleet = wanted.fleet;
    let mut known: Vec<String> = fleet
        .releases()
        .flat_map(|release| {
            let mut own = names(release.image().repository());
            own.push(release.action.repository.clone());
            own
        })
        .collect();
    if let FleetForge::GitLab {
        component_source: Some(source),
        ..
    } = &fleet.forge
    {
        known.push(source.clone());
    }
    known.sort();
    known.dedup();
    known.join(",")
}

/// Puts the presets into somebody's file.
fn enter(sheet: &mut Sheet<'_>, found: &Configuration, presets: &Presets) -> Result<(), NoRoom> {
    let tree = found.notation.read(&found.text)?;
    let root = tree.documents().next();
    let extends = root
        .map(|root| extended(&root, found.path))
        .unwrap_or_default();
    let at = way(found, "extends");
    let default = extends.iter().find(|it| is_default(it));
    let ring = extends.iter().position(|it| it.starts_with(&presets.rings));
    match default {
        Some(default) => sheet.keep(found.path, "extends", default.as_str().into()),
        None => add(sheet, found, DEFAULT_PRESET)?,
    }
    match ring.and_then(|number| Some((number, extends.get(number)?))) {
        Some((_, ring)) if *ring == presets.ring => {
            sheet.claim(found.path, "extends", ring.as_str().into());
        }
        Some((number, other)) => {
            let item = [&at[..], &[Step::Item(number)]].concat();
            let path = if is_text(root.as_ref(), found) {
                &at
            } else {
                &item
            };
            let text = sheet.text(found.path).ok().flatten().unwrap_or_default();
            let value = Value::text(presets.ring.clone());
            let text = insert::set(&text, found.notation, path, &value)?;
            sheet.edit(found.path, text);
            sheet.moved(found.path, other, &presets.ring);
            let (path, other, ring) = (found.path, excerpt(other), &presets.ring);
            sheet.note(format!("{path}: {ring} takes the place of {other}"));
        }
        None => add(sheet, found, &presets.ring)?,
    }
    if extends.contains(&presets.deny) {
        sheet.claim(found.path, "extends", presets.deny.as_str().into());
        return Ok(());
    }
    add(sheet, found, &presets.deny)
}

fn add(sheet: &mut Sheet<'_>, found: &Configuration, preset: &str) -> Result<(), NoRoom> {
    let entry = ("extends", preset.into());
    let at = way(found, "extends");
    sheet.push(found.path, found.notation, &at, &Value::text(preset), entry)
}

/// Whether what is extended is one text.
fn is_text(root: Option<&Node<'_>>, found: &Configuration) -> bool {
    let value = root.and_then(|root| part(root, found.path.as_ref())?.get("extends"));
    value.is_some_and(|it| it.kind() == Kind::Text)
}

/// Tells what the repository's own rules say about our packages: they go before the ring's.
fn tell_overrides(
    sheet: &mut Sheet<'_>,
    wanted: &Wanted<'_>,
    found: &Configuration,
) -> Result<(), Obstacle> {
    let tree = read(found.path, &found.text, found.notation)?;
    let root = tree.documents().next();
    let Some(own) = root.and_then(|root| part(&root, found.path.as_ref())) else {
        return Ok(());
    };
    let known = only(wanted);
    let known: Vec<&str> = known.split(',').collect();
    for what in overrides(&own, &known) {
        sheet.note(format!("{}: {what}", found.path));
    }
    Ok(())
}

/// What `own` says that goes before the ring.
fn overrides(own: &Node<'_>, known: &[&str]) -> Vec<String> {
    let is_false = |node: &Node<'_>| {
        let value = node.get("enabled");
        value.is_some_and(|it| it.kind() == Kind::Boolean && it.text() == Some("false"))
    };
    let mut found = Vec::new();
    if is_false(own) {
        found.push("Renovate is switched off".to_owned());
    }
    let rules = own.get("packageRules");
    for rule in rules.iter().flat_map(Node::items) {
        let Some(name) = known.iter().find(|name| matches(&rule, name)) else {
            continue;
        };
        if let Some(allowed) = rule.get("allowedVersions").and_then(|it| it.text()) {
            let allowed = excerpt(allowed);
            found.push(format!(
                "its own `allowedVersions` `{allowed}` for {name} goes before the ring's"
            ));
        }
        if is_false(&rule) {
            found.push(format!("its own rule switches {name} off"));
        }
    }
    let ignored = own.get("ignoreDeps");
    let mut ignored = ignored.iter().flat_map(Node::items);
    if let Some(name) = ignored.find_map(|it| it.text().filter(|it| known.contains(it))) {
        found.push(format!("`ignoreDeps` names {name}"));
    }
    found
}

/// Whether a rule names the package `name`, or none in particular.
fn matches(rule: &Node<'_>, name: &str) -> bool {
    let keys = ["matchPackageNames", "matchDepNames", "matchPackagePrefixes"];
    let lists: Vec<Node<'_>> = keys.iter().filter_map(|key| rule.get(key)).collect();
    let mut patterns = lists
        .iter()
        .flat_map(Node::items)
        .filter_map(|it| it.text());
    if lists.is_empty() {
        let mut keys = rule.own_entries().filter_map(|(key, _)| key.text());
        return !keys.any(|key| key.starts_with("match"));
    }
    patterns.any(|pattern| {
        let start = pattern.trim_end_matches('*');
        pattern == name || (start.len() < pattern.len() && name.starts_with(start))
    })
}
