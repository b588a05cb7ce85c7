//! What goes wrong on the way.

use fullsend::forge::Watch;
use fullsend_testkit::forge::{Mishap, When};

use super::{BRANCH, Stage, first, unsure, watch};

#[tokio::test]
async fn a_question_is_asked_until_it_is_answered() {
    let faults = || {
        [
            Mishap::status(500),
            Mishap::status(502).html(),
            Mishap::status(503),
            Mishap::cut(),
            Mishap::errors("RATE_LIMITED", "API rate limit exceeded").header("retry-after", "1"),
            Mishap::status(429).header("retry-after", "1"),
            Mishap::json(
                r#"{"data": null, "errors": [{"message": "Something went wrong while executing your query"}]}"#,
            ),
        ]
    };
    for fault in faults() {
        let stage = Stage::new();
        for at in 0..4 {
            stage.add(&format!("repository-{at}"));
        }
        let about = format!("{fault:?}");
        stage.server.fault(When::Request(1), fault);
        let seen = stage.forge.survey(&Watch::default()).await.unwrap();
        assert_eq!(seen.len(), 4, "{about}");
    }
}

/// Whether it was done or not, it is not sent again.
#[tokio::test]
async fn a_change_without_an_answer_is_unsure() {
    for fault in [
        Mishap::status(502),
        Mishap::status(502).after(),
        Mishap::cut(),
        Mishap::cut().after(),
    ] {
        let stage = Stage::new();
        stage.add("api");
        let (repository, base) = stage.repository("api").await;
        stage.server.clear_calls();
        stage.server.fault(When::Write(1), fault.clone());
        unsure(stage.propose(&repository, &base, &first()).await);
        assert_eq!(stage.server.calls().len(), 1, "{fault:?}");
        // A look tells what became of it.
        let seen = stage.look("api", &watch()).await;
        assert_eq!(seen.branch.is_some(), seen.request.is_some(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_change_that_was_refused_for_limits_is_sent_when_they_allow_it() {
    for fault in [
        Mishap::status(429).header("retry-after", "1"),
        Mishap::status(403).header("retry-after", "1"),
    ] {
        let stage = Stage::new();
        stage.add("api");
        let (repository, base) = stage.repository("api").await;
        stage.server.fault(When::Write(1), fault);
        let request = stage.propose(&repository, &base, &first()).await.unwrap();
        assert_eq!(request.branch, BRANCH);
    }
}
