//! An organisation with a fleet, whose workflows run whenever a rollout waits.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::timeout;

use crate::{
    config::{Fleet, Release, parse_fleet},
    fleet::{
        Action, Means, Observer, Outcome, Write, WriteAhead,
        drive::{Crew, DriveError, Preview, Progress, Prover, Refused, RollOptions, Rolled},
        rollout::{EntryState, Rollout, Via},
        testing::{MemoryForge, change},
    },
    forge::{Ended, Identity, IdentityKind, Run, SandboxEnd},
    model::verdict::Verdict,
    registry::{Registry, RegistryOptions},
    seam::environment::Environment,
};

const WORKFLOW: &str = ".github/workflows/fullsend-triage.yml";
pub(super) const OWN_FILE: &str = "fullsend.yaml";
pub(super) const MEMBERS: [&str; 5] = ["can-a", "can-b", "early", "web", "api"];
/// The names of versions' commits and digests.
const OLD: (&str, &str) = ("4", "a");
const NEW: (&str, &str) = ("5", "b");
const NEXT: (&str, &str) = ("6", "c");
const OLDEST: (&str, &str) = ("3", "d");
/// How many steps a rollout may take before a test gives up.
const MAX_WAITS: usize = 60;

pub(super) struct World {
    pub(super) members: &'static [&'static str],
    pub(super) forge: MemoryForge,
    pub(super) identity: Identity,
    registry: Registry,
    now: AtomicI64,
    waits: AtomicUsize,
    /// Versions whose sandboxes die.
    bad: Mutex<Vec<String>>,
    /// By how many seconds the forge's clock is ahead of ours.
    ahead: AtomicI64,
    /// How runs of the new version end, where not as its sandbox does.
    pub(super) ended: Mutex<Option<Ended>>,
    /// Whether workflows run at all.
    pub(super) runs: AtomicBool,
    /// Versions that are not signed.
    pub(super) unsigned: Mutex<Vec<String>>,
    pub(super) notes: Mutex<Vec<String>>,
    /// What was written down before it was done.
    pub(super) written: Mutex<Vec<(String, Write)>>,
    /// What somebody else does before the next step.
    pub(super) meanwhile: Mutex<Option<fn(&Self)>>,
    /// Runs that were started and that have ended.
    smoked: AtomicUsize,
    pub(super) stopped: AtomicBool,
    pub(super) watched: bool,
    /// Happens once, when the rollout waits.
    pub(super) at_wait: Mutex<Option<fn(&Self)>>,
}

pub(super) fn release(minor: u64) -> Release {
    let (commit, hex) = match minor {
        4 => OLD,
        5 => NEW,
        6 => NEXT,
        _ => OLDEST,
    };
    let action = format!("fullsend-ai/sandbox@{} # v1.{minor}.0", commit.repeat(40));
    let image = format!(
        "ghcr.io/fullsend-ai/agent-sandbox:1.{minor}.0@sha256:{}",
        hex.repeat(64)
    );
    Release::new(action.parse().unwrap(), image.parse().unwrap()).unwrap()
}

const RINGS: &str = "gates: {runs: 4, repositories: 2}\nrings:\n  canary: {repositories: [can-a, can-b]}\n  early: {repositories: [early]}\n  stable: {} # the rest\n";
const FEW_RINGS: &str =
    "gates: {runs: 1}\nrings:\n  canary: {repositories: [can-a]}\n  stable: {}\n";

fn fleet_yaml(rings: &str) -> String {
    let old = release(4);
    format!(
        "version: 1 # ours\n\
         forge: {{kind: github, owner: acme}}\n\
         action: {}\n\
         image: {}\n\
         {rings}",
        old.action,
        old.image()
    )
}

fn workflow(release: &Release) -> String {
    let action = &release.action;
    format!(
        "on:\n  workflow_dispatch:\njobs:\n  triage:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: {action}\n"
    )
}

