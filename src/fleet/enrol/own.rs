//! The files that are ours: a first fullsend.yaml, and the workflows of GitHub.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::civil::Date;

use super::{CONFIG, Obstacle, Wanted, sheet::Sheet};
use crate::{
    config::{self, Config},
    generate::{self, GeneratedFile, Given, Kind, Missing, Origin, Pins, Setup, Standing, origin},
    model::{limits::Limits, text::excerpt},
};

/// The agent of a repository that names none: it asks for the least.
pub(in crate::fleet) const FIRST_AGENT: &str = "triage";

/// The kind of the workflows.
const KIND: &str = "github-workflow";

/// Where the workflow of `agent` is.
pub(super) fn workflow_path(agent: &str) -> String {
    format!(".github/workflows/fullsend-{agent}.yml")
}

/// What the repository's fullsend.yaml says; a first one is written where there is none.
pub(super) fn config(sheet: &mut Sheet<'_>, wanted: &Wanted<'_>) -> Result<Config, Obstacle> {
    let text = if let Some(text) = sheet.text(CONFIG)? {
        sheet.still_own(CONFIG);
        text
    } else {
        let text = first(sheet, wanted)?;
        sheet.own(CONFIG, text.clone());
        text
    };
    let config = config::parse(text.as_bytes(), CONFIG)
        .map_err(|error| Obstacle::Unreadable(error.to_string()))?;
    let image = wanted.ring.release.image().repository();
    match &config.image {
        Some(own) if own.repository() == image => {}
        Some(own) => sheet.note(format!(
            "fullsend.yaml runs {}, which the fleet does not move: its image is {image}",
            own.repository()
        )),
        None => sheet.note("fullsend.yaml names no `image`: each agent has to name its own"),
    }
    Ok(config)
}

fn first(sheet: &mut Sheet<'_>, wanted: &Wanted<'_>) -> Result<String, Obstacle> {
    let forge = &wanted.fleet.forge;
    let setup = Setup {
        image: Some(wanted.ring.release.image().clone()),
        key: None,
        remote: forge.remote(&sheet.seen().repository.full_name),
        agents: FIRST_AGENT.parse().into_iter().collect(),
    };
    let first = generate::first_config(&setup)?;
    if first.missing.contains(&Missing::Signer) {
        sheet.note("who signs the image is not known: add it to fullsend.yaml, under `verify`");
    }
    Ok(first.text)
}

/// Whether a fullsend.yaml begins as a first one does.
pub(super) fn is_first(text: &str) -> bool {
    let bare = Setup {
        image: None,
        key: None,
        remote: None,
        agents: Vec::new(),
    };
    let first = generate::first_config(&bare).map(|it| it.text);
    let first = first.unwrap_or_default().replace("\r\n", "\n");
    let head = first.split("version:").next().unwrap_or_default();
    !head.is_empty() && text.replace("\r\n", "\n").starts_with(head)
}

/// A workflow for each agent of fullsend.yaml that is known by name.
pub(super) fn workflows(
    sheet: &mut Sheet<'_>,
    wanted: &Wanted<'_>,
    config: &Config,
) -> Result<(), Obstacle> {
    let known = Limits::AGENTS.into_iter();
    let mut agents: Vec<&str> = known.filter(|it| config.agents.contains_key(*it)).collect();
    if agents.is_empty() {
        agents.push(FIRST_AGENT);
    }
    for agent in Limits::AGENTS {
        // One that somebody generated for an agent of the defaults is ours as well.
        if agents.contains(&agent) || is_ours(sheet, agent)? {
            workflow(sheet, wanted, config, agent)?;
        }
    }
    let mut others = config.agents.keys().map(String::as_str);
    if let Some(other) = others.find(|it| !Limits::AGENTS.contains(it)) {
        sheet.note(format!(
            "no workflow is made for the agent `{0}`: what may start it is not known; \
             `fullsend generate {KIND} --set agent={0}` makes one",
            excerpt(other)
        ));
    }
    Ok(())
}

fn is_ours(sheet: &Sheet<'_>, agent: &str) -> Result<bool, Obstacle> {
    let path = workflow_path(agent);
    let text = sheet.text(&path)?;
    let origin = text.map(|text| origin(path.as_ref(), &text));
    Ok(matches!(origin, Some(Origin::Ours { stamp, .. }) if stamp.kind == KIND))
}

fn workflow(
    sheet: &mut Sheet<'_>,
    wanted: &Wanted<'_>,
    config: &Config,
    agent: &str,
) -> Result<(), Obstacle> {
    let path = workflow_path(agent);
    let existing = sheet.text(&path)?;
    let settings = match existing.as_deref().map(|text| origin(path.as_ref(), text)) {
        Some(Origin::Ours { stamp, .. }) if stamp.kind == KIND => stamp.settings,
        Some(_) => return Err(Obstacle::Foreign(path)),
        None => first_settings(wanted, agent),
    };
    let existing: BTreeMap<PathBuf, String> = existing
        .into_iter()
        .map(|text| (PathBuf::from(&path), text))
        .collect();
    let file = make(KIND, config, &settings, wanted.today, &existing)?;
    if file.path != Path::new(&path) {
        return Err(Obstacle::Foreign(path));
    }
    match file.standing {
        Standing::Absent | Standing::Outdated => sheet.own(&path, file.text),
        Standing::Current => sheet.owned(&path, file.existing.as_deref().unwrap_or(&file.text)),
        Standing::Edited => return Err(Obstacle::Edited(path)),
        Standing::Foreign => return Err(Obstacle::Foreign(path)),
    }
    Ok(())
}

fn first_settings(wanted: &Wanted<'_>, agent: &str) -> Vec<(String, String)> {
    let action = &wanted.ring.release.action;
    let action = format!(
        "{}@{} # v{}",
        action.repository, action.commit, action.version
    );
    // What is the default anyway does not stand in the file's header.
    let agent = (agent != FIRST_AGENT).then(|| ("agent".to_owned(), agent.to_owned()));
    let action = ("action".to_owned(), action);
    agent.into_iter().chain([action]).collect()
}

/// The one file of the kind `name`.
pub(super) fn make(
    name: &str,
    config: &Config,
    settings: &[(String, String)],
    today: Date,
    existing: &BTreeMap<PathBuf, String>,
) -> Result<GeneratedFile, Obstacle> {
    let none = || Obstacle::NoFile(format!("{name} makes no file"));
    let kind = Kind::named(name).ok_or_else(none)?;
    let given = Given { settings, today };
    let made = generate::regenerate(kind, config, given, existing, Pins::Kept)?;
    made.files.into_iter().next().ok_or_else(none)
}
