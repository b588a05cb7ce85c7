//! What the verbs of the fleet that write have in hand: who we are, what stands in the way, the
//! journal, and the user's wish to stop.

use std::{collections::BTreeSet, path::Path, sync::Mutex};

use jiff::Timestamp;

use super::{Opened, access::identify};
use crate::{
    cli::{Context, console::Terminal, failure::CliFailure, patch::patch},
    fleet::{
        Action, Ended, Journal, JournalError, Means, Observer, Outcome, Plan, RefusalKind, Row,
        State, Step, Texts, Verb, Write, WriteAhead, request_row, stands,
    },
    forge::{Identity, Seen},
    model::{chain::chain, digest::Digest, text::printable},
    report::fleet::{FleetReport, RepositoryRow, State as Stands},
    seam::stop::Stop,
};

/// What a verb that writes has in hand.
pub(super) struct Work<'a> {
    pub(super) opened: &'a Opened,
    pub(super) terminal: &'a Terminal,
    pub(super) identity: Identity,
    /// Nothing for a look, which writes nothing.
    journal: Option<Journal>,
    /// The configuration repository, by its name below the owner or group.
    configuration: Option<String>,
    done: Mutex<(usize, usize)>,
}

impl<'a> Work<'a> {
    /// Asks the forge who we are, and opens the journal of `verb`, unless this is only a look.
    pub(super) async fn begin(
        opened: &'a Opened,
        context: &'a Context,
        verb: Verb,
        is_look: bool,
    ) -> Result<Self, CliFailure> {
        let terminal = &context.terminal;
        let identity = identify(opened, context).await?;
        let journal = if is_look {
            None
        } else {
            let journal = open_journal(opened, context, verb).await?;
            let left = journal.unfinished().len();
            if left > 0 {
                terminal.note(&format!(
                    "{left} writes were under way when the last start ended; how they ended is \
                     looked up where this start comes by"
                ));
            }
            Some(journal)
        };
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

    /// `names` were looked at, so that nothing that was under way there is unknown any more.
    pub(super) fn looked_at<'n>(&self, names: impl IntoIterator<Item = &'n str>) {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let Some(journal) = &self.journal else {
            return;
        };
        let unfinished = journal.unfinished().into_iter();
        for it in unfinished.filter(|it| names.contains(&*it.intent.repository)) {
            // A journal that is full is told by the next intent.
            let _ = journal.done(it.ticket, "looked at again");
        }
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
            journal: self,
            state: self.state(),
            stopped,
        }
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
        JournalError::Name(_) | JournalError::TooLong | JournalError::File(_) => {
            "the journal of what is written has to be kept: mend the folder, or name another with \
              XDG_STATE_HOME"
        }
    };
    CliFailure::usage_with(chain(error), hint)
}

/// The name of the journal of `verb`: of a host and a group whose names may be longer than a file's.
fn journal_of(host: &str, owner: &str, verb: &str) -> String {
    const SHOWN: usize = 60;
    let place = format!("{host}-{owner}");
    let plain = place.chars().take(SHOWN);
    let plain = plain.map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let plain: String = plain.collect();
    let digest = Digest::of(place.as_bytes());
    let short = digest.hex().get(..12).unwrap_or_default();
    format!("{plain}-{short}-{verb}")
}

async fn open_journal(
    opened: &Opened,
    context: &Context,
    verb: Verb,
) -> Result<Journal, CliFailure> {
    let folder = context.environment.state_folder().ok_or_else(|| {
        CliFailure::usage_with(
            "there is no folder for the journal of what is written",
            "set HOME or XDG_STATE_HOME",
        )
    })?;
    let name = journal_of(opened.forge.host(), opened.owner(), verb.as_str());
    let journal = Journal::open(&folder, &name).await;
    journal.map_err(|error| unusable(&error))
}

