//! What a rollout wants of a repository: its pins at another release.

use std::collections::BTreeSet;

use jiff::{civil::Date, tz::TimeZone};

use super::{Crew, pins::Pins};
use crate::{
    config::{self, Fleet, Release},
    fleet::{
        Ask, Refusal, RefusalKind, Texts, Want,
        rollout::{Kind, Rollout},
    },
    forge::{Repository, Seen, Watch},
    model::{limits::Limits, text::as_code},
    reference::ACTIONS_LOCK,
};

/// What a repository decides for itself.
pub(super) const OWN_FILE: &str = "fullsend.yaml";
/// How the branches of Renovate's requests begin.
pub(super) const RENOVATE: &str = "renovate/";

/// What a rollout wants of a repository.
pub(super) struct Moving {
    watch: Watch,
    branch: String,
    kind: Kind,
    from: Release,
    to: Release,
    fleet: Fleet,
    reason: Option<String>,
    today: Date,
}

impl Moving {
    /// `agents` are those whose workflows move besides the usual ones.
    pub(super) fn new(
        crew: Crew<'_>,
        fleet: &Fleet,
        rollout: &Rollout,
        agents: &BTreeSet<String>,
    ) -> Self {
        let branch = rollout.id.branch();
        Self {
            watch: Watch {
                paths: paths(agents),
                branch: Some(branch.clone()),
                requests: [RENOVATE, "fullsend/upgrade-", "fullsend/rollback-"]
                    .map(str::to_owned)
                    .to_vec(),
            },
            branch,
            kind: rollout.kind,
            from: rollout.from.clone(),
            to: rollout.to.clone(),
            fleet: fleet.clone(),
            reason: rollout.reason.clone(),
            today: (crew.clock)().to_zoned(TimeZone::UTC).date(),
        }
    }

    /// fleet.yaml, which says who moves.
    pub(super) fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Whether files name what is taken back.
    pub(super) fn has_bad(&self, texts: &Texts) -> bool {
        self.are_bad(&Pins::read(texts))
    }

    /// What is left is bad, and so is what was taken back before: a rollback may come in the place
    /// of one that did not reach all repositories.
    fn are_bad(&self, pins: &Pins) -> bool {
        let (fleet, to) = (&self.fleet, &self.to);
        let denied = fleet.releases();
        let denied = denied.filter(|it| it.version() > to.version() && fleet.denial(it).is_some());
        let mut bad = [&self.from].into_iter().chain(denied);
        bad.any(|it| pins.has(fleet, it, to))
    }

    /// Why the repository is not to move, whatever it has.
    fn refuse(&self, repository: &Repository, texts: &Texts) -> Result<(), Refusal> {
        let refuse = |kind, reason: &str| Err(Refusal::new(kind, reason));
        if repository.is_archived {
            return refuse(RefusalKind::Skipped, "it is archived");
        }
        if !repository.may_push || !repository.takes_requests {
            return refuse(RefusalKind::Blocked, "we may not open requests in it");
        }
        self.held(texts)
    }

    /// A hold keeps a repository where it is. Nothing keeps it on what is taken back, be it a hold
    /// on another version, or one that nobody can read.
    fn held(&self, texts: &Texts) -> Result<(), Refusal> {
        if self.kind == Kind::Rollback {
            return Ok(());
        }
        let Some(text) = texts.get(OWN_FILE) else {
            return Ok(());
        };
        let config = config::parse(text, OWN_FILE).map_err(|error| {
            Refusal::new(
                RefusalKind::Blocked,
                format!("nobody can tell whether it is held: {error}"),
            )
        })?;
        let hold = config.hold.filter(|it| it.is_in_force(self.today));
        let Some(hold) = hold else {
            return Ok(());
        };
        if hold.version.is(&self.to.version().to_string()) {
            return Ok(());
        }
        let (version, until, reason) = (&hold.version, &hold.until, &hold.reason);
        let reason = format!("it is held on {version} until {until}: {reason}");
        Err(Refusal::new(RefusalKind::Held, reason))
    }

    fn title(&self) -> String {
        let (from, to) = (self.from.version(), self.to.version());
        match self.kind {
            Kind::Upgrade => format!("chore(fullsend): upgrade to {to}"),
            Kind::Rollback => format!("chore(fullsend): go back from {from} to {to}"),
        }
    }

    fn body(&self) -> String {
        let (action, image) = (&self.to.action, self.to.image());
        let why = match (&self.reason, self.kind) {
            (Some(reason), Kind::Rollback) => {
                format!("{} is denied: {}\n\n", self.from.version(), as_code(reason))
            }
            _ => String::new(),
        };
        format!("{why}- action: `{action}`\n- image: `{image}`\n")
    }
}

impl Want for Moving {
    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn needs(&self, seen: &Seen) -> Vec<String> {
        seen.files.keys().cloned().collect()
    }

    fn ask(&self, seen: &Seen, texts: &Texts) -> Result<Ask, Refusal> {
        let mut ask = Ask {
            branch: self.branch.clone(),
            changes: Vec::new(),
            title: self.title(),
            body: self.body(),
            notes: Vec::new(),
            remember: None,
        };
        let (pins, fleet) = (Pins::read(texts), &self.fleet);
        let newest = pins.newest(fleet);
        match self.kind {
            Kind::Rollback if !self.are_bad(&pins) => return Ok(ask),
            Kind::Upgrade if !pins.any(fleet) => {
                let reason = "it names neither the action nor an image of the fleet";
                return Err(Refusal::new(RefusalKind::Skipped, reason));
            }
            Kind::Upgrade if newest.is_some_and(|it| it > *self.to.version()) => {
                let reason = "it is on a newer version";
                return Err(Refusal::new(RefusalKind::Skipped, reason));
            }
            Kind::Upgrade | Kind::Rollback => {}
        }
        let blocked = |reason| Refusal::new(RefusalKind::Blocked, reason);
        let changes = pins.moved(fleet, &self.to).map_err(blocked)?;
        if changes.is_empty() {
            return Ok(ask);
        }
        self.refuse(&seen.repository, texts)?;
        ask.changes = changes;
        Ok(ask)
    }
}

/// The files of a repository that name the fleet's packages.
fn paths(agents: &BTreeSet<String>) -> Vec<String> {
    let agents = agents.iter().map(String::as_str);
    let workflows = Limits::AGENTS.into_iter().chain(agents);
    let workflows = workflows.map(|agent| format!(".github/workflows/fullsend-{agent}.yml"));
    let others = [OWN_FILE, ".gitlab-ci.yml", ACTIONS_LOCK];
    let others = others.into_iter().map(str::to_owned);
    others.chain(workflows).collect()
}
