//! GraphQL, executed by the schema that GitLab publishes.

use std::{cell::RefCell, collections::HashMap};

use apollo_compiler::{
    ExecutableDocument, Schema,
    resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue},
    validation::Valid,
};
use serde_json::{Value, json};

use super::{Gitlab, answer, complexity, entity};
use crate::{
    forge::{
        Actor, Conclusion, Mode, Oid, Repository, Request, Right, Run, Store, clock::rfc3339,
        world::State,
    },
    must,
    web::{Asked, Plain},
};

/// The longest document that is read.
const LONGEST: usize = 10_000;

/// The arguments that are understood here; another is no argument of GitLab's, or new to us.
const ARGUMENTS: [&str; 10] = [
    "after",
    "first",
    "ids",
    "paths",
    "ref",
    "retried",
    "sort",
    "sourceBranches",
    "state",
    "updatedAfter",
];

/// An object in the middle of an execution.
#[derive(Clone)]
enum Thing {
    Query,
    Project(u64),
    Repository(u64),
    /// One whose fields are known already, by the name of its type.
    Plain(&'static str, HashMap<&'static str, Made>),
    /// A page of a list.
    Page(&'static str, Vec<Made>, bool, usize),
}

/// The value of a field.
#[derive(Clone)]
enum Made {
    Leaf(Value),
    Object(Thing),
    List(Vec<Self>),
}

impl From<Value> for Made {
    fn from(value: Value) -> Self {
        Self::Leaf(value)
    }
}

struct Asking<'a> {
    store: RefCell<&'a mut Store>,
    by: &'a Actor,
    base: &'a str,
}

struct Node<'a> {
    asking: &'a Asking<'a>,
    thing: Thing,
}

/// Answers a document.
pub(super) fn reply(
    gitlab: &Gitlab,
    state: &mut State,
    base: &str,
    by: &Actor,
    asked: &Asked,
) -> Plain {
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    let query = body["query"].as_str().unwrap_or_default();
    let variables = &body["variables"];
    if query.len() > LONGEST {
        state
            .violations
            .push("GraphQL: a document of more than 10,000 characters".to_owned());
        return errors(&["Query too large".to_owned()]);
    }
    let schema = &gitlab.schema;
    let document = match ExecutableDocument::parse_and_validate(schema, query, "query") {
        Ok(document) => document,
        Err(invalid) => return refuse(state, &invalid.errors),
    };
    let score = complexity::of(&document, variables);
    let most = gitlab.instance.complexity;
    if score > most {
        let message =
            format!("Query has complexity of {score}, which exceeds max complexity of {most}");
        return errors(&[message]);
    }
    execute(schema, &document, variables, state, base, by)
}

/// Says which fields are not known, as GitLab says it; anything else is a mistake of the client's.
fn refuse(state: &mut State, invalid: &apollo_compiler::validation::DiagnosticList) -> Plain {
    let mut told = Vec::new();
    for diagnostic in invalid.iter() {
        let text = diagnostic.error.to_string();
        let Some((of, field)) = unknown(&text) else {
            state.violations.push(format!("GraphQL: {text}"));
            told.push(json!({ "message": text }));
            continue;
        };
        told.push(json!({
            "message": format!("Field '{field}' doesn't exist on type '{of}'"),
            "extensions": {"code": "undefinedField", "typeName": of, "fieldName": field},
        }));
    }
    answer(200, &json!({ "errors": told }))
}

/// The type and the field in "type `X` does not have a field `y`".
fn unknown(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("type `")?;
    let (of, rest) = rest.split_once("` does not have a field `")?;
    Some((of, rest.strip_suffix('`')?))
}

fn errors(messages: &[String]) -> Plain {
    let errors: Vec<_> = messages.iter().map(|it| json!({ "message": it })).collect();
    answer(200, &json!({ "errors": errors }))
}

