//! `git http-backend`, run once for each request.

use std::{path::Path, process::Stdio};

use hyper::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderName},
};
use tokio::io::AsyncWriteExt;

use super::repository::scrubbed;
use crate::web::{Asked, Plain};

/// What git answers to `rest` of `repository`.
pub(super) async fn run(root: &Path, repository: &str, rest: &str, asked: &Asked) -> Plain {
    let output = call(root, repository, rest, asked).await;
    output
        .ok()
        .and_then(|output| read(&output))
        .unwrap_or_else(|| Plain {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            ..Plain::default()
        })
}

async fn call(
    root: &Path,
    repository: &str,
    rest: &str,
    asked: &Asked,
) -> std::io::Result<Vec<u8>> {
    let header = |name: &str| {
        let value = asked.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let mut command = tokio::process::Command::from(scrubbed());
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", format!("/{repository}.git/{rest}"))
        .env("QUERY_STRING", &asked.query)
        .env("REQUEST_METHOD", asked.method.as_str())
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", asked.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    let mut input = child.stdin.take();
    let body = asked.body.clone();
    let feeding = async move {
        if let Some(input) = &mut input {
            // Git may have hung up, which its output tells.
            let _ = input.write_all(&body).await;
        }
    };
    let ((), output) = tokio::join!(feeding, child.wait_with_output());
    Ok(output?.stdout)
}

/// The answer that a CGI program printed.
fn read(output: &[u8]) -> Option<Plain> {
    let end = output.windows(4).position(|four| four == b"\r\n\r\n")?;
    let mut answer = Plain {
        body: output[end + 4..].to_vec().into(),
        ..Plain::default()
    };
    for line in str::from_utf8(&output[..end]).ok()?.split("\r\n") {
        let (name, value) = line.split_once(": ")?;
        if name == "Status" {
            answer.status = value.get(..3)?.parse().ok()?;
        } else if name.eq_ignore_ascii_case(CONTENT_TYPE.as_str()) {
            answer = answer.with(CONTENT_TYPE, value.to_owned());
        } else {
            let name = HeaderName::try_from(name).ok()?;
            answer = answer.with(name, value.to_owned());
        }
    }
    Some(answer)
}
