//! REST, by the operations that `operations.txt` names: those of GitHub's description that the
//! forge answers.

mod account;
mod actions;
mod contents;
mod git;
mod pulls;
mod repositories;

use std::collections::HashMap;

use bytes::Bytes;
use hyper::{
    Method, StatusCode,
    header::{CONTENT_TYPE, LINK, LOCATION},
};
use serde_json::{Value, json};

use super::{answer as json_answer, contract, granted, refusal, refuse};
use crate::{
    forge::{
        Actor, Door, Grant, Left, Nature, Refused, Repository, Right, Store, Told, Visibility,
        world::{State, token},
    },
    web::{Asked, Plain},
};

pub(super) use account::scopes;

/// Stands for the owner in a path that names a repository by its number.
const BY_NUMBER: &str = "(by number)";

/// An operation of the description, and what its path names.
struct Found {
    name: &'static str,
    operation: &'static Value,
    path: HashMap<String, String>,
}

/// What an operation is answered from.
struct Request<'a> {
    store: &'a mut Store,
    left: [Left; 2],
    grant: Option<Grant>,
    token: Option<String>,
    base: &'a str,
    path: HashMap<String, String>,
    query: HashMap<String, String>,
    body: Value,
    raw: bool,
    reads: bool,
    /// The path that was asked for, and its query.
    asked: String,
}

/// An answer: its status and its JSON, or a whole one.
enum Said {
    Json(u16, Value),
    /// A page of a list below this name, if any, and how many there are.
    Page(Option<&'static str>, Vec<Value>),
    Plain(Plain),
}

impl Said {
    /// The bytes of a file.
    fn raw(bytes: Bytes) -> Self {
        let plain = Plain {
            body: bytes,
            ..Plain::default()
        };
        let kind = "application/vnd.github.raw+json; charset=utf-8".to_owned();
        Self::Plain(plain.with(CONTENT_TYPE, kind))
    }
}

type Answer = Result<Said, Plain>;

/// What a request does and costs.
pub(super) fn nature(asked: &Asked) -> Nature {
    let name = find(asked).map_or("(unknown)", |found| found.name);
    let reads = asked.method == Method::GET || asked.method == Method::HEAD;
    let creates = name.contains("/create-") && !name.starts_with("apps/");
    Nature {
        operations: vec![name.to_owned()],
        writes: u32::from(!reads && !name.starts_with("apps/")),
        creations: u32::from(creates),
        primary: u32::from(name != "rate-limit/get"),
        points: if reads { 1 } else { 5 },
        door: Door::Rest,
    }
}

/// The answer, held against the description.
pub(super) fn answer(state: &mut State, base: &str, asked: &Asked) -> Plain {
    let Some(found) = find(asked).map(|found| found.by_number(&state.store)) else {
        let line = format!("REST: the forge knows no {} {}", asked.method, asked.path);
        state.violations.push(line);
        return refusal(404, "Not Found");
    };
    let body = if asked.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&asked.body).unwrap_or(Value::String("no JSON".to_owned()))
    };
    let query = pairs(&asked.query);
    let mut faults = faults_of_request(&found, &query, &body);
    if !faults.is_empty() {
        note(state, &found, "the request", faults);
        return refusal(422, "Invalid request.");
    }
    let mut request = read(state, base, asked, &found, query, body);
    let said = request.said(found.name).unwrap_or_else(Said::Plain);
    let plain = request.plain(said, asked, &found, &mut faults);
    let plain = match &request.grant {
        Some(grant) => super::scopes(grant, plain),
        None => plain,
    };
    note(state, &found, "the answer", faults);
    plain
}

fn note(state: &mut State, found: &Found, whose: &str, faults: Vec<String>) {
    let line = |fault| format!("REST {}: {whose}: {fault}", found.name);
    state.violations.extend(faults.into_iter().map(line));
}

