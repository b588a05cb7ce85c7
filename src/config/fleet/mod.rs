//! fleet.yaml: which repositories of an organisation run agents, and on which version.
//!
//! A *release* is an action and an image that were tested together; a rollout moves the pair, ring
//! by ring. The file names the release to reach, those that are still good, and those that nobody
//! may run; what a ring may be on follows from the three, see [`Fleet::allowed`].

mod forge;
mod gates;
mod raw;
mod release;
mod ring;
mod schema;
mod select;
#[cfg(test)]
mod tests;

use schemars::generate::SchemaSettings;
use serde_json::Value;

pub use forge::FleetForge;
pub use gates::Gates;
pub use release::{ActionPin, Allowed, Release};
pub use ring::{Members, Ring, UnknownRing};
pub use select::{Selection, Visibility};

use super::{
    checker::Checker,
    deny::{Denied, DenyList, DenySource},
    diagnostic::{ConfigError, Diagnostic},
    file,
    value::{ValueError, excerpt},
    yaml,
};
use crate::model::image::ImageReference;

/// What the file is called.
pub const FLEET_FILE: &str = "fleet.yaml";

/// Everything that fleet.yaml says, understood and in range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Where the repositories are.
    pub forge: FleetForge,
    /// The release to reach.
    pub release: Release,
    /// Earlier releases that are still good, unless [`deny`](Self::deny) says otherwise.
    pub approved: Vec<Release>,
    /// Which repositories belong to the fleet.
    pub select: Selection,
    /// The rings in the order in which they move; the last takes the repositories that are left.
    pub rings: Vec<Ring>,
    /// What a ring must show before the next one moves.
    pub gates: Gates,
    /// Versions and digests of images that nobody may run.
    pub deny: DenyList,
    /// The tag of a registry at which the deny list is published as an artifact.
    pub deny_list: Option<ImageReference>,
}

/// Reads fleet.yaml; `name` is the file's name in messages.
pub fn parse_fleet(text: &[u8], name: &str) -> Result<Fleet, ConfigError> {
    let (written, text) =
        yaml::parse::<raw::File>(text, name, "docs/guide/renovate.md shows a whole one")?;
    let mut checker = Checker::default();
    let fleet = check(&written, &text, &mut checker);
    let diagnostics = checker.into_diagnostics();
    match fleet {
        Some(fleet) if diagnostics.is_empty() => Ok(fleet),
        _ => Err(ConfigError::new(name, &text, diagnostics)),
    }
}

/// The JSON schema of fleet.yaml.
pub fn fleet_schema() -> Value {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<raw::File>()
        .to_value()
}

/// Nothing where something was reported, and perhaps even where nothing was.
fn check(written: &raw::File, text: &str, checker: &mut Checker) -> Option<Fleet> {
    for (is_there, key, mend) in [
        (
            written.version.get().is_some(),
            "version",
            "add `version: 1`",
        ),
        (
            written.forge.get().is_some(),
            "forge",
            "add for example `forge: {kind: github, owner: acme}`",
        ),
        (
            written.rings.get().is_some(),
            "rings",
            "add `rings: {all: {}}`, or several, the first to move first",
        ),
    ] {
        if !is_there {
            let message = format!("the key `{key}` is missing");
            checker.report(Diagnostic::about(&(0..0), message).help(mend));
        }
    }
    checker.field(&written.version, file::version);
    let forge = written.forge.get();
    let forge = forge.and_then(|forge| FleetForge::check(forge, checker));
    let release = Release::check(&written.action, &written.image, &(0..0), text, checker);
    let approved = approved(written, release.as_ref(), text, checker);
    let deny = written.deny.get().map_or(&[][..], |list| &list.value);
    let deny = deny.iter();
    let deny = DenyList::of(
        deny.filter_map(|entry| Denied::check(entry, checker))
            .collect(),
    );
    let deny_list = checker.field(&written.deny_list, tag_of_list);
    let select = Selection::check(&written.select, checker);
    let gates = Gates::check(&written.gates, checker);
    let rings = ring::check(&written.rings, release.as_ref(), &approved, checker);
    Some(Fleet {
        forge: forge?,
        release: release?,
        approved,
        select,
        rings,
        gates,
        deny,
        deny_list,
    })
}

/// A list that is published has to be found where it was, so at a tag and at no digest.
fn tag_of_list(text: &str) -> Result<ImageReference, ValueError> {
    match text.parse()? {
        DenySource::Oci(image) if image.tag().is_some() && image.digest().is_none() => Ok(image),
        _ => {
            let message = format!("`{}` is no tag in a registry", excerpt(text));
            let mend = "write `oci:REGISTRY/NAME:TAG`: rollbacks push the list there";
            Err(ValueError::new(message).mend(mend))
        }
    }
}

/// The earlier releases, each of another version.
fn approved(
    written: &raw::File,
    release: Option<&Release>,
    text: &str,
    checker: &mut Checker,
) -> Vec<Release> {
    let mut approved: Vec<Release> = Vec::new();
    for entry in written.approved.get().map_or(&[][..], |list| &list.value) {
        let (action, image) = (&entry.value.action, &entry.value.image);
        let Some(found) = Release::check(action, image, &entry.at, text, checker) else {
            continue;
        };
        let known = release.into_iter().chain(&approved);
        if known.into_iter().any(|it| it.version() == found.version()) {
            let message = format!("the image's version {} stands twice", found.version());
            let mend = "keep the one that was tested";
            checker.report(Diagnostic::about(&entry.at, message).help(mend));
        }
        approved.push(found);
    }
    approved
}
