//! The fleet as one page for a browser: it needs nothing from elsewhere, and no script to be read.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{Timestamp, tz::TimeZone};
use semver::Version;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Context, Template};
use crate::{
    config::{Fleet, FleetForge, Release},
    model::{skew, text::shortened},
    report::fleet::{FleetReport, HoldRow, RepositoryRow, RequestRow, RunsRow, State},
};

/// The most characters of a sentence on the page.
const SENTENCE: usize = 400;
/// The width of a bar that stands for all.
const WHOLE: usize = 1000;

/// What the page shows.
#[derive(Clone, Debug, Serialize)]
pub struct FleetStatus {
    /// The SHA-256 of the page's script, which alone may run.
    pub script_hash: String,
    /// And of its style.
    pub style_hash: String,
    /// Whose fleet it is.
    pub organisation: String,
    /// On which forge.
    pub host: String,
    /// When it was looked at.
    pub time: String,
    /// The same, for people.
    pub time_for_people: String,
    /// The version of the action to reach.
    pub action: String,
    /// And of the image.
    pub image: String,
    /// The rollout that is not through, in a sentence.
    pub rollout: Option<String>,
    /// How many repositories there are.
    pub total: usize,
    /// How many are as they should be.
    pub fine: usize,
    /// How many need somebody.
    pub attention_count: usize,
    /// The counts of the states that are there.
    pub tiles: Vec<Tile>,
    /// The rings in their order.
    pub rings: Vec<RingBar>,
    /// How many repositories have each version.
    pub spreads: Vec<Spread>,
    /// The repositories, those that need somebody first.
    pub rows: Vec<Row>,
    /// Names in a ring that no repository has.
    pub unknown: Vec<String>,
    /// Those that cannot be members.
    pub left_out: Vec<LeftOut>,
    /// Ours.
    pub version: &'static str,
}

/// How many repositories have a state.
#[derive(Clone, Debug, Serialize)]
pub struct Tile {
    /// The state, for people.
    pub label: String,
    /// How many.
    pub count: usize,
    /// Its colour, by name.
    pub tone: &'static str,
}

/// A ring, and how far it is.
#[derive(Clone, Debug, Serialize)]
pub struct RingBar {
    /// Its name.
    pub name: String,
    /// The image's version that it stands on.
    pub release: String,
    /// How many repositories it has.
    pub total: usize,
    /// How many of them are as they should be.
    pub fine: usize,
    /// The whole bar in words.
    pub told: String,
    /// The parts of the bar.
    pub parts: Vec<Part>,
}

/// A part of a bar.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// Its colour, by name.
    pub tone: &'static str,
    /// Where it begins.
    pub x: usize,
    /// How long it is.
    pub width: usize,
}

/// How many repositories have each version of something.
#[derive(Clone, Debug, Serialize)]
pub struct Spread {
    /// Of what.
    pub title: &'static str,
    /// The newest first.
    pub bars: Vec<Bar>,
}

/// How many repositories have a version.
#[derive(Clone, Debug, Serialize)]
pub struct Bar {
    /// The version.
    pub label: String,
    /// What is special about it.
    pub note: &'static str,
    /// How many.
    pub count: usize,
    /// The bar in words.
    pub told: String,
    /// Its colour, by name.
    pub tone: &'static str,
    /// How long it is.
    pub width: usize,
}

/// A repository.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: Option<String>,
    /// Its state, for people.
    pub state: String,
    /// The state's colour, by name.
    pub tone: &'static str,
    /// Its ring.
    pub ring: String,
    /// The version of its action.
    pub action: String,
    /// And of its image.
    pub image: String,
    /// What is to be said of it.
    pub notes: Vec<String>,
    /// Our request.
    pub request: Option<Link>,
}

/// A sentence that leads somewhere.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    /// Where, if that is a page of the web.
    pub href: Option<String>,
    /// The sentence.
    pub told: String,
}

/// A repository that cannot be a member.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Context for FleetStatus {
    const TEMPLATE: Template = Template {
        name: "fleet/status.html.j2",
        source: include_str!("../../templates/fleet/status.html.j2"),
        revision: 1,
    };
}

