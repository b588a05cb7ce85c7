//! The changes that a rollout makes to fleet.yaml.

use semver::Version;

use super::{EditError, page::Page};
use crate::{
    config::{Denied, DeniedSubject, Fleet, Release, Ring},
    document::insert::Value,
    model::text::printable,
};

/// `to` becomes the release to reach, and the one before is approved. The rings in `staying` keep
/// what they stand on; the others follow.
///
/// The text stays as it is where it says so already.
pub fn reach(text: &str, to: &Release, staying: &[&str]) -> Result<String, EditError> {
    let mut page = Page::read(text, format!("make {} the release to reach", to.version()))?;
    let old = page.wanted.release.clone();
    if old != *to {
        page.forget(to)?;
        page.set(&["action".into()], &action(to))?;
        page.set(&["image".into()], &Value::text(to.image().to_string()))?;
        page.wanted.release = to.clone();
        page.push(&["approved".into()], &pair(&old))?;
        page.wanted.approved.push(old);
    }
    for ring in page.wanted.rings.clone() {
        if staying.contains(&ring.name.as_str()) {
            page.stand(&ring.name, &ring.release)?;
        } else {
            page.follow(&ring.name)?;
        }
    }
    page.finish()
}

/// The ring `name` follows: it stands on the release to reach from now on.
///
/// The text stays as it is where the ring follows already.
pub fn advance(text: &str, name: &str) -> Result<String, EditError> {
    let mut page = Page::read(text, format!("let the ring `{name}` follow"))?;
    page.follow(name)?;
    page.finish()
}

/// These rings stand on `version`, which is to reach or approved.
pub fn retreat(text: &str, rings: &[&str], version: &Version) -> Result<String, EditError> {
    let mut page = Page::read(text, format!("let rings stand on {version}"))?;
    let known = page.wanted.releases().find(|it| it.version() == version);
    let release = known.cloned();
    let release = release.ok_or_else(|| EditError::UnknownVersion(version.clone()))?;
    for ring in rings {
        page.stand(ring, &release)?;
    }
    page.finish()
}

/// Nobody may run `version` any more; what has it goes to `replacement`.
///
/// The text stays as it is where the version is denied already.
pub fn deny(
    text: &str,
    version: &Version,
    reason: &str,
    replacement: Option<&Release>,
) -> Result<String, EditError> {
    let mut page = Page::read(text, format!("deny {version}"))?;
    let bad = |error| EditError::Value {
        doing: format!("deny {version}"),
        error,
    };
    let entries = page.wanted.deny.entries().iter();
    let denied: Vec<Version> = entries
        .filter_map(|entry| page.wanted.denied_version(entry))
        .collect();
    if denied.contains(version) {
        return page.finish();
    }
    let reason = printable(reason);
    let replacement = replacement.map(Release::image);
    let replacement = replacement.and_then(|it| Some(format!("{}@{}", it.tag()?, it.digest()?)));
    let mut entry = vec![
        ("version".to_owned(), Value::text(version.to_string())),
        ("reason".to_owned(), Value::text(reason.clone())),
    ];
    if let Some(text) = &replacement {
        entry.push(("replacement".to_owned(), Value::text(text.clone())));
    }
    page.push(&["deny".into()], &Value::Map(entry))?;
    page.denied = Some(Denied {
        subject: DeniedSubject::Version(version.to_string().parse().map_err(bad)?),
        reason,
        replacement: replacement.map(|it| it.parse()).transpose().map_err(bad)?,
    });
    page.finish()
}

/// An action with its version in the comment behind it.
fn action(release: &Release) -> Value {
    let action = &release.action;
    let pin = format!("{}@{}", action.repository, action.commit);
    Value::Noted(pin, format!("v{}", action.version))
}

/// An item of `approved`.
fn pair(release: &Release) -> Value {
    Value::Map(vec![
        ("action".to_owned(), action(release)),
        ("image".to_owned(), Value::text(release.image().to_string())),
    ])
}

impl Page {
    /// The ring has no version of its own.
    fn follow(&mut self, name: &str) -> Result<(), EditError> {
        let release = self.wanted.release.clone();
        let ring = ring_of(&mut self.wanted, name)?;
        if ring.release == release {
            return Ok(());
        }
        ring.release = release;
        self.free_ring(name)
    }

    /// The ring stands on `release`.
    fn stand(&mut self, name: &str, release: &Release) -> Result<(), EditError> {
        let reach = self.wanted.release.clone();
        let ring = ring_of(&mut self.wanted, name)?;
        ring.release = release.clone();
        if *release == reach {
            return self.free_ring(name);
        }
        let path = ["rings".into(), name.into(), "version".into()];
        self.set(&path, &Value::text(release.version().to_string()))
    }

    /// Takes a release out of `approved`, where it is about to be more than that.
    fn forget(&mut self, release: &Release) -> Result<(), EditError> {
        let mut approved = self.wanted.approved.iter();
        let found = approved.position(|it| it.version() == release.version());
        let Some(index) = found else {
            return Ok(());
        };
        self.wanted.approved.remove(index);
        if self.wanted.approved.is_empty() {
            return self.remove(&["approved".into()]);
        }
        self.remove(&["approved".into(), index.into()])
    }
}

fn ring_of<'f>(fleet: &'f mut Fleet, name: &str) -> Result<&'f mut Ring, EditError> {
    let ring = fleet.rings.iter_mut().find(|ring| ring.name == name);
    ring.ok_or_else(|| EditError::NoRing(name.to_owned()))
}
