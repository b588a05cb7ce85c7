//! Who is let in.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};

/// How the registry wants its clients to authenticate.
#[derive(Clone, Debug)]
pub struct Auth {
    basic: bool,
    user: Option<(String, String)>,
    identity_token: Option<String>,
    realm: Option<String>,
    expires_in: Option<u64>,
}

impl Auth {
    /// Basic authentication by this name and password.
    pub fn basic(user: &str, password: &str) -> Self {
        Self {
            basic: true,
            ..Self::bearer().user(user, password)
        }
    }

    /// Tokens, which anybody gets from the registry's own `/token`.
    pub fn bearer() -> Self {
        Self {
            basic: false,
            user: None,
            identity_token: None,
            realm: None,
            expires_in: None,
        }
    }

    /// Gives tokens to this user alone.
    #[must_use]
    pub fn user(mut self, user: &str, password: &str) -> Self {
        self.user = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Gives tokens for this identity token alone.
    #[must_use]
    pub fn identity_token(mut self, token: &str) -> Self {
        self.identity_token = Some(token.to_owned());
        self
    }

    /// Names another token service.
    #[must_use]
    pub fn realm(mut self, realm: &str) -> Self {
        self.realm = Some(realm.to_owned());
        self
    }

    /// How long a token lives, in seconds.
    #[must_use]
    pub fn expires_in(mut self, seconds: u64) -> Self {
        self.expires_in = Some(seconds);
        self
    }
}

/// The guard at the door: what is required, and the tokens that are out.
#[derive(Debug, Default)]
pub(super) struct Guard {
    required: Option<Auth>,
    own_realm: String,
    tokens: HashMap<String, (String, Option<Instant>)>,
    accepted: Vec<String>,
    issued: u32,
}

impl Guard {
    pub(super) fn own_token_service(&mut self, realm: &str) {
        realm.clone_into(&mut self.own_realm);
    }

    pub(super) fn require(&mut self, auth: Auth) {
        self.required = Some(auth);
    }

    pub(super) fn accept_token(&mut self, token: &str) {
        self.accepted.push(token.to_owned());
    }

    /// Lets a request for `repository` pass, or returns the challenge.
    pub(super) fn check(&self, repository: &str, header: Option<&str>) -> Result<(), String> {
        let Some(auth) = &self.required else {
            return Ok(());
        };
        if auth.basic {
            return if header.is_some() && header == auth.basic_header().as_deref() {
                Ok(())
            } else {
                Err("Basic realm=\"kit\"".to_owned())
            };
        }
        let token = header.and_then(|header| header.strip_prefix("Bearer "));
        if token.is_some_and(|token| self.token_opens(token, repository)) {
            return Ok(());
        }
        let realm = auth.realm.as_ref().unwrap_or(&self.own_realm);
        Err(format!(
            "Bearer realm=\"{realm}\",service=\"kit\",scope=\"repository:{repository}:pull,push\""
        ))
    }

    fn token_opens(&self, token: &str, repository: &str) -> bool {
        let living = |ends: &Option<Instant>| ends.is_none_or(|ends| Instant::now() < ends);
        self.accepted.iter().any(|known| known == token)
            || self.tokens.get(token).is_some_and(|(scope, ends)| {
                living(ends) && scope.starts_with(&format!("repository:{repository}:"))
            })
    }

    /// The token service's answer: a body in JSON, or `None` for 401.
    pub(super) fn issue(
        &mut self,
        scope: &str,
        header: Option<&str>,
        refresh_token: Option<&str>,
    ) -> Option<String> {
        let auth = self.required.clone().unwrap_or_else(Auth::bearer);
        let by_password = auth.user.is_some() && header == auth.basic_header().as_deref();
        let by_token =
            auth.identity_token.is_some() && refresh_token == auth.identity_token.as_deref();
        let anybody = auth.user.is_none() && auth.identity_token.is_none();
        if !(by_password || by_token || anybody) {
            return None;
        }
        self.issued += 1;
        let token = format!("token-{}", self.issued);
        let life = auth.expires_in.map(Duration::from_secs);
        let ends = life.map(|life| Instant::now() + life);
        self.tokens.insert(token.clone(), (scope.to_owned(), ends));
        let mut answer = serde_json::json!({"token": token});
        if let Some(seconds) = auth.expires_in {
            answer["expires_in"] = seconds.into();
        }
        Some(answer.to_string())
    }
}

impl Auth {
    fn basic_header(&self) -> Option<String> {
        let (user, password) = self.user.as_ref()?;
        let pair = STANDARD.encode(format!("{user}:{password}"));
        Some(format!("Basic {pair}"))
    }
}
