//! What the verbs of the fleet that write have in hand: who we are, what stands in the way, the
//! journal, and the user's wish to stop.

use std::{path::Path, sync::Mutex};

use jiff::Timestamp;

use super::{Opened, watched};
use crate::{
    cli::{Context, console::Terminal, failure::CliFailure, patch::patch},
    fleet::{
        Access, Action, Ended, Journal, JournalError, Means, Observer, Outcome, Plan, RefusalKind,
        Row, State, Step, Verb, access, request_row,
    },
    forge::{Identity, Permission, Seen},
    model::{chain::chain, text::printable},
    report::fleet::{FleetReport, RepositoryRow, State as Stands},
    seam::stop::Stop,
};

/// What a verb that writes has in hand.
pub(super) struct Work<'a> {
    pub(super) opened: &'a Opened,
    pub(super) terminal: &'a Terminal,
    pub(super) identity: Identity,
    journal: Journal,
    /// The configuration repository, by its name below the owner or group.
    configuration: Option<String>,
    done: Mutex<(usize, usize)>,
}

impl<'a> Work<'a> {
    /// Asks the forge who we are, and opens the journal of `name`.
    pub(super) async fn begin(
        opened: &'a Opened,
        context: &'a Context,
        name: &str,
    ) -> Result<Self, CliFailure> {
        let terminal = &context.terminal;
        let forge = opened.forge.as_ref();
        let identity = watched(&opened.governor, terminal, forge.identity()).await?;
        let folder = context.environment.state_folder().ok_or_else(|| {
            CliFailure::usage_with(
                "there is no folder for the journal of what is written",
                "set HOME or XDG_STATE_HOME",
            )
        })?;
        opened
            .governor
            .remember(&folder, forge.host(), &identity.login);
        let place = format!("{}-{}", forge.host(), opened.owner());
        let place: String = place
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let journal = Journal::open(&folder, &format!("{place}-{name}")).await;
        let journal = journal.map_err(|error| unusable(&error))?;
        let unfinished = journal.unfinished();
        if !unfinished.is_empty() {
            terminal.note(&format!(
                "{} writes were under way when the last start ended; their repositories are looked \
                 at first",
                unfinished.len()
            ));
            for it in unfinished {
                // A journal that is full is told by the next intent.
                let _ = journal.done(it.ticket, "looked at again");
            }
        }
        let configuration = opened.configuration().map(str::to_owned);
        Ok(Self {
            opened,
            terminal,
            identity,
            journal,
            configuration,
            done: Mutex::default(),
        })
    }

    /// Where the fleet remembers what it wrote.
    pub(super) fn state(&self) -> Option<State<'_>> {
        Some(State {
            forge: self.opened.forge.as_ref(),
            repository: self.configuration.as_deref()?,
        })
    }

    pub(super) fn means<'w>(&'w self, stopped: &'w (dyn Fn() -> bool + Sync)) -> Means<'w> {
        Means {
            forge: self.opened.forge.as_ref(),
            identity: &self.identity,
            observer: self,
            journal: &self.journal,
            state: self.state(),
            stopped,
        }
    }

    /// Refuses where the token is known not to be enough; tells what else stands in the way.
    pub(super) fn check_access(
        &self,
        verb: Verb,
        members: &[&Seen],
        configuration: Option<&Seen>,
    ) -> Result<Access, CliFailure> {
        let place = &self.opened.fleet.forge;
        let members = members.iter().copied();
        let access = access(verb, place, &self.identity, members, configuration);
        if access.lacks.is_empty() {
            return Ok(access);
        }
        Err(CliFailure::usage_with(
            format!(
                "the token of {} may not {}",
                self.identity.login,
                listed(&access.lacks)
            ),
            "give it these permissions, or take another token",
        ))
    }

    /// Begins to count how many repositories are done, of `all`.
    pub(super) fn count(&self, all: usize) {
        if let Ok(mut done) = self.done.lock() {
            *done = (0, all);
        }
    }
}

/// Nothing is written that is not written down first.
fn unusable(error: &JournalError) -> CliFailure {
    let hint = match error {
        JournalError::InUse(_) => "wait for the other to end",
        _ => {
            "the journal of what is written has to be kept: mend the folder, or name another with \
              XDG_STATE_HOME"
        }
    };
    CliFailure::usage_with(chain(error), hint)
}

