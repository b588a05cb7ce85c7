//! Whatever goes wrong at whichever call, the next start comes to the same end.

use std::{sync::Mutex, time::Duration};

use tokio::time::timeout;

use super::*;
use crate::{
    fleet::{
        Action, Member, Refusal, RefusalKind, Texts, membership, plan,
        testing::{Fault, MemoryForge, change, fleet},
    },
    forge::{Change, Reason, RequestState, Watch},
};

const BRANCH: &str = "fullsend/enroll";
const PATH: &str = "a.yml";

/// Wants one file with this text in every repository.
struct File {
    watch: Watch,
    text: &'static str,
}

impl File {
    fn of(text: &'static str) -> Self {
        Self {
            watch: Watch {
                paths: vec![PATH.to_owned()],
                branch: Some(BRANCH.to_owned()),
                requests: Vec::new(),
            },
            text,
        }
    }
}

impl Want for File {
    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn needs(&self, _seen: &Seen) -> Vec<String> {
        vec![PATH.to_owned()]
    }

    fn ask(&self, seen: &Seen, texts: &Texts) -> Result<Ask, Refusal> {
        if seen.repository.name == "held" {
            return Err(Refusal::new(RefusalKind::Held, "it is held"));
        }
        let is_there = texts.get(PATH).is_some_and(|it| it == self.text.as_bytes());
        let changes: &[Change] = &[change(PATH, Some(self.text))];
        Ok(Ask {
            branch: BRANCH.to_owned(),
            changes: if is_there { &[] } else { changes }.to_vec(),
            title: "Run agents".to_owned(),
            body: "Why.".to_owned(),
            notes: Vec::new(),
            remember: None,
        })
    }
}

/// Remembers what it is told, as a journal and as an observer.
#[derive(Default)]
struct Witness(Mutex<Vec<String>>);

impl Witness {
    fn hear(&self, line: String) -> u64 {
        let mut lines = self.0.lock().unwrap();
        lines.push(line);
        lines.len() as u64
    }
}

impl Observer for Witness {
    fn acting(&self, _name: &str, _action: Action) {}

    fn ended(&self, name: &str, _outcome: &Outcome) {
        self.hear(format!("ended {name}"));
    }

    fn warn(&self, sentence: &str) {
        self.hear(format!("warning {sentence}"));
    }
}

impl WriteAhead for Witness {
    fn intend(&self, name: &str, _branch: &str, write: Write) -> Result<u64, String> {
        let Write::Request(action) = write else {
            return Err(format!("{write:?} is no request"));
        };
        Ok(self.hear(format!("{action:?} {name}")))
    }

    fn done(&self, _ticket: u64, _ended: &str) {}
}

fn organisation() -> MemoryForge {
    MemoryForge::with(&[
        ("api", &[("README.md", "hello\n")]),
        ("done", &[(PATH, "new\n")]),
        ("held", &[(PATH, "old\n")]),
        ("web", &[(PATH, "old\n")]),
    ])
}

async fn run(forge: &MemoryForge, text: &'static str) -> Result<Vec<Outcome>, ForgeError> {
    run_until(forge, text, &|| false).await
}