/// fullsend.yaml on a release, with more lines.
pub(super) fn own_file(release: &Release, more: &str) -> String {
    format!("version: 1\nimage: {}\n{more}", release.image())
}

impl World {
    pub(super) fn new() -> Self {
        Self::of(&MEMBERS, RINGS)
    }

    /// One that is soon through.
    pub(super) fn small() -> Self {
        Self::of(&["can-a", "web"], FEW_RINGS)
    }

    fn of(members: &'static [&'static str], rings: &str) -> Self {
        let old = release(4);
        let (fleet, flow, own) = (fleet_yaml(rings), workflow(&old), own_file(&old, ""));
        let member: [(&str, &str); 2] = [(WORKFLOW, &flow), (OWN_FILE, &own)];
        let config: [(&str, &str); 1] = [("fleet.yaml", &fleet)];
        let mut repositories: Vec<(&str, &[(&str, &str)])> = vec![("fleet", &config)];
        repositories.extend(members.iter().map(|name| (*name, &member[..])));
        let world = Self {
            members,
            forge: MemoryForge::with(&repositories),
            identity: Identity {
                login: "fleet-bot".to_owned(),
                name: "Fleet Bot".to_owned(),
                email: "1+fleet-bot@users.noreply.github.com".to_owned(),
                kind: IdentityKind::App,
                granted: None,
            },
            registry: Registry::new(&Environment::default(), RegistryOptions::default()),
            now: AtomicI64::new(1_795_000_000),
            waits: AtomicUsize::new(0),
            bad: Mutex::default(),
            ahead: AtomicI64::new(0),
            ended: Mutex::default(),
            runs: AtomicBool::new(true),
            unsigned: Mutex::default(),
            notes: Mutex::default(),
            written: Mutex::default(),
            meanwhile: Mutex::default(),
            smoked: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            watched: true,
            at_wait: Mutex::default(),
        };
        world.forge.set("fleet", |it| it.rules.may_push = true);
        for _ in 0..5 {
            world.run_all();
        }
        world
    }

    /// The same, in which sandboxes of this version die.
    pub(super) fn dying(self, minor: u64) -> Self {
        self.bad.lock().unwrap().push(format!("1.{minor}.0"));
        self
    }

    pub(super) fn clock(&self) -> Timestamp {
        Timestamp::from_second(self.now.load(Ordering::Relaxed)).unwrap()
    }

    /// The forge's clock is so many seconds ahead of ours.
    pub(super) fn skewed(self, seconds: i64) -> Self {
        self.ahead.store(seconds, Ordering::Relaxed);
        self
    }

    fn forge_clock(&self) -> Timestamp {
        let seconds = self.now.load(Ordering::Relaxed) + self.ahead.load(Ordering::Relaxed);
        Timestamp::from_second(seconds).unwrap()
    }

    /// So many seconds go by.
    pub(super) fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Every workflow runs once, and a little time goes by.
    pub(super) fn run_all(&self) {
        for name in self.members {
            self.now.fetch_add(60, Ordering::Relaxed);
            self.run(name);
        }
    }

    /// What was started comes to its end.
    fn run_smoke(&self) {
        let begun: Vec<&str> = self
            .members
            .iter()
            .flat_map(|name| self.forge.begun(name).into_iter().map(|_| *name))
            .collect();
        if begun.len() > self.smoked.swap(begun.len(), Ordering::Relaxed) {
            for name in begun {
                self.run(name);
            }
        }
    }

    /// A workflow runs at the default branch's head.
    pub(super) fn run(&self, name: &str) {
        let version = self.version(name);
        let dies = self.bad.lock().unwrap().contains(&version);
        let ended = self.ended.lock().unwrap().filter(|_| version == "1.5.0");
        let usual = if dies { Ended::Failed } else { Ended::Passed };
        self.forge.ran(
            name,
            Run {
                url: format!("https://github.com/acme/{name}/actions/runs/1"),
                commit: Some(self.forge.head(name)),
                branch: Some("main".to_owned()),
                at: self.forge_clock(),
                ended: ended.unwrap_or(usual),
                sandbox: dies.then_some(SandboxEnd::Sandbox),
            },
        );
    }

    /// The version of a repository's image.
    pub(super) fn version(&self, name: &str) -> String {
        let text = self.forge.file(name, None, OWN_FILE).unwrap();
        let (_, rest) = text.split_once("agent-sandbox:").unwrap();
        rest.split('@').next().unwrap().to_owned()
    }

    /// Somebody writes these files onto the default branch.
    pub(super) fn write(&self, name: &str, files: &[(&str, String)]) {
        let files = files.iter().map(|(path, text)| change(path, Some(text)));
        self.forge.push(name, None, &files.collect::<Vec<_>>());
    }

    /// Somebody brings a release to the default branch.
    pub(super) fn bring(&self, name: &str, release: &Release) {
        let files = [
            (WORKFLOW, workflow(release)),
            (OWN_FILE, own_file(release, "")),
        ];
        self.write(name, &files);
    }

    /// The versions of all repositories, in their order.
    pub(super) fn versions(&self) -> Vec<String> {
        self.members.iter().map(|name| self.version(name)).collect()
    }

    pub(super) fn fleet(&self) -> Fleet {
        let text = self.forge.file("fleet", None, "fleet.yaml").unwrap();
        parse_fleet(text.as_bytes(), "fleet.yaml").unwrap()
    }

    /// The rings with the versions that they stand on.
    pub(super) fn rings(&self) -> Vec<String> {
        let rings = self.fleet().rings.into_iter();
        rings
            .map(|ring| format!("{} {}", ring.name, ring.release.version()))
            .collect()
    }

    /// Requests that are open anywhere.
    pub(super) fn open(&self) -> usize {
        let all = self
            .members
            .iter()
            .flat_map(|name| self.forge.requests(name));
        all.filter(|it| it.state == crate::forge::RequestState::Open)
            .count()
    }

    pub(super) fn stored(&self, id: &str) -> Rollout {
        let path = format!("rollouts/{id}.json");
        let text = self.forge.file("fleet", Some("fullsend/state"), &path);
        Rollout::read(&path, text.unwrap().as_bytes()).unwrap()
    }

    /// Somebody writes this down as the newest rollout.
    pub(super) fn store(&self, rollout: &Rollout) {
        let current = format!("{{\"schema_version\": 1, \"rollout\": \"{}\"}}", rollout.id);
        let text = String::from_utf8(rollout.written().unwrap()).unwrap();
        let changes = [
            change("rollouts/current.json", Some(&current)),
            change(&rollout.id.path(), Some(&text)),
        ];
        self.forge.push("fleet", Some("fullsend/state"), &changes);
    }

    pub(super) async fn upgrade(&self, options: &RollOptions) -> Result<Rolled, DriveError> {
        self.upgrade_to(&release(5), options).await
    }

    pub(super) async fn upgrade_to(
        &self,
        to: &Release,
        options: &RollOptions,
    ) -> Result<Rolled, DriveError> {
        let clock = || self.clock();
        let stopped = || self.stopped.load(Ordering::Relaxed);
        crate::fleet::upgrade(self.crew(&clock, &stopped), to, options).await
    }

    pub(super) async fn preview(&self, options: &RollOptions) -> Result<Preview, DriveError> {
        let clock = || self.clock();
        let stopped = || false;
        crate::fleet::preview_upgrade(self.crew(&clock, &stopped), &release(5), options).await
    }

    pub(super) async fn rollback(&self, options: &RollOptions) -> Result<Rolled, DriveError> {
        self.rollback_to(None, options).await
    }

    pub(super) async fn rollback_to(
        &self,
        to: Option<u64>,
        options: &RollOptions,
    ) -> Result<Rolled, DriveError> {
        let clock = || self.clock();
        let stopped = || self.stopped.load(Ordering::Relaxed);
        let to = to.map(|minor| semver::Version::new(1, minor, 0));
        crate::fleet::rollback(self.crew(&clock, &stopped), to.as_ref(), options).await
    }

    fn crew<'a>(
        &'a self,
        clock: &'a (dyn Fn() -> Timestamp + Sync),
        stopped: &'a (dyn Fn() -> bool + Sync),
    ) -> Crew<'a> {
        Crew {
            means: Means {
                forge: &self.forge,
                identity: &self.identity,
                observer: self,
                journal: self,
                state: None,
                stopped,
            },
            configuration: "fleet",
            prover: self,
            registry: &self.registry,
            progress: self,
            clock,
            watch: self.watched.then_some(Duration::from_mins(1)),
        }
    }

    /// The rollback until it ends or the process dies.
    pub(super) async fn rollback_or_die(&self) -> Option<Result<Rolled, DriveError>> {
        self.waits.store(0, Ordering::Relaxed);
        let options = RollOptions::default();
        timeout(Duration::from_hours(24), self.rollback(&options))
            .await
            .ok()
    }

    /// The upgrade until it ends or the process dies.
    pub(super) async fn upgrade_or_die(
        &self,
        options: &RollOptions,
    ) -> Option<Result<Rolled, DriveError>> {
        self.waits.store(0, Ordering::Relaxed);
        timeout(Duration::from_hours(24), self.upgrade(options))
            .await
            .ok()
    }
}

