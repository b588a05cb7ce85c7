//! The forge in memory does as forges do; and [`next`] comes to rest on it, whatever goes wrong.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use super::*;
use crate::{
    fleet::{
        Action, Desired, Next, Standing,
        next::{TRAILER, next},
    },
    forge::{
        Change, Checks, Commit, Ended, FileAt, Forge, ForgeError, Merging, Message, Proposal,
        Reason, RequestState, Run, RunsOf, Watch,
    },
};

const BRANCH: &str = "fullsend/enroll";
const PATH: &str = ".github/workflows/fullsend-triage.yml";

fn watch() -> Watch {
    Watch {
        paths: [PATH, "README.md", "old"].map(str::to_owned).to_vec(),
        branch: Some(BRANCH.to_owned()),
        requests: vec!["fullsend/".to_owned()],
    }
}

fn message() -> Message {
    Message {
        headline: "Run agents".to_owned(),
        body: format!("{TRAILER}: {BRANCH}\n"),
    }
}

async fn look(forge: &MemoryForge, name: &str) -> Result<Seen, ForgeError> {
    let names = [name.to_owned()];
    let seen = forge.look(&names, &watch()).await?;
    Ok(seen.into_iter().flatten().next().unwrap())
}

/// Does what is next until there is nothing.
async fn settle(forge: &MemoryForge, changes: &[Change]) -> Result<Standing, ForgeError> {
    loop {
        let seen = look(forge, "api").await?;
        // What is there already is no change.
        let mut wanted = changes.to_vec();
        wanted.retain(|it| {
            let there = seen.files.get(&it.path).map(|entry| &entry.id);
            there != it.content.as_deref().map(crate::forge::blob_id).as_ref()
        });
        let desired = Desired {
            branch: BRANCH,
            changes: &wanted,
            repair: true,
        };
        match next(&desired, &seen) {
            Next::Rest(standing) => return Ok(standing),
            Next::Do(action) => act(forge, &seen, &wanted, action).await?,
        }
    }
}

async fn act(
    forge: &MemoryForge,
    seen: &Seen,
    changes: &[Change],
    action: Action,
) -> Result<(), ForgeError> {
    let (repository, message) = (&seen.repository, message());
    let branch = seen.branch.as_ref();
    match action {
        Action::Propose => {
            let proposal = Proposal {
                repository,
                base: seen.head.as_ref().unwrap(),
                branch: BRANCH,
                changes,
                message: &message,
                title: "Run agents",
                body: "",
            };
            forge.propose(&proposal).await.map(drop)
        }
        Action::Commit => {
            let commit = Commit {
                repository,
                branch: BRANCH,
                parent: &branch.unwrap().head,
                changes,
                message: &message,
            };
            forge.commit(&commit).await.map(drop)
        }
        Action::Open => {
            let open = forge.open(repository, BRANCH, "Run agents", "").await;
            open.map(drop)
        }
        Action::Reopen => {
            forge
                .reopen(repository, seen.request.as_ref().unwrap())
                .await
        }
        Action::Close => {
            forge
                .close(repository, seen.request.as_ref().unwrap())
                .await
        }
        Action::DeleteBranch => {
            let head = &branch.unwrap().head;
            forge.delete_branch(repository, BRANCH, head).await
        }
    }
}

fn changes() -> [Change; 1] {
    [change(PATH, Some("on: push\n"))]
}

#[tokio::test(start_paused = true)]
async fn whatever_call_goes_wrong_the_end_is_the_same() {
    let faults = [
        Fault::Refused(|| Reason::RateLimited { until: None }),
        Fault::Lost,
        Fault::DeadBefore,
        Fault::DeadAfter,
    ];
    let mut number = 0;
    'calls: loop {
        for fault in faults {
            let forge = MemoryForge::with(&[("api", &[("README.md", "# api\n")])]);
            forge.fail(number, fault);
            let first = timeout(Duration::from_secs(1), settle(&forge, &changes())).await;
            if matches!(first, Ok(Ok(_))) {
                // It took fewer calls.
                break 'calls;
            }
            let standing = settle(&forge, &changes()).await.unwrap();
            assert!(matches!(standing, Standing::Open(_)), "{number} {fault:?}");
            assert_eq!(forge.requests("api").len(), 1, "{number} {fault:?}");
            let text = forge.file("api", Some(BRANCH), PATH);
            assert_eq!(text.as_deref(), Some("on: push\n"));
        }
        number += 1;
    }
    // The look, the write, and the look after it.
    assert_eq!(number, 3);
}

