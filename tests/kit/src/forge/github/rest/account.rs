//! Who asks, what an App may, and what is left of the hour.

use serde_json::{Value, json};

use super::{Answer, Request, Said};
use crate::forge::{
    Actor, ActorKind, Grant, Left, Right, Told,
    clock::rfc3339,
    github::{App, refusal},
};

/// A classic token's scopes, as the header has them.
pub(in crate::forge::github) fn scopes(actor: &Actor) -> String {
    let scopes = [
        (Right::Contents, "repo"),
        (Right::Workflows, "workflow"),
        (Right::Admin, "admin:org"),
    ];
    let held = scopes.into_iter().filter(|(right, _)| actor.may(*right));
    held.map(|(_, scope)| scope).collect::<Vec<_>>().join(", ")
}

/// What an installation may do, in GitHub's names.
fn permissions(actor: &Actor) -> Value {
    let word = |right, yes: &str| actor.may(right).then(|| yes.to_owned());
    let all = [
        ("metadata", Some("read".to_owned())),
        (
            "contents",
            word(Right::Contents, "write").or_else(|| word(Right::Read, "read")),
        ),
        ("pull_requests", word(Right::Requests, "write")),
        ("workflows", word(Right::Workflows, "write")),
        ("actions", word(Right::Runs, "read")),
        ("checks", word(Right::Runs, "read")),
    ];
    let held = all
        .into_iter()
        .filter_map(|(name, word)| Some((name.to_owned(), word?.into())));
    Value::Object(held.collect())
}

impl Request<'_> {
    /// What needs no token, or an App's own signature.
    pub(super) fn anonymous(&mut self, name: &str) -> Option<Answer> {
        if name == "meta/root" {
            return Some(Ok(Said::Json(
                200,
                json!({ "current_user_url": self.api("user") }),
            )));
        }
        let of_app =
            name.starts_with("apps/") && name != "apps/list-repos-accessible-to-installation";
        of_app.then(|| self.as_app(name))
    }

    fn as_app(&mut self, name: &str) -> Answer {
        let app = self
            .store
            .app
            .clone()
            .ok_or_else(|| refusal(401, "Bad credentials"))?;
        let token = self.token.as_deref().unwrap_or_default();
        let verified = app.verify(token, self.store.clock.seconds());
        verified.map_err(|message| refusal(401, message))?;
        let owner = self.store.owner.clone();
        let found = |it: &str, kind_fits: bool| it.eq_ignore_ascii_case(&owner) && kind_fits;
        let is_user = self.store.owner_is_user;
        let here = match name {
            "apps/get-authenticated" => return Ok(Said::Json(200, self.app(&app))),
            "apps/list-installations" => {
                return Ok(Said::Page(None, vec![self.installation(&app)]));
            }
            "apps/get-org-installation" => found(self.named("org"), !is_user),
            "apps/get-user-installation" => found(self.named("username"), is_user),
            "apps/get-repo-installation" => self.repository().is_ok(),
            _ => return self.mint(&app),
        };
        if !here {
            return Err(refusal(404, "Not Found"));
        }
        Ok(Said::Json(200, self.installation(&app)))
    }

    fn mint(&mut self, app: &App) -> Answer {
        if self.named("installation_id") != app.installation.to_string() {
            return Err(refusal(404, "Not Found"));
        }
        let expires = self.store.clock.seconds() + app.lifetime;
        let token = format!("ghs_kit{:032}", self.store.number());
        let grant = Grant {
            actor: app.actor.clone(),
            told: Told::Permissions,
            expires: Some(expires),
            revoked: false,
        };
        self.store.grants.insert(token.clone(), grant);
        Ok(Said::Json(
            201,
            json!({
                "token": token,
                "expires_at": rfc3339(expires),
                "permissions": permissions(&app.actor),
                "repository_selection": "all",
            }),
        ))
    }

    fn app(&self, app: &App) -> Value {
        json!({
            "id": app.id,
            "slug": app.slug,
            "name": app.slug,
            "client_id": format!("Iv1.{}", app.id),
            "owner": self.person(&self.store.owner),
            "permissions": permissions(&app.actor),
            "events": [],
        })
    }

    fn installation(&self, app: &App) -> Value {
        let kind = if self.store.owner_is_user {
            "User"
        } else {
            "Organization"
        };
        json!({
            "id": app.installation,
            "app_id": app.id,
            "app_slug": app.slug,
            "target_id": 1,
            "target_type": kind,
            "account": self.person(&self.store.owner),
            "repository_selection": "all",
            "permissions": permissions(&app.actor),
            "access_tokens_url": self.api(&format!("app/installations/{}/access_tokens", app.installation)),
            "repositories_url": self.api("installation/repositories"),
            "events": [],
        })
    }

    pub(super) fn account(&mut self, name: &str) -> Answer {
        let by = self.by();
        Ok(Said::Json(
            200,
            match name {
                "users/get-authenticated" if by.kind == ActorKind::App => {
                    return Err(refusal(403, "Resource not accessible by integration"));
                }
                "users/get-authenticated" => self.whole_person(&by),
                "users/get-by-username" => {
                    let login = self.named("username").to_owned();
                    let grants = self.store.grants.values();
                    let known = grants
                        .map(|it| &it.actor)
                        .find(|it| it.login == login)
                        .cloned();
                    let app = self.store.app.as_ref().map(|it| it.actor.clone());
                    let app = app.filter(|it| it.login == login);
                    let found = known.or(app).ok_or_else(|| refusal(404, "Not Found"))?;
                    self.whole_person(&found)
                }
                "orgs/get" => {
                    if !self.named("org").eq_ignore_ascii_case(&self.store.owner)
                        || self.store.owner_is_user
                    {
                        return Err(refusal(404, "Not Found"));
                    }
                    json!({ "login": self.store.owner, "id": 1, "type": "Organization" })
                }
                _ => self.rate(),
            },
        ))
    }

    fn whole_person(&self, actor: &Actor) -> Value {
        let mut person = self.person(&actor.login);
        person["id"] = actor.id.into();
        person["name"] = actor.name.clone().into();
        // That of an app is no address.
        let is_user = actor.kind == ActorKind::User;
        person["email"] = is_user.then(|| actor.email.clone()).into();
        person
    }

    /// An account.
    pub(super) fn person(&self, login: &str) -> Value {
        let is_owner = login == self.store.owner && !self.store.owner_is_user;
        let (kind, page) = match login.strip_suffix("[bot]") {
            Some(slug) => ("Bot", format!("apps/{slug}")),
            None if is_owner => ("Organization", login.to_owned()),
            None => ("User", login.to_owned()),
        };
        let escaped = login.replace('[', "%5B").replace(']', "%5D");
        json!({
            "login": login,
            "id": Actor::user(login).id,
            "type": kind,
            "html_url": self.api(&page),
            "url": self.api(&format!("users/{escaped}")),
        })
    }

    fn rate(&self) -> Value {
        let told = |left: Left| {
            json!({
                "limit": left.limit,
                "used": left.used,
                "remaining": left.limit.saturating_sub(left.used),
                "reset": left.reset,
            })
        };
        let [rest, graphql] = self.left.map(told);
        json!({ "rate": rest, "resources": { "core": rest, "graphql": graphql, "search": rest } })
    }
}
