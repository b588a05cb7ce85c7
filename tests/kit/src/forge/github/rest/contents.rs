//! Files.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Answer, Request, Said};
use crate::{
    base64,
    forge::{
        ActorKind, Edit, Expected, Mode, Oid, Repository, TreeEntry, branch_ref, github::refusal,
    },
    web::Plain,
};

/// A larger file is told without its content.
const LARGEST: usize = 1 << 20;

impl Request<'_> {
    pub(super) fn contents(&mut self, name: &str) -> Answer {
        match name {
            "repos/get-content" => self.content(),
            "repos/create-or-update-file-contents" => self.put_file(),
            _ => self.delete_file(),
        }
    }

    fn content(&self) -> Answer {
        let repository = self.repository()?;
        let missing = || refusal(404, "Not Found");
        let commit = match self.query.get("ref") {
            Some(name) => {
                let branch = name.trim_start_matches("refs/heads/");
                let named = repository.branch(branch).or_else(|| name.parse().ok());
                named.filter(|oid| repository.commits.contains(oid))
            }
            None => repository.head(),
        };
        let objects = &self.store.objects;
        let tree = objects
            .commit(commit.ok_or_else(missing)?)
            .ok_or_else(missing)?
            .tree;
        let path = self.named("path");
        let entry = objects.at(tree, path).ok_or_else(missing)?;
        if let Some(entries) = objects.tree(entry.id) {
            let below = |it: &TreeEntry| self.file(repository, &format!("{path}/{}", it.name), it);
            return Ok(Said::Json(200, entries.iter().map(below).collect()));
        }
        let bytes = objects.blob(entry.id).cloned().unwrap_or_default();
        if self.raw {
            return Ok(Said::raw(bytes));
        }
        let mut file = self.file(repository, path, entry);
        if entry.mode == Mode::Link {
            file["target"] = String::from_utf8_lossy(&bytes).into();
        } else if bytes.len() > LARGEST {
            file["content"] = "".into();
            file["encoding"] = "none".into();
        } else {
            file["content"] = base64(&bytes).into();
            file["encoding"] = "base64".into();
        }
        Ok(Said::Json(200, file))
    }

    fn file(&self, repository: &Repository, path: &str, entry: &TreeEntry) -> Value {
        let kind = match entry.mode {
            Mode::Tree => "dir",
            Mode::Link => "symlink",
            Mode::Submodule => "submodule",
            _ => "file",
        };
        let full = self.store.full_name(repository);
        json!({
            "type": kind,
            "name": entry.name,
            "path": path,
            "sha": entry.id.to_string(),
            "size": self.store.objects.blob(entry.id).map_or(0, bytes::Bytes::len),
            "url": self.api(&format!("repos/{full}/contents/{path}")),
        })
    }

    fn put_file(&mut self) -> Answer {
        let packed: String = self.body["content"]
            .as_str()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let bytes = STANDARD
            .decode(packed)
            .map_err(|_| refusal(422, "content is not valid Base64"))?;
        let path = self.named("path").to_owned();
        self.write(&path, Some(bytes))
    }

    fn delete_file(&mut self) -> Answer {
        let path = self.named("path").to_owned();
        self.write(&path, None)
    }

    fn write(&mut self, path: &str, bytes: Option<Vec<u8>>) -> Answer {
        let repository = self.repository()?;
        let id = repository.id;
        let branch = self.body["branch"]
            .as_str()
            .unwrap_or(&repository.default_branch);
        let branch = branch.trim_start_matches("refs/heads/").to_owned();
        let parent = repository.branch(&branch);
        if parent.is_none() && !repository.refs.is_empty() {
            return Err(refusal(404, &format!("Branch {branch} not found")));
        }
        let there = parent.and_then(|oid| self.at(oid, path));
        let given = self.body["sha"].as_str().map(str::to_owned);
        check_sha(path, there.as_ref(), given.as_deref())?;
        if bytes.is_none() && there.is_none() {
            return Err(refusal(404, "Not Found"));
        }
        let mode = there.as_ref().map_or(Mode::File, |it| it.mode);
        let edit = Edit {
            path: path.to_owned(),
            to: bytes.map(|bytes| (mode, bytes.into())),
        };
        let message = self.body["message"].as_str().unwrap_or_default().to_owned();
        let by = self.by();
        let signed = by.kind == ActorKind::App
            && self.body["author"].is_null()
            && self.body["committer"].is_null();
        let made = self
            .store
            .make_commit(id, &by, parent, &[edit], &message, signed);
        let expected = parent.map_or(Expected::Absent, Expected::At);
        let moved = self
            .store
            .move_ref(id, &by, &branch_ref(&branch), expected, made);
        moved.map_err(|refused| self.refuse(&refused, "CreateCommit"))?;
        let repository = self.repository()?;
        let content = self
            .at(made, path)
            .map(|entry| self.file(repository, path, &entry));
        let status = if there.is_some() { 200 } else { 201 };
        Ok(Said::Json(
            status,
            json!({ "content": content, "commit": self.git_commit(repository, made) }),
        ))
    }

    fn at(&self, commit: Oid, path: &str) -> Option<TreeEntry> {
        let tree = self.store.objects.commit(commit)?.tree;
        self.store.objects.at(tree, path).cloned()
    }
}

/// A file that is there is replaced only by those who know what it is.
fn check_sha(path: &str, there: Option<&TreeEntry>, given: Option<&str>) -> Result<(), Plain> {
    match (there, given) {
        (Some(_), None) => Err(refusal(422, "Invalid request.\n\n\"sha\" wasn't supplied.")),
        (Some(there), Some(given)) if there.id.to_string() != given => {
            Err(refusal(409, &format!("{path} does not match {given}")))
        }
        _ => Ok(()),
    }
}