#[tokio::test]
async fn a_request_is_merged_when_nothing_is_in_the_way() {
    let forge = MemoryForge::with(&[("api", &[("README.md", "# api\n"), ("old", "")])]);
    forge.set("api", |it| {
        it.methods.auto = true;
        it.methods.deletes_branch = true;
    });
    let mut wanted = changes().to_vec();
    wanted.push(change("old", None));
    settle(&forge, &wanted).await.unwrap();
    forge.check("api", Checks::Pending);
    forge.push("api", None, &[change("README.md", Some("# API\n"))]);
    let seen = look(&forge, "api").await.unwrap();
    let branch = seen.branch.unwrap();
    assert_eq!((branch.ahead_count, branch.behind_count), (1, 1));
    let request = &seen.open[0];
    let merging = forge.merge(&seen.repository, request, &branch.head).await;
    assert_eq!(merging.unwrap(), Merging::Automatic);
    forge.check("api", Checks::Passed);
    assert_eq!(forge.requests("api")[0].state, RequestState::Merged);
    assert_eq!(forge.branches("api"), ["main"]);
    let text = |path| forge.file("api", None, path);
    assert_eq!(text(PATH).as_deref(), Some("on: push\n"));
    assert_eq!(text("README.md").as_deref(), Some("# API\n"));
    assert_eq!(text("old"), None);
    assert_eq!(settle(&forge, &changes()).await.unwrap(), Standing::Done);
    assert_eq!(forge.writes(), ["propose api", "merge api"]);
}

#[tokio::test]
async fn people_and_renames_are_seen() {
    let forge = MemoryForge::with(&[("api", &[("README.md", "# api\n")])]);
    settle(&forge, &changes()).await.unwrap();
    forge.set_request("api", |it| it.is_draft = true);
    let seen = look(&forge, "api").await.unwrap();
    let request = seen.request.unwrap();
    assert!(request.is_draft);
    let described = forge
        .describe(&seen.repository, &request, "Other", "")
        .await;
    described.unwrap();
    assert_eq!(forge.requests("api")[0].title, "Other");
    forge.push("api", Some(BRANCH), &[change("mine", Some("x"))]);
    let standing = settle(&forge, &changes()).await.unwrap();
    assert!(matches!(standing, Standing::Blocked(_)), "{standing:?}");
    forge.rename("api", "API-2");
    let seen = look(&forge, "api").await.unwrap();
    assert_eq!(seen.repository.name, "API-2");
    forge.set("API-2", |it| it.is_archived = true);
    let refused = forge.close(&seen.repository, &request).await.unwrap_err();
    assert!(matches!(refused.reason(), Reason::Rules(_)), "{refused}");
    let head = commit('1');
    let refused = forge.create_branch(&seen.repository, "x", &head).await;
    assert!(refused.is_err());
    let calls = forge.calls();
    assert_eq!((calls[0].name, &calls[0].repository), ("look", &None));
}

#[tokio::test]
async fn nothing_wanted_leaves_nothing() {
    let forge = MemoryForge::with(&[("api", &[("README.md", "# api\n")])]);
    settle(&forge, &changes()).await.unwrap();
    assert_eq!(settle(&forge, &[]).await.unwrap(), Standing::Done);
    assert_eq!(forge.branches("api"), ["main"]);
    assert_eq!(forge.requests("api")[0].state, RequestState::Closed);
    settle(&forge, &changes()).await.unwrap();
    assert_eq!(forge.requests("api").len(), 2);
}

#[tokio::test]
async fn files_and_runs_are_read() {
    let forge = MemoryForge::with(&[("api", &[("README.md", "# api\n"), (PATH, "x")])]);
    forge.link("api", PATH);
    let now = Timestamp::UNIX_EPOCH;
    forge.ran(
        "api",
        Run {
            url: String::new(),
            commit: None,
            branch: None,
            at: now,
            ended: Ended::Passed,
            sandbox: None,
        },
    );
    let seen = forge.survey(&watch()).await.unwrap().remove(0);
    let at = |path: &str| FileAt {
        repository: seen.repository.id.clone(),
        full_name: seen.repository.full_name.clone(),
        commit: seen.head.clone().unwrap(),
        path: path.to_owned(),
        blob: seen
            .files
            .get(path)
            .map(|it| it.id.clone())
            .unwrap_or_default(),
    };
    let texts = forge.texts(&[at("README.md"), at(PATH), at("none")]).await;
    assert_eq!(texts.unwrap(), [Some("# api\n".into()), None, None]);
    assert_eq!(forge.texts_read(), 3);
    let of = RunsOf {
        repository: seen.repository.id.clone(),
        full_name: String::new(),
        workflow: String::new(),
    };
    assert_eq!(forge.runs(&[of], now).await.unwrap()[0].len(), 1);
    let identity = forge.identity().await.unwrap();
    assert_eq!(identity.login, LOGIN);
    assert_eq!(
        identity.sign_off(),
        "Signed-off-by: Fleet Bot <1+fleet-bot@users.noreply.github.com>"
    );
}
