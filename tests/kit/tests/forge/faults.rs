//! What goes wrong, and when.

use std::time::Duration;

use fullsend_testkit::forge::{Actor, Clock, Edit, Expected, Forge, Mishap, Repository, When};
use serde_json::json;

use crate::client::{Client, TOKEN, with_api};

const BLOB: &str = "/repos/acme/api/git/refs";

/// Asks for a branch of this name, and says with which status it was answered.
async fn branch(client: &Client<'_>, forge: &Forge, id: u64, name: &str) -> Option<u16> {
    let head = forge.with(|store| store.repository(id).unwrap().head().unwrap().to_string());
    let body = json!({ "ref": format!("refs/heads/{name}"), "sha": head });
    let sent = client.try_send("POST", BLOB, Some(body));
    let sent = tokio::time::timeout(Duration::from_millis(500), sent).await;
    sent.ok()?.ok().map(|answer| answer.status)
}

fn branches(forge: &Forge, id: u64) -> Vec<String> {
    forge.with(|store| {
        let repository = store.repository(id).unwrap();
        repository
            .branches()
            .map(|(name, _)| name.to_owned())
            .collect()
    })
}

#[tokio::test]
async fn a_failure_comes_before_or_after_the_deed() {
    let (forge, id) = with_api();
    let client = Client::of(&forge);
    forge.fault(When::Write(1), Mishap::status(502));
    forge.fault(When::Write(2), Mishap::status(502).html().after());
    forge.fault(When::Write(3), Mishap::cut().after());
    forge.fault(When::Write(4), Mishap::hang());
    forge.fault(
        When::Write(5),
        Mishap::status(429).header("retry-after", "7"),
    );
    client.get("/repos/acme/api").await;
    let mut answers = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        answers.push(branch(&client, &forge, id, name).await);
    }
    assert_eq!(
        answers,
        [Some(502), Some(502), None, None, Some(429), Some(201)]
    );
    assert_eq!(branches(&forge, id), ["b", "c", "f", "main"]);
    let told: Vec<_> = forge.calls().iter().map(|call| call.status).collect();
    assert_eq!(
        told,
        [
            Some(200),
            Some(502),
            Some(502),
            None,
            None,
            Some(429),
            Some(201)
        ]
    );
}

#[tokio::test]
async fn an_error_can_come_with_200() {
    let (forge, _) = with_api();
    let client = Client::of(&forge);
    forge.fault(
        When::Where(Box::new(|call| call.nature.operations == ["viewer"])),
        Mishap::errors("RATE_LIMITED", "slow down"),
    );
    client.get("/user").await;
    let query = "{ viewer { login } }";
    assert_eq!(
        client.ask(query, json!({})).await["errors"][0]["type"],
        "RATE_LIMITED"
    );
    assert_eq!(
        client.ask(query, json!({})).await["data"]["viewer"]["login"],
        "kit"
    );
}

#[tokio::test]
async fn the_forge_stops_at_a_write_and_goes_on_when_told() {
    for (done, expected) in [(false, vec!["a", "main"]), (true, vec!["a", "b", "main"])] {
        let (forge, id) = with_api();
        let client = Client::of(&forge);
        forge.stop_at_write(2, done);
        assert_eq!(branch(&client, &forge, id, "a").await, Some(201));
        assert!(!forge.wait_until_stopped(Duration::ZERO));
        assert_eq!(branch(&client, &forge, id, "b").await, None);
        assert!(forge.wait_until_stopped(Duration::from_secs(1)));
        assert_eq!(branch(&client, &forge, id, "c").await, None);
        assert_eq!(branches(&forge, id), expected);
        forge.go_on();
        assert_eq!(branch(&client, &forge, id, "d").await, Some(201));
    }
}

#[tokio::test]
async fn others_act_in_between() {
    let (forge, id) = with_api();
    let client = Client::of(&forge);
    forge.meanwhile(When::Write(1), move |store| {
        let person = Actor::admin("mallory");
        let edit = [Edit::file("README.md", "mine\n")];
        store
            .commit(id, &person, "main", Expected::FastForward, &edit, "Mine")
            .unwrap();
    });
    forge.meanwhile(When::Write(2), |store| store.revoke(TOKEN));
    let before = forge.with(|store| store.repository(id).unwrap().head());
    assert_eq!(branch(&client, &forge, id, "a").await, Some(201));
    assert_ne!(
        forge.with(|store| store.repository(id).unwrap().head()),
        before
    );
    assert_eq!(branch(&client, &forge, id, "b").await, Some(401));
}

#[tokio::test]
async fn a_token_in_an_address_is_seen() {
    let (forge, _) = with_api();
    let client = Client::of(&forge);
    client.get("/repos/acme/api").await;
    assert_eq!(forge.urls_with(TOKEN).len(), 0);
    client
        .send("GET", &format!("/user?access_token={TOKEN}"), None)
        .await;
    assert_eq!(forge.urls_with(TOKEN).len(), 1);
    assert!(forge.take_violations()[0].contains("access_token"));
}

#[tokio::test]
async fn an_outline_tells_what_was_left_and_not_how() {
    let outline = |start: i64, doubled: bool| async move {
        let forge = crate::client::forge();
        forge.with(|store| store.clock = Clock::at(start));
        let id = forge.add(Repository::new("api"), &[Edit::file("README.md", "api\n")]);
        let client = Client::of(&forge);
        branch(&client, &forge, id, "b").await;
        forge.with(|store| {
            let by = Actor::user("kit");
            let edit = [Edit::file("a", "b")];
            store
                .commit(id, &by, "b", Expected::FastForward, &edit, "Add")
                .unwrap();
        });
        let pull = json!({ "title": "t", "head": "b", "base": "main" });
        client.post("/repos/acme/api/pulls", pull.clone()).await;
        if doubled {
            client
                .send(
                    "PATCH",
                    "/repos/acme/api/pulls/1",
                    Some(json!({ "state": "closed" })),
                )
                .await;
            client.post("/repos/acme/api/pulls", pull).await;
        }
        forge.with(|store| store.outline())
    };
    let once = outline(1_700_000_000, false).await;
    assert_eq!(once.len(), 3, "{once:?}");
    assert!(
        once[0].contains("branch b is") && once[0].ends_with("\"Add\""),
        "{once:?}"
    );
    assert_eq!(once, outline(1_800_000_000, false).await);
    assert_ne!(once, outline(1_700_000_000, true).await);
}

#[tokio::test]
async fn a_refusal_can_be_in_any_words() {
    let (forge, _) = with_api();
    let words = r#"{"message":"You have exceeded a secondary rate limit"}"#;
    forge.fault(When::Request(1), Mishap::status(403).body(words));
    let answer = Client::of(&forge).send("GET", "/user", None).await;
    assert_eq!(
        (answer.status, &answer.body["message"]),
        (403, &json!("You have exceeded a secondary rate limit"))
    );
}
