//! Pull requests.

use serde_json::{Value, json};

use super::{Answer, Request, Said};
use crate::{
    forge::{
        Method, Obstacle, Opening, Refused, Repository, Request as Pull, RequestState,
        clock::rfc3339,
        github::{
            graphql::{Thing, hindrance},
            id, refusal,
        },
    },
    web::Plain,
};

/// GitHub's answer to a request that its rules for the thing do not allow.
fn invalid(resource: &str, message: &str) -> Plain {
    crate::forge::github::answer(
        422,
        &json!({
            "message": "Validation Failed",
            "errors": [{ "resource": resource, "code": "custom", "message": message }],
            "documentation_url": "https://docs.github.com/rest/pulls/pulls#create-a-pull-request",
            "status": "422",
        }),
    )
}

impl Request<'_> {
    pub(super) fn pulls(&mut self, name: &str) -> Answer {
        let id = self.repository()?.id;
        if name == "pulls/list" {
            return self.list_pulls();
        }
        if name == "pulls/create" {
            return self.create_pull(id);
        }
        let number = self.named("pull_number").parse().unwrap_or_default();
        if !self.repository()?.requests.contains_key(&number) {
            return Err(refusal(404, "Not Found"));
        }
        match name {
            "pulls/get" => self.pull(number),
            "pulls/update" => self.update_pull(id, number),
            _ => self.merge_pull(id, number),
        }
    }

    fn list_pulls(&self) -> Answer {
        let repository = self.repository()?;
        let is =
            |name: &str, usual: &str| self.query.get(name).map_or(usual.to_owned(), Clone::clone);
        let (state, head, base) = (is("state", "open"), is("head", ""), is("base", ""));
        let label = |it: &Pull| format!("{}:{}", self.store.owner, it.branch);
        let wanted = |it: &&Pull| {
            (state == "all" || (state == "open") == it.is_open())
                && (head.is_empty() || head == label(it))
                && (base.is_empty() || base == it.base)
        };
        let mut all: Vec<&Pull> = repository.requests.values().filter(wanted).collect();
        if is("direction", "desc") == "desc" {
            all.reverse();
        }
        Ok(Said::Page(
            None,
            all.into_iter()
                .map(|it| self.shown_pull(repository, it))
                .collect(),
        ))
    }

    fn shown_pull(&self, repository: &Repository, pull: &Pull) -> Value {
        let full = self.store.full_name(repository);
        let side = |branch: &str, sha: String| {
            json!({
                "label": format!("{}:{branch}", self.store.owner),
                "ref": branch,
                "sha": sha,
                "repo": self.shown(repository),
                "user": self.person(&self.store.owner),
            })
        };
        let at = |at: Option<i64>| at.map(rfc3339);
        let merged = pull.state == RequestState::Merged;
        json!({
            "id": repository.id * 10_000 + pull.number,
            "node_id": id::of(&Thing::Request(repository.id, pull.number)),
            "number": pull.number,
            "html_url": self.api(&format!("{full}/pull/{}", pull.number)),
            "url": self.api(&format!("repos/{full}/pulls/{}", pull.number)),
            "state": if pull.is_open() { "open" } else { "closed" },
            "title": pull.title,
            "body": pull.body,
            "draft": pull.draft,
            "locked": false,
            "user": self.person(&pull.author),
            "author_association": "MEMBER",
            "head": side(&pull.branch, pull.head.to_string()),
            "base": side(&pull.base, pull.base_at.to_string()),
            "auto_merge": pull.auto.map(|method| json!({ "merge_method": format!("{method:?}").to_lowercase(), "enabled_by": self.person(&pull.author), "commit_title": "", "commit_message": "" })),
            "merge_commit_sha": pull.merged_as.map(|oid| oid.to_string()),
            "created_at": rfc3339(pull.created),
            "updated_at": rfc3339(pull.updated),
            "closed_at": at(pull.ended),
            "merged_at": at(pull.ended.filter(|_| merged)),
        })
    }

    fn pull(&mut self, number: u64) -> Answer {
        let id = self.repository()?.id;
        let obstacles = self.store.obstacles(id, number);
        let repository = self.repository()?;
        let pull = repository
            .requests
            .get(&number)
            .ok_or_else(|| refusal(404, "Not Found"))?;
        let mut shown = self.shown_pull(repository, pull);
        shown["changed_files"] = self.store.changed_files(id, pull).into();
        shown["merged"] = (pull.state == RequestState::Merged).into();
        shown["mergeable"] = (!obstacles.contains(&Obstacle::Conflict)).into();
        shown["mergeable_state"] = match obstacles.first() {
            Some(Obstacle::Conflict) => "dirty",
            Some(Obstacle::Draft) => "draft",
            Some(_) => "blocked",
            None => "clean",
        }
        .into();
        Ok(Said::Json(200, shown))
    }

    fn create_pull(&mut self, id: u64) -> Answer {
        let body = self.body.clone();
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let own = format!("{}:", self.store.owner);
        let asked = Opening {
            branch: text("head").strip_prefix(&own).unwrap_or(text("head")),
            base: text("base"),
            title: text("title"),
            body: text("body"),
            draft: body["draft"] == true,
        };
        let by = self.by();
        let number = self.store.open(id, &by, &asked).map_err(|refused| match &refused {
            Refused::Exists(branch) => invalid("PullRequest", &format!("A pull request already exists for {own}{branch}.")),
            Refused::NothingNew { .. } => invalid("PullRequest", &format!("No commits between {} and {}", asked.base, asked.branch)),
            Refused::NotFound => crate::forge::github::answer(422, &json!({
                "message": "Validation Failed",
                "errors": [{ "resource": "PullRequest", "field": "head", "code": "invalid" }],
                "documentation_url": "https://docs.github.com/rest",
                "status": "422",
            })),
            refused => self.refuse(refused, "CreatePullRequest"),
        })?;
        match self.pull(number)? {
            Said::Json(_, shown) => Ok(Said::Json(201, shown)),
            said => Ok(said),
        }
    }

    fn update_pull(&mut self, id: u64, number: u64) -> Answer {
        let (body, by) = (self.body.clone(), self.by());
        let done = match body["state"].as_str() {
            Some("closed") => self.store.close(id, &by, number),
            Some("open") => self.store.reopen(id, &by, number),
            _ => Ok(()),
        };
        done.map_err(|refused| match &refused {
            Refused::State(_) => invalid("PullRequest", "state cannot be changed."),
            refused => self.refuse(refused, "UpdatePullRequest"),
        })?;
        match self.store.changeable(id, &by, number) {
            Ok(request) => {
                if let Some(title) = body["title"].as_str() {
                    title.clone_into(&mut request.title);
                }
                if let Some(text) = body["body"].as_str() {
                    text.clone_into(&mut request.body);
                }
            }
            Err(refused) => return Err(self.refuse(&refused, "UpdatePullRequest")),
        }
        self.pull(number)
    }

    fn merge_pull(&mut self, id: u64, number: u64) -> Answer {
        let method = match self.body["merge_method"].as_str() {
            Some("squash") => Method::Squash,
            Some("rebase") => Method::Rebase,
            _ => Method::Merge,
        };
        let head = self
            .repository()?
            .requests
            .get(&number)
            .map(|it| it.head.to_string());
        if self.body["sha"]
            .as_str()
            .is_some_and(|sha| Some(sha) != head.as_deref())
        {
            return Err(refusal(
                409,
                "Head branch was modified. Review and try the merge again.",
            ));
        }
        let obstacle = self.store.obstacles(id, number).first().copied();
        let by = self.by();
        match self.store.merge(id, &by, number, method) {
            Ok(oid) => Ok(Said::Json(
                200,
                json!({
                    "sha": oid.to_string(),
                    "merged": true,
                    "message": "Pull Request successfully merged",
                }),
            )),
            Err(Refused::State(_)) => Err(refusal(
                405,
                &hindrance(self.repository()?, number, method, obstacle),
            )),
            Err(refused) => Err(self.refuse(&refused, "MergePullRequest")),
        }
    }
}
