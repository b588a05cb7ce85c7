//! The endpoints of REST that are known, with the parameters that GitLab documents for each.

use hyper::Method;
use url::form_urlencoded;

use crate::web::Asked;

/// An endpoint.
#[derive(Debug)]
pub(super) struct Operation {
    method: &'static str,
    /// Below `/api/v4`; a part that begins with `:` stands for any.
    path: &'static str,
    /// What it does, for logs and assertions.
    pub(super) name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const fn operation(
    method: &'static str,
    path: &'static str,
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
) -> Operation {
    Operation {
        method,
        path,
        name,
        required,
        optional,
    }
}

const PAGES: &[&str] = &["page", "per_page"];

const OPERATIONS: &[Operation] = &[
    operation("GET", "user", "user", &[], &[]),
    operation("GET", "personal_access_tokens/self", "token", &[], &[]),
    operation(
        "GET",
        "groups/:id/projects",
        "projects",
        &[],
        &[
            "archived",
            "include_subgroups",
            "order_by",
            "page",
            "per_page",
            "simple",
            "sort",
            "with_shared",
        ],
    ),
    operation(
        "GET",
        "projects/:id",
        "project",
        &[],
        &["license", "statistics"],
    ),
    operation(
        "GET",
        "projects/:id/repository/branches/:branch",
        "branch",
        &[],
        &[],
    ),
    operation(
        "POST",
        "projects/:id/repository/branches",
        "create branch",
        &["branch", "ref"],
        &[],
    ),
    operation(
        "DELETE",
        "projects/:id/repository/branches/:branch",
        "delete branch",
        &[],
        &[],
    ),
    operation(
        "GET",
        "projects/:id/repository/commits",
        "commits",
        &[],
        &["page", "path", "per_page", "ref_name", "with_stats"],
    ),
    operation(
        "POST",
        "projects/:id/repository/commits",
        "create commit",
        &[
            "actions[][action]",
            "actions[][file_path]",
            "branch",
            "commit_message",
        ],
        &[
            "actions[][content]",
            "actions[][encoding]",
            "actions[][last_commit_id]",
            "start_sha",
            "stats",
        ],
    ),
    operation(
        "GET",
        "projects/:id/repository/commits/:sha/signature",
        "signature",
        &[],
        &[],
    ),
    operation(
        "GET",
        "projects/:id/repository/files/:path/raw",
        "raw file",
        &[],
        &["lfs", "ref"],
    ),
    operation(
        "GET",
        "projects/:id/repository/tree",
        "tree",
        &[],
        &["page", "path", "per_page", "recursive", "ref"],
    ),
    operation("GET", "projects/:id/repository/tags/:tag", "tag", &[], &[]),
    operation(
        "GET",
        "projects/:id/merge_requests",
        "merge requests",
        &[],
        &[
            "order_by",
            "page",
            "per_page",
            "sort",
            "source_branch",
            "state",
        ],
    ),
    operation(
        "POST",
        "projects/:id/merge_requests",
        "create merge request",
        &["source_branch", "target_branch", "title"],
        &["description", "remove_source_branch", "squash"],
    ),
    operation(
        "GET",
        "projects/:id/merge_requests/:iid",
        "merge request",
        &[],
        &[],
    ),
    operation(
        "PUT",
        "projects/:id/merge_requests/:iid",
        "update merge request",
        &[],
        &["description", "state_event", "title"],
    ),
    operation(
        "PUT",
        "projects/:id/merge_requests/:iid/merge",
        "merge",
        &[],
        &[
            "auto_merge",
            "merge_when_pipeline_succeeds",
            "sha",
            "squash",
        ],
    ),
    operation(
        "POST",
        "projects/:id/merge_trains/merge_requests/:iid",
        "board train",
        &[],
        &["auto_merge", "sha", "squash", "when_pipeline_succeeds"],
    ),
    operation(
        "GET",
        "projects/:id/pipelines",
        "pipelines",
        &[],
        &["page", "per_page", "ref", "sha", "source", "status"],
    ),
    operation(
        "POST",
        "projects/:id/pipeline",
        "create pipeline",
        &["ref"],
        &[],
    ),
    operation("GET", "projects/:id/jobs/:job", "job", &[], &[]),
    operation(
        "GET",
        "projects/:id/jobs/:job/artifacts/:path",
        "artifact",
        &[],
        &[],
    ),
];

/// What was sent with a request, in its order.
#[derive(Clone, Debug)]
pub(super) struct Parameters(pub(super) Vec<(String, String)>);

impl Parameters {
    /// Those of the query, and of a form.
    pub(super) fn of(asked: &Asked) -> Self {
        let query = form_urlencoded::parse(asked.query.as_bytes());
        let body = form_urlencoded::parse(&asked.body);
        Self(query.into_owned().chain(body.into_owned()).collect())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }
}

/// The operation that a request asks for, and what stands for the `:` parts of its path.
pub(super) fn find(method: &Method, path: &str) -> Option<(&'static Operation, Vec<String>)> {
    let path = path.strip_prefix("/api/v4/")?;
    OPERATIONS.iter().find_map(|operation| {
        let parts = (operation.method == method.as_str()).then(|| fit(operation.path, path))??;
        Some((operation, parts))
    })
}

fn fit(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut given = path.split('/');
    for wanted in pattern.split('/') {
        let part = given.next()?;
        if wanted.starts_with(':') {
            parts.push(decoded(part));
        } else if wanted != part {
            return None;
        }
    }
    given.next().is_none().then_some(parts)
}

/// A part of a path, in which a plus is a plus.
fn decoded(part: &str) -> String {
    let escaped = part.replace('+', "%2B");
    let mut pairs = form_urlencoded::parse(escaped.as_bytes());
    pairs
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

impl Operation {
    /// What of the request GitLab does not document.
    pub(super) fn faults(&self, asked: &Asked, parameters: &Parameters) -> Vec<String> {
        let known = |name: &str| self.required.contains(&name) || self.optional.contains(&name);
        let unknown = parameters.0.iter().filter(|(name, _)| !known(name));
        let unknown = unknown.map(|(name, _)| format!("{}: unknown parameter {name}", self.name));
        let mut faults: Vec<_> = unknown.collect();
        for name in self.required {
            if parameters.text(name).is_none() {
                faults.push(format!("{}: {name} is missing", self.name));
            }
        }
        let form = asked
            .headers
            .get("content-type")
            .and_then(|it| it.to_str().ok());
        if !asked.body.is_empty() && form != Some("application/x-www-form-urlencoded") {
            faults.push(format!("{}: a body of another kind than a form", self.name));
        }
        let page = parameters.number("per_page").unwrap_or(20);
        if PAGES.iter().any(|name| known(name)) && !(1..=100).contains(&page) {
            faults.push(format!("{}: a page of {page}", self.name));
        }
        faults
    }
}
