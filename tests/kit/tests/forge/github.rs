//! GraphQL: what is answered and refused.

use std::process::Command;

use fullsend_testkit::forge::{
    Actor, Checks, Edit, Expected, Forge, Mode, Repository, RequestState, Right, Told,
};
use serde_json::{Value, json};

use crate::client::{Client, TOKEN, forge, with_api};

const PROPOSE: &str = "
mutation($branch: CreateRefInput!, $commit: CreateCommitOnBranchInput!, $request: CreatePullRequestInput!) {
  createRef(input: $branch) { ref { id name } }
  createCommitOnBranch(input: $commit) { commit { oid signature { isValid } } }
  createPullRequest(input: $request) { pullRequest { id number state mergeStateStatus } }
}";

/// What asks for a branch `b` with one commit, and a request for it.
fn proposal(forge: &Forge, id: u64, path: &str) -> Value {
    let head = forge.with(|store| store.repository(id).unwrap().head().unwrap().to_string());
    proposal_at(forge, id, &head, path)
}

fn proposal_at(forge: &Forge, id: u64, head: &str, path: &str) -> Value {
    let (node, name) = forge.with(|store| {
        let repository = store.repository(id).unwrap();
        (Forge::node_id(id), store.full_name(repository))
    });
    json!({
        "branch": { "repositoryId": node, "name": "refs/heads/b", "oid": head },
        "commit": {
            "branch": { "repositoryNameWithOwner": name, "branchName": "b" },
            "expectedHeadOid": head,
            "message": { "headline": "Add", "body": "Signed-off-by: Kit <kit@example.com>" },
            "fileChanges": { "additions": [{ "path": path, "contents": "aGkK" }] },
        },
        "request": { "repositoryId": node, "baseRefName": "main", "headRefName": "b", "title": "t", "body": "x" },
    })
}

