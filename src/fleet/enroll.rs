//! What `enroll`, `unenroll`, `hold` and `release` want of each repository.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    Ask, Member, Refusal, RefusalKind, State, Texts, Want,
    enrol::{self, Actions, CONFIG, Enrolment, Held, Leaving, Record, Removal, Via, Wanted},
    hold, plan,
};
use crate::{
    config::{Fleet, Hold, Ring},
    forge::{Change, Forge, ForgeError, Seen, Watch},
    model::text::{as_code, printable},
    reference::ACTIONS_LOCK,
};

/// The branch that a repository is enrolled from.
pub const ENROLL_BRANCH: &str = "fullsend/enroll";
/// The branch that a repository leaves from.
pub const UNENROLL_BRANCH: &str = "fullsend/unenroll";
/// The branch that a hold is set and lifted from.
pub const HOLD_BRANCH: &str = "fullsend/hold";

/// What is known of repositories that were enrolled, by their names.
pub type Records = BTreeMap<String, Record>;

/// Reads what was written to `members`; a record that cannot be read is as good as none.
pub async fn records(state: State<'_>, members: &[Member<'_>]) -> Result<Records, ForgeError> {
    let names = members.iter().map(|it| it.seen.repository.name.as_str());
    let paths: BTreeMap<String, &str> = names.map(|name| (Record::path(name), name)).collect();
    let wanted: Vec<String> = paths.keys().cloned().collect();
    let found = state.read(&wanted).await?.into_iter();
    let records = found.filter_map(|(path, bytes)| {
        let name = paths.get(&path)?;
        Some(((*name).to_owned(), Record::read(&bytes).ok()?))
    });
    Ok(records.collect())
}

/// Wants repositories in the fleet.
#[derive(Debug)]
pub struct Enrolling<'a> {
    /// fleet.yaml.
    pub fleet: &'a Fleet,
    /// The folder of the fleet's presets.
    pub presets: String,
    /// Who moves versions.
    pub via: Via,
    /// The day in UTC.
    pub today: Date,
    /// What was written before.
    pub records: Records,
    /// What GitHub's lock says of actions, for those of [`unlocked`](Self::unlocked).
    pub actions: Actions,
    rings: BTreeMap<String, &'a Ring>,
    watch: Watch,
}

impl<'a> Enrolling<'a> {
    /// Of `fleet`, whose repositories are not known yet.
    pub fn new(fleet: &'a Fleet, configuration: &str, via: Via, today: Date) -> Self {
        Self {
            fleet,
            presets: enrol::place(&fleet.forge, configuration),
            via,
            today,
            records: Records::new(),
            actions: Actions::new(),
            rings: BTreeMap::new(),
            watch: watch(fleet, ENROLL_BRANCH),
        }
    }

    /// With its repositories, and what was written to them before.
    #[must_use]
    pub fn of(mut self, members: &[Member<'a>], records: Records) -> Self {
        let rings = members.iter();
        self.rings = rings
            .map(|it| (it.seen.repository.id.clone(), it.ring))
            .collect();
        self.records = records;
        self
    }

    /// What the workflows of `members` use that their locks of GitHub's actions do not have.
    ///
    /// Only those that have a lock are read.
    pub async fn unlocked(
        &self,
        forge: &dyn Forge,
        members: &[Member<'_>],
    ) -> Result<BTreeSet<String>, ForgeError> {
        let locked = members.iter().map(|member| member.seen);
        let locked = locked.filter(|seen| seen.files.contains_key(ACTIONS_LOCK));
        let locked: Vec<&Seen> = locked.collect();
        let texts = plan::texts(forge, self, &locked).await?;
        let uses = locked.iter().zip(&texts).filter_map(|(seen, texts)| {
            let wanted = self.wanted(seen);
            wanted.map(|wanted| enrol::unlocked(&wanted, seen, texts))
        });
        Ok(uses.flatten().collect())
    }

    /// What a repository of the fleet is wanted for.
    fn wanted(&self, seen: &Seen) -> Option<Wanted<'_>> {
        Some(Wanted {
            fleet: self.fleet,
            ring: self.rings.get(&seen.repository.id)?,
            presets: &self.presets,
            via: self.via,
            today: self.today,
            actions: &self.actions,
        })
    }
}

impl Want for Enrolling<'_> {
    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn needs(&self, seen: &Seen) -> Vec<String> {
        enrol::needs(&self.fleet.forge, seen)
    }

    fn ask(&self, seen: &Seen, texts: &Texts) -> Result<Ask, Refusal> {
        let name = &seen.repository.name;
        let Some(wanted) = self.wanted(seen) else {
            return Err(Refusal::new(
                RefusalKind::Skipped,
                "it is not in the fleet any more",
            ));
        };
        let mut leaving = seen.open.iter();
        if let Some(request) = leaving.find(|it| it.branch == UNENROLL_BRANCH) {
            let reason = format!("it is asked to leave by {}: close that first", request.url);
            return Err(Refusal::new(RefusalKind::Blocked, reason));
        }
        let before = self.records.get(name);
        let Enrolment {
            changes,
            record,
            notes,
        } = enrol::plan(&wanted, seen, texts, before)?;
        let ring = wanted.ring;
        let version = ring.release.version();
        let body = format!(
            "Runs the agents of fullsend.yaml in a sandbox whose image is proven first: release \
             {version}, ring `{}`.\n\nMerging this enrols the repository; closing it leaves the \
             repository as it is.\n",
            ring.name
        );
        let is_new = before != Some(&record);
        Ok(Ask {
            branch: ENROLL_BRANCH.to_owned(),
            changes,
            title: "ci: run agents in the sandbox".to_owned(),
            body,
            notes,
            remember: is_new.then(|| Change {
                path: Record::path(name),
                content: Some(record.text().into_bytes()),
            }),
        })
    }
}

