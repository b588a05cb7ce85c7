//! Calls over a real connection to a server that misbehaves: what is sent again, and what never is.

use fullsend_testkit::registry::{Fault, Registry as Server};

use super::*;
use crate::seam::{environment::Environment, http::HttpOptions, http::Method};

fn transport() -> Transport {
    let options = HttpOptions {
        idle_timeout: Duration::from_secs(3),
        ..HttpOptions::default()
    };
    Transport {
        http: Http::new(&Environment::default(), options),
        governor: Arc::new(Governor::default()),
        insecure_hosts: Vec::new(),
        deadline: Duration::from_secs(5),
        first_wait: Duration::from_millis(10),
    }
}

fn request(method: Method, url: &str) -> Request {
    Request {
        method,
        url: Url::parse(url).unwrap(),
        headers: HeaderMap::new(),
        body: None,
    }
}

async fn read(transport: &Transport, server: &Server) -> Result<Answer, Reason> {
    let request = request(Method::GET, &server.url("/a"));
    transport.call(&request, Cost::READ, Repeat::Safe).await
}

async fn write(transport: &Transport, server: &Server) -> Result<Answer, Reason> {
    let mut request = request(Method::POST, &server.url("/a"));
    request.body = Some(b"{}".to_vec());
    transport.call(&request, Cost::WRITE, Repeat::Never).await
}

/// A server that answers 200, but for `fault`.
fn server(fault: Fault) -> Server {
    let server = Server::start();
    server.fault("/a", Fault::status(200).body("done"));
    server.fault("/a", fault);
    server
}

#[tokio::test]
async fn a_write_without_an_answer_is_unsure_and_sent_once() {
    for fault in [
        Fault::disconnect(),
        Fault::status(500),
        Fault::status(502),
        Fault::status(503).retry_after(1),
        Fault::status(504),
        Fault::normal()
            .body("a long answer")
            .delay(Duration::from_secs(9)),
        Fault::hang(),
        Fault::endless(),
    ] {
        let server = server(fault.clone());
        let transport = Transport {
            deadline: Duration::from_secs(4),
            ..transport()
        };
        let error = write(&transport, &server).await.unwrap_err();
        assert!(matches!(error, Reason::Unsure(_)), "{fault:?}: {error}");
        assert_eq!(server.paths(), ["POST /a"], "{fault:?}");
    }
}

#[tokio::test]
async fn a_connection_that_stood_open_makes_no_difference() {
    let server = server(Fault::disconnect().after(1));
    let transport = transport();
    read(&transport, &server).await.unwrap();
    let error = write(&transport, &server).await.unwrap_err();
    assert!(matches!(error, Reason::Unsure(_)), "{error}");
    let requests = server.requests();
    assert_eq!(server.paths(), ["GET /a", "POST /a"]);
    assert_eq!(requests[0].connection, requests[1].connection);
}

#[tokio::test]
async fn what_was_never_sent_is_certain() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/a", free.local_addr().unwrap());
    drop(free);
    let request = request(Method::POST, &url);
    let refused = transport().call(&request, Cost::WRITE, Repeat::Never).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error, Reason::Unreachable(HttpError::Connect(_))),
        "{error}"
    );

    let server = Server::start();
    let offline = HttpOptions {
        offline: Some(std::collections::BTreeSet::new()),
        ..HttpOptions::default()
    };
    let offline = Transport {
        http: Http::new(&Environment::default(), offline),
        ..transport()
    };
    let error = write(&offline, &server).await.unwrap_err();
    assert!(matches!(error, Reason::Offline), "{error}");
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn plain_http_goes_to_this_machine_and_named_hosts_alone() {
    let url = "http://forge.example.invalid/a";
    let request = request(Method::GET, url);
    let mut transport = transport();
    let error = transport.call(&request, Cost::READ, Repeat::Safe).await;
    assert!(matches!(error, Err(Reason::Plain)), "{error:?}");
    transport.insecure_hosts = vec!["FORGE.example.invalid".to_owned()];
    let error = transport.call(&request, Cost::READ, Repeat::Safe).await;
    assert!(!matches!(error, Err(Reason::Plain)), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_says_no_is_an_answer() {
    for status in [400, 401, 403, 404, 409, 422] {
        let server = server(Fault::status(status));
        let answer = write(&transport(), &server).await.unwrap();
        assert_eq!(answer.status, status);
        let answer = read(&transport(), &server).await.unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(server.paths(), ["POST /a", "GET /a"]);
    }
}

#[tokio::test]
async fn a_question_is_asked_again_where_that_may_help() {
    for fault in [Fault::disconnect(), Fault::status(502), Fault::truncate()] {
        let server = server(fault.clone().times(2));
        let answer = read(&transport(), &server).await.unwrap();
        assert_eq!(answer.body, "done", "{fault:?}");
        assert_eq!(server.requests().len(), 3);
    }
    let server = server(Fault::status(502));
    let error = read(&transport(), &server).await.unwrap_err();
    assert!(matches!(error, Reason::Server(_)), "{error}");
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn answers_are_bounded_in_size_and_time() {
    let large = server(Fault::endless());
    let error = read(&transport(), &large).await.unwrap_err();
    assert!(
        matches!(
            error,
            Reason::TooLarge {
                limit: MAX_ANSWER,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(large.requests().len(), 1);

    let pause = Duration::from_millis(100);
    for fault in [Fault::hang(), Fault::drip(pause)] {
        // Beneath it the server's own answer, which is long enough.
        let slow = Server::start();
        slow.fault("/a", fault);
        let transport = Transport {
            deadline: Duration::from_millis(300),
            ..transport()
        };
        let started = Instant::now();
        let error = read(&transport, &slow).await.unwrap_err();
        assert!(matches!(error, Reason::Deadline(_)), "{error}");
        assert!(started.elapsed() < Duration::from_secs(2));
        assert_eq!(slow.requests().len(), 1);
    }
}

#[tokio::test]
async fn what_is_refused_for_its_pace_alone_is_sent_again() {
    for status in [403, 429] {
        let server = server(Fault::status(status).retry_after(1).times(1));
        let transport = transport();
        let started = Instant::now();
        let answer = write(&transport, &server).await.unwrap();
        assert_eq!(answer.body, "done");
        assert_eq!(server.requests().len(), 2);
        assert!(started.elapsed() >= Duration::from_secs(1));
    }
    let server = server(Fault::status(429).retry_after(3_600));
    for number in 1..=2 {
        let error = write(&transport(), &server).await.unwrap_err();
        assert!(
            matches!(error, Reason::RateLimited { until: Some(_) }),
            "{error}"
        );
        assert_eq!(server.requests().len(), number);
    }
    // Half of it may be done: that is for the caller to read.
    let limited = r#"{"data":{"a":{},"b":null},"errors":[{"type":"RATE_LIMITED"}]}"#;
    server.fault("/graphql", Fault::status(200).body(limited));
    let request = request(Method::POST, &server.url("/graphql"));
    let transport = transport();
    let answer = transport.call(&request, Cost::WRITE, Repeat::Never).await;
    assert_eq!(answer.unwrap().body, limited);
}

#[tokio::test]
async fn refusals_without_an_end_are_given_up() {
    let server = server(Fault::status(429).retry_after(0));
    let error = read(&transport(), &server).await.unwrap_err();
    assert!(matches!(error, Reason::RateLimited { .. }), "{error}");
    assert_eq!(server.requests().len(), REFUSALS as usize);
}
