//! The files that are ours: whether they are there, and as they were written.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::civil::Date;

use super::{Finding, Judge, PIPELINE, listed, workflow};
use crate::{
    config::{Config, FleetForge, Release, Ring},
    fleet::enrol::FIRST_AGENT,
    forge::Seen,
    generate::{
        GenerateError, GeneratedFile, Given, Kind, Origin, Pins, Standing, origin, regenerate,
    },
    model::limits::Limits,
    reference::{self, Reference, Target},
    report::fleet::State,
};

/// The kind of our workflows.
pub(super) const KIND: &str = "github-workflow";

/// What is to be said of the worst of them.
pub(super) fn worst(judge: &Judge<'_>, ring: &Ring, seen: &Seen, config: &Config) -> Finding {
    match &judge.fleet.forge {
        FleetForge::GitHub { .. } => {
            let agents = Limits::AGENTS.iter();
            let findings = agents.map(|agent| of_agent(judge, ring, seen, config, agent));
            findings.fold(Finding::fine(), Finding::worse)
        }
        FleetForge::GitLab {
            component_source, ..
        } => of_pipeline(judge, seen, component_source.as_deref()),
    }
}

fn of_agent(judge: &Judge<'_>, ring: &Ring, seen: &Seen, config: &Config, agent: &str) -> Finding {
    let path = workflow(agent);
    match judge.text(seen, &path) {
        Some(Ok(text)) => of_workflow(judge, ring, config, Path::new(&path), text),
        Some(Err(why)) => Finding::new(State::Error, why),
        None if is_wanted(config, agent) => {
            Finding::new(State::Missing, format!("{path} is missing"))
        }
        None => Finding::fine(),
    }
}

/// Whether an enrolment would write the workflow of `agent`.
fn is_wanted(config: &Config, agent: &str) -> bool {
    let named = |agent: &str| config.agents.contains_key(agent);
    named(agent) || (agent == FIRST_AGENT && !Limits::AGENTS.iter().any(|it| named(it)))
}

fn of_workflow(
    judge: &Judge<'_>,
    ring: &Ring,
    config: &Config,
    path: &Path,
    text: &str,
) -> Finding {
    let name = path.display();
    let settings = match origin(path, text) {
        Origin::Ours {
            is_edited: false,
            stamp,
        } if stamp.kind == KIND => stamp.settings,
        Origin::Ours { .. } => {
            return Finding::new(State::Edited, format!("somebody edited {name}"));
        }
        Origin::Foreign => {
            let reason = format!("{name} was not written by fullsend");
            return Finding::new(State::Edited, reason);
        }
    };
    let made = |settings: &[(String, String)], pins| {
        let existing = (path.to_owned(), text.to_owned());
        regenerated(KIND, config, settings, existing, pins, judge.today)
    };
    let as_it_is = match made(&settings, Pins::Kept) {
        Ok(file) => file,
        Err(error) => {
            let reason = format!("{name} cannot be made again: {error}");
            return Finding::new(State::Outdated, reason);
        }
    };
    if as_it_is.path != path || as_it_is.standing != Standing::Current {
        let reason = format!(
            "{name} is not what its settings and fullsend.yaml give today: `fullsend enroll` \
             makes it again"
        );
        return Finding::new(State::Outdated, reason);
    }
    let fresh: Vec<_> = settings
        .into_iter()
        .chain([action_setting(&ring.release)])
        .collect();
    match made(&fresh, Pins::Renewed) {
        Ok(fresh) if fresh.text != text.replace("\r\n", "\n") => moved(path, text, &fresh.text),
        _ => Finding::fine(),
    }
}

/// What has another version than it would be given.
fn moved(path: &Path, text: &str, fresh: &str) -> Finding {
    let pins = |text: &str| -> Vec<(String, String, Option<String>)> {
        let references = reference::mask(path, text).references.into_iter();
        let pins = references.filter_map(|it| {
            let version = it.version().map(str::to_owned);
            Some((it.name()?, it.written, version))
        });
        pins.collect()
    };
    let fresh = pins(fresh);
    let ours = pins(text);
    let others = ours.iter().filter(|it| !fresh.contains(it));
    let names = listed(others.map(|(name, ..)| name.as_str()));
    Finding::new(State::PinsMoved, format!("other versions: {names}"))
}

fn of_pipeline(judge: &Judge<'_>, seen: &Seen, source: Option<&str>) -> Finding {
    let missing = |reason: &str| Finding::new(State::Missing, format!("{PIPELINE} {reason}"));
    match judge.text(seen, PIPELINE) {
        None => missing("is missing"),
        Some(Err(why)) => Finding::new(State::Error, why),
        Some(Ok(text)) => match reference::references(Path::new(PIPELINE), text.as_bytes()) {
            Err(error) => Finding::new(State::Error, format!("{PIPELINE}: {}", error.problem)),
            Ok(found) if found.iter().any(|it| is_component(it, source)) => Finding::fine(),
            Ok(_) => missing("includes no component of fullsend"),
        },
    }
}

/// Whether `reference` is to a component of the project `source`.
pub(super) fn is_component(reference: &Reference, source: Option<&str>) -> bool {
    match &reference.target {
        Target::Component { project, .. } => {
            source.is_some_and(|source| project.eq_ignore_ascii_case(source))
        }
        _ => false,
    }
}

/// The one file of a kind, made again for what lies at a path.
pub(super) fn regenerated(
    kind: &str,
    config: &Config,
    settings: &[(String, String)],
    existing: (PathBuf, String),
    pins: Pins,
    today: Date,
) -> Result<GeneratedFile, GenerateError> {
    let unknown = || GenerateError::Unreadable {
        message: format!("{kind} makes no file"),
    };
    let kind = Kind::named(kind).ok_or_else(unknown)?;
    let given = Given { settings, today };
    let existing = BTreeMap::from([existing]);
    let made = regenerate(kind, config, given, &existing, pins)?;
    made.files.into_iter().next().ok_or_else(unknown)
}

/// The setting by which a workflow gets the action of `release`.
pub(super) fn action_setting(release: &Release) -> (String, String) {
    ("action".to_owned(), release.action.to_string())
}