impl FleetStatus {
    /// The page of `report`, which tells of `fleet` as it was at the time `at`.
    pub fn new(report: &FleetReport, fleet: &Fleet, at: Timestamp) -> Self {
        let (FleetForge::GitHub { owner, url }
        | FleetForge::GitLab {
            group: owner, url, ..
        }) = &fleet.forge;
        let source = Self::TEMPLATE.source;
        let all = &report.repositories;
        let mut rows: Vec<&RepositoryRow> = all.iter().collect();
        rows.sort_by_key(|row| (tone(row.state) != "bad", !row.needs_attention()));
        let base = format!("{url}/{owner}");
        let release = to_reach(fleet);
        let (action, image) = (&release.action.version, release.version());
        Self {
            script_hash: hash(source, "<script>", "</script>"),
            style_hash: hash(source, "<style>", "</style>"),
            organisation: owner.clone(),
            host: url.split_once("://").map_or(&**url, |it| it.1).to_owned(),
            time: at.to_string(),
            time_for_people: at
                .to_zoned(TimeZone::UTC)
                .strftime("%-d %B %Y, %H:%M UTC")
                .to_string(),
            action: action.to_string(),
            image: image.to_string(),
            rollout: report
                .progress
                .as_ref()
                .map(|it| shortened(&it.sentence(), SENTENCE)),
            total: all.len(),
            fine: all.iter().filter(|row| !row.state.is_drift()).count(),
            attention_count: all.iter().filter(|row| row.needs_attention()).count(),
            tiles: tiles(report),
            rings: fleet
                .rings
                .iter()
                .map(|ring| RingBar::new(&ring.name, &ring.release.version().to_string(), all))
                .collect(),
            spreads: vec![
                spread(
                    "Versions of the image",
                    all,
                    image,
                    RepositoryRow::image_version,
                ),
                spread(
                    "Versions of the action",
                    all,
                    action,
                    RepositoryRow::action_version,
                ),
            ],
            rows: rows.into_iter().map(|row| Row::new(row, &base)).collect(),
            unknown: report.unknown.clone(),
            left_out: report
                .left_out
                .iter()
                .map(|it| LeftOut {
                    name: it.name.clone(),
                    reason: it.reason.clone(),
                })
                .collect(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// The release that the fleet is on its way to: after a rollback, what the last rings were taken
/// back to.
fn to_reach(fleet: &Fleet) -> &Release {
    let rings = fleet.rings.iter().rev().map(|ring| &ring.release);
    let mut all = [&fleet.release].into_iter().chain(rings);
    let good = all.find(|release| fleet.denial(release).is_none());
    good.unwrap_or(&fleet.release)
}

/// What the policy of the page's own head knows a script or a style by.
fn hash(source: &str, open: &str, close: &str) -> String {
    let inner = source
        .split_once(open)
        .and_then(|(_, rest)| rest.split_once(close));
    let inner = inner.map(|(inner, _)| inner).unwrap_or_default();
    STANDARD.encode(Sha256::digest(inner.as_bytes()))
}

fn label(state: State) -> String {
    state.as_str().replace('_', " ")
}

fn tone(state: State) -> &'static str {
    match state {
        State::Current => "good",
        State::PinsMoved => "moved",
        State::Outdated | State::Missing | State::Held => "wait",
        State::Edited | State::Blocked | State::Error => "bad",
        State::Skipped => "idle",
    }
}

fn tiles(report: &FleetReport) -> Vec<Tile> {
    let there = State::ALL.into_iter().filter(|it| report.count(*it) > 0);
    there
        .map(|state| Tile {
            label: label(state),
            count: report.count(state),
            tone: tone(state),
        })
        .collect()
}

impl RingBar {
    fn new(name: &str, release: &str, all: &[RepositoryRow]) -> Self {
        let own = all.iter().filter(|row| row.ring.as_deref() == Some(name));
        let mut counts: BTreeMap<usize, (State, usize)> = BTreeMap::new();
        for row in own {
            let index = State::ALL.iter().position(|it| *it == row.state);
            counts
                .entry(index.unwrap_or_default())
                .or_insert((row.state, 0))
                .1 += 1;
        }
        let total = counts.values().map(|(_, count)| count).sum();
        let (mut done, mut parts, mut told) = (0, Vec::new(), Vec::new());
        for (state, count) in counts.values() {
            let x = share(done, total);
            done += count;
            parts.push(Part {
                tone: tone(*state),
                x,
                width: share(done, total) - x,
            });
            told.push(format!("{count} {}", label(*state)));
        }
        let fine = counts.values().filter(|(state, _)| !state.is_drift());
        let told = match told.as_slice() {
            [] => "no repository".to_owned(),
            some => some.join(", "),
        };
        Self {
            name: name.to_owned(),
            release: release.to_owned(),
            total,
            fine: fine.map(|(_, count)| count).sum(),
            told: format!("{name}: {told}"),
            parts,
        }
    }
}

/// The width that stands for `count` of `total`.
fn share(count: usize, total: usize) -> usize {
    (count * WHOLE).checked_div(total).unwrap_or_default()
}

fn spread(
    title: &'static str,
    all: &[RepositoryRow],
    wanted: &Version,
    of: fn(&RepositoryRow) -> Option<&str>,
) -> Spread {
    let mut counts: BTreeMap<(Option<Version>, &str), usize> = BTreeMap::new();
    for row in all {
        let written = of(row).unwrap_or("none");
        *counts.entry((skew::of_tag(written), written)).or_default() += 1;
    }
    let most = counts.values().max().copied().unwrap_or_default();
    // The newest first; what is no version has none, and so comes last.
    let bars = counts.into_iter().rev().map(|((version, written), count)| {
        let is_wanted = version.as_ref() == Some(wanted);
        let note = if is_wanted { "to reach" } else { "" };
        Bar {
            label: shortened(written, 24),
            note,
            count,
            told: format!("{written}: {count}"),
            tone: match version {
                _ if is_wanted => "good",
                Some(_) => "wait",
                None => "idle",
            },
            width: share(count, most),
        }
    });
    Spread {
        title,
        bars: bars.collect(),
    }
}

impl Row {
    fn new(row: &RepositoryRow, base: &str) -> Self {
        let text = |text: Option<&str>| text.map(|it| shortened(it, 24)).unwrap_or_default();
        // Whatever else a name has is not put into an address.
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let is_plain = row.name.chars().all(plain);
        Self {
            name: row.name.clone(),
            href: is_plain
                .then(|| web(&format!("{base}/{}", row.name)))
                .flatten(),
            state: label(row.state),
            tone: tone(row.state),
            ring: text(row.ring.as_deref()),
            action: text(row.action_version()),
            image: text(row.image_version()),
            notes: notes(row),
            request: row.request.as_ref().map(Link::new),
        }
    }
}

fn notes(row: &RepositoryRow) -> Vec<String> {
    let reason = row.reason.iter().cloned();
    let hold = row.hold.iter().map(HoldRow::sentence);
    let overrides = row.overrides.iter().cloned();
    let runs = row.runs.iter().map(RunsRow::sentence);
    let all = reason.chain(hold).chain(row.skew.clone());
    all.chain(overrides)
        .chain(runs)
        .map(|note| shortened(&note, SENTENCE))
        .collect()
}

impl Link {
    fn new(request: &RequestRow) -> Self {
        let checks = match request.checks {
            "none" => String::new(),
            checks => format!(", checks {checks}"),
        };
        let number = request.url.rsplit('/').next().unwrap_or_default();
        Self {
            href: web(&request.url),
            told: format!(
                "request {} {}{checks}",
                shortened(number, 12),
                request.state
            ),
        }
    }
}

/// `url`, where it is a page of the web: any other could run a script.
fn web(url: &str) -> Option<String> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web.then(|| url.to_owned())
}

#[cfg(test)]
mod tests;
