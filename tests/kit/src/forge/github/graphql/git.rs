//! Refs, commits, trees and blobs.

use super::{super::refuse::Fail, Arguments, Asking, Field, Made, Thing, connection};
use crate::forge::{Hand, Mode, Oid, Repository, TreeEntry, clock::rfc3339};

/// A longer text is cut, as GitHub does.
const LONGEST: usize = 512_000;

fn gone() -> Fail {
    Fail::not_found("gone")
}

impl Asking<'_> {
    pub(super) fn reference(
        &mut self,
        id: u64,
        name: &str,
        field: &str,
        arguments: &Arguments,
    ) -> Field {
        let repository = self.store.repository(id).ok_or_else(gone)?;
        let (prefix, short) = split(name);
        let is_default = short == repository.default_branch && prefix == "refs/heads/";
        Ok(Some(match field {
            "name" => short.into(),
            "prefix" => prefix.into(),
            "repository" => Thing::Repository(id).into(),
            "target" => repository
                .refs
                .get(name)
                .map(|oid| Thing::Commit(id, *oid))
                .into(),
            "refUpdateRule" => is_default
                .then(|| self.update_rule(repository))
                .flatten()
                .into(),
            "rules" => {
                let rules = if is_default {
                    rules(repository)
                } else {
                    Vec::new()
                };
                return connection::field("RepositoryRuleConnection", "rules", arguments, rules);
            }
            "compare" => self
                .compare(id, name, arguments.text("headRef").unwrap_or_default())?
                .into(),
            "associatedPullRequests" => {
                let requests = repository.requests.values().filter(|it| it.branch == short);
                let requests = requests.map(|it| Thing::Request(id, it.number));
                return connection::field("PullRequestConnection", field, arguments, requests);
            }
            _ => return Ok(None),
        }))
    }

    fn update_rule(&self, repository: &Repository) -> Option<Thing> {
        let rules = &repository.rules;
        if !rules.protected && !rules.signed {
            return None;
        }
        let may_push = self.store.may_push_to_default(repository, &self.by);
        Some(Thing::Plain(
            "RefUpdateRule",
            vec![
                ("allowsDeletions", false.into()),
                ("allowsForcePushes", false.into()),
                ("blocksCreations", false.into()),
                ("pattern", repository.default_branch.clone().into()),
                ("requiredApprovingReviewCount", rules.approvals.into()),
                ("requiresSignatures", rules.signed.into()),
                ("requiresCodeOwnerReviews", false.into()),
                ("requiresConversationResolution", false.into()),
                ("requiresLinearHistory", false.into()),
                ("viewerCanPush", may_push.into()),
                ("viewerAllowedToDismissReviews", false.into()),
            ],
        ))
    }

    /// How the branch `head` stands to the ref `name`.
    fn compare(&self, id: u64, name: &str, head: &str) -> Result<Option<Thing>, Fail> {
        let repository = self.store.repository(id).ok_or_else(gone)?;
        let base = *repository.refs.get(name).ok_or_else(gone)?;
        let named = repository
            .branch(head)
            .or_else(|| repository.refs.get(head).copied());
        let Some(head) = named.or_else(|| head.parse().ok()) else {
            return Ok(None);
        };
        let objects = &self.store.objects;
        // GitHub tells them oldest first.
        let mut ahead = objects.ahead(base, head);
        ahead.reverse();
        let behind = objects.ahead(head, base).len();
        let status = match (ahead.len(), behind) {
            (0, 0) => "IDENTICAL",
            (_, 0) => "AHEAD",
            (0, _) => "BEHIND",
            _ => "DIVERGED",
        };
        Ok(Some(Thing::Plain(
            "Comparison",
            vec![
                ("id", format!("CMP_{base}_{head}").into()),
                ("aheadBy", ahead.len().into()),
                ("behindBy", behind.into()),
                ("status", status.into()),
                ("baseTarget", Thing::Commit(id, base).into()),
                ("headTarget", Thing::Commit(id, head).into()),
                (
                    "commits",
                    Made::Pages(
                        "ComparisonCommitConnection",
                        ahead
                            .into_iter()
                            .map(|oid| Thing::Commit(id, oid).into())
                            .collect(),
                    ),
                ),
            ],
        )))
    }

    pub(super) fn commit(
        &mut self,
        id: u64,
        oid: Oid,
        field: &str,
        arguments: &Arguments,
    ) -> Field {
        let objects = &self.store.objects;
        let commit = objects.commit(oid).ok_or_else(gone)?;
        let (headline, body) = commit
            .message
            .split_once('\n')
            .unwrap_or((&commit.message, ""));
        Ok(Some(match field {
            "oid" => oid.to_string().into(),
            "abbreviatedOid" => oid.to_string()[..7].into(),
            "message" => commit.message.clone().into(),
            "messageHeadline" => headline.into(),
            "messageBody" => body.trim_start().into(),
            "committedDate" => rfc3339(commit.committer.at).into(),
            "authoredDate" => rfc3339(commit.author.at).into(),
            "author" => self.git_actor(&commit.author).into(),
            "committer" => self.git_actor(&commit.committer).into(),
            "repository" => Thing::Repository(id).into(),
            "url" => self.url(id, &format!("commit/{oid}")).into(),
            "tree" => Thing::Tree(id, commit.tree).into(),
            "file" => {
                let path = arguments.text("path").unwrap_or_default();
                objects
                    .at(commit.tree, path)
                    .map(|entry| self.entry(id, path, entry))
                    .into()
            }
            "parents" => {
                let parents = commit.parents.iter().map(|it| Thing::Commit(id, *it));
                return connection::field("CommitConnection", field, arguments, parents);
            }
            "history" => {
                let all = objects
                    .ancestors([oid])
                    .into_iter()
                    .map(|it| Thing::Commit(id, it));
                return connection::field("CommitHistoryConnection", field, arguments, all);
            }
            "signature" => commit.signed.then(signature).into(),
            "checkSuites" => {
                let runs = self.store.repository(id).ok_or_else(gone)?.runs.iter();
                let suites = runs
                    .filter(|it| it.commit == oid)
                    .map(|it| Thing::Suite(id, it.id));
                return connection::field("CheckSuiteConnection", field, arguments, suites);
            }
            _ => return Ok(None),
        }))
    }

    fn git_actor(&self, hand: &Hand) -> Thing {
        let grants = self.store.grants.values();
        let known = grants.map(|it| &it.actor).find(|it| it.email == hand.email);
        let user = known.map(|it| self.person(&it.login));
        Thing::Plain(
            "GitActor",
            vec![
                ("name", hand.name.clone().into()),
                ("email", hand.email.clone().into()),
                ("date", rfc3339(hand.at).into()),
                ("user", user.into()),
            ],
        )
    }

    /// The page of something in a repository.
    pub(super) fn url(&self, id: u64, rest: &str) -> String {
        let repository = self.store.repository(id);
        let name = repository
            .map(|it| self.store.full_name(it))
            .unwrap_or_default();
        format!("{}/{name}/{rest}", self.base)
    }

    fn entry(&self, id: u64, path: &str, entry: &TreeEntry) -> Thing {
        let size = self
            .store
            .objects
            .blob(entry.id)
            .map_or(0, bytes::Bytes::len);
        let object = (entry.mode != Mode::Submodule)
            .then(|| self.thing_of(id, entry.id))
            .flatten();
        Thing::Plain(
            "TreeEntry",
            vec![
                ("name", entry.name.clone().into()),
                ("path", path.into()),
                ("mode", entry.mode.number().into()),
                ("type", entry.mode.kind().into()),
                ("oid", entry.id.to_string().into()),
                ("size", size.into()),
                ("object", object.into()),
                ("repository", Thing::Repository(id).into()),
            ],
        )
    }

    pub(super) fn tree(&self, id: u64, oid: Oid, field: &str) -> Option<Made> {
        Some(match field {
            "oid" => oid.to_string().into(),
            "abbreviatedOid" => oid.to_string()[..7].into(),
            "repository" => Thing::Repository(id).into(),
            "entries" => {
                let entries = self.store.objects.tree(oid)?.iter();
                Made::List(
                    entries
                        .map(|it| self.entry(id, &it.name, it).into())
                        .collect(),
                )
            }
            _ => return None,
        })
    }

    pub(super) fn blob(&self, id: u64, oid: Oid, field: &str) -> Option<Made> {
        let bytes = self.store.objects.blob(oid)?;
        // The first bytes decide, as in git.
        let binary = bytes.iter().take(8000).any(|byte| *byte == 0);
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]);
        Some(match field {
            "oid" => oid.to_string().into(),
            "abbreviatedOid" => oid.to_string()[..7].into(),
            "repository" => Thing::Repository(id).into(),
            "byteSize" => bytes.len().into(),
            "isBinary" => binary.into(),
            "isTruncated" => (bytes.len() > LONGEST).into(),
            "text" if binary => Made::null(),
            "text" => text.into_owned().into(),
            _ => return None,
        })
    }
}

