//! The table of a fleet, for people.

use std::fmt::Write as _;

use super::{FleetReport, HoldRow, RepositoryRow, RolloutRow, RunsRow, State};
use crate::{
    model::text::{printable, shortened},
    report::Style,
};

/// The most columns of a name; rows of longer ones are not aligned any more.
const NAME: usize = 36;
/// The most columns of a version.
const VERSION: usize = 14;
/// The most characters of one sentence of a repository's.
const SENTENCE: usize = 400;

impl FleetReport {
    /// For people: a line a repository with what is to be said of it below, then the counts.
    pub fn text(&self, style: Style) -> String {
        let mut text = String::new();
        if let Some(rollout) = &self.progress {
            style.paragraph(&mut text, &rollout.sentence());
        }
        let widths = Widths::of(&self.repositories);
        if !self.repositories.is_empty() {
            widths.head(&mut text);
        }
        for row in &self.repositories {
            row.write(&mut text, &widths, style);
        }
        for name in &self.unknown {
            let name = shortened(name, SENTENCE);
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{name}: fleet.yaml has it in a ring, and the forge has not"
            );
        }
        if !self.left_out.is_empty() {
            let _ = writeln!(text, "left out:");
        }
        for row in &self.left_out {
            style.paragraph(
                &mut text,
                &format!("  {}: {}", printable(&row.name), row.reason),
            );
        }
        text + &self.closing_line()
    }

    /// The counts of all states that are there, in one line.
    pub fn closing_line(&self) -> String {
        let all = self.repositories.len();
        let plural = if all == 1 {
            "repository"
        } else {
            "repositories"
        };
        let counts = State::ALL.iter().filter(|state| self.count(**state) > 0);
        let counts: Vec<_> = counts
            .map(|state| format!("{} {}", self.count(*state), state.as_str()))
            .collect();
        let counts = match counts.as_slice() {
            [] => String::new(),
            some => format!(": {}", some.join(", ")),
        };
        format!("{all} {plural}{counts}\n")
    }
}

/// The columns of each part of a row.
struct Widths {
    name: usize,
    ring: usize,
    action: usize,
    image: usize,
}

impl Widths {
    fn of(rows: &[RepositoryRow]) -> Self {
        let widest = |title: &str, most: usize, of: fn(&RepositoryRow) -> &str| {
            let columns = rows.iter().map(|row| of(row).chars().count().min(most));
            columns.max().unwrap_or_default().max(title.len())
        };
        Self {
            name: widest("repository", NAME, |row| &row.name),
            ring: widest("ring", VERSION, |row| row.ring.as_deref().unwrap_or("-")),
            action: widest("action", VERSION, |row| row.action_version().unwrap_or("-")),
            image: widest("image", VERSION, |row| row.image_version().unwrap_or("-")),
        }
    }

    fn head(&self, text: &mut String) {
        let Self {
            name,
            ring,
            action,
            image,
        } = self;
        let _ = writeln!(
            text,
            "{:<name$}  {:<ring$}  {:<action$}  {:<image$}  state",
            "repository", "ring", "action", "image"
        );
    }
}

impl RepositoryRow {
    fn write(&self, text: &mut String, widths: &Widths, style: Style) {
        let cell = |value: Option<&str>, most: usize| shortened(value.unwrap_or("-"), most);
        let name = printable(&self.name);
        let ring = cell(self.ring.as_deref(), VERSION - 1);
        let action = cell(self.action_version(), VERSION - 1);
        let image = cell(self.image_version(), VERSION - 1);
        let state = style.fleet_state(self.state);
        let _ = writeln!(
            text,
            "{name:<0$}  {ring:<1$}  {action:<2$}  {image:<3$}  {state}",
            widths.name, widths.ring, widths.action, widths.image
        );
        for sentence in self.sentences() {
            style.paragraph(text, &format!("  {}", shortened(&sentence, SENTENCE)));
        }
    }

    /// What is to be said of it besides its state.
    fn sentences(&self) -> Vec<String> {
        let request = self.request.as_ref().map(|it| {
            let checks = match it.checks {
                "none" => String::new(),
                checks => format!(", checks {checks}"),
            };
            format!("request {} is {}{checks}", it.url, it.state)
        });
        let reason = self.reason.iter().cloned();
        let hold = self.hold.iter().map(HoldRow::sentence);
        let overrides = self.overrides.iter().cloned();
        let runs = self.runs.as_ref().map(RunsRow::sentence);
        let all = reason.chain(hold).chain(self.skew.clone());
        all.chain(overrides).chain(request).chain(runs).collect()
    }
}

impl HoldRow {
    /// "held on 1.2.3 until 2030-01-31: it leaks".
    pub fn sentence(&self) -> String {
        let Self {
            version,
            reason,
            until,
            is_expired,
        } = self;
        if *is_expired {
            format!("its hold on {version} has ended on {until}: take `hold` out of fullsend.yaml")
        } else {
            format!("held on {version} until {until}: {reason}")
        }
    }
}

impl RolloutRow {
    /// "upgrade-1.5.0-20261122-1: to 1.5.0, running, wave 2 of 3 (early), its gate says pass".
    pub fn sentence(&self) -> String {
        let mut told = format!("{}: to {}, {}", self.id, self.version, self.state);
        if let Some(ring) = &self.ring {
            let wave = self.waves_through + 1;
            let _ = write!(told, ", wave {wave} of {} ({ring})", self.waves);
        }
        if let Some(verdict) = self.verdict {
            let _ = write!(told, ", its gate says {verdict}");
        }
        if let Some(reason) = &self.reason {
            let _ = write!(told, ": {reason}");
        }
        told
    }
}

impl RunsRow {
    /// "runs: 9 passed, 1 failed".
    pub fn sentence(&self) -> String {
        let parts = [
            (self.passed, "passed"),
            (self.failed, "failed"),
            (self.sandbox, "without a working sandbox"),
            (self.not_started, "not started"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> = parts.map(|(count, how)| format!("{count} {how}")).collect();
        match parts.as_slice() {
            [] => "runs: none has ended".to_owned(),
            some => format!("runs: {}", some.join(", ")),
        }
    }
}
