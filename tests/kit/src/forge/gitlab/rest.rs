//! Endpoints, answered.

use hyper::header::{HeaderName, LOCATION};
use serde_json::{Value, json};

use super::{
    Gitlab, answer, commits, entity,
    operations::{self, Parameters},
    refusal, requests,
};
use crate::{
    forge::{Actor, Grant, Mode, Oid, Repository, Right, Store, identity::ActorKind, world::State},
    web::{Asked, Plain},
};

/// A call of one operation.
pub(super) struct Call<'a> {
    pub(super) gitlab: &'a Gitlab,
    pub(super) store: &'a mut Store,
    pub(super) base: &'a str,
    pub(super) by: Actor,
    pub(super) asked: &'a Asked,
    pub(super) parameters: Parameters,
    /// What the path names, the project aside.
    pub(super) parts: Vec<String>,
}

/// What an operation answers: a refusal is an answer, too.
pub(super) type Done = Result<Plain, Plain>;

/// Answers a request to REST.
pub(super) fn reply(
    gitlab: &Gitlab,
    state: &mut State,
    base: &str,
    grant: &Grant,
    asked: &Asked,
) -> Plain {
    let Some((operation, parts)) = operations::find(&asked.method, &asked.path) else {
        let what = format!("{} {} is not known", asked.method, asked.path);
        state.violations.push(what);
        return refusal(404, "404 Not Found");
    };
    let parameters = Parameters::of(asked);
    state
        .violations
        .extend(operation.faults(asked, &parameters));
    let call = Call {
        gitlab,
        store: &mut state.store,
        base,
        by: grant.actor.clone(),
        asked,
        parameters,
        parts,
    };
    call.perform(operation.name)
        .unwrap_or_else(|refusal| refusal)
}

