//! A forge out of a file, and what is done to it in words.

use fullsend_testkit::forge::{Edit, Expected, Forge, Scenario};
use serde_json::json;

use crate::client::Client;

fn play(scenario: serde_json::Value) -> Forge {
    let scenario: Scenario = serde_json::from_value(scenario).unwrap();
    let forge = Forge::github(scenario.owner.as_deref().unwrap());
    forge.play(&scenario);
    forge
}

#[tokio::test]
async fn made_up_repositories_are_real_ones_of_every_kind() {
    let forge = play(json!({ "owner": "acme", "made_up": 120, "tokens": { "ann": "t" } }));
    let client = Client::with(&forge, "t");
    let query = "{ organization(login: \"acme\") { repositories(first: 100) { totalCount nodes { name isArchived isEmpty isFork defaultBranchRef { name } mergeQueue { id } } } } }";
    let answer = client.ask(query, json!({})).await;
    let told = &answer["data"]["organization"]["repositories"];
    assert_eq!(told["totalCount"], 120);
    let nodes = told["nodes"].as_array().unwrap();
    for (field, value) in [
        ("isArchived", json!(true)),
        ("isEmpty", json!(true)),
        ("isFork", json!(true)),
    ] {
        assert!(
            nodes.iter().any(|it| it[field] == value),
            "none with {field}"
        );
    }
    assert!(
        nodes
            .iter()
            .any(|it| it["defaultBranchRef"]["name"] == "master")
    );
    let folder = tempfile::tempdir().unwrap();
    for name in ["website-0001", "library-0002", "tool-0003"] {
        forge.checkout(name, &folder.path().join(name));
    }
    let read = |path: &str| std::fs::read_to_string(folder.path().join(path)).unwrap();
    assert!(read("library-0002/.github/renovate.json5").contains("// the usual"));
    assert_eq!(read("website-0001/docs/README.md"), "# website-0001\n");
}

#[tokio::test]
async fn words_do_what_people_and_checks_do() {
    let workflow = ".github/workflows/fullsend.yml";
    let forge = play(json!({
        "owner": "acme",
        "tokens": { "ann": "t" },
        "repositories": {
            "api": { "files": { workflow: "on: push\n" }, "auto_merge": true, "approvals": 0, "protected": true },
            "void": {},
        },
    }));
    let client = Client::with(&forge, "t");
    client.get("/repos/acme/void").await;
    assert_eq!(forge.act("count").unwrap(), "1");
    assert_eq!(forge.act("").unwrap(), "0");
    assert_eq!(forge.act("runs failed 2").unwrap(), "2");
    assert_eq!(forge.act("runs passed 1 api").unwrap(), "1");
    let runs = client
        .get("/repos/acme/api/actions/workflows/fullsend.yml/runs?status=failure")
        .await;
    assert_eq!(runs["total_count"], 2);
    forge.act("edit api notes.txt by hand").unwrap();
    let folder = tempfile::tempdir().unwrap();
    forge
        .act(&format!("checkout api {}", folder.path().display()))
        .unwrap();
    assert_eq!(
        std::fs::read_to_string(folder.path().join("notes.txt")).unwrap(),
        "by hand\n"
    );
    forge.with(|store| {
        let (id, head) = store
            .named("api")
            .map(|it| (it.id, it.head().unwrap()))
            .unwrap();
        let by = fullsend_testkit::forge::Actor::user("ann");
        store
            .move_ref(id, &by, "refs/heads/b", Expected::Absent, head)
            .unwrap();
        store
            .commit(
                id,
                &by,
                "b",
                Expected::At(head),
                &[Edit::file("b", "b")],
                "B",
            )
            .unwrap();
    });
    let pull = json!({ "title": "b", "head": "b", "base": "main" });
    assert_eq!(client.post("/repos/acme/api/pulls", pull).await.status, 201);
    assert_eq!(forge.act("fail").unwrap(), "0");
    assert_eq!(forge.act("merge").unwrap(), "1");
    assert!(forge.act("dance").is_err());
}
