//! Repositories and branches.

use serde_json::{Value, json};

use super::{Answer, Request, Said};
use crate::forge::{
    Checks, Oid, Repository, Right, Visibility,
    github::{graphql::Thing, id, refusal},
};

impl Request<'_> {
    pub(super) fn repositories(&mut self, name: &str) -> Answer {
        match name {
            "repos/get" => Ok(Said::Json(200, self.shown(self.repository()?))),
            "repos/list-for-org" | "repos/list-for-user" => self.list(),
            "repos/list-branches" => self.branches(),
            "repos/get-branch" => self.branch(),
            "repos/get-branch-rules" => self.rules(),
            "repos/get-combined-status-for-ref" => self.status(),
            "repos/compare-commits-with-basehead" => self.compare(),
            _ => {
                let all = self.store.repositories().map(|it| self.shown(it));
                Ok(Said::Page(Some("repositories"), all.collect()))
            }
        }
    }

    fn list(&self) -> Answer {
        let owner = if self.path.contains_key("org") {
            self.named("org")
        } else {
            self.named("username")
        };
        if !owner.eq_ignore_ascii_case(&self.store.owner) {
            return Err(refusal(404, "Not Found"));
        }
        let sees_all = self.by().may(Right::Read);
        let seen = |it: &&Repository| sees_all || it.visibility == Visibility::Public;
        let mut all: Vec<&Repository> = self.store.repositories().filter(seen).collect();
        if self.query.get("sort").is_some_and(|it| it == "full_name") {
            all.sort_by_key(|it| it.name.to_lowercase());
        }
        if self.query.get("direction").is_some_and(|it| it == "desc") {
            all.reverse();
        }
        Ok(Said::Page(
            None,
            all.into_iter().map(|it| self.shown(it)).collect(),
        ))
    }

    /// A repository.
    pub(super) fn shown(&self, repository: &Repository) -> Value {
        let full = self.store.full_name(repository);
        let by = self.by();
        let push = by.may(Right::Contents) && !repository.read_only;
        let rules = &repository.rules;
        json!({
            "id": repository.id,
            "node_id": id::of(&Thing::Repository(repository.id)),
            "name": repository.name,
            "full_name": full,
            "owner": self.person(&self.store.owner),
            "private": repository.visibility != Visibility::Public,
            "visibility": repository.visibility.word(),
            "fork": repository.fork,
            "archived": repository.archived,
            "disabled": repository.disabled,
            "is_template": false,
            "topics": repository.topics,
            "default_branch": repository.default_branch,
            "mirror_url": repository.mirror.then(|| "https://git.example.com/mirror".to_owned()),
            "html_url": self.api(&full),
            "url": self.api(&format!("repos/{full}")),
            "clone_url": self.api(&format!("{full}.git")),
            "size": repository.refs.len(),
            "has_pull_requests": !repository.without_requests,
            "allow_merge_commit": rules.merge,
            "allow_squash_merge": rules.squash,
            "allow_rebase_merge": rules.rebase,
            "allow_auto_merge": rules.auto_merge,
            "delete_branch_on_merge": rules.deletes_branch,
            "permissions": {
                "admin": by.may(Right::Admin),
                "maintain": by.may(Right::Admin),
                "push": push,
                "triage": push,
                "pull": true,
            },
        })
    }

    fn branches(&self) -> Answer {
        let repository = self.repository()?;
        let one = |(name, oid): (&str, Oid)| self.short_branch(repository, name, oid);
        Ok(Said::Page(None, repository.branches().map(one).collect()))
    }

    fn branch(&self) -> Answer {
        let repository = self.repository()?;
        let name = self.named("branch");
        let oid = repository
            .branch(name)
            .ok_or_else(|| refusal(404, "Branch not found"))?;
        let mut branch = self.short_branch(repository, name, oid);
        branch["commit"] = self.commit_of(repository, oid);
        Ok(Said::Json(200, branch))
    }

    fn short_branch(&self, repository: &Repository, name: &str, oid: Oid) -> Value {
        let full = self.store.full_name(repository);
        let protected = repository.rules.protected && name == repository.default_branch;
        json!({
            "name": name,
            "commit": { "sha": oid.to_string(), "url": self.api(&format!("repos/{full}/commits/{oid}")) },
            "protected": protected,
        })
    }

    fn rules(&self) -> Answer {
        let repository = self.repository()?;
        let rules = &repository.rules;
        let review = json!({
            "required_approving_review_count": rules.approvals,
            "dismiss_stale_reviews_on_push": false,
            "require_code_owner_review": false,
            "require_last_push_approval": false,
            "required_review_thread_resolution": false,
        });
        let all = [
            (
                rules.protected,
                json!({ "type": "pull_request", "parameters": review }),
            ),
            (rules.signed, json!({ "type": "required_signatures" })),
            (rules.queue, json!({ "type": "merge_queue" })),
        ];
        let is_default = self.named("branch") == repository.default_branch;
        let held = all.into_iter().filter(|(holds, _)| *holds && is_default);
        Ok(Said::Page(None, held.map(|(_, rule)| rule).collect()))
    }

    /// The checks of an open request's head, as one status.
    fn status(&self) -> Answer {
        let repository = self.repository()?;
        let name = self.named("ref");
        let requests = repository.requests.values().rev();
        let mut of = requests.filter(|it| it.head.to_string() == name);
        let (state, count) = match of.next().map_or(Checks::None, |it| it.checks) {
            Checks::None => ("pending", 0),
            Checks::Pending => ("pending", 1),
            Checks::Passed => ("success", 1),
            Checks::Failed => ("failure", 1),
        };
        Ok(Said::Json(
            200,
            json!({ "state": state, "total_count": count, "sha": name, "repository": self.shown(repository) }),
        ))
    }

    fn compare(&self) -> Answer {
        let repository = self.repository()?;
        let missing = || refusal(404, "Not Found");
        let (base, head) = self
            .named("basehead")
            .split_once("...")
            .ok_or_else(missing)?;
        let named = |name: &str| {
            let found = repository.branch(name).or_else(|| name.parse().ok());
            found
                .filter(|oid| repository.commits.contains(oid))
                .ok_or_else(missing)
        };
        let (base, head) = (named(base)?, named(head)?);
        let objects = &self.store.objects;
        let parted = objects.merge_base(base, head).ok_or_else(missing)?;
        let (mut ahead, behind) = (objects.ahead(base, head), objects.ahead(head, base).len());
        ahead.reverse();
        let commits: Vec<Value> = ahead
            .iter()
            .map(|oid| self.commit_of(repository, *oid))
            .collect();
        let status = match (ahead.len(), behind) {
            (0, 0) => "identical",
            (_, 0) => "ahead",
            (0, _) => "behind",
            _ => "diverged",
        };
        Ok(Said::Json(
            200,
            json!({
                "status": status,
                "ahead_by": ahead.len(),
                "behind_by": behind,
                "total_commits": ahead.len(),
                "base_commit": self.commit_of(repository, base),
                "merge_base_commit": self.commit_of(repository, parted),
                "commits": commits,
            }),
        ))
    }

    /// A commit, as the repository's pages tell it.
    pub(super) fn commit_of(&self, repository: &Repository, oid: Oid) -> Value {
        let commit = self.git_commit(repository, oid);
        json!({ "sha": oid.to_string(), "commit": commit, "parents": commit["parents"] })
    }
}
