//! What an enrolment writes at each release of the fleet: texts that need not be fetched.

use std::{collections::HashMap, path::PathBuf};

use bytes::Bytes;
use jiff::civil::Date;

use super::own::{KIND, action_setting, regenerated};
use crate::{
    config::{self, Fleet, FleetForge, Release},
    fleet::enrol::FIRST_AGENT,
    forge::blob_id,
    generate::{self, Pins, Setup},
};

/// The texts of a first fullsend.yaml and a first workflow at every known release, by the names of
/// their blobs.
pub(super) fn known(
    fleet: &Fleet,
    configuration: Option<&str>,
    today: Date,
) -> HashMap<String, Bytes> {
    let releases = fleet.releases();
    let texts = releases.flat_map(|release| first(fleet, release, configuration, today));
    texts
        .map(|text| (blob_id(text.as_bytes()), text.into()))
        .collect()
}

/// Nothing of what cannot be made: it is fetched then.
fn first(
    fleet: &Fleet,
    release: &Release,
    configuration: Option<&str>,
    today: Date,
) -> Vec<String> {
    // Who signs an image of one's own follows from where the repository is; the others' signer is
    // the same everywhere.
    let setup = Setup {
        image: Some(release.image().clone()),
        key: None,
        remote: fleet.forge.remote(configuration.unwrap_or("a/b")),
        agents: FIRST_AGENT.parse().into_iter().collect(),
    };
    let Ok(first) = generate::first_config(&setup) else {
        return Vec::new();
    };
    let mut texts = Vec::new();
    if let (FleetForge::GitHub { .. }, Ok(config)) = (
        &fleet.forge,
        config::parse(first.text.as_bytes(), super::CONFIG),
    ) {
        let settings = [action_setting(release)];
        let none = (PathBuf::new(), String::new());
        let made = regenerated(KIND, &config, &settings, none, Pins::Renewed, today);
        texts.extend(made.ok().map(|file| file.text));
    }
    texts.push(first.text);
    texts
}
