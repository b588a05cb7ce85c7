//! Questions over HTTP that no registry is asked: redirects, bodies, tries.

use std::time::Duration;

use fullsend::seam::{
    environment::Environment,
    exchange::{Exchange, ExchangeError, NoAnswer},
    http::{
        Http, HttpError, HttpOptions, Method, Request, Url,
        header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    },
};
use fullsend_testkit::registry::{Fault, LoggedRequest, Registry as Server};
use tokio::time::Instant;

const BODY: &str = "0123";

fn exchange() -> Exchange {
    Exchange {
        http: Http::new(&Environment::default(), HttpOptions::default()),
        insecure_hosts: Vec::new(),
        first_wait: Duration::from_millis(10),
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// A request of [`BODY`] with two secrets and two headers that are none.
fn post(server: &Server, path: &str) -> Request {
    let mut secret = HeaderValue::from_static("hunter2");
    secret.set_sensitive(true);
    let plain = HeaderValue::from_static("plain");
    let headers = [
        // Not marked: its name is enough.
        (AUTHORIZATION, HeaderValue::from_static("Basic x")),
        (HeaderName::from_static("private-token"), secret),
        (HeaderName::from_static("git-protocol"), plain.clone()),
        (CONTENT_TYPE, plain),
    ];
    Request {
        method: Method::POST,
        url: Url::parse(&server.url(path)).unwrap(),
        headers: headers.into_iter().collect(),
        body: Some(BODY.into()),
    }
}

fn get(server: &Server, path: &str) -> Request {
    Request::get(Url::parse(&server.url(path)).unwrap(), HeaderMap::new())
}

fn shows_secrets(request: &LoggedRequest) -> [bool; 2] {
    ["authorization", "private-token"].map(|name| request.header(name).is_some())
}

#[tokio::test]
async fn a_body_goes_along_and_secrets_stay() {
    for (status, method, length) in [
        (301, "POST", Some("4")),
        (302, "POST", Some("4")),
        (303, "GET", None),
        (307, "POST", Some("4")),
        (308, "POST", Some("4")),
    ] {
        let (home, abroad) = (Server::start(), Server::start());
        let sent_to = |path: &str| Fault::status(status).header("Location", path);
        home.fault("/a", sent_to("/b"));
        home.fault("/b", sent_to(&abroad.url("/c")));
        abroad.fault("/c", sent_to(&home.url("/d")));
        home.fault("/d", Fault::status(200).body("done"));
        let answer = exchange().follow(&post(&home, "/a")).await.unwrap();
        assert!(!answer.at_home);
        assert_eq!(answer.response.read(4).await.unwrap(), "done");
        let [a, b, d] = &home.requests()[..] else {
            panic!("{:?}", home.requests());
        };
        let c = &abroad.requests()[0];
        assert_eq!(shows_secrets(a), [true; 2]);
        assert_eq!(shows_secrets(b), [true; 2]);
        assert_eq!(shows_secrets(c), [false; 2], "{status}");
        assert_eq!(shows_secrets(d), [false; 2], "back, but from abroad");
        for later in [b, c, d] {
            assert_eq!(later.method, method, "{status}");
            assert_eq!(later.header("content-length"), length, "{status}");
            assert_eq!(later.header("content-type").is_some(), length.is_some());
            assert_eq!(later.header("git-protocol"), Some("plain"));
        }
    }
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_home() {
    let server = Server::start();
    server.fault("/a", Fault::redirect("/b"));
    server.fault("/b", Fault::status(204));
    let answer = exchange().follow(&post(&server, "/a")).await.unwrap();
    assert!(answer.at_home);
    assert_eq!(answer.response.status(), 204);
}

#[tokio::test]
async fn what_may_answer_yet_is_asked_again() {
    let fetch = async |server: &Server, limit| {
        let request = get(server, "/a");
        exchange().fetch(&request, limit, soon()).await
    };
    let server = Server::start();
    // The last one counts first.
    server.fault("/a", Fault::status(200).body("done"));
    server.fault("/a", Fault::disconnect().times(1));
    server.fault("/a", Fault::status(503).times(1));
    assert_eq!(fetch(&server, 4).await.unwrap(), "done");
    assert_eq!(server.requests().len(), 3);

    server.clear_requests();
    let too_large = fetch(&server, 3).await.unwrap_err();
    let transport = HttpError::TooLarge { limit: 3 };
    assert_eq!(too_large.to_string(), transport.to_string());
    assert_eq!(server.requests().len(), 1);

    for (fault, status, waits) in [
        (Fault::status(404), 404, None),
        (Fault::status(429).retry_after(600), 429, Some(600)),
    ] {
        let server = Server::start();
        server.fault("/a", fault);
        let ExchangeError::Refused {
            status: seen,
            retry_after,
        } = fetch(&server, 4).await.unwrap_err()
        else {
            panic!("no refusal");
        };
        assert_eq!(
            (seen, retry_after),
            (status, waits.map(Duration::from_secs))
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn time_and_redirects_have_an_end() {
    let server = Server::start();
    server.fault("/hang", Fault::hang());
    let until = Instant::now() + Duration::from_millis(200);
    let late = exchange().fetch(&get(&server, "/hang"), 4, until).await;
    assert!(matches!(late, Err(ExchangeError::Deadline(_))), "{late:?}");

    server.fault("/a", Fault::redirect("/a"));
    server.clear_requests();
    let circle = exchange().fetch(&get(&server, "/a"), 4, soon()).await;
    let circle = circle.unwrap_err();
    assert!(
        matches!(
            circle,
            ExchangeError::NoAnswer(NoAnswer::Redirect("too often"))
        ),
        "{circle:?}"
    );
    assert_eq!(server.requests().len(), 6);
}