/// What of `access` a person should know, a line each.
pub(super) fn told(access: &Access, login: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if access.is_unknown {
        lines.push(format!(
            "the forge does not tell what the token of {login} may do; writes will show"
        ));
    }
    for (names, what) in [
        (&access.closed, "no push is allowed to"),
        (
            &access.signed,
            "commits have to be signed, which only an app's are sure to be, in",
        ),
    ] {
        if !names.is_empty() {
            lines.push(format!("{what}: {}", some(names)));
        }
    }
    if access.must_ask {
        lines.push(
            "the configuration repository's default branch takes no push from us: a rollback would \
             have to wait for a request there to be merged"
                .to_owned(),
        );
    }
    lines
}

fn some(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    shown.join(", ") + &more
}

fn listed(permissions: &[Permission]) -> String {
    let words = permissions.iter().map(|it| match it {
        Permission::Read => "read repositories",
        Permission::Contents => "push branches",
        Permission::Requests => "open requests",
        Permission::Workflows => "change workflows",
        Permission::Runs => "read runs",
        Permission::Start => "start runs",
    });
    words.collect::<Vec<_>>().join(", ")
}

impl Observer for Work<'_> {
    fn acting(&self, name: &str, action: Action) {
        let what = match action {
            Action::Propose => "asking",
            Action::Commit => "committing to",
            Action::Open | Action::Reopen => "opening the request of",
            Action::Close => "closing the request of",
            Action::DeleteBranch => "tidying",
        };
        tracing::debug!("{what} {name}");
    }

    fn ended(&self, _name: &str, _outcome: &Outcome) {
        let Ok(mut done) = self.done.lock() else {
            return;
        };
        done.0 += 1;
        let (now, all) = *done;
        // A line each is too much for a log: one in fifty, and the last.
        if self.terminal.has_bar() || now % 50 == 0 || now == all {
            self.terminal.progress("repositories", now, all);
        }
    }

    fn warn(&self, sentence: &str) {
        self.terminal.warn(sentence);
    }
}

/// Does `work` until it is done, or until the user insists on an end at once.
pub(super) async fn until_insisted<T>(stop: &Stop, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        _ = stop.twice() => None,
    }
}

/// What a plan would change, as patches below the name of each repository.
pub(super) fn diff(plan: &Plan) -> String {
    plan.rows.iter().map(diff_of).collect()
}

fn diff_of(row: &Row) -> String {
    let name = &row.seen.repository.full_name;
    if let Step::Rest(Outcome::Refused(refusal)) = &row.step {
        return format!("# {name} is not asked: {}\n", printable(&refusal.reason));
    }
    let (Ok(ask), Step::Do(_)) = (&row.ask, &row.step) else {
        return String::new();
    };
    let head = format!("# {name}: {}\n", ask.branch);
    let notes = ask.notes.iter();
    let notes = notes.map(|note| format!("# {}\n", printable(note)));
    let patches = ask.changes.iter().map(|change| {
        let path = Path::new(name).join(&change.path);
        let old = row.texts.get(&change.path);
        let old = old.map(|bytes| String::from_utf8_lossy(bytes));
        match &change.content {
            Some(new) => patch(&path, old.as_deref(), &String::from_utf8_lossy(new)),
            None => format!("# {} goes\n", path.display()),
        }
    });
    [head].into_iter().chain(notes).chain(patches).collect()
}

/// The document of what became of repositories.
pub(super) fn report(ended: &[Ended]) -> FleetReport {
    FleetReport::new(ended.iter().map(row).collect())
}

fn row(ended: &Ended) -> RepositoryRow {
    let name = &ended.seen.repository.name;
    let of = |state| RepositoryRow::new(name, Some(&ended.ring), state);
    let with = |state, reason: &str| RepositoryRow {
        reason: Some(reason.to_owned()),
        ..of(state)
    };
    match &ended.outcome {
        Outcome::Done => RepositoryRow {
            reason: notes(ended),
            ..of(Stands::Current)
        },
        Outcome::Open { request, .. } => RepositoryRow {
            reason: notes(ended),
            request: Some(request_row(request)),
            ..of(Stands::Missing)
        },
        Outcome::Refused(refusal) => {
            let state = match refusal.kind {
                RefusalKind::Skipped => Stands::Skipped,
                RefusalKind::Edited => Stands::Edited,
                RefusalKind::Held => Stands::Held,
                RefusalKind::Blocked => Stands::Blocked,
            };
            with(state, &refusal.reason)
        }
        Outcome::Failed(why) => RepositoryRow {
            is_unanswered: true,
            ..with(Stands::Error, why)
        },
        Outcome::Unreached => with(Stands::Missing, "not reached: the same command goes on"),
    }
}

fn notes(ended: &Ended) -> Option<String> {
    (!ended.notes.is_empty()).then(|| ended.notes.join("; "))
}

/// The day in UTC.
pub(super) fn today() -> jiff::civil::Date {
    Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