impl Call<'_> {
    fn perform(mut self, operation: &str) -> Done {
        match operation {
            "user" => return Ok(self.user()),
            "token" => return Ok(answer(200, &json!({"scopes": entity::scopes(&self.by)}))),
            "projects" => return self.projects(),
            _ => {}
        }
        let project = self.project()?;
        match operation {
            "project" => self.one(project),
            "branch" => self.branch(project),
            "tag" => self.tag(project),
            "tree" => self.tree(project),
            "raw file" => self.file(project),
            "pipelines" => self.pipelines(project),
            "create pipeline" => self.create_pipeline(project),
            "job" | "artifact" => self.job(project, operation),
            "commits" => commits::list(&self, project),
            "signature" => commits::signature(&self, project),
            "create commit" => commits::create(&mut self, project),
            "create branch" => commits::create_branch(&mut self, project),
            "delete branch" => commits::delete_branch(&mut self, project),
            _ => requests::perform(&mut self, project, operation),
        }
    }

    fn user(&self) -> Plain {
        let Actor {
            id,
            login,
            name,
            email,
            kind,
            ..
        } = &self.by;
        let user = json!({
            "id": id, "username": login, "name": name, "email": email, "commit_email": email,
            "bot": *kind == ActorKind::App,
        });
        answer(200, &user)
    }

    /// The project that the path names first; a former path leads to where it is now.
    fn project(&mut self) -> Result<u64, Plain> {
        let name = self.parts.remove(0);
        let not_found = || refusal(404, "404 Project Not Found");
        if let Ok(id) = name.parse() {
            return self
                .store
                .repository(id)
                .map(|it| it.id)
                .ok_or_else(not_found);
        }
        let below = name.split_at_checked(self.store.owner.len() + 1);
        let (_, below) = below.ok_or_else(not_found)?;
        let found = self.store.named(below).ok_or_else(not_found)?;
        let full = self.store.full_name(found);
        if !full.eq_ignore_ascii_case(&name) {
            let place = format!("{}/api/v4/projects/{}", self.base, found.id);
            return Err(refusal(301, "moved").with(LOCATION, place));
        }
        Ok(found.id)
    }

    pub(super) fn repository(&self, id: u64) -> Result<&Repository, Plain> {
        let found = self.store.repository(id);
        found.ok_or_else(|| refusal(404, "404 Project Not Found"))
    }

    fn projects(self) -> Done {
        let group = &self.parts[0];
        if !group.eq_ignore_ascii_case(&self.store.owner) {
            return Err(refusal(404, "404 Group Not Found"));
        }
        let enterprise = self.gitlab.instance.enterprise;
        let all = self.store.repositories();
        let nested = self.parameters.flag("include_subgroups");
        let all = all.filter(|it| nested || !it.name.contains('/'));
        let all: Vec<_> = all
            .map(|it| entity::project(self.store, enterprise, it))
            .collect();
        Ok(page(&self.parameters, all))
    }

    fn one(&self, project: u64) -> Done {
        let repository = self.repository(project)?;
        let enterprise = self.gitlab.instance.enterprise;
        Ok(answer(
            200,
            &entity::project(self.store, enterprise, repository),
        ))
    }

    fn branch(&self, project: u64) -> Done {
        let repository = self.repository(project)?;
        let name = &self.parts[0];
        let at = repository.branch(name);
        let at = at.ok_or_else(|| refusal(404, "404 Branch Not Found"))?;
        let branch = entity::branch(self.store, repository, &self.by, name, at);
        Ok(answer(200, &branch))
    }

    fn tag(&self, project: u64) -> Done {
        let refs = &self.repository(project)?.refs;
        let at = refs.get(&format!("refs/tags/{}", self.parts[0]));
        let at = at.ok_or_else(|| refusal(404, "404 Tag Not Found"))?;
        let tag = json!({"name": self.parts[0], "commit": entity::commit(self.store, *at)});
        Ok(answer(200, &tag))
    }

    /// The commit that a name means, or the head.
    fn commit_of(&self, project: u64, name: Option<&str>) -> Option<Oid> {
        let repository = self.store.repository(project)?;
        resolve(repository, name)
    }

    fn tree(&self, project: u64) -> Done {
        let not_found = || refusal(404, "404 Tree Not Found");
        let commit = self.commit_of(project, self.parameters.text("ref"));
        let commit = commit.ok_or_else(not_found)?;
        let below = format!("{}/", self.parameters.text("path").unwrap_or_default());
        let files = self.store.objects.files_of(commit);
        let inside = files.keys().filter_map(|path| path.strip_prefix(&below));
        let entries: std::collections::BTreeMap<_, _> = inside
            .map(|path| match path.split_once('/') {
                Some((folder, _)) => (folder, "tree"),
                None => (path, "blob"),
            })
            .collect();
        if entries.is_empty() {
            return Err(refusal(404, "404 invalid revision or path Not Found"));
        }
        let entries = entries
            .iter()
            .map(|(name, kind)| json!({"name": name, "type": kind}));
        Ok(page(&self.parameters, entries.collect()))
    }

    fn file(&self, project: u64) -> Done {
        let not_found = || refusal(404, "404 File Not Found");
        let commit = self.commit_of(project, self.parameters.text("ref"));
        let commit = commit.ok_or_else(|| refusal(404, "404 Commit Not Found"))?;
        let files = self.store.objects.files_of(commit);
        let (mode, id) = files.get(&self.parts[0]).ok_or_else(not_found)?;
        let bytes = self.store.objects.blob(*id);
        let bytes = bytes
            .filter(|_| *mode != Mode::Submodule)
            .ok_or_else(not_found)?;
        Ok(Plain {
            body: bytes.clone(),
            ..Plain::default()
        })
    }

    fn pipelines(&self, project: u64) -> Done {
        let repository = self.repository(project)?;
        let full = self.store.full_name(repository);
        let is = |name: &str, value: &str| self.parameters.text(name).is_none_or(|it| it == value);
        let runs = repository.runs.iter().rev();
        let runs = runs.filter(|run| is("ref", &run.branch) && is("source", &run.event));
        let runs = runs.map(|run| entity::pipeline_told(self.base, &full, run));
        Ok(page(&self.parameters, runs.collect()))
    }

    fn create_pipeline(&mut self, project: u64) -> Done {
        if !self.by.may(Right::Contents) {
            return Err(refusal(403, "403 Forbidden"));
        }
        let branch = self.parameters.text("ref").unwrap_or_default().to_owned();
        let at = self.repository(project)?.branch(&branch);
        let at = at.ok_or_else(|| refusal(400, "Reference not found"))?;
        if !self
            .store
            .objects
            .files_of(at)
            .contains_key(".gitlab-ci.yml")
        {
            return Err(refusal(400, "Missing CI config file"));
        }
        let number = self.store.start_run(project, 0, &branch, "api");
        let repository = self.repository(project)?;
        let full = self.store.full_name(repository);
        let made = repository.runs.iter().find(|it| it.id == number);
        let made = made.ok_or_else(|| refusal(404, "404 Not Found"))?;
        Ok(answer(201, &entity::pipeline_told(self.base, &full, made)))
    }

    fn job(&self, project: u64, operation: &str) -> Done {
        let not_found = || refusal(404, "404 Not Found");
        let id: u64 = self.parts[0].parse().map_err(|_| not_found())?;
        if !self.by.may(Right::Runs) {
            return Err(refusal(403, "403 Forbidden"));
        }
        let run = self.repository(project)?.runs.iter().find(|it| it.id == id);
        let run = run.ok_or_else(not_found)?;
        if operation == "job" {
            return Ok(answer(200, &entity::job(run)));
        }
        let artifact = entity::said(run, &self.parts[1]).ok_or_else(not_found)?;
        Ok(Plain {
            body: artifact.to_owned().into(),
            ..Plain::default()
        })
    }
}

/// The commit that a name means in a repository: a branch, a commit, or the head.
pub(super) fn resolve(repository: &Repository, name: Option<&str>) -> Option<Oid> {
    let Some(name) = name else {
        return repository.head();
    };
    let commit = name
        .parse()
        .ok()
        .filter(|id| repository.commits.contains(id));
    repository.branch(name).or(commit)
}

/// A page of a list, with the headers that tell of the next.
pub(super) fn page(parameters: &Parameters, all: Vec<Value>) -> Plain {
    let size = parameters.number("per_page").unwrap_or(20);
    let number = parameters.number("page").unwrap_or(1).max(1);
    let total = all.len();
    let entries: Vec<_> = all
        .into_iter()
        .skip((number - 1) * size)
        .take(size)
        .collect();
    let next = (number * size < total).then(|| (number + 1).to_string());
    let header = HeaderName::from_static;
    answer(200, &Value::Array(entries))
        .with(header("x-next-page"), next.unwrap_or_default())
        .with(header("x-page"), number.to_string())
        .with(header("x-per-page"), size.to_string())
        .with(header("x-total"), total.to_string())
}
