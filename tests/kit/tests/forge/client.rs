//! A client that knows nothing, and a forge for it.

use fullsend_testkit::forge::{Actor, Edit, Forge, Repository, Told};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "ghp_kit";

pub(crate) struct Client<'a> {
    forge: &'a Forge,
    http: reqwest::Client,
    token: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

/// A forge of `acme` with a token that may do all that rules do not forbid.
pub(crate) fn forge() -> Forge {
    let forge = Forge::github("acme");
    forge.with(|store| store.grant(TOKEN, Actor::user("kit"), Told::Scopes));
    forge
}

/// The same with `acme/api`.
pub(crate) fn with_api() -> (Forge, u64) {
    let forge = forge();
    let id = forge.add(Repository::new("api"), &[Edit::file("README.md", "api\n")]);
    (forge, id)
}

impl<'a> Client<'a> {
    pub(crate) fn of(forge: &'a Forge) -> Self {
        Self::with(forge, TOKEN)
    }

    pub(crate) fn with(forge: &'a Forge, token: &str) -> Self {
        Self {
            forge,
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            token: token.to_owned(),
        }
    }

    pub(crate) async fn try_send(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Answer> {
        let mut request = self
            .http
            .request(method.parse().unwrap(), self.forge.url(path))
            .header("authorization", format!("Bearer {}", self.token));
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await?;
        Ok(Answer {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        })
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.try_send(method, path, body).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.send("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let answer = self.post("/graphql", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }
}
