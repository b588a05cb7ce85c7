//! Limits, by a clock that the test sets.

use std::time::Duration;

use fullsend_testkit::forge::{Actor, Clock, Limits, Told};
use serde_json::json;

use crate::client::{Client, with_api};

const VIEWER: &str = "{ viewer { login } rateLimit { remaining } }";

#[tokio::test]
async fn the_hour_is_used_up_and_begins_anew() {
    let (forge, _) = with_api();
    forge.with(|store| store.clock = Clock::at(1_800_000_000));
    forge.limit(Limits {
        primary: Some(3),
        ..Limits::default()
    });
    let client = Client::of(&forge);
    for left in ["2", "1", "0"] {
        let answer = client.send("GET", "/repos/acme/api", None).await;
        assert_eq!(
            (
                answer.status,
                answer.headers["x-ratelimit-remaining"].to_str().unwrap()
            ),
            (200, left)
        );
    }
    let refused = client.send("GET", "/repos/acme/api", None).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.headers["x-ratelimit-reset"], "1800003600");
    assert!(
        refused.body["message"]
            .as_str()
            .unwrap()
            .starts_with("API rate limit exceeded")
    );
    // Queries have an hour of their own, and say with 200 that it is over.
    for _ in 0..3 {
        assert!(client.ask(VIEWER, json!({})).await["errors"].is_null());
    }
    let refused = client.ask(VIEWER, json!({})).await;
    assert_eq!(refused["errors"][0]["type"], "RATE_LIMITED");
    assert_eq!(
        client.get("/rate_limit").await["resources"]["core"]["remaining"],
        0
    );
    forge.with(|store| store.clock.advance(Duration::from_hours(1)));
    client.get("/repos/acme/api").await;
    assert_eq!(forge.counts().limited, 2);
}

#[tokio::test]
async fn contents_are_made_eighty_a_minute_and_the_rest_wait() {
    let (forge, _) = with_api();
    forge.with(|store| store.clock = Clock::at(1_800_000_000));
    forge.limit(Limits::github());
    let client = Client::of(&forge);
    let blob = json!({ "content": "x" });
    for _ in 0..80 {
        assert_eq!(
            client
                .post("/repos/acme/api/git/blobs", blob.clone())
                .await
                .status,
            201
        );
    }
    forge.with(|store| store.clock.advance(Duration::from_secs(20)));
    let refused = client.post("/repos/acme/api/git/blobs", blob.clone()).await;
    assert_eq!(
        (
            refused.status,
            refused.headers["retry-after"].to_str().unwrap()
        ),
        (403, "40")
    );
    assert!(
        refused.body["message"]
            .as_str()
            .unwrap()
            .contains("secondary rate limit")
    );
    // Reading goes on, and so does another identity.
    client.get("/repos/acme/api").await;
    forge.with(|store| store.grant("other", Actor::user("other"), Told::Scopes));
    let other = Client::with(&forge, "other");
    assert_eq!(
        other
            .post("/repos/acme/api/git/blobs", blob.clone())
            .await
            .status,
        201
    );
    forge.with(|store| store.clock.advance(Duration::from_secs(40)));
    assert_eq!(
        client.post("/repos/acme/api/git/blobs", blob).await.status,
        201
    );
}

#[tokio::test]
async fn points_of_a_minute_are_counted_at_each_door() {
    let (forge, _) = with_api();
    forge.with(|store| store.clock = Clock::at(1_800_000_000));
    forge.limit(Limits {
        rest: Some(10),
        graphql: Some(2),
        ..Limits::default()
    });
    let client = Client::of(&forge);
    let path = "/repos/acme/api/git/blobs";
    for expected in [201, 201, 403] {
        assert_eq!(
            client.post(path, json!({ "content": "x" })).await.status,
            expected
        );
    }
    let statuses = [
        client
            .post("/graphql", json!({ "query": VIEWER }))
            .await
            .status,
        client
            .post("/graphql", json!({ "query": VIEWER }))
            .await
            .status,
        client
            .post("/graphql", json!({ "query": VIEWER }))
            .await
            .status,
    ];
    assert_eq!(statuses, [200, 200, 403]);
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let (forge, _) = with_api();
    forge.limit(Limits {
        concurrent: Some(3),
        ..Limits::default()
    });
    forge.delay(Duration::from_millis(200));
    let client = Client::of(&forge);
    let get = || client.send("GET", "/repos/acme/api", None);
    let answers = tokio::join!(get(), get(), get(), get(), get());
    let mut statuses = [
        answers.0.status,
        answers.1.status,
        answers.2.status,
        answers.3.status,
        answers.4.status,
    ];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 403, 403]);
}
