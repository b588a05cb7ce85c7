//! A registry, git hosts and presets on loopback, and Renovate among them.

use std::fmt::Write as _;

use fullsend::seam::files;
use fullsend_testkit::{
    digest_of,
    registry::{Fault, Registry},
};
use serde_json::{Value, json};

use crate::{
    registry::{MANIFEST, OCI_MANIFEST},
    support::tools,
};

/// Everything that Renovate can reach.
pub(crate) struct World(Registry);

/// What Renovate made of a repository.
pub(crate) struct LookUp {
    folder: tempfile::TempDir,
    log: String,
    pub(crate) found: Vec<Dependency>,
    /// The names of the dependencies whose updates were left when those that are switched off were
    /// taken out, once for each.
    pub(crate) left: Vec<String>,
}

/// A dependency that Renovate found.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    pub(crate) file: String,
    pub(crate) manager: String,
    pub(crate) name: String,
    /// Its version.
    pub(crate) value: String,
    /// Its digest or commit; empty for none.
    pub(crate) digest: String,
    /// The text that is to be replaced.
    pub(crate) text: String,
    pub(crate) updates: Vec<Update>,
}

/// An update that Renovate would offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) kind: String,
    pub(crate) value: String,
    pub(crate) digest: String,
    /// Updates with the same come together.
    pub(crate) branch: String,
    /// Whether it waits for its age.
    pub(crate) is_pending: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        Self(Registry::start())
    }

    /// The registry of all images.
    pub(crate) fn registry(&self) -> &Registry {
        &self.0
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        self.0.host()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.host())
    }

    /// An image of `name` for each of `tags`, each with a digest of its own.
    pub(crate) fn images(&self, name: &str, tags: &[&str]) {
        for tag in tags {
            let manifest = manifest(name, tag);
            self.0.put_manifest(name, tag, OCI_MANIFEST, manifest);
        }
    }

    /// `HOST/NAME:TAG@DIGEST`.
    pub(crate) fn image(&self, name: &str, tag: &str) -> String {
        format!("{}/{name}:{tag}@{}", self.host(), digest(name, tag))
    }

    /// What GitHub's API says of any repository: these tags, with the day on which each was made.
    pub(crate) fn github(&self, tags: &[(&str, &str)]) {
        let node = |(tag, day): &(&str, &str)| {
            json!({"version": tag, "target": {
                "type": "Commit", "oid": commit(tag), "releaseTimestamp": format!("{day}T00:00:00Z"),
            }})
        };
        let nodes: Vec<Value> = tags.iter().map(node).collect();
        let page = json!({"nodes": nodes, "pageInfo": {"hasNextPage": false, "endCursor": null}});
        let answer = json!({"data": {"repository": {"isRepoPrivate": false, "payload": page}}});
        self.serve("/api/graphql", &answer.to_string());
    }

    /// The git repository `path` with these tags, for GitLab's API too.
    pub(crate) fn git(&self, path: &str, tags: &[&str]) {
        let refs = tags.iter().fold(String::new(), |mut text, tag| {
            writeln!(text, "{}\trefs/tags/{tag}", commit(tag)).unwrap();
            text
        });
        let answer = Fault::status(200).header("Content-Type", "text/plain");
        self.0
            .fault(&format!("/{path}.git/info/refs"), answer.body(refs));
        let entry = |tag: &&str| {
            let made = json!({"id": commit(tag), "created_at": "2025-01-01T00:00:00Z"});
            json!({"name": tag, "commit": made})
        };
        let list: Vec<Value> = tags.iter().map(entry).collect();
        let path = path.replace('/', "%2F");
        let path = format!("/api/v4/projects/{path}/repository/tags");
        self.serve(&path, &Value::from(list).to_string());
    }

    /// A preset, or any other JSON.
    pub(crate) fn serve(&self, path: &str, json: &str) {
        let answer = Fault::status(200).header("Content-Type", "application/json");
        self.0.fault(path, answer.body(json.to_owned()));
    }

    /// Our shipped presets, as `/default.json` and `/automerge.json`.
    pub(crate) fn serve_shipped(&self) {
        self.serve_shipped_at("");
    }

    /// The same below a folder.
    pub(crate) fn serve_shipped_at(&self, folder: &str) {
        for path in super::shipped() {
            let text = String::from_utf8(files::read(&path, 1 << 20).unwrap()).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            self.serve(&format!("{folder}/{name}"), &text);
        }
    }

    /// What Renovate makes of a repository of `repository`'s files.
    ///
    /// All git hosts are this one, whatever the files say.
    pub(crate) fn look_up(
        &self,
        repository: &[(&str, String)],
        mut configuration: Value,
    ) -> LookUp {
        let here = self.here();
        let rules = configuration["packageRules"].as_array().cloned();
        let rules: Vec<Value> = [here.as_array().cloned(), rules]
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        configuration["packageRules"] = rules.into();
        let own = [("renovate.json", configuration.to_string())];
        self.look_up_as_is(repository.iter().chain(&own))
    }

    /// Rules by which all git hosts are this one.
    pub(crate) fn here(&self) -> Value {
        json!([
            {"matchDatasources": ["github-tags", "gitlab-tags"], "registryUrls": [self.url()]},
            {
                "matchDatasources": ["git-tags"],
                "overridePackageName": format!("{}/{{{{{{depName}}}}}}.git", self.url()),
            },
        ])
    }

    /// What Renovate makes of a repository of these files and no others.
    pub(crate) fn look_up_as_is<'f>(
        &self,
        files: impl IntoIterator<Item = &'f (&'f str, String)>,
    ) -> LookUp {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            files::make_parents(&path).unwrap();
            files::create(&path, text.as_bytes(), 0o644).unwrap();
        }
        self.look_up_in(folder)
    }

    /// What Renovate makes of the repository in `folder`.
    pub(crate) fn look_up_in(&self, folder: tempfile::TempDir) -> LookUp {
        let log = tools::renovate(folder.path(), &self.host());
        let lines = log.lines().map(serde_json::from_str::<Value>);
        let lines: Vec<Value> = lines.filter_map(Result::ok).collect();
        LookUp {
            folder,
            log,
            found: dependencies(&lines),
            left: left(&lines),
        }
    }
}

