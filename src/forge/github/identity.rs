//! Who we are on GitHub, and what we may do there.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde::Deserialize;

use super::{
    super::{Identity, IdentityKind, Permission, Reason},
    GitHub, answer,
    auth::Auth,
    client::Call,
    documents,
    graphql::{self, Tries},
    runs::escaped,
};

/// The account of the token that a workflow's job is given.
const JOB: &str = "github-actions[bot]";

#[derive(Deserialize)]
struct Viewing {
    viewer: Viewer,
}

#[derive(Deserialize)]
struct Viewer {
    login: String,
    /// By its name in GraphQL, and in REST.
    #[serde(rename = "databaseId", alias = "id")]
    database_id: Option<u64>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct App {
    slug: String,
}

impl GitHub {
    /// See [`Forge::identity`](super::super::Forge::identity).
    pub(super) async fn who(&self) -> Result<Identity, Reason> {
        let asked = graphql::ask::<Viewing>(&self.client, documents::viewer(), Tries::Many);
        let (viewer, headers) = match asked.await {
            Ok(reply) => (reply.data.viewer, reply.answer.headers),
            Err(reason) if self.closes(&reason) => self.who_by_rest().await?,
            Err(reason) => return Err(reason),
        };
        let is_app = viewer.login.ends_with("[bot]") || matches!(self.client.auth(), Auth::App(_));
        let granted = match self.client.auth() {
            Auth::App(app) => Some(of_app(&app.permissions(&self.client).await?)),
            Auth::Token(_) if viewer.login == JOB => Some(of_job()),
            Auth::Token(_) => of_scopes(&headers),
        };
        Ok(Identity {
            email: self.address(&viewer),
            name: viewer.name.filter(|it| !it.trim().is_empty()).map_or_else(
                || viewer.login.clone(),
                |name| crate::model::text::shortened(&name, 100),
            ),
            login: viewer.login,
            kind: if is_app {
                IdentityKind::App
            } else {
                IdentityKind::User
            },
            granted,
        })
    }

    async fn who_by_rest(&self) -> Result<(Viewer, HeaderMap), Reason> {
        if matches!(self.client.auth(), Auth::App(_)) {
            return self.app_by_rest().await;
        }
        let answer = self.client.send(&Call::get("/user")).await?;
        Ok((answer::read(&answer)?, answer.headers))
    }

    /// An installation is no user; the app behind it is known, and so is the account of its name.
    async fn app_by_rest(&self) -> Result<(Viewer, HeaderMap), Reason> {
        let answer = self.client.send_as_app(&Call::get("/app")).await?;
        let app: App = answer::read(&answer)?;
        let account = escaped(&format!("{}[bot]", app.slug));
        let answer = self
            .client
            .send(&Call::get(format!("/users/{account}")))
            .await?;
        Ok((answer::read(&answer)?, answer.headers))
    }

    /// The forge's own no-reply address.
    fn address(&self, viewer: &Viewer) -> String {
        let login = &viewer.login;
        let host = self.host.split(':').next().unwrap_or(&self.host);
        match viewer.database_id {
            Some(id) => format!("{id}+{login}@users.noreply.{host}"),
            None => format!("{login}@users.noreply.{host}"),
        }
    }
}

/// What an installation may do.
fn of_app(permissions: &BTreeMap<String, String>) -> Vec<Permission> {
    let level = |name: &str| permissions.get(name).map(String::as_str);
    let reads = |name: &str| level(name).is_some();
    let writes = |name: &str| matches!(level(name), Some("write" | "admin"));
    let granted = [
        (reads("contents"), Permission::Read),
        (writes("contents"), Permission::Contents),
        (writes("pull_requests"), Permission::Requests),
        (writes("workflows"), Permission::Workflows),
        (reads("actions") && reads("checks"), Permission::Runs),
        (writes("actions"), Permission::Start),
    ];
    let granted = granted.into_iter().filter(|(has, _)| *has);
    granted.map(|(_, permission)| permission).collect()
}

/// A job's token can be given anything but the right to change workflows. What this one was given
/// is not told, so that nothing else counts as lacking.
fn of_job() -> Vec<Permission> {
    vec![
        Permission::Read,
        Permission::Contents,
        Permission::Requests,
        Permission::Runs,
        Permission::Start,
    ]
}

/// The scopes of a classic token; of any other, GitHub tells none.
fn of_scopes(headers: &HeaderMap) -> Option<Vec<Permission>> {
    let scopes = headers.get("x-oauth-scopes")?.to_str().ok()?;
    let has = |wanted: &str| scopes.split(',').any(|scope| scope.trim() == wanted);
    let mut granted = vec![Permission::Read];
    if has("repo") || has("public_repo") {
        granted.extend([
            Permission::Contents,
            Permission::Requests,
            Permission::Runs,
            Permission::Start,
        ]);
    }
    if has("workflow") {
        granted.push(Permission::Workflows);
    }
    Some(granted)
}
