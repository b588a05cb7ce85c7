//! The defects of the crate's own client, each closed; and answers that lie.

use std::time::{Duration, Instant};

use fullsend::forge::{Change, Message, Proposal, Reason, Watch};
use fullsend_testkit::forge::{Call, Limits, Mishap, When};

use super::{Stage, reason, watch};

fn at(operation: &'static str) -> When {
    When::Where(Box::new(move |call: &Call| {
        call.nature.operations.iter().any(|it| it == operation)
    }))
}

#[tokio::test]
async fn a_429_is_waited_for_as_it_asks() {
    let stage = Stage::new();
    stage.add("api");
    for operation in ["projects", "query"] {
        let limited = Mishap::status(429).header("Retry-After", "1");
        stage.server.fault(at(operation), limited);
        let started = Instant::now();
        let seen = stage.forge.survey(&watch()).await.unwrap();
        assert_eq!(seen.len(), 1);
        assert!(
            started.elapsed() >= Duration::from_millis(900),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn a_429_that_does_not_say_when_is_not_until_1970() {
    let stage = Stage::new();
    stage.add("api");
    stage
        .server
        .faults(at("projects"), Mishap::status(429), 100);
    let watch = Watch::default();
    let survey = tokio::time::timeout(Duration::from_secs(3), stage.forge.survey(&watch));
    // It either still waits or says that it may ask no more, but it does not hammer.
    if let Ok(refused) = survey.await {
        let (text, _) = reason(refused);
        assert!(!text.contains("1970"), "{text}");
    }
    assert!(stage.server.counts().requests <= 5);
}

#[tokio::test]
async fn a_write_that_was_refused_for_limits_is_made_later() {
    let stage = Stage::new();
    stage.add("api");
    let limited = Mishap::status(429).header("Retry-After", "1");
    stage.server.fault(at("create commit"), limited);
    propose(&stage).await.unwrap();
    let made = stage
        .server
        .with(|store| store.named("api").unwrap().requests.len());
    assert_eq!(made, 1);
}

#[tokio::test]
async fn limits_of_the_instance_are_kept() {
    let stage = Stage::new();
    for name in ["a", "b", "c"] {
        stage.add(name);
    }
    stage.server.limit(Limits {
        concurrent: Some(1),
        ..Limits::default()
    });
    let names = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let seen = stage.forge.look(&names, &watch()).await.unwrap();
    assert!(seen.iter().all(Option::is_some));
}

async fn propose(stage: &Stage) -> Result<fullsend::forge::Request, fullsend::forge::ForgeError> {
    let (repository, base) = stage.repository("api").await;
    let changes = [Change {
        path: "fullsend.yaml".to_owned(),
        content: Some(b"version: 1\n".to_vec()),
    }];
    let message = Message {
        headline: "Run agents".to_owned(),
        body: String::new(),
    };
    let proposal = Proposal {
        repository: &repository,
        base: &base,
        branch: "fullsend/enroll",
        changes: &changes,
        message: &message,
        title: "Run agents",
        body: "",
    };
    stage.forge.propose(&proposal).await
}

#[tokio::test]
async fn a_read_is_asked_again_after_a_502_with_a_page_of_html() {
    let stage = Stage::new();
    stage.add("api");
    for mishap in [
        Mishap::status(502).html(),
        Mishap::cut(),
        Mishap::status(500),
    ] {
        stage.server.fault(at("projects"), mishap.clone());
        stage.server.fault(at("query"), mishap);
        assert_eq!(stage.forge.survey(&watch()).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_write_without_an_answer_is_unsure_and_sent_once() {
    for operation in ["create commit", "create merge request"] {
        for mishap in [
            Mishap::status(502).html(),
            Mishap::status(502).after(),
            Mishap::cut().after(),
            Mishap::cut(),
            Mishap::json("{}").after(),
            Mishap::json("<html>").after(),
        ] {
            let stage = Stage::new();
            stage.add("api");
            stage.server.fault(at(operation), mishap.clone());
            let (text, is_unsure) = reason(propose(&stage).await);
            assert!(is_unsure, "{operation} {mishap:?}: {text}");
            let calls = stage.server.calls();
            let sent = calls
                .iter()
                .filter(|it| it.nature.operations == [operation]);
            assert_eq!(sent.count(), 1, "{operation} {mishap:?}");
        }
    }
}

#[tokio::test]
async fn a_short_page_is_not_the_last_one() {
    let stage = Stage::new();
    for at in 0..120 {
        stage.add(&format!("project-{at:03}"));
    }
    // As where something on the page may not be seen.
    let one = stage
        .server
        .with(|store| store.named("project-000").unwrap().id);
    let short = format!(r#"[{{"id": {one}, "path_with_namespace": "acme/project-000"}}]"#);
    let short = Mishap::json(&short).header("X-Next-Page", "2");
    stage.server.fault(at("projects"), short);
    let seen = stage.forge.survey(&Watch::default()).await.unwrap();
    assert_eq!(seen.len(), 21);
}

#[tokio::test]
async fn a_list_without_an_end_is_left() {
    let stage = Stage::new();
    stage.add("api");
    let endless = Mishap::json("[]").header("X-Next-Page", "1");
    stage.server.faults(at("projects"), endless, 2000);
    let seen = stage.forge.survey(&Watch::default()).await.unwrap();
    assert!(seen.is_empty());
}

#[tokio::test]
async fn a_name_that_is_endless_is_refused_before_it_is_sent() {
    let stage = Stage::new();
    stage.add("api");
    stage.operations();
    let names = ["x".repeat(100_000)];
    let looked = stage.forge.look(&names, &Watch::default()).await;
    let (text, _) = reason(looked);
    assert!(
        text.contains("the name is too long") && text.len() < 1000,
        "{text}"
    );
    assert!(stage.operations().is_empty());
}

#[tokio::test]
async fn answers_that_are_none_end_in_a_sentence() {
    let stage = Stage::new();
    stage.add("api");
    for body in [
        "[",
        "null",
        "{}",
        "[1]",
        r#"[{"id": -1, "path_with_namespace": "acme/x"}]"#,
        r#"[{"id": 1, "id": 2, "path_with_namespace": "acme/x"}]"#,
        "<html>hunter2</html>",
    ] {
        stage.server.fault(at("projects"), Mishap::json(body));
        let (text, _) = reason(stage.forge.survey(&Watch::default()).await);
        assert!(text.contains("the answer is malformed"), "{body}: {text}");
    }
    for body in [
        "[]",
        r#"{"data": {"projects": {"nodes": [{"id": 7}]}}}"#,
        r#"{"data": null}"#,
    ] {
        stage.server.fault(at("query"), Mishap::json(body));
        let (text, _) = reason(stage.forge.survey(&Watch::default()).await);
        assert!(text.contains("the answer is malformed"), "{body}: {text}");
    }
}

#[tokio::test]
async fn errors_inside_a_200_are_errors() {
    let stage = Stage::new();
    stage.add("api");
    let hostile = "no\u{1b}[2J way ##[add-mask]x".repeat(50);
    stage
        .server
        .fault(at("query"), Mishap::errors("x", &hostile));
    let (text, _) = reason(stage.forge.survey(&watch()).await);
    assert!(text.contains("it says no: no"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains("##[") && text.len() < 500);
}

#[tokio::test]
async fn a_token_that_is_revoked_in_the_middle_is_said_to_be() {
    let stage = Stage::new();
    stage.add("api");
    let (repository, _) = stage.repository("api").await;
    stage.server.with(|store| store.revoke(super::TOKEN));
    let refused = stage.forge.survey(&watch()).await.unwrap_err();
    assert!(
        matches!(refused.reason(), Reason::Unauthorized(_)),
        "{refused}"
    );
    assert!(refused.with_hint().contains("GITLAB_TOKEN"));
    let request = stage.forge.open(&repository, "x", "t", "b").await;
    assert!(!request.unwrap_err().is_unsure());
}

#[tokio::test]
async fn no_redirect_leads_away() {
    let stage = Stage::new();
    stage.add("api");
    let elsewhere = fullsend_testkit::forge::Forge::gitlab("acme");
    let place = elsewhere.url("/api/v4/groups/acme/projects");
    for status in [301, 302, 307, 308] {
        let away = Mishap::status(status).header("Location", &place);
        stage.server.fault(at("projects"), away);
        let (text, _) = reason(stage.forge.survey(&Watch::default()).await);
        assert!(text.contains("it redirects to another place"), "{text}");
    }
    assert!(elsewhere.calls().is_empty());
}

#[tokio::test]
async fn the_token_is_in_no_address() {
    let stage = Stage::new();
    stage.add("api");
    stage.forge.survey(&watch()).await.unwrap();
    propose(&stage).await.unwrap();
    assert!(stage.server.urls_with("hunter2").is_empty());
    let calls = stage.server.calls();
    let bearer = Some("Bearer glpat-hunter2");
    assert!(calls.iter().all(|it| it.header("authorization") == bearer));
}
