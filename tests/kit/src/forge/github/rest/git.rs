//! Objects and refs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Answer, Request, Said};
use crate::{
    base64,
    forge::{
        ActorKind, Commit, Expected, Hand, Mode, Object, Oid, Repository, Right, TreeEntry,
        clock::rfc3339,
        github::{graphql::Thing, id, refusal},
    },
};

fn missing() -> crate::web::Plain {
    refusal(404, "Not Found")
}

impl Request<'_> {
    pub(super) fn git(&mut self, name: &str) -> Answer {
        let repository = self.repository()?;
        let id = repository.id;
        if repository.refs.is_empty() && name != "git/list-matching-refs" {
            return Err(refusal(409, "Git Repository is empty."));
        }
        match name {
            "git/get-ref" => {
                let name = format!("refs/{}", self.named("ref"));
                let oid = *repository.refs.get(&name).ok_or_else(missing)?;
                Ok(Said::Json(200, self.shown_ref(repository, &name, oid)))
            }
            "git/list-matching-refs" => {
                let prefix = format!("refs/{}", self.named("ref"));
                let refs = repository
                    .refs
                    .iter()
                    .filter(|(name, _)| name.starts_with(&prefix));
                Ok(Said::Page(
                    None,
                    refs.map(|(name, oid)| self.shown_ref(repository, name, *oid))
                        .collect(),
                ))
            }
            "git/get-commit" => {
                let oid = self.named("commit_sha").parse().ok();
                let oid = oid
                    .filter(|oid| repository.commits.contains(oid))
                    .ok_or_else(missing)?;
                Ok(Said::Json(200, self.git_commit(repository, oid)))
            }
            "git/get-blob" => self.blob(),
            "git/get-tree" => self.tree(),
            "git/create-ref" => self.create_ref(id),
            "git/update-ref" => self.update_ref(id),
            "git/delete-ref" => {
                let (by, name) = (self.by(), format!("refs/{}", self.named("ref")));
                let gone = self.store.delete_ref(id, &by, &name, Expected::Anywhere);
                gone.map_err(|refused| match refused {
                    crate::forge::Refused::NotFound => refusal(422, "Reference does not exist"),
                    refused => self.refuse(&refused, "DeleteRef"),
                })?;
                Ok(Said::Json(204, Value::Null))
            }
            _ => {
                let by = self.by();
                if let Err(refused) = self.store.writable(id, &by) {
                    return Err(self.refuse(&refused, "CreateObject"));
                }
                self.create_object(name, id)
            }
        }
    }

    fn create_object(&mut self, name: &str, id: u64) -> Answer {
        match name {
            "git/create-blob" => self.create_blob(),
            "git/create-tree" => self.create_tree(),
            _ => self.create_commit(id),
        }
    }

    fn shown_ref(&self, repository: &Repository, name: &str, oid: Oid) -> Value {
        let full = self.store.full_name(repository);
        json!({
            "ref": name,
            "node_id": id::of(&Thing::Ref(repository.id, name.to_owned())),
            "url": self.api(&format!("repos/{full}/git/{name}")),
            "object": { "type": "commit", "sha": oid.to_string(), "url": self.api(&format!("repos/{full}/git/commits/{oid}")) },
        })
    }

    /// A commit, as git has it.
    pub(super) fn git_commit(&self, repository: &Repository, oid: Oid) -> Value {
        let Some(commit) = self.store.objects.commit(oid) else {
            return Value::Null;
        };
        let full = self.store.full_name(repository);
        let hand = |hand: &Hand| json!({ "name": hand.name, "email": hand.email, "date": rfc3339(hand.at) });
        let parents = commit
            .parents
            .iter()
            .map(|it| json!({ "sha": it.to_string() }));
        json!({
            "sha": oid.to_string(),
            "node_id": id::of(&Thing::Commit(repository.id, oid)),
            "html_url": self.api(&format!("{full}/commit/{oid}")),
            "author": hand(&commit.author),
            "committer": hand(&commit.committer),
            "message": commit.message,
            "tree": { "sha": commit.tree.to_string() },
            "parents": parents.collect::<Vec<_>>(),
            "verification": {
                "verified": commit.signed,
                "reason": if commit.signed { "valid" } else { "unsigned" },
            },
        })
    }

    fn blob(&self) -> Answer {
        let oid: Oid = self.named("file_sha").parse().map_err(|_| missing())?;
        let bytes = self.store.objects.blob(oid).ok_or_else(missing)?;
        if self.raw {
            return Ok(Said::raw(bytes.clone()));
        }
        Ok(Said::Json(
            200,
            json!({
                "sha": oid.to_string(),
                "size": bytes.len(),
                "content": base64(bytes),
                "encoding": "base64",
            }),
        ))
    }

    fn tree(&self) -> Answer {
        let repository = self.repository()?;
        let name = self.named("tree_sha");
        let objects = &self.store.objects;
        let named = repository
            .branch(name)
            .or_else(|| name.parse().ok())
            .ok_or_else(missing)?;
        let root = objects.commit(named).map_or(named, |commit| commit.tree);
        let entries = objects.tree(root).ok_or_else(missing)?;
        let all: Vec<Value> = if self.query.contains_key("recursive") {
            let files = objects.files(root).into_iter();
            files
                .map(|(path, (mode, oid))| self.entry(&path, mode, oid))
                .collect()
        } else {
            entries
                .iter()
                .map(|it| self.entry(&it.name, it.mode, it.id))
                .collect()
        };
        Ok(Said::Json(
            200,
            json!({ "sha": root.to_string(), "tree": all, "truncated": false }),
        ))
    }

    fn entry(&self, path: &str, mode: Mode, oid: Oid) -> Value {
        let mut entry = json!({
            "path": path,
            "mode": format!("{:0>6}", mode.octal()),
            "type": mode.kind(),
            "sha": oid.to_string(),
        });
        if let Some(bytes) = self.store.objects.blob(oid) {
            entry["size"] = bytes.len().into();
        }
        entry
    }

    fn create_blob(&mut self) -> Answer {
        let content = self.body["content"].as_str().unwrap_or_default();
        let bytes = if self.body["encoding"] == "base64" {
            let packed: String = content.split_whitespace().collect();
            STANDARD
                .decode(packed)
                .map_err(|_| refusal(422, "content is not valid Base64"))?
        } else {
            content.as_bytes().to_vec()
        };
        let oid = self.store.objects.put(Object::Blob(bytes.into()));
        Ok(Said::Json(201, json!({ "sha": oid.to_string() })))
    }

    fn create_tree(&mut self) -> Answer {
        let base = self.body["base_tree"].as_str().map(str::parse::<Oid>);
        let base = base
            .transpose()
            .map_err(|_| refusal(422, "base_tree is not a valid tree oid"))?;
        let base = match base {
            Some(oid) => Some(self.store.objects.commit(oid).map_or(oid, |it| it.tree)),
            None => None,
        };
        let mut root = base;
        for entry in self.body["tree"].as_array().cloned().unwrap_or_default() {
            let path = entry["path"].as_str().unwrap_or_default();
            let mode = entry["mode"].as_str().and_then(Mode::parse);
            let mode = mode.ok_or_else(|| refusal(422, "tree.mode is not a valid file mode"))?;
            let to = self.leaf(&entry)?;
            root = self
                .store
                .objects
                .placed(root, path, to.map(|oid| (mode, oid)));
        }
        let root = root.ok_or_else(|| refusal(422, "tree is empty"))?;
        let entries: Vec<TreeEntry> = self.store.objects.tree(root).unwrap_or_default().to_vec();
        let entries: Vec<Value> = entries
            .iter()
            .map(|it| self.entry(&it.name, it.mode, it.id))
            .collect();
        Ok(Said::Json(
            201,
            json!({ "sha": root.to_string(), "tree": entries, "truncated": false }),
        ))
    }

    /// The object that an entry of a new tree leads to; nothing where the entry goes.
    fn leaf(&mut self, entry: &Value) -> Result<Option<Oid>, crate::web::Plain> {
        if let Some(content) = entry["content"].as_str() {
            let blob = Object::Blob(content.as_bytes().to_vec().into());
            return Ok(Some(self.store.objects.put(blob)));
        }
        let Some(sha) = entry["sha"].as_str() else {
            return Ok(None);
        };
        let oid = sha
            .parse()
            .ok()
            .filter(|oid| self.store.objects.get(*oid).is_some());
        oid.map(Some)
            .ok_or_else(|| refusal(422, "tree.sha is not a valid object"))
    }

    fn create_commit(&mut self, id: u64) -> Answer {
        let body = self.body.clone();
        let oid = |value: &Value| value.as_str().and_then(|it| it.parse::<Oid>().ok());
        let tree = oid(&body["tree"]).filter(|oid| self.store.objects.tree(*oid).is_some());
        let tree = tree.ok_or_else(|| refusal(422, "Tree SHA does not exist"))?;
        let parents = body["parents"].as_array().into_iter().flatten();
        let parents: Option<Vec<Oid>> = parents.map(oid).collect();
        let repository = self.repository()?;
        let known = |all: &Vec<Oid>| all.iter().all(|it| repository.commits.contains(it));
        let parents = parents.filter(known).ok_or_else(|| {
            let message = "Parent SHA does not exist or is not a commit object";
            refusal(422, message)
        })?;
        let by = self.by();
        let own = self.store.hand(&by);
        let custom = |field: &Value| Hand {
            name: field["name"].as_str().unwrap_or(&own.name).to_owned(),
            email: field["email"].as_str().unwrap_or(&own.email).to_owned(),
            at: own.at,
        };
        // GitHub signs for bots that do not say who wrote it, and never for people.
        let plain = body["author"].is_null() && body["committer"].is_null();
        let commit = Commit {
            tree,
            parents,
            author: custom(&body["author"]),
            committer: custom(&body["committer"]),
            message: body["message"].as_str().unwrap_or_default().to_owned(),
            signed: plain && by.kind == ActorKind::App,
        };
        let made = self.store.put_commit(id, commit);
        Ok(Said::Json(201, self.git_commit(self.repository()?, made)))
    }

    fn create_ref(&mut self, id: u64) -> Answer {
        let name = self.body["ref"].as_str().unwrap_or_default().to_owned();
        if !name.starts_with("refs/") || name.matches('/').count() < 2 {
            return Err(refusal(
                422,
                "Reference name must start with 'refs' and have at least two slashes",
            ));
        }
        self.place(id, &name, Expected::Absent, 201)
    }

    fn update_ref(&mut self, id: u64) -> Answer {
        let name = format!("refs/{}", self.named("ref"));
        if !self.repository()?.refs.contains_key(&name) {
            return Err(refusal(422, "Reference does not exist"));
        }
        let how = if self.body["force"] == true {
            Expected::Anywhere
        } else {
            Expected::FastForward
        };
        self.place(id, &name, how, 200)
    }

    fn place(&mut self, id: u64, name: &str, expected: Expected, status: u16) -> Answer {
        let oid = self.body["sha"]
            .as_str()
            .and_then(|it| it.parse::<Oid>().ok());
        let oid = oid.ok_or_else(|| {
            refusal(
                422,
                "The sha parameter must be exactly 40 characters and contain only [0-9a-f].",
            )
        })?;
        let by = self.by();
        if !by.may(Right::Contents) {
            return Err(refusal(403, "Resource not accessible by integration"));
        }
        let moved = self.store.move_ref(id, &by, name, expected, oid);
        moved.map_err(|refused| match refused {
            crate::forge::Refused::NotFound => refusal(422, "Object does not exist"),
            refused => self.refuse(&refused, "CreateRef"),
        })?;
        Ok(Said::Json(
            status,
            self.shown_ref(self.repository()?, name, oid),
        ))
    }
}