fn execute(
    schema: &Valid<Schema>,
    document: &Valid<ExecutableDocument>,
    variables: &Value,
    state: &mut State,
    base: &str,
    by: &Actor,
) -> Plain {
    let given: apollo_compiler::response::JsonValue = variables.clone().into();
    let empty = apollo_compiler::response::JsonMap::new();
    let given = given.as_object().unwrap_or(&empty);
    let asking = Asking {
        store: RefCell::new(&mut state.store),
        by,
        base,
    };
    let root = Node {
        asking: &asking,
        thing: Thing::Query,
    };
    let execution = Execution::new(schema, document).raw_variable_values(given);
    let body = match execution.execute_sync(&root) {
        Ok(response) => must(serde_json::to_value(&response), "write an answer"),
        Err(error) => json!({ "errors": [{ "message": error.message().to_string() }] }),
    };
    let wrong = body["errors"].as_array().into_iter().flatten();
    let wrong = wrong.map(|it| format!("GraphQL: {}", it["message"]));
    state.violations.extend(wrong);
    answer(200, &body)
}

impl ObjectValue for Node<'_> {
    fn type_name(&self) -> &str {
        match &self.thing {
            Thing::Query => "Query",
            Thing::Project(_) => "Project",
            Thing::Repository(_) => "Repository",
            Thing::Plain(name, _) | Thing::Page(name, ..) => name,
        }
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = serde_json::to_value(info.arguments()).unwrap_or_default();
        let written = info.field_selections().iter().flat_map(|it| &it.arguments);
        let mut names = written.map(|it| it.name.as_str());
        if let Some(name) = names.find(|name| !ARGUMENTS.contains(name)) {
            let message = format!("{} does not understand {name}", info.field_name());
            return Err(FieldError { message });
        }
        let made = self.field(info.field_name(), &arguments);
        let made = made.ok_or_else(|| self.unknown_field_error(info))?;
        Ok(self.resolved(made))
    }
}

impl<'a> Node<'a> {
    fn resolved<'b>(&self, made: Made) -> ResolvedValue<'b>
    where
        'a: 'b,
    {
        let asking = self.asking;
        match made {
            Made::Leaf(value) => {
                ResolvedValue::leaf(apollo_compiler::response::JsonValue::from(value))
            }
            Made::Object(thing) => ResolvedValue::object(Self { asking, thing }),
            Made::List(all) => {
                let all: Vec<_> = all.into_iter().map(|it| Ok(self.resolved(it))).collect();
                ResolvedValue::List(Box::new(all.into_iter()))
            }
        }
    }

    fn field(&self, field: &str, arguments: &Value) -> Option<Made> {
        match &self.thing {
            Thing::Query => (field == "projects").then(|| self.projects(arguments))?,
            Thing::Project(id) => self.project(*id, field, arguments),
            Thing::Repository(id) => self.repository(*id, field, arguments),
            Thing::Plain(_, fields) => fields.get(field).cloned(),
            Thing::Page(_, all, has_more, end) => Some(match field {
                "nodes" => Made::List(all.clone()),
                _ => plain(
                    "PageInfo",
                    [
                        ("hasNextPage", json!(has_more).into()),
                        ("endCursor", json!(end.to_string()).into()),
                    ],
                ),
            }),
        }
    }

    fn projects(&self, arguments: &Value) -> Option<Made> {
        let ids = arguments["ids"]
            .as_array()?
            .iter()
            .filter_map(Value::as_str);
        let ids = ids.filter_map(|id| id.strip_prefix("gid://gitlab/Project/")?.parse().ok());
        let store = self.asking.store.borrow();
        let known = ids.filter(|id| store.repository(*id).is_some());
        let nodes = known.map(|id| Made::Object(Thing::Project(id))).collect();
        Some(page("ProjectConnection", nodes, arguments))
    }