/// Wants nothing of ours to be under way on a branch.
#[derive(Debug)]
pub struct Nothing {
    watch: Watch,
    branch: &'static str,
}

impl Nothing {
    /// On `branch`.
    pub fn on(branch: &'static str) -> Self {
        Self {
            watch: Watch {
                branch: Some(branch.to_owned()),
                ..Watch::default()
            },
            branch,
        }
    }
}

impl Want for Nothing {
    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn needs(&self, _seen: &Seen) -> Vec<String> {
        Vec::new()
    }

    fn ask(&self, _seen: &Seen, _texts: &Texts) -> Result<Ask, Refusal> {
        Ok(Ask {
            branch: self.branch.to_owned(),
            changes: Vec::new(),
            title: String::new(),
            body: String::new(),
            notes: Vec::new(),
            remember: None,
        })
    }
}

/// Wants repositories without anything of ours.
#[derive(Debug)]
pub struct Unenrolling<'a> {
    fleet: &'a Fleet,
    presets: String,
    today: Date,
    records: Records,
    watch: Watch,
}

impl<'a> Unenrolling<'a> {
    /// Of `fleet`; `records` tell what was written.
    pub fn new(fleet: &'a Fleet, configuration: &str, today: Date, records: Records) -> Self {
        Self {
            fleet,
            presets: enrol::place(&fleet.forge, configuration),
            today,
            records,
            watch: watch(fleet, UNENROLL_BRANCH),
        }
    }
}

impl Want for Unenrolling<'_> {
    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn needs(&self, seen: &Seen) -> Vec<String> {
        enrol::needs(&self.fleet.forge, seen)
    }

    fn ask(&self, seen: &Seen, texts: &Texts) -> Result<Ask, Refusal> {
        let name = &seen.repository.name;
        let leaving = Leaving {
            fleet: self.fleet,
            presets: &self.presets,
            today: self.today,
        };
        let record = self.records.get(name);
        let Removal { changes, kept } = enrol::unenrol(leaving, record, seen, texts)?;
        let notes = kept.into_iter();
        let notes: Vec<String> = notes
            .map(|(path, why)| format!("{path} stays: {}", printable(&why)))
            .collect();
        let stays = notes.iter().map(|note| format!("- {note}\n"));
        let body = format!(
            "Takes away what fullsend wrote here, and nothing else.\n\n{}",
            stays.collect::<String>()
        );
        // While the request is open the record is still needed.
        let is_gone = changes.is_empty() && record.is_some();
        Ok(Ask {
            branch: UNENROLL_BRANCH.to_owned(),
            changes,
            title: "ci: no longer run agents in the sandbox".to_owned(),
            body,
            notes,
            remember: is_gone.then(|| Change {
                path: Record::path(name),
                content: None,
            }),
        })
    }
}

/// Wants a hold in fullsend.yaml, or none.
#[derive(Debug)]
pub struct Holding {
    hold: Option<Hold>,
    today: Date,
    watch: Watch,
}

impl Holding {
    /// With this hold, or without any, on a day in UTC.
    pub fn new(fleet: &Fleet, hold: Option<Hold>, today: Date) -> Self {
        Self {
            hold,
            today,
            // The workflows, too: they tell the action that the repository is on.
            watch: watch(fleet, HOLD_BRANCH),
        }
    }
}

impl Want for Holding {
    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn needs(&self, seen: &Seen) -> Vec<String> {
        let mut paths = self.watch.paths.clone();
        paths.retain(|path| seen.files.contains_key(path));
        paths
    }

    fn ask(&self, seen: &Seen, texts: &Texts) -> Result<Ask, Refusal> {
        let blocked = |reason: String| Refusal::new(RefusalKind::Blocked, reason);
        let repository = &seen.repository;
        if repository.is_archived || !repository.may_push {
            return Err(blocked(
                "it is archived, or we may not push to it".to_owned(),
            ));
        }
        let Some(text) = texts.get(CONFIG).map(|it| str::from_utf8(it)) else {
            return Err(blocked(format!("it has no {CONFIG} to hold it with")));
        };
        let text = text.map_err(|_| blocked(format!("{CONFIG} is not text")))?;
        let (edited, title, body) = match &self.hold {
            Some(it) => {
                let version = it.version.tag();
                let body = format!("{}\n\nUntil {}.\n", as_code(&it.reason), it.until);
                (
                    hold::hold(text, CONFIG, it),
                    format!("ci: stay on {version}"),
                    body,
                )
            }
            None => (
                hold::release(text, CONFIG),
                "ci: follow the ring again".to_owned(),
                "The hold is over.\n".to_owned(),
            ),
        };
        let edited = edited.map_err(|error| blocked(error.to_string()))?;
        let Held { change, foreign } = enrol::held(&edited, texts, self.today)?;
        let of_renovate = change;
        let foreign = foreign.filter(|_| self.hold.is_some());
        let note = foreign.map(|path| {
            format!(
                "Renovate reads {path}, which is not ours and does not know of the hold: requests \
                 of Renovate may still ask for more"
            )
        });
        let change = (edited != text).then(|| Change {
            path: CONFIG.to_owned(),
            content: Some(edited.into_bytes()),
        });
        Ok(Ask {
            branch: HOLD_BRANCH.to_owned(),
            changes: change.into_iter().chain(of_renovate).collect(),
            title,
            body,
            notes: note.into_iter().collect(),
            remember: None,
        })
    }
}

fn watch(fleet: &Fleet, branch: &str) -> Watch {
    Watch {
        paths: enrol::watched(&fleet.forge),
        branch: Some(branch.to_owned()),
        requests: vec!["fullsend/".to_owned()],
    }
}