fn read<'a>(
    state: &'a mut State,
    base: &'a str,
    asked: &Asked,
    found: &Found,
    query: HashMap<String, String>,
    body: Value,
) -> Request<'a> {
    let grant = granted(&state.store, asked);
    let who = grant
        .as_ref()
        .map_or("nobody", |it| it.actor.login.as_str());
    let now = state.store.clock.millis();
    let left =
        [Door::Rest, Door::Graphql].map(|door| state.meters.left(who, now, door, &state.limits));
    let accept = asked.headers.get("accept").and_then(|it| it.to_str().ok());
    Request {
        store: &mut state.store,
        left,
        grant,
        token: token(asked),
        base,
        path: found.path.clone(),
        query,
        body,
        raw: accept.is_some_and(|it| it.contains("raw")),
        reads: asked.method == Method::GET || asked.method == Method::HEAD,
        asked: match asked.query.as_str() {
            "" => asked.path.clone(),
            query => format!("{}?{query}", asked.path),
        },
    }
}

/// The operation that a request means: of those that fit, the one whose path says most itself.
fn find(asked: &Asked) -> Option<Found> {
    let path = asked.path.strip_prefix("/api/v3").unwrap_or(&asked.path);
    // Where redirects lead, which is not described.
    let by_number = path
        .strip_prefix("/repositories/")
        .map(|rest| format!("/repos/{BY_NUMBER}/{rest}"));
    let path = by_number.as_deref().unwrap_or(path);
    let method = if asked.method == Method::HEAD {
        "GET"
    } else {
        asked.method.as_str()
    };
    let operations = contract::rest().operations();
    let fitting = operations.filter_map(|(name, operation)| {
        let template = operation["path"].as_str()?;
        let fits = operation["method"] == method;
        let path = fits.then(|| fit(template, path)).flatten()?;
        Some((
            template,
            Found {
                name,
                operation,
                path,
            },
        ))
    });
    let literal = |template: &str| {
        template
            .split('/')
            .filter(|part| !part.starts_with('{'))
            .count()
    };
    fitting
        .max_by_key(|(template, _)| literal(template))
        .map(|(_, found)| found)
}

impl Found {
    /// The same, with a repository's number replaced by its name.
    fn by_number(mut self, store: &Store) -> Self {
        if self
            .path
            .get("owner")
            .is_some_and(|owner| owner == BY_NUMBER)
        {
            let number = self.path.get("repo").and_then(|it| it.parse().ok());
            let name = number
                .and_then(|it| store.repository(it))
                .map(|it| it.name.clone());
            self.path.insert("owner".to_owned(), store.owner.clone());
            self.path
                .insert("repo".to_owned(), name.unwrap_or_default());
        }
        self
    }
}

/// What a path gives for the names of a template. Branches, refs and paths of files have slashes.
fn fit(template: &str, path: &str) -> Option<HashMap<String, String>> {
    let template: Vec<&str> = template.trim_matches('/').split('/').collect();
    let path: Vec<&str> = path.trim_matches('/').split('/').collect();
    let mut found = HashMap::new();
    fit_parts(&template, &path, &mut found).then_some(found)
}

fn fit_parts(template: &[&str], path: &[&str], found: &mut HashMap<String, String>) -> bool {
    let (Some((first, rest)), false) = (template.split_first(), path.is_empty()) else {
        return template.is_empty() && path.is_empty();
    };
    let Some(name) = first.strip_prefix('{').and_then(|it| it.strip_suffix('}')) else {
        return *first == path[0] && fit_parts(rest, &path[1..], found);
    };
    let long = ["ref", "path", "branch", "basehead"].contains(&name);
    let most = if long { path.len() } else { 1 };
    (1..=most).rev().any(|count| {
        let fits = fit_parts(rest, &path[count..], found);
        if fits {
            found.insert(name.to_owned(), decoded(&path[..count].join("/")));
        }
        fits
    })
}