/// `refs/heads/` and the branch.
fn split(name: &str) -> (&str, &str) {
    let at = name.match_indices('/').nth(1).map_or(0, |(at, _)| at + 1);
    name.split_at(at)
}

fn signature() -> Thing {
    Thing::Plain(
        "GpgSignature",
        vec![
            ("isValid", true.into()),
            ("wasSignedByGitHub", true.into()),
            ("state", "VALID".into()),
            ("email", "noreply@github.com".into()),
        ],
    )
}

/// The rules of a default branch, as rulesets tell them.
fn rules(repository: &Repository) -> Vec<Thing> {
    let rules = &repository.rules;
    let review = vec![
        ("requiredApprovingReviewCount", rules.approvals.into()),
        ("dismissStaleReviewsOnPush", false.into()),
        ("requireCodeOwnerReview", false.into()),
        ("requireLastPushApproval", false.into()),
        ("requiredReviewThreadResolution", false.into()),
    ];
    let review = Thing::Plain("PullRequestParameters", review);
    [
        (rules.protected, "PULL_REQUEST", Made::Object(review)),
        (rules.signed, "REQUIRED_SIGNATURES", Made::null()),
        (rules.checks, "REQUIRED_STATUS_CHECKS", Made::null()),
        (rules.queue, "MERGE_QUEUE", Made::null()),
    ]
    .into_iter()
    .filter(|(holds, ..)| *holds)
    .map(|(_, kind, parameters)| {
        Thing::Plain(
            "RepositoryRule",
            vec![
                ("id", format!("RR_{kind}").into()),
                ("type", kind.into()),
                ("parameters", parameters),
            ],
        )
    })
    .collect()
}