/// A file before and after one update.
pub(crate) struct Written {
    pub(crate) file: String,
    pub(crate) before: String,
    pub(crate) after: String,
    /// The texts that went, with what came for each.
    pub(crate) changes: Vec<(String, String)>,
}

impl LookUp {
    /// What Renovate's own code would write, each update by itself.
    pub(crate) fn written(&self) -> Vec<Written> {
        let log = self.folder.path().join("renovate.log");
        files::create(&log, self.log.as_bytes(), 0o644).unwrap();
        let script = super::root().join("tests/integration/renovate/write.mjs");
        let said = tools::by_renovates_node(&script, &[self.folder.path(), &log]);
        let lines = said.lines().filter(|line| line.starts_with('{'));
        lines
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
                let pairs = [("currentValue", "newValue"), ("currentDigest", "newDigest")];
                let changes = pairs.map(|(old, new)| (text(old), text(new)));
                Written {
                    file: text("file"),
                    before: text("before"),
                    after: text("after"),
                    changes: changes
                        .into_iter()
                        .filter(|(old, _)| !old.is_empty())
                        .collect(),
                }
            })
            .collect()
    }
}

fn left(lines: &[Value]) -> Vec<String> {
    let mut messages = lines.iter().filter_map(|line| line["msg"].as_str());
    let names = messages.find_map(|it| Some(it.split_once(" flattened updates found: ")?.1));
    let names = names.into_iter().flat_map(|names| names.split(", "));
    names.map(str::to_owned).collect()
}

/// What the log's lines say of dependencies; fails where Renovate gave up.
fn dependencies(lines: &[Value]) -> Vec<Dependency> {
    let found = lines
        .iter()
        .find(|line| line["msg"] == "packageFiles with updates");
    let Some(found) = found else {
        let bad = lines
            .iter()
            .filter(|line| line["level"].as_u64() >= Some(40));
        panic!("Renovate looked nothing up: {:#?}", bad.collect::<Vec<_>>());
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut dependencies = Vec::new();
    for (manager, found) in found["config"].as_object().unwrap() {
        for file in list(found) {
            for it in list(&file["deps"]) {
                let updates = list(&it["updates"]);
                let updates = updates.iter().map(|update| Update {
                    kind: text(&update["updateType"]),
                    value: text(&update["newValue"]),
                    digest: text(&update["newDigest"]),
                    branch: text(&update["branchName"]),
                    is_pending: update["pendingChecks"] == true,
                });
                dependencies.push(Dependency {
                    file: text(&file["packageFile"]),
                    manager: manager.clone(),
                    name: text(&it["depName"]),
                    value: text(&it["currentValue"]),
                    digest: text(&it["currentDigest"]),
                    text: text(&it["replaceString"]),
                    updates: updates.collect(),
                });
            }
        }
    }
    dependencies
}

/// The manifest of one tag, unlike any other's.
fn manifest(name: &str, tag: &str) -> String {
    let own = format!(r#","annotations":{{"name":"{name}:{tag}"}}}}"#);
    MANIFEST.strip_suffix('}').unwrap().to_owned() + &own
}

/// The digest of the image `name:tag`.
pub(crate) fn digest(name: &str, tag: &str) -> String {
    digest_of(manifest(name, tag).as_bytes())
}

/// The commit of a tag; a leading `v` makes no other.
pub(crate) fn commit(tag: &str) -> String {
    let tag = tag.trim_start_matches('v');
    digest_of(tag.as_bytes())["sha256:".len()..][..40].to_owned()
}

/// One of the dependencies, by its file and version.
#[track_caller]
pub(crate) fn the<'d>(found: &'d [Dependency], file: &str, value: &str) -> &'d Dependency {
    let all = found
        .iter()
        .filter(|it| it.file == file && it.value == value);
    let all: Vec<_> = all.collect();
    assert_eq!(all.len(), 1, "{file} {value}: {found:#?}");
    all[0]
}