    fn project(&self, id: u64, field: &str, arguments: &Value) -> Option<Made> {
        let Asking { by, .. } = *self.asking;
        if field == "mergeRequests" {
            return self.requests(id, arguments);
        }
        let store = self.asking.store.borrow();
        let repository = store.repository(id)?;
        let leaf = |value: Value| Some(Made::from(value));
        match field {
            "id" => leaf(json!(format!("gid://gitlab/Project/{id}"))),
            "fullPath" => leaf(json!(store.full_name(repository))),
            "userPermissions" => Some(plain(
                "ProjectPermissions",
                [
                    ("pushCode", json!(store.writable(id, by).is_ok()).into()),
                    (
                        "createMergeRequestIn",
                        json!(store.requestable(id, by).is_ok()).into(),
                    ),
                ],
            )),
            "pushRules" => {
                let signed = repository.rules.signed;
                Some(plain(
                    "PushRules",
                    [("rejectUnsignedCommits", json!(signed).into())],
                ))
            }
            "repository" if by.may(Right::Read) => Some(Made::Object(Thing::Repository(id))),
            "repository" => leaf(Value::Null),
            "pipelines" => {
                let after = arguments["updatedAfter"].as_str().map(str::to_owned);
                let runs = repository.runs.iter().rev().filter(|run| {
                    let updated = rfc3339(run.ended.unwrap_or(run.started));
                    after.as_ref().is_none_or(|after| updated >= *after)
                });
                let full = store.full_name(repository);
                let nodes = runs.map(|run| pipeline(&full, run)).collect();
                Some(page("PipelineConnection", nodes, arguments))
            }
            _ => None,
        }
    }

    fn requests(&self, id: u64, arguments: &Value) -> Option<Made> {
        let store = &mut **self.asking.store.borrow_mut();
        let repository = store.repository(id)?;
        let branches = arguments["sourceBranches"].as_array().cloned();
        let state = arguments["state"].as_str().unwrap_or("all").to_owned();
        let fits = |it: &&Request| {
            branches
                .as_ref()
                .is_none_or(|all| all.iter().any(|name| *name == it.branch))
                && (state == "all" || entity::state(it) == state)
        };
        let found: Vec<_> = repository
            .requests
            .values()
            .rev()
            .filter(fits)
            .cloned()
            .collect();
        let nodes = found
            .iter()
            .map(|it| request(store, self.asking.base, id, it));
        let nodes = nodes.collect();
        Some(page("MergeRequestConnection", nodes, arguments))
    }

    fn repository(&self, id: u64, field: &str, arguments: &Value) -> Option<Made> {
        let store = self.asking.store.borrow();
        let repository = store.repository(id)?;
        let head = repository.head();
        match field {
            "rootRef" => Some(json!(head.map(|_| &repository.default_branch)).into()),
            "tree" => Some(match head {
                None => Value::Null.into(),
                Some(head) => {
                    let commit = plain("Commit", [("sha", json!(head.to_string()).into())]);
                    plain("Tree", [("lastCommit", commit)])
                }
            }),
            "blobs" => {
                let commit = super::rest::resolve(repository, arguments["ref"].as_str());
                let paths = arguments["paths"]
                    .as_array()?
                    .iter()
                    .filter_map(Value::as_str);
                let may_push = store.may_push_to_default(repository, self.asking.by);
                let blobs = paths.filter_map(|path| blob(&store, commit?, path, may_push));
                Some(page("RepositoryBlobConnection", blobs.collect(), arguments))
            }
            _ => None,
        }
    }
}

fn plain<const N: usize>(name: &'static str, fields: [(&'static str, Made); N]) -> Made {
    Made::Object(Thing::Plain(name, HashMap::from(fields)))
}

/// The page of a list that the arguments ask for; a cursor is how many come before.
fn page(name: &'static str, all: Vec<Made>, arguments: &Value) -> Made {
    let after = arguments["after"].as_str().and_then(|it| it.parse().ok());
    let after: usize = after.unwrap_or(0);
    let first = arguments["first"].as_u64().unwrap_or(100).min(100);
    let first = usize::try_from(first).unwrap_or(100);
    let has_more = all.len() > after + first;
    let nodes = all.into_iter().skip(after).take(first).collect();
    Made::Object(Thing::Page(name, nodes, has_more, after + first))
}

