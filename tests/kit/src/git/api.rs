//! The two questions of GitHub's API by which other programs learn a tag's commit.

use std::{path::Path, process::Stdio};

use super::repository::scrubbed;
use crate::web::{Asked, Plain};

/// The answer to `asked` about a repository below `root`; nothing where it is no such question.
pub(super) async fn answer(root: &Path, asked: &Asked) -> Option<Plain> {
    // GitHub's own host has no prefix, an enterprise's has this one.
    let path = asked
        .path
        .strip_prefix("/api/v3")
        .unwrap_or(asked.path.as_str());
    let mut parts = path.strip_prefix("/repos/")?.splitn(3, '/');
    let (owner, name, question) = (parts.next()?, parts.next()?, parts.next()?);
    let folder = root.join(owner).join(format!("{name}.git"));
    if let Some(tag) = question.strip_prefix("git/refs/tags/") {
        let full = format!("refs/tags/{tag}");
        return Some(match object(&folder, &full).await {
            Some(object) => Plain::json(format!(
                r#"{{"ref":"{full}","object":{{"type":"commit","sha":"{object}"}}}}"#
            )),
            None => Plain::not_found("{}"),
        });
    }
    let version = question.strip_prefix("commits/")?;
    Some(match object(&folder, version).await {
        Some(object) => Plain {
            body: object.into(),
            ..Plain::default()
        },
        None => Plain::not_found("{}"),
    })
}

/// The commit that `name` leads to.
async fn object(repository: &Path, name: &str) -> Option<String> {
    let mut command = tokio::process::Command::from(scrubbed());
    command
        .arg("--git-dir")
        .arg(repository)
        .args(["rev-parse", "--verify", "--quiet", "--end-of-options"])
        .arg(format!("{name}^{{commit}}"))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = command.output().await.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim_end().to_owned())
}