async fn run_until(
    forge: &MemoryForge,
    text: &'static str,
    stopped: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<Outcome>, ForgeError> {
    let (want, witness) = (File::of(text), Witness::default());
    let fleet = fleet("rings: {all: {}}");
    let seen = forge.survey(want.watch()).await?;
    let membership = membership(&fleet, &seen, None);
    let members: &[Member<'_>] = &membership.members;
    let plan = plan(forge, &want, members, false).await?;
    let means = Means {
        forge,
        identity: &forge.identity().await?,
        observer: &witness,
        journal: &witness,
        state: None,
        stopped,
    };
    let ended = apply(means, &want, plan, false).await;
    Ok(ended.into_iter().map(|it| it.outcome).collect())
}

/// What the forge is left with: each repository's requests, and the file on its branches.
fn left(forge: &MemoryForge) -> Vec<String> {
    let names = ["api", "done", "held", "web"].into_iter();
    names
        .map(|name| {
            let requests = forge.requests(name);
            let states: Vec<RequestState> = requests.iter().map(|it| it.state).collect();
            let text = forge.file(name, Some(BRANCH), PATH);
            format!("{name} {states:?} {text:?} {:?}", forge.branches(name))
        })
        .collect()
}

#[tokio::test]
async fn every_repository_is_asked_once() {
    let forge = organisation();
    let outcomes = run(&forge, "new\n").await.unwrap();
    assert!(matches!(&outcomes[0], Outcome::Open { changed: true, .. }));
    assert_eq!(outcomes[1], Outcome::Done);
    assert!(matches!(&outcomes[2], Outcome::Refused(it) if it.kind == RefusalKind::Held));
    assert_eq!(forge.writes(), ["propose api", "propose web"]);
    let left_once = left(&forge);
    let outcomes = run(&forge, "new\n").await.unwrap();
    assert!(matches!(&outcomes[0], Outcome::Open { changed: false, .. }));
    assert_eq!(forge.writes().len(), 2, "a second start writes nothing");
    assert_eq!(left(&forge), left_once);
}

#[tokio::test]
async fn a_request_follows_what_is_wanted() {
    let forge = organisation();
    run(&forge, "new\n").await.unwrap();
    let outcomes = run(&forge, "newer\n").await.unwrap();
    assert!(matches!(&outcomes[0], Outcome::Open { changed: true, .. }));
    let text = forge.file("api", Some(BRANCH), PATH);
    assert_eq!(text.as_deref(), Some("newer\n"));
    assert_eq!(forge.requests("api").len(), 1);
}

#[tokio::test]
async fn a_request_that_nobody_needs_any_more_goes_with_its_branch() {
    let forge = organisation();
    run(&forge, "new\n").await.unwrap();
    forge.push("web", None, &[change(PATH, Some("new\n"))]);
    let outcomes = run(&forge, "new\n").await.unwrap();
    assert_eq!(outcomes[3], Outcome::Done);
    assert_eq!(forge.requests("web")[0].state, RequestState::Closed);
    assert!(!forge.branches("web").contains(&BRANCH.to_owned()));
}

#[tokio::test]
async fn a_stop_ends_before_the_next_write() {
    let forge = organisation();
    let outcomes = run_until(&forge, "new\n", &|| true).await.unwrap();
    assert_eq!(outcomes[0], Outcome::Unreached);
    assert_eq!(outcomes[1], Outcome::Done, "what needs no write is told");
    assert!(forge.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn any_fault_at_any_call_ends_as_the_undisturbed_work() {
    let undisturbed = organisation();
    run(&undisturbed, "new\n").await.unwrap();
    let calls = undisturbed.calls().len();
    let wanted = left(&undisturbed);
    let faults = [
        Fault::Refused(|| Reason::Moved),
        Fault::Refused(|| Reason::Exists),
        Fault::Refused(|| Reason::Invalid("no".to_owned())),
        Fault::Refused(|| Reason::RateLimited { until: None }),
        Fault::Lost,
        Fault::DeadBefore,
        Fault::DeadAfter,
    ];
    for call in 0..calls {
        for fault in faults {
            let forge = organisation();
            forge.fail(call, fault);
            // Death, and what a forge that fails on its side comes to, end this start.
            let _ = timeout(Duration::from_mins(5), run(&forge, "new\n")).await;
            run(&forge, "new\n").await.unwrap();
            assert_eq!(left(&forge), wanted, "{fault:?} at call {call}");
        }
    }
}

#[tokio::test]
async fn two_operators_at_once_make_one_request() {
    let forge = organisation();
    let (one, other) = tokio::join!(run(&forge, "new\n"), run(&forge, "new\n"));
    let is_open = |outcomes: &[Outcome]| matches!(outcomes[0], Outcome::Open { .. });
    assert!(is_open(&one.unwrap()) && is_open(&other.unwrap()));
    assert_eq!(forge.requests("api").len(), 1);
    assert_eq!(forge.requests("web").len(), 1);
}
