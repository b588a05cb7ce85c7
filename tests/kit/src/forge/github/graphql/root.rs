//! Where questions begin.

use serde_json::Value;

use super::{
    super::{id, refuse::Fail},
    Arguments, Asking, Field, Made, Thing, connection,
};
use crate::forge::{Repository, Right, Visibility, clock::rfc3339};

impl Asking<'_> {
    pub(super) fn query(&mut self, field: &str, arguments: &Arguments) -> Field {
        Ok(Some(match field {
            "viewer" => self.viewer().into(),
            "rateLimit" => self.rate_limit().into(),
            "organization" if self.store.owner_is_user => {
                return no_owner("Organization", arguments);
            }
            "user" if !self.store.owner_is_user => return no_owner("User", arguments),
            "repositoryOwner" | "organization" | "user" => {
                let login = arguments.text("login").unwrap_or_default();
                if login.eq_ignore_ascii_case(&self.store.owner) {
                    Thing::Owner.into()
                } else if field == "repositoryOwner" {
                    Made::null()
                } else {
                    return no_owner(
                        if field == "user" {
                            "User"
                        } else {
                            "Organization"
                        },
                        arguments,
                    );
                }
            }
            "repository" => {
                let owner = arguments.text("owner").unwrap_or_default();
                let name = arguments.text("name").unwrap_or_default();
                let follow = arguments.flag("followRenames") != Some(false);
                self.named(owner, name, follow)?.into()
            }
            "node" => self.node(arguments.value("id"))?.into(),
            "nodes" => {
                let ids = arguments
                    .value("ids")
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                let found = ids
                    .iter()
                    .map(|id| self.node(id).map_or_else(Made::Refused, Made::Object));
                Made::List(found.collect())
            }
            _ => return Ok(None),
        }))
    }

    fn node(&self, id: &Value) -> Result<Thing, Fail> {
        let id = id.as_str().unwrap_or_default();
        let thing = id::find(self.store, id).ok_or_else(|| Fail::no_node(id))?;
        if let Some(repository) = repository_of(&thing).and_then(|id| self.store.repository(id)) {
            self.see(repository).map_err(|fail| match fail.kind {
                "NOT_FOUND" => Fail::no_node(id),
                _ => fail,
            })?;
        }
        Ok(thing)
    }

    fn named(&self, owner: &str, name: &str, follow: bool) -> Result<Thing, Fail> {
        let known = owner.eq_ignore_ascii_case(&self.store.owner);
        let found = self.store.named(name).filter(|_| known);
        let found = found.filter(|it| follow || it.name.eq_ignore_ascii_case(name));
        let unseen = || {
            Fail::not_found(format!(
                "Could not resolve to a Repository with the name '{owner}/{name}'."
            ))
        };
        let repository = found.ok_or_else(unseen)?;
        self.see(repository).map_err(|fail| {
            if fail.kind == "NOT_FOUND" {
                unseen()
            } else {
                fail
            }
        })?;
        Ok(Thing::Repository(repository.id))
    }

    /// Whether whoever asks may see it.
    fn see(&self, repository: &Repository) -> Result<(), Fail> {
        if repository.forbidden {
            let message = "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.";
            return Err(Fail::new("FORBIDDEN", message));
        }
        if self.sees(repository) {
            Ok(())
        } else {
            Err(Fail::not_found(String::new()))
        }
    }

    /// Whether whoever asks knows that it is there.
    fn sees(&self, repository: &Repository) -> bool {
        repository.visibility == Visibility::Public || self.by.may(Right::Read)
    }

    pub(super) fn owner(&mut self, field: &str, arguments: &Arguments) -> Field {
        let owner = self.store.owner.clone();
        Ok(Some(match field {
            "login" | "name" => owner.into(),
            "databaseId" => 1.into(),
            "url" => format!("{}/{owner}", self.base).into(),
            "repository" => {
                let name = arguments.text("name").unwrap_or_default().to_owned();
                self.named(
                    &owner,
                    &name,
                    arguments.flag("followRenames") != Some(false),
                )?
                .into()
            }
            "repositories" => return self.repositories(arguments),
            _ => return Ok(None),
        }))
    }

    fn repositories(&self, arguments: &Arguments) -> Field {
        let wanted = |name: &str, is: bool| arguments.flag(name).is_none_or(|wanted| wanted == is);
        let order = arguments.value("orderBy");
        let mut found: Vec<&Repository> = if order["field"] == "NAME" {
            self.store.by_name().collect()
        } else {
            self.store.repositories().collect()
        };
        found.retain(|it| wanted("isArchived", it.archived) && wanted("isFork", it.fork));
        found.retain(|it| self.sees(it));
        if order["direction"] == "DESC" {
            found.reverse();
        }
        let made = |it: &Repository| match self.see(it) {
            Ok(()) => Made::Object(Thing::Repository(it.id)),
            Err(fail) => Made::Refused(fail),
        };
        connection::paged(
            "RepositoryConnection",
            "repositories",
            arguments,
            found,
            made,
        )
        .map(Some)
    }

    fn viewer(&self) -> Thing {
        self.person(&self.by.login)
    }

    /// An account as a user of the schema.
    pub(super) fn person(&self, login: &str) -> Thing {
        let own = self.by.login == login;
        Thing::Plain(
            "User",
            vec![
                ("id", format!("U_{login}").into()),
                ("login", login.into()),
                (
                    "name",
                    if own {
                        self.by.name.clone()
                    } else {
                        login.to_owned()
                    }
                    .into(),
                ),
                (
                    "email",
                    if own {
                        self.by.email.clone()
                    } else {
                        String::new()
                    }
                    .into(),
                ),
                ("databaseId", if own { self.by.id } else { 7 }.into()),
                ("url", format!("{}/{login}", self.base).into()),
            ],
        )
    }

    /// An account as an actor: a bot or a user.
    pub(super) fn actor(&self, login: &str) -> Thing {
        match login.strip_suffix("[bot]") {
            // GraphQL leaves the brackets away.
            Some(slug) => Thing::Plain(
                "Bot",
                vec![
                    ("id", format!("BOT_{slug}").into()),
                    ("login", slug.into()),
                    ("url", format!("{}/apps/{slug}", self.base).into()),
                ],
            ),
            None => self.person(login),
        }
    }

    fn rate_limit(&self) -> Thing {
        let left = self.left;
        Thing::Plain(
            "RateLimit",
            vec![
                ("cost", self.cost.into()),
                ("limit", left.limit.into()),
                ("nodeCount", 0.into()),
                ("remaining", left.limit.saturating_sub(left.used).into()),
                ("resetAt", rfc3339(left.reset).into()),
                ("used", left.used.into()),
            ],
        )
    }
}

/// The repository that a thing belongs to.
fn repository_of(thing: &Thing) -> Option<u64> {
    match thing {
        Thing::Repository(id)
        | Thing::Ref(id, _)
        | Thing::Commit(id, _)
        | Thing::Tree(id, _)
        | Thing::Blob(id, _)
        | Thing::Request(id, _)
        | Thing::Workflow(id, _)
        | Thing::Run(id, _)
        | Thing::Suite(id, _)
        | Thing::Check(id, _) => Some(*id),
        _ => None,
    }
}

/// The refusal of an owner that is none.
fn no_owner(kind: &str, arguments: &Arguments) -> Field {
    let login = arguments.text("login").unwrap_or_default();
    Err(Fail::not_found(format!(
        "Could not resolve to a {kind} with the login of '{login}'."
    )))
}