fn blob(store: &Store, commit: Oid, path: &str, may_push: bool) -> Option<Made> {
    let files = store.objects.files_of(commit);
    let (mode, id) = files
        .get(path)
        .filter(|(mode, _)| *mode != Mode::Submodule)?;
    let bytes = store.objects.blob(*id)?;
    let text = std::str::from_utf8(bytes)
        .ok()
        .filter(|_| !bytes.contains(&0));
    // What is in an older encoding is shown mended.
    let latin = || {
        let is_text = !bytes.contains(&0);
        is_text.then(|| {
            bytes
                .iter()
                .map(|byte| char::from(*byte))
                .collect::<String>()
        })
    };
    let text = text.map(str::to_owned).or_else(latin);
    Some(plain(
        "RepositoryBlob",
        [
            ("path", json!(path).into()),
            ("oid", json!(id.to_string()).into()),
            ("mode", json!(mode.octal()).into()),
            ("size", json!(bytes.len().to_string()).into()),
            ("rawTextBlob", json!(text).into()),
            ("canCurrentUserPushToBranch", json!(may_push).into()),
        ],
    ))
}

fn request(store: &mut Store, base: &str, project: u64, request: &Request) -> Made {
    let status = entity::merge_status(store, project, request).to_uppercase();
    let pipeline = entity::pipeline(request).map(str::to_uppercase);
    let pipeline = pipeline.map_or(Value::Null.into(), |status| {
        plain("Pipeline", [("status", json!(status).into())])
    });
    let repository = store.repository(project);
    let there = repository.is_some_and(|it| it.branch(&request.branch).is_some());
    let approvals = repository.map_or(0, |it: &Repository| it.rules.approvals);
    let number = request.number;
    plain(
        "MergeRequest",
        [
            (
                "id",
                json!(format!(
                    "gid://gitlab/MergeRequest/{}",
                    project * 10_000 + number
                ))
                .into(),
            ),
            ("iid", json!(number.to_string()).into()),
            (
                "webUrl",
                json!(entity::page(store, base, project, number)).into(),
            ),
            ("title", json!(request.title).into()),
            ("sourceBranch", json!(request.branch).into()),
            ("sourceBranchExists", json!(there).into()),
            (
                "sourceProjectId",
                json!(entity::source(project, request)).into(),
            ),
            ("diffHeadSha", json!(request.head.to_string()).into()),
            ("state", json!(entity::state(request)).into()),
            ("draft", json!(request.draft).into()),
            (
                "autoMergeEnabled",
                json!(request.auto.is_some() || request.queued).into(),
            ),
            ("detailedMergeStatus", json!(status).into()),
            ("approvalsRequired", json!(approvals).into()),
            (
                "author",
                plain(
                    "MergeRequestAuthor",
                    [("username", json!(request.author).into())],
                ),
            ),
            ("headPipeline", pipeline),
        ],
    )
}

fn pipeline(project: &str, run: &Run) -> Made {
    let status = entity::status(run).to_uppercase();
    let ended = run.ended.map(rfc3339);
    let job = plain(
        "CiJob",
        [
            (
                "id",
                json!(format!("gid://gitlab/Ci::Build/{}", run.id)).into(),
            ),
            (
                "name",
                json!(entity::said(run, "job").unwrap_or("fullsend-code")).into(),
            ),
            ("status", json!(status).into()),
            ("finishedAt", json!(ended).into()),
        ],
    );
    let has_jobs = run.conclusion != Conclusion::NotStarted;
    let jobs = has_jobs.then_some(job).into_iter().collect();
    plain(
        "Pipeline",
        [
            (
                "id",
                json!(format!("gid://gitlab/Ci::Pipeline/{}", run.id)).into(),
            ),
            ("sha", json!(run.commit.to_string()).into()),
            ("ref", json!(run.branch).into()),
            (
                "path",
                json!(format!("/{project}/-/pipelines/{}", run.id)).into(),
            ),
            ("status", json!(status).into()),
            ("yamlErrors", json!(!has_jobs).into()),
            ("finishedAt", json!(ended).into()),
            (
                "updatedAt",
                json!(rfc3339(run.ended.unwrap_or(run.started))).into(),
            ),
            ("jobs", page("CiJobConnection", jobs, &Value::Null)),
        ],
    )
}