fn decoded(text: &str) -> String {
    let query = format!("x={}", text.replace('+', "%2B"));
    pairs(&query).remove("x").unwrap_or_default()
}

fn pairs(query: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// What is wrong with a request by the description.
fn faults_of_request(found: &Found, query: &HashMap<String, String>, body: &Value) -> Vec<String> {
    let parameters = found.operation["parameters"].as_array();
    let parameters: Vec<&Value> = parameters.into_iter().flatten().collect();
    let named = |name: &str| {
        parameters
            .iter()
            .any(|it| it["in"] == "query" && it["name"] == name)
    };
    let mut faults = Vec::new();
    for (at, parameter) in parameters.iter().enumerate() {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value = match parameter["in"].as_str() {
            Some("path") => found.path.get(name),
            _ => query.get(name),
        };
        let pointer = format!("/operations/{}/parameters/{at}/schema", escaped(found.name));
        match value {
            Some(value) => faults.extend(faults_of_text(&pointer, name, value)),
            None if parameter["required"] == true => faults.push(format!("lacks `{name}`")),
            None => {}
        }
    }
    let unknown = query.keys().filter(|name| !named(name));
    faults.extend(unknown.map(|name| format!("has an unknown `{name}`")));
    faults.extend(faults_of_body(found, body));
    faults
}

/// A text in a URL may stand for a number or a flag.
fn faults_of_text(pointer: &str, name: &str, text: &str) -> Option<String> {
    let rest = contract::rest();
    let mut readings = vec![Value::String(text.to_owned())];
    readings.extend(serde_json::from_str::<Value>(text).ok());
    let fits = readings
        .iter()
        .any(|value| rest.faults(pointer, value).is_empty());
    (!fits).then(|| format!("has a wrong `{name}`: {text}"))
}

fn faults_of_body(found: &Found, body: &Value) -> Vec<String> {
    let schema = &found.operation["body"];
    if schema.is_null() {
        let empty = body.is_null() || body.as_object().is_some_and(serde_json::Map::is_empty);
        return if empty {
            Vec::new()
        } else {
            vec!["has a body".to_owned()]
        };
    }
    if body.is_null() {
        let required = found.operation["body_required"] == true;
        return if required {
            vec!["has no body".to_owned()]
        } else {
            Vec::new()
        };
    }
    let mut faults =
        contract::rest().faults(&format!("/operations/{}/body", escaped(found.name)), body);
    // A body that may be left out may be null as well.
    let known = match &schema["anyOf"][1] {
        Value::Null => &schema["properties"],
        whole => &whole["properties"],
    };
    let fields = body.as_object().into_iter().flatten();
    let unknown = fields.filter(|(name, _)| known.get(name.as_str()).is_none());
    faults.extend(unknown.map(|(name, _)| format!("has an unknown `{name}`")));
    faults
}

fn escaped(name: &str) -> String {
    name.replace('/', "~1")
}

impl Request<'_> {
    fn said(&mut self, name: &str) -> Answer {
        if let Some(said) = self.anonymous(name) {
            return said;
        }
        if self.grant.is_none() {
            return Err(refusal(401, "Bad credentials"));
        }
        match name.split_once('/').map_or("", |(room, _)| room) {
            "users" | "orgs" | "rate-limit" | "meta" => self.account(name),
            "repos" if name.contains("content") || name == "repos/delete-file" => {
                self.contents(name)
            }
            "repos" | "apps" => self.repositories(name),
            "git" => self.git(name),
            "pulls" => self.pulls(name),
            _ => self.actions(name),
        }
    }

    /// The answer as it is sent, with what nobody looks at filled in.
    fn plain(&self, said: Said, asked: &Asked, found: &Found, faults: &mut Vec<String>) -> Plain {
        let (status, body, link) = match said {
            Said::Plain(plain) => return plain,
            Said::Json(204, _) => {
                return Plain {
                    status: StatusCode::NO_CONTENT,
                    ..Plain::default()
                };
            }
            Said::Json(status, body) => (status, body, None),
            Said::Page(name, all) => {
                let (body, link) = self.page(name, all, asked);
                (200, body, link)
            }
        };
        let pointer = format!("/operations/{}/responses/{status}", escaped(found.name));
        let schema = &found.operation["responses"][status.to_string()];
        if schema.is_null() {
            faults.push(format!("status {status} is not described"));
            return json_answer(status, &body);
        }
        let body = contract::rest().filled(schema, body, self.base);
        faults.extend(contract::rest().faults(&pointer, &body));
        let plain = json_answer(status, &body);
        match link {
            Some(link) => plain.with(LINK, link),
            None => plain,
        }
    }

    fn page(&self, name: Option<&str>, all: Vec<Value>, asked: &Asked) -> (Value, Option<String>) {
        let number = |name: &str, usual: usize| {
            let given = self.query.get(name).and_then(|it| it.parse().ok());
            given.unwrap_or(usual)
        };
        let (size, page) = (
            number("per_page", 30).clamp(1, 100),
            number("page", 1).max(1),
        );
        let total = all.len();
        let part: Vec<Value> = all.into_iter().skip(size * (page - 1)).take(size).collect();
        let next = (page * size < total).then(|| {
            let mut query: Vec<String> = self
                .query
                .iter()
                .filter(|(name, _)| *name != "page")
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            query.sort();
            query.push(format!("page={}", page + 1));
            format!(
                "<{}{}?{}>; rel=\"next\"",
                self.base,
                asked.path,
                query.join("&")
            )
        });
        match name {
            Some(name) => (json!({ "total_count": total, name: part }), next),
            None => (part.into(), next),
        }
    }

    /// Who asks.
    fn by(&self) -> Actor {
        let grant = self.grant.as_ref();
        grant.map_or_else(
            || Actor::user("ghost").with(&[]),
            |grant| grant.actor.clone(),
        )
    }

    fn named(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The repository that the path names; one under a former name is a redirect.
    fn repository(&self) -> Result<&Repository, Plain> {
        let missing = || refusal(404, "Not Found");
        let owner = self.named("owner").eq_ignore_ascii_case(&self.store.owner);
        let found = self.store.named(self.named("repo")).filter(|_| owner);
        let repository = found.ok_or_else(missing)?;
        if !repository.name.eq_ignore_ascii_case(self.named("repo")) {
            return Err(self.moved(repository));
        }
        if repository.forbidden {
            return Err(refusal(
                403,
                "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.",
            ));
        }
        if repository.visibility != Visibility::Public && !self.by().may(Right::Read) {
            return Err(missing());
        }
        Ok(repository)
    }

    /// Where a renamed repository is now.
    fn moved(&self, repository: &Repository) -> Plain {
        let (_, rest) = self
            .asked
            .split_once(self.named("repo"))
            .unwrap_or_default();
        let address = self.api(&format!("repositories/{}{rest}", repository.id));
        let body = json!({ "message": "Moved Permanently", "url": address });
        json_answer(if self.reads { 301 } else { 307 }, &body).with(LOCATION, address)
    }

    /// A refusal of the store's, in the words of REST.
    fn refuse(&self, refused: &Refused, act: &str) -> Plain {
        let told = self.grant.as_ref().map_or(Told::Nothing, |it| it.told);
        let status = match refused {
            Refused::NotFound => return refusal(404, "Not Found"),
            Refused::Archived | Refused::Lacks(_) | Refused::Workflow(_) => 403,
            Refused::Moved { .. } => 409,
            _ => 422,
        };
        let message = match refused {
            Refused::Exists(_) => "Reference already exists".to_owned(),
            refused => refuse::sentence(refused, &self.by(), told, act),
        };
        refusal(status, &message)
    }

    /// An address of the API.
    fn api(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }
}
