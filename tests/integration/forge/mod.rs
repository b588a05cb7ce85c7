//! The client for git hosts, against real repositories behind real `git`.

mod credentials;
mod faults;
mod reach;
mod refs;
mod rest;
mod times;

use std::time::Duration;

use fullsend::{
    forge::{GitHosts, GitOptions, RemoteRepository},
    model::commit::CommitId,
    seam::http::Url,
};
use fullsend_testkit::git::GitHost;

/// Small limits, so that tests that run into them are fast.
fn options(host: &GitHost) -> GitOptions {
    GitOptions {
        deadline: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(3),
        idle_timeout: Duration::from_secs(2),
        first_wait: Duration::from_millis(10),
        ..GitOptions::new(url(&host.url("/")))
    }
}

/// A client in an environment that holds these variables alone.
fn client_in(host: &GitHost, variables: &[(&str, &str)]) -> GitHosts {
    GitHosts::new(&variables.iter().copied().collect(), options(host))
}

fn client(host: &GitHost) -> GitHosts {
    client_in(host, &[])
}

fn at(host: &GitHost, path: &str) -> RemoteRepository {
    RemoteRepository::new(&url(&host.url("/")), path).unwrap()
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn commit(text: &str) -> CommitId {
    text.parse().unwrap()
}