impl WriteAhead for Work<'_> {
    fn intend(&self, name: &str, branch: &str, write: Write) -> Result<u64, String> {
        match &self.journal {
            Some(journal) => WriteAhead::intend(journal, name, branch, write),
            None => Err("this is only a look: nothing is written".to_owned()),
        }
    }

    fn done(&self, ticket: u64, ended: &str) {
        if let Some(journal) = &self.journal {
            WriteAhead::done(journal, ticket, ended);
        }
    }
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

/// What is to be told of a repository, beside how its default branch stands.
pub(super) struct Told<'a> {
    seen: &'a Seen,
    ring: &'a str,
    texts: &'a Texts,
    notes: &'a [String],
    /// What became of it; nothing where it would be written to.
    outcome: Option<&'a Outcome>,
    is_forgotten: bool,
}

impl<'a> Told<'a> {
    pub(super) fn ended(ended: &'a Ended) -> Self {
        Self {
            seen: &ended.seen,
            ring: &ended.ring,
            texts: &ended.texts,
            notes: &ended.notes,
            outcome: Some(&ended.outcome),
            is_forgotten: ended.is_forgotten,
        }
    }

    /// Of a plan for the repositories of `ring`.
    pub(super) fn planned(row: &'a Row, ring: &'a str) -> Self {
        Self {
            seen: &row.seen,
            ring,
            texts: &row.texts,
            notes: row.ask.as_ref().map_or(&[], |ask| &ask.notes),
            outcome: match &row.step {
                Step::Do(_) => None,
                Step::Rest(outcome) => Some(outcome),
            },
            is_forgotten: false,
        }
    }

    /// Whether it is one of these names.
    pub(super) fn is_of(&self, names: &BTreeSet<&str>) -> bool {
        names.contains(&*self.seen.repository.name)
    }

    /// With something to be written, whatever was said before.
    pub(super) fn asked(self) -> Self {
        Self {
            outcome: None,
            ..self
        }
    }

    fn row(&self, stands: RepositoryRow) -> RepositoryRow {
        let forgotten = self.is_forgotten.then_some("it could not be remembered");
        let notes = self.notes.iter().map(String::as_str).chain(forgotten);
        let notes: Vec<&str> = notes.collect();
        let notes = (!notes.is_empty()).then(|| notes.join("; "));
        let with = |state, reason: &str, stands| RepositoryRow {
            state,
            reason: Some(reason.to_owned()),
            ..stands
        };
        match self.outcome {
            None => RepositoryRow {
                reason: Some(notes.unwrap_or_else(|| "it would be asked".to_owned())),
                ..stands
            },
            Some(Outcome::Done) => RepositoryRow {
                state: Stands::Current,
                reason: notes,
                ..stands
            },
            Some(Outcome::Open { request, .. }) => RepositoryRow {
                reason: notes.or(stands.reason),
                request: Some(request_row(request)),
                ..stands
            },
            Some(Outcome::Refused(refusal)) => with(of_kind(refusal.kind), &refusal.reason, stands),
            Some(Outcome::Failed(why)) => RepositoryRow {
                is_unanswered: true,
                ..with(Stands::Error, why, stands)
            },
            Some(Outcome::Unreached) => with(
                stands.state,
                "not reached: the same command goes on",
                stands,
            ),
        }
    }
}

fn of_kind(kind: RefusalKind) -> Stands {
    match kind {
        RefusalKind::Skipped => Stands::Skipped,
        RefusalKind::Edited => Stands::Edited,
        RefusalKind::Held => Stands::Held,
        RefusalKind::Blocked => Stands::Blocked,
    }
}

/// The document of repositories: how each stands on its default branch, as `status` says it, and
/// what became of it.
pub(super) fn report(opened: &Opened, told: &[Told<'_>]) -> FleetReport {
    let configuration = opened.config_repository.as_deref();
    let read = told.iter().map(|it| (it.seen, it.ring, it.texts));
    let rows = stands(&opened.fleet, configuration, today(), read);
    let rows = rows.into_iter().zip(told).map(|(row, told)| told.row(row));
    FleetReport::new(rows.collect())
}

/// The day in UTC.
pub(super) fn today() -> jiff::civil::Date {
    Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
