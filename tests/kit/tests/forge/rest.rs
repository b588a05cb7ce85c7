//! REST: what is answered and refused.

use fullsend_testkit::forge::{
    Actor, Annotation, App, Conclusion, Edit, Expected, Repository, Run, Told, Workflow,
};
use reqwest::header::{LINK, LOCATION};
use serde_json::{Value, json};

use crate::client::{Client, TOKEN, forge, with_api};

#[tokio::test]
async fn four_writes_make_a_request_and_the_fifth_finds_it() {
    let (forge, _) = with_api();
    let client = Client::of(&forge);
    let base = client.get("/repos/acme/api/git/ref/heads/main").await;
    let base = base["object"]["sha"].as_str().unwrap();
    let entry = json!({ "path": "a/b", "mode": "100755", "type": "blob", "content": "#!\n" });
    let tree = client
        .post(
            "/repos/acme/api/git/trees",
            json!({ "base_tree": base, "tree": [entry] }),
        )
        .await;
    let commit = json!({ "message": "Add", "tree": tree.body["sha"], "parents": [base] });
    let commit = client.post("/repos/acme/api/git/commits", commit).await;
    assert_eq!(
        (commit.status, &commit.body["verification"]["verified"]),
        (201, &json!(false))
    );
    let made = client
        .post(
            "/repos/acme/api/git/refs",
            json!({ "ref": "refs/heads/x/y", "sha": commit.body["sha"] }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let pull = json!({ "title": "t", "head": "x/y", "base": "main", "body": "b" });
    let first = client.post("/repos/acme/api/pulls", pull.clone()).await;
    assert_eq!(
        (first.status, &first.body["number"]),
        (201, &json!(1)),
        "{}",
        first.body
    );
    let second = client.post("/repos/acme/api/pulls", pull).await;
    assert_eq!(second.status, 422);
    assert_eq!(
        second.body["errors"][0]["message"],
        "A pull request already exists for acme:x/y."
    );
    let found = client
        .get("/repos/acme/api/pulls?head=acme:x/y&state=all")
        .await;
    assert_eq!(found[0]["head"]["sha"], commit.body["sha"]);
    let stale = client
        .send(
            "PUT",
            "/repos/acme/api/pulls/1/merge",
            Some(json!({ "sha": base })),
        )
        .await;
    assert_eq!(stale.status, 409);
    let merged = client
        .send(
            "PUT",
            "/repos/acme/api/pulls/1/merge",
            Some(json!({ "merge_method": "squash" })),
        )
        .await;
    assert_eq!(merged.body["merged"], true);
    let gone = client
        .send("DELETE", "/repos/acme/api/git/refs/heads/x/y", None)
        .await;
    assert_eq!(gone.status, 204);
    let folder = tempfile::tempdir().unwrap();
    forge.checkout("api", folder.path());
    assert_eq!(
        std::fs::read_to_string(folder.path().join("a/b")).unwrap(),
        "#!\n"
    );
    assert_eq!(forge.counts().writes, 8);
}

#[tokio::test]
async fn a_request_that_is_not_described_is_a_violation() {
    let (forge, _) = with_api();
    let client = Client::of(&forge);
    for (path, body, fault) in [
        (
            "/repos/acme/api/pulls",
            json!({ "title": "t", "head": "x" }),
            "\"base\"",
        ),
        (
            "/repos/acme/api/pulls",
            json!({ "title": "t", "head": "x", "base": "main", "bade": 1 }),
            "unknown `bade`",
        ),
        (
            "/repos/acme/api/git/refs?force=1",
            json!({ "ref": "refs/heads/x", "sha": "0" }),
            "unknown `force`",
        ),
        ("/repos/acme/api/forks", json!({}), "knows no POST"),
    ] {
        client.post(path, body).await;
        let found = forge.take_violations();
        assert!(
            found.len() == 1 && found[0].contains(fault),
            "{path}: {found:?}"
        );
    }
}

#[tokio::test]
#[should_panic(expected = "the client or the forge broke the description")]
async fn a_violation_that_nobody_looked_at_ends_the_test() {
    let (forge, _) = with_api();
    Client::of(&forge)
        .post("/repos/acme/api/forks", json!({}))
        .await;
}

#[tokio::test]
async fn files_are_read_and_replaced_by_those_who_know_them() {
    let (forge, _) = with_api();
    let client = Client::of(&forge);
    let file = client.get("/repos/acme/api/contents/README.md").await;
    assert_eq!(
        (&file["content"], &file["type"]),
        (&json!("YXBpCg=="), &json!("file"))
    );
    let put = |sha: Value| json!({ "message": "m", "content": "eAo=", "sha": sha });
    let path = "/repos/acme/api/contents/README.md";
    assert_eq!(
        client
            .send("PUT", path, Some(json!({ "message": "m", "content": "" })))
            .await
            .status,
        422
    );
    assert_eq!(
        client
            .send("PUT", path, Some(put(json!("0000"))))
            .await
            .status,
        409
    );
    let done = client
        .send("PUT", path, Some(put(file["sha"].clone())))
        .await;
    assert_eq!(
        (done.status, &done.body["content"]["name"]),
        (200, &json!("README.md"))
    );
    assert_eq!(
        client
            .send("GET", "/repos/acme/api/contents/none", None)
            .await
            .status,
        404
    );
    let gone = json!({ "message": "m", "sha": done.body["content"]["sha"] });
    assert_eq!(client.send("DELETE", path, Some(gone)).await.status, 200);
}

#[tokio::test]
async fn lists_have_pages_and_a_former_name_leads_on() {
    let forge = forge();
    for number in 0..5 {
        forge.add(Repository::new(&format!("r{number}")), &[]);
    }
    let client = Client::of(&forge);
    let page = client
        .send("GET", "/orgs/acme/repos?per_page=2&page=2", None)
        .await;
    let names: Vec<&str> = page
        .body
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["name"].as_str())
        .collect();
    assert_eq!(names, ["r2", "r3"]);
    assert!(
        page.headers[LINK]
            .to_str()
            .unwrap()
            .contains("per_page=2&page=3>; rel=\"next\"")
    );
    let id = forge.with(|store| store.named("r0").unwrap().id);
    forge.with(|store| store.rename(id, "new"));
    let moved = client
        .send("GET", "/repos/acme/r0/pulls?state=all", None)
        .await;
    let place = moved.headers[LOCATION].to_str().unwrap().to_owned();
    assert_eq!(
        (moved.status, place),
        (
            301,
            forge.url(&format!("/repositories/{id}/pulls?state=all"))
        )
    );
    assert_eq!(
        client.get(&format!("/repositories/{id}")).await["name"],
        "new"
    );
    let empty = client
        .send("GET", "/repos/acme/new/git/ref/heads/main", None)
        .await;
    assert_eq!(empty.status, 409);
}

#[tokio::test]
async fn branches_are_compared_and_tell_their_rules() {
    let (forge, id) = with_api();
    forge.with(|store| {
        let edit = [Edit::file("x", "1")];
        let by = Actor::user("kit");
        let main = store.repository(id).unwrap().head().unwrap();
        let made = store.make_commit(id, &by, Some(main), &edit, "Ours", false);
        store.set_ref(id, "refs/heads/a/b", Some(made));
        let edit = [Edit::file("y", "1")];
        store
            .commit(id, &by, "main", Expected::FastForward, &edit, "Theirs")
            .unwrap();
        let rules = &mut store.repository_mut(id).unwrap().rules;
        (rules.protected, rules.signed, rules.approvals) = (true, true, 2);
    });
    let client = Client::of(&forge);
    for name in ["a/b", "a%2Fb"] {
        let branch = client
            .get(&format!("/repos/acme/api/branches/{name}"))
            .await;
        assert_eq!(
            (&branch["name"], &branch["protected"]),
            (&json!("a/b"), &json!(false))
        );
    }
    let compared = client.get("/repos/acme/api/compare/main...a/b").await;
    assert_eq!(
        (&compared["ahead_by"], &compared["behind_by"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(compared["commits"][0]["commit"]["message"], "Ours");
    let rules = client.get("/repos/acme/api/rules/branches/main").await;
    assert_eq!(rules[0]["parameters"]["required_approving_review_count"], 2);
    assert_eq!(rules[1]["type"], "required_signatures");
    let head = compared["commits"][0]["sha"].as_str().unwrap();
    let status = client
        .get(&format!("/repos/acme/api/commits/{head}/status"))
        .await;
    assert_eq!(status["total_count"], 0);
}

#[tokio::test]
async fn runs_are_told_with_what_they_say() {
    let (forge, id) = with_api();
    forge.with(|store| {
        let number = store.number();
        let now = store.clock.seconds();
        let repository = store.repository_mut(id).unwrap();
        let commit = repository.head().unwrap();
        let path = ".github/workflows/fullsend.yml".to_owned();
        repository.workflows.push(Workflow {
            id: number,
            name: "fullsend".to_owned(),
            path,
        });
        for (offset, conclusion) in [
            Conclusion::Passed,
            Conclusion::NotStarted,
            Conclusion::Failed,
        ]
        .into_iter()
        .enumerate()
        {
            let annotation = Annotation {
                level: "failure",
                title: "the sandbox died".to_owned(),
                message: "m".to_owned(),
            };
            repository.runs.push(Run {
                id: number + 1 + offset as u64,
                workflow: number,
                commit,
                branch: "main".to_owned(),
                event: "push".to_owned(),
                conclusion,
                annotations: vec![annotation],
                started: now,
                ended: Some(now + 5),
            });
        }
    });
    let client = Client::of(&forge);
    let workflows = client
        .get("/repos/acme/api/actions/workflows?per_page=100")
        .await;
    let node = &workflows["workflows"][0]["node_id"];
    let runs = client
        .get("/repos/acme/api/actions/workflows/fullsend.yml/runs")
        .await;
    assert_eq!(
        (
            &runs["total_count"],
            &runs["workflow_runs"][0]["conclusion"]
        ),
        (&json!(3), &json!("failure"))
    );
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Workflow { runs(first: 2) { nodes { checkSuite { id conclusion checkRuns(first: 5, filterBy: {conclusions: [FAILURE]}) { nodes { annotations(first: 5) { nodes { title } } } } } } } } } }";
    let told = client.ask(query, json!({ "ids": [node] })).await;
    let runs = &told["data"]["nodes"][0]["runs"]["nodes"];
    assert_eq!(
        runs[0]["checkSuite"]["checkRuns"]["nodes"][0]["annotations"]["nodes"][0]["title"],
        "the sandbox died"
    );
    assert_eq!(runs[1]["checkSuite"]["conclusion"], "STARTUP_FAILURE");
}

#[tokio::test]
async fn an_app_is_its_key_and_its_tokens_end() {
    let forge = forge();
    forge.add(Repository::new("api"), &[Edit::file("a", "b")]);
    let mut app = App::new("fullsend");
    app.lifetime = 60;
    forge.with(|store| {
        store.clock = fullsend_testkit::forge::Clock::at(1_800_000_000);
        store.app = Some(app.clone());
    });
    let jwt = app.jwt(1_800_000_000);
    let client = Client::with(&forge, &jwt);
    let installation = client.get("/orgs/acme/installation").await;
    assert_eq!(installation["account"]["login"], "acme");
    let path = format!("/app/installations/{}/access_tokens", installation["id"]);
    let minted = client.post(&path, json!({})).await;
    assert_eq!(
        (minted.status, &minted.body["permissions"]["contents"]),
        (201, &json!("write"))
    );
    let token = minted.body["token"].as_str().unwrap();
    let installed = Client::with(&forge, token);
    assert_eq!(
        installed.get("/installation/repositories").await["total_count"],
        1
    );
    assert_eq!(installed.send("GET", "/user", None).await.status, 403);
    forge.with(|store| store.clock.advance(std::time::Duration::from_secs(61)));
    assert_eq!(
        installed.send("GET", "/repos/acme/api", None).await.status,
        401
    );
    let forged = format!("{}x{}", &jwt[..jwt.len() - 9], &jwt[jwt.len() - 8..]);
    let late = app.jwt(1_800_000_000 - 700);
    for wrong in [forged.as_str(), late.as_str(), TOKEN] {
        let refused = Client::with(&forge, wrong).send("GET", "/app", None).await;
        assert_eq!(refused.status, 401, "{wrong}");
    }
    let named = Client::of(&forge).get("/users/fullsend[bot]").await;
    assert_eq!(named["type"], "Bot");
}

#[tokio::test]
async fn a_classic_token_tells_its_scopes_and_a_fine_one_does_not() {
    let forge = forge();
    forge.with(|store| store.grant("fine", Actor::user("kit"), Told::Nothing));
    let classic = Client::of(&forge).send("GET", "/user", None).await;
    assert_eq!(classic.headers["x-oauth-scopes"], "repo, workflow");
    assert_eq!(classic.body["login"], "kit");
    let fine = Client::with(&forge, "fine")
        .send("GET", "/user", None)
        .await;
    assert!(!fine.headers.contains_key("x-oauth-scopes"));
}