pub(super) fn direct() -> RollOptions {
    RollOptions {
        via: Some(Via::Direct),
        ..RollOptions::default()
    }
}

/// The repositories of a rollout with their states.
pub(super) fn states(rollout: &Rollout) -> BTreeMap<&str, EntryState> {
    let entries = rollout.entries();
    entries.map(|it| (it.name.as_str(), it.state)).collect()
}

impl Progress for World {
    fn at(&self, rollout: &Rollout) {
        if rollout.entries().any(|it| it.state == EntryState::Merged)
            && let Some(act) = self.meanwhile.lock().unwrap().take()
        {
            act(self);
        }
    }

    fn note(&self, sentence: &str) {
        let mut notes = self.notes.lock().unwrap();
        if notes.last().map(String::as_str) != Some(sentence) {
            notes.push(sentence.to_owned());
        }
    }

    fn waiting(&self, reason: &str) {
        self.note(&format!("waiting: {reason}"));
        let happens = self.at_wait.lock().unwrap().take();
        if let Some(happens) = happens {
            happens(self);
        }
        if self.waits.fetch_add(1, Ordering::Relaxed) > MAX_WAITS {
            self.stopped.store(true, Ordering::Relaxed);
        }
        self.now.fetch_add(600, Ordering::Relaxed);
        if self.runs.load(Ordering::Relaxed) {
            self.run_all();
        }
        self.run_smoke();
    }
}

impl Observer for World {
    fn acting(&self, _: &str, _: Action) {}
    fn ended(&self, _: &str, _: &Outcome) {}
    fn warn(&self, sentence: &str) {
        self.note(sentence);
    }
}

impl WriteAhead for World {
    fn intend(&self, name: &str, _: &str, write: Write) -> Result<u64, String> {
        let mut written = self.written.lock().unwrap();
        written.push((name.to_owned(), write));
        Ok(0)
    }
    fn done(&self, _: u64, _: &str) {}
}

#[async_trait(?Send)]
impl Prover for World {
    async fn prove(&self, release: &Release) -> Result<(), Refused> {
        let version = release.version().to_string();
        if self.unsigned.lock().unwrap().contains(&version) {
            return Err(Refused {
                verdict: Verdict::Unsigned,
                reason: format!("{version} has no signature"),
            });
        }
        Ok(())
    }
}