fn errors(answer: &Value) -> Vec<(&str, &str)> {
    let errors = answer["errors"].as_array().into_iter().flatten();
    errors
        .map(|it| {
            (
                it["type"].as_str().unwrap(),
                it["message"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn one_document_makes_a_branch_a_commit_and_a_request_that_git_accepts() {
    let (forge, id) = with_api();
    let client = Client::of(&forge);
    let answer = client.ask(PROPOSE, proposal(&forge, id, "a/b.txt")).await;
    assert_eq!(errors(&answer), []);
    let request = &answer["data"]["createPullRequest"]["pullRequest"];
    assert_eq!(request["number"], 1);
    assert_eq!(request["mergeStateStatus"], "CLEAN");
    let merge = "mutation($i: MergePullRequestInput!) { mergePullRequest(input: $i) { pullRequest { state mergeCommit { oid } } } }";
    let input = json!({ "i": { "pullRequestId": request["id"], "mergeMethod": "SQUASH" } });
    let merged = client.ask(merge, input).await;
    assert_eq!(
        merged["data"]["mergePullRequest"]["pullRequest"]["state"],
        "MERGED"
    );
    let folder = tempfile::tempdir().unwrap();
    forge.checkout("api", folder.path());
    let read = |path: &str| std::fs::read_to_string(folder.path().join(path)).unwrap();
    assert_eq!(
        (read("README.md").as_str(), read("a/b.txt").as_str()),
        ("api\n", "hi\n")
    );
    let counts = forge.counts();
    assert_eq!((counts.requests, counts.writing, counts.writes), (2, 2, 4));
}

#[tokio::test]
async fn the_same_again_is_refused_and_later_mutations_are_still_tried() {
    let (forge, id) = with_api();
    let client = Client::of(&forge);
    let asked = proposal(&forge, id, "a.txt");
    client.ask(PROPOSE, asked.clone()).await;
    let again = client.ask(PROPOSE, asked.clone()).await;
    let head = asked["commit"]["expectedHeadOid"].as_str().unwrap();
    let stale =
        format!("Expected branch to point to \"{head}\" but it did not. Pull and try again.");
    assert_eq!(
        errors(&again),
        [
            (
                "UNPROCESSABLE",
                "A ref named \"refs/heads/b\" already exists in the repository."
            ),
            ("STALE_DATA", stale.as_str()),
            ("UNPROCESSABLE", "A pull request already exists for acme:b."),
        ]
    );
    assert_eq!(again["data"]["createRef"], Value::Null);
    assert_eq!(
        forge.with(|store| store.repository(id).unwrap().requests.len()),
        1
    );
}

#[tokio::test]
async fn what_the_schema_does_not_know_is_a_violation() {
    let (forge, _) = with_api();
    let client = Client::of(&forge);
    let answer = client.ask("{ viewer { nickname } }", json!({})).await;
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("nickname")
    );
    let found = forge.take_violations();
    assert!(
        found.len() == 1 && found[0].contains("nickname"),
        "{found:?}"
    );
    // A variable that does not fit its type.
    client.ask("query($n: Int!) { node(id: \"x\") { id } rateLimit { cost } repositoryOwner(login: \"acme\") { repositories(first: $n) { totalCount } } }", json!({ "n": "many" })).await;
    assert_eq!(forge.take_violations().len(), 1);
}

#[tokio::test]
async fn a_renamed_repository_is_found_and_one_out_of_sight_is_not() {
    let (forge, id) = with_api();
    let client = Client::of(&forge);
    forge.with(|store| store.rename(id, "core"));
    let query = "query($n: String!) { repository(owner: \"acme\", name: $n) { nameWithOwner } }";
    let found = client.ask(query, json!({ "n": "api" })).await;
    assert_eq!(found["data"]["repository"]["nameWithOwner"], "acme/core");
    let absent = client.ask(query, json!({ "n": "nothing" })).await;
    assert_eq!(
        errors(&absent),
        [(
            "NOT_FOUND",
            "Could not resolve to a Repository with the name 'acme/nothing'."
        )]
    );
    forge.with(|store| store.repository_mut(id).unwrap().forbidden = true);
    let list = "{ organization(login: \"acme\") { repositories(first: 10) { nodes { name } } } }";
    let partial = client.ask(list, json!({})).await;
    assert_eq!(
        partial["data"]["organization"]["repositories"]["nodes"],
        json!([null])
    );
    assert_eq!(errors(&partial)[0].0, "FORBIDDEN");
}

#[tokio::test]
async fn rules_hold_for_everyone_but_admins() {
    let (forge, id) = with_api();
    let client = Client::of(&forge);
    forge.with(|store| {
        let rules = &mut store.repository_mut(id).unwrap().rules;
        (rules.protected, rules.approvals, rules.checks) = (true, 1, true);
    });
    let by = Actor::user("eve");
    let pushed = forge.with(|store| {
        store.commit(
            id,
            &by,
            "main",
            Expected::FastForward,
            &[Edit::file("x", "y")],
            "Push",
        )
    });
    assert_eq!(pushed.unwrap_err().to_string(), "main is protected");
    let answer = client.ask(PROPOSE, proposal(&forge, id, "a.txt")).await;
    let request = answer["data"]["createPullRequest"]["pullRequest"].clone();
    assert_eq!(request["mergeStateStatus"], "BLOCKED");
    let merge =
        "mutation($i: MergePullRequestInput!) { mergePullRequest(input: $i) { clientMutationId } }";
    let refused = client
        .ask(merge, json!({ "i": { "pullRequestId": request["id"] } }))
        .await;
    assert_eq!(
        errors(&refused)[0],
        ("UNPROCESSABLE", "Required status check \"ci\" is expected.")
    );
    let auto = "mutation($i: EnablePullRequestAutoMergeInput!) { enablePullRequestAutoMerge(input: $i) { clientMutationId } }";
    let input = json!({ "i": { "pullRequestId": request["id"], "mergeMethod": "SQUASH" } });
    let off = client.ask(auto, input.clone()).await;
    assert_eq!(
        errors(&off)[0].1,
        "Pull request Auto merge is not allowed for this repository"
    );
    forge.with(|store| store.repository_mut(id).unwrap().rules.auto_merge = true);
    assert_eq!(errors(&client.ask(auto, input).await), []);
    let merged = forge.with(|store| {
        let request = store
            .repository_mut(id)
            .unwrap()
            .requests
            .get_mut(&1)
            .unwrap();
        (request.checks, request.approvals) = (Checks::Passed, 1);
        store.settle()
    });
    assert_eq!(merged, 1);
    assert_eq!(
        forge.with(|store| store.repository(id).unwrap().requests[&1].state),
        RequestState::Merged
    );
}

#[tokio::test]
async fn a_token_without_a_right_is_told_so_and_a_revoked_one_is_nobody() {
    let (forge, id) = with_api();
    forge.with(|store| {
        let app = Actor::app("bot").with(&[Right::Read, Right::Contents, Right::Requests]);
        store.grant("ghs_app", app, Told::Permissions);
        store.grant(
            "fine",
            Actor::user("kit").with(&[Right::Read]),
            Told::Nothing,
        );
    });
    let app = Client::with(&forge, "ghs_app");
    let refused = app
        .ask(PROPOSE, proposal(&forge, id, ".github/workflows/a.yml"))
        .await;
    let message = errors(&refused)[0].1;
    assert!(
        message.contains("without `workflows` permission"),
        "{message}"
    );
    let fine = Client::with(&forge, "fine");
    let refused = fine.ask(PROPOSE, proposal(&forge, id, "a.txt")).await;
    assert_eq!(
        errors(&refused)[0],
        (
            "FORBIDDEN",
            "Resource not accessible by personal access token"
        )
    );
    forge.with(|store| store.revoke(TOKEN));
    let body = json!({ "query": "{ viewer { login } }" });
    let nobody = Client::of(&forge).post("/graphql", body).await;
    assert_eq!(
        (nobody.status, &nobody.body["message"]),
        (401, &json!("Bad credentials"))
    );
}

#[tokio::test]
async fn refs_move_all_or_none_and_requests_follow_their_branch() {
    let (forge, id) = with_api();
    let client = Client::of(&forge);
    client.ask(PROPOSE, proposal(&forge, id, "a.txt")).await;
    let head = forge.with(|store| {
        store
            .repository(id)
            .unwrap()
            .branch("b")
            .unwrap()
            .to_string()
    });
    let zero = "0".repeat(40);
    let update = "mutation($i: UpdateRefsInput!) { updateRefs(input: $i) { clientMutationId } }";
    let one =
        |before: &str| json!({ "name": "refs/heads/b", "beforeOid": before, "afterOid": zero });
    let wrong = json!({ "i": { "repositoryId": Forge::node_id(id), "refUpdates": [one(&head), { "name": "refs/heads/c", "afterOid": head, "beforeOid": head }] } });
    assert_eq!(errors(&client.ask(update, wrong).await).len(), 1);
    assert!(forge.with(|store| store.repository(id).unwrap().branch("b").is_some()));
    let right = json!({ "i": { "repositoryId": Forge::node_id(id), "refUpdates": [one(&head)] } });
    assert_eq!(errors(&client.ask(update, right).await), []);
    let state = forge.with(|store| store.repository(id).unwrap().requests[&1].state);
    assert_eq!(state, RequestState::Closed);
}

#[tokio::test]
async fn a_rebase_puts_commits_one_by_one_onto_a_base_that_moved() {
    let (forge, id) = with_api();
    let client = Client::of(&forge);
    let answer = client.ask(PROPOSE, proposal(&forge, id, "a.txt")).await;
    forge.with(|store| {
        let by = Actor::user("ann");
        let mut edit = |branch: &str, path: &str| {
            let edits = [Edit::file(path, "x\n")];
            let done = store.commit(id, &by, branch, Expected::FastForward, &edits, path);
            done.unwrap();
        };
        edit("b", "b.txt");
        edit("main", "c.txt");
    });
    let request = &answer["data"]["createPullRequest"]["pullRequest"]["id"];
    let merge = "mutation($i: MergePullRequestInput!) { mergePullRequest(input: $i) { pullRequest { state } } }";
    let input = json!({ "i": { "pullRequestId": request, "mergeMethod": "REBASE" } });
    assert_eq!(errors(&client.ask(merge, input).await), []);
    let (messages, files) = forge.with(|store| {
        let head = store.repository(id).unwrap().head().unwrap();
        let commits = store.objects.ancestors([head]).into_iter();
        let message = |oid| {
            store
                .objects
                .commit(oid)
                .unwrap()
                .message
                .lines()
                .next()
                .unwrap()
                .to_owned()
        };
        let files = store.objects.files_of(head).into_keys().collect::<Vec<_>>();
        (commits.map(message).collect::<Vec<_>>(), files)
    });
    assert_eq!(messages, ["b.txt", "Add", "c.txt", "Begin"]);
    assert_eq!(files, ["README.md", "a.txt", "b.txt", "c.txt"]);
}

#[tokio::test]
async fn every_mode_survives_a_checkout_and_real_git_names_the_same_commit() {
    let forge = forge();
    let files = [
        Edit::file("plain", "1"),
        Edit::executable("bin/run", "#!/bin/sh\n"),
        Edit::link("bin/link", "run"),
        Edit::file("bin.txt", "sorted between a file and a folder"),
    ];
    let id = forge.add(Repository::new("team/modes"), &files);
    let folder = tempfile::tempdir().unwrap();
    forge.checkout("team/modes", folder.path());
    assert_eq!(
        std::fs::read_link(folder.path().join("bin/link"))
            .unwrap()
            .to_str(),
        Some("run")
    );
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        let output = command
            .arg("-C")
            .arg(folder.path())
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let (head, mode) = forge.with(|store| {
        let head = store.repository(id).unwrap().head().unwrap();
        (head, store.objects.files_of(head)["bin/run"].0)
    });
    assert_eq!(git(&["rev-parse", "HEAD"]), head.to_string());
    assert_eq!(mode, Mode::Executable);
    assert_eq!(git(&["status", "--porcelain"]), "");
}
