//! The ways that the verbs go: what there is before, the command, what people do whenever it has come
//! to rest, and when it is through.

use fullsend_testkit::{
    forge::{Clock, Limits},
    signing::SigningKey,
};

use super::*;
use crate::pin::{scene::Scene, signatures::push};

pub(super) const OLDEST: &str = "1.3.0";
pub(super) const OLD: &str = "1.4.2";
pub(super) const NEW: &str = "1.5.0";
const POLICY: &str = "--key cosign.pub --insecure-ignore-tlog";

/// The forge's hour does not end before a chain does.
fn endless() -> Limits {
    Limits {
        primary: Some(u32::MAX),
        ..Limits::default()
    }
}

/// A way that a verb goes.
pub(super) struct Journey {
    pub(super) stage: Stage,
    registry: Option<Scene>,
    /// Whose token the command shows.
    pub(super) token: &'static str,
    /// The command.
    pub(super) words: String,
    /// What people and runners do whenever the command has come to rest.
    others: &'static [&'static str],
    /// Whether an end, of that code and with these words, is the last one.
    is_through: fn(i32, &str) -> bool,
}

impl Journey {
    /// So many repositories are enrolled.
    pub(super) fn enroll(repositories: usize) -> Self {
        let stage = Stage::new(repositories);
        stage.server.limit(endless());
        Self {
            stage,
            registry: None,
            token: TOKEN,
            words: "enroll".to_owned(),
            others: &[],
            is_through: |code, text| code == 0 && !text.contains("could not be remembered"),
        }
    }

    /// A good release goes through three rings.
    pub(super) fn upgrade(repositories: usize) -> Self {
        Self::upgrade_at(repositories, Clock::real())
    }

    /// The same on a forge whose clock shows this.
    pub(super) fn upgrade_at(repositories: usize, clock: Clock) -> Self {
        Self {
            words: format!("upgrade {NEW} --via direct {POLICY}"),
            others: &["pass", "runs passed 3"],
            ..Self::enrolled(repositories, clock)
        }
    }

    /// A canary dies, and the release goes back by itself.
    pub(super) fn auto_rollback(repositories: usize) -> Self {
        Self::auto_rollback_at(repositories, Clock::real())
    }

    /// The same on a forge whose clock shows this.
    pub(super) fn auto_rollback_at(repositories: usize, clock: Clock) -> Self {
        Self {
            words: format!("upgrade {NEW} --via direct --auto-rollback {POLICY}"),
            others: &["pass", "runs failed 3"],
            // Who was killed behind the last write finds that there is nothing to upgrade to.
            is_through: |code, text| {
                let denied = code == 2 && text.contains(&format!("{NEW} is denied"));
                denied || (text.contains("rollback-") && text.contains(": done"))
            },
            ..Self::enrolled(repositories, clock)
        }
    }

    /// A release that has come to its last ring is taken back.
    pub(super) fn rollback(repositories: usize) -> Self {
        let upgrade = Self::upgrade(repositories);
        for _ in 0..2 {
            upgrade.stage.run(&upgrade.words);
            upgrade.rest();
        }
        upgrade.stage.run(&upgrade.words);
        Self {
            words: format!("rollback --reason leaks {POLICY}"),
            others: &["pass"],
            ..upgrade
        }
    }

    /// So many repositories on the old release, and the registry that has all.
    fn enrolled(repositories: usize, clock: Clock) -> Self {
        let (registry, key) = (Scene::new(), SigningKey::p256());
        let stage = Stage::empty();
        stage.server.limit(endless());
        stage.server.with(|store| store.clock = clock);
        key.write(stage.home.path()).unwrap();
        let pair = |tag: &str, version: &str, commit: &str| {
            let image = push(&registry, tag, Some(&key));
            let image = registry.named(&format!("a/b:{tag}@{}", image.digest()));
            let commit = commit.repeat(5);
            let action = format!("fullsend-ai/sandbox@{commit} # v{version}");
            (action, image)
        };
        let (action, image) = pair(OLD, "1.4.0", "01234567");
        let (older, old) = pair(OLDEST, "1.3.0", "89abcdef");
        let (newer, new) = pair(NEW, "1.5.0", "76543210");
        let fleet = format!(
            "version: 1\nforge: {{kind: github, owner: acme}}\naction: {action}\nimage: {image}\n\
             approved:\n  - action: {newer}\n    image: {new}\n  - action: {older}\n    image: {old}\n\
             rings:\n  canary: {{repositories: [service-0000, website-0001, tool-0003]}}\n  \
             early: {{percent: 20}}\n  stable: {{}}\n\
             gates: {{runs: 2, repositories: 1}}\n"
        );
        stage.server.with(|store| store.populate(repositories));
        let files = [Edit::file("fleet.yaml", fleet)];
        stage.server.add(Repository::new("fleet"), &files);
        let (document, code) = stage.document("enroll --via direct");
        assert!(code < 2, "{document:#}");
        for line in ["merge", "runs passed 4"] {
            stage.server.act(line).unwrap();
        }
        stage.document("enroll --via direct");
        Self {
            stage,
            registry: Some(registry),
            token: TOKEN,
            words: String::new(),
            others: &[],
            is_through: |code, _| code == 0,
        }
    }

    /// The command, as a new process of the same machine.
    pub(super) fn command(&self) -> Command {
        let mut command = self.stage.command(&self.words);
        command.env("GITHUB_TOKEN", self.token);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// The command has come to rest: it is the others' turn.
    pub(super) fn rest(&self) {
        for line in self.others {
            self.stage.server.act(line).unwrap();
        }
    }

    /// Whether an end is the last one.
    pub(super) fn is_through(&self, code: i32, text: &str) -> bool {
        (self.is_through)(code, text)
    }

    /// What is left, whatever the servers' ports.
    pub(super) fn left(&self) -> left::Left {
        let registry = self.registry.iter().map(|it| it.registry.host());
        let hosts: Vec<String> = registry.chain([self.stage.server.host()]).collect();
        left::left(&self.stage, &hosts)
    }
}
