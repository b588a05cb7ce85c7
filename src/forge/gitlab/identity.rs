//! Who we are on GitLab.

use gitlab::api::{personal_access_tokens::PersonalAccessTokenSelf, users::CurrentUser};
use serde::Deserialize;

use super::{
    super::{Identity, IdentityKind, Permission, Reason},
    client::Client,
};

#[derive(Deserialize)]
struct User {
    id: u64,
    username: String,
    name: String,
    #[serde(default)]
    commit_email: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    bot: bool,
}

#[derive(Deserialize)]
struct Token {
    scopes: Vec<String>,
}

/// Who the client speaks for, and what its token was granted.
pub(super) async fn identity(client: &Client) -> Result<Identity, Reason> {
    let user: User = client.get(&CurrentUser {}).await?;
    let host = client.place.host();
    let nobody = format!("{}-{}@users.noreply.{host}", user.id, user.username);
    let mut addresses = [user.commit_email, user.email].into_iter().flatten();
    let email = addresses.find(|email| is_address(email));
    Ok(Identity {
        email: email.unwrap_or(nobody),
        kind: if user.bot {
            IdentityKind::App
        } else {
            IdentityKind::User
        },
        granted: granted(client).await?,
        login: user.username,
        name: user.name.chars().filter(|c| is_fit(*c)).collect(),
    })
}

/// What the token may do; an OAuth token does not tell.
async fn granted(client: &Client) -> Result<Option<Vec<Permission>>, Reason> {
    let token: Token = match client.get(&PersonalAccessTokenSelf {}).await {
        Ok(token) => token,
        Err(Reason::Unauthorized(_) | Reason::NotFound(_) | Reason::Invalid(_)) => return Ok(None),
        Err(reason) => return Err(reason),
    };
    let has = |name: &str| token.scopes.iter().any(|scope| scope == name);
    let all = [
        Permission::Read,
        Permission::Contents,
        Permission::Requests,
        Permission::Workflows,
        Permission::Runs,
        Permission::Start,
    ];
    Ok(Some(if has("api") {
        all.to_vec()
    } else if has("read_api") {
        vec![Permission::Read, Permission::Runs]
    } else {
        Vec::new()
    }))
}

/// What can stand between `<` and `>` in a commit.
fn is_address(text: &str) -> bool {
    let is_part = |c: char| is_fit(c) && !c.is_whitespace();
    text.contains('@') && text.chars().all(is_part)
}

/// What a name in a commit can hold.
fn is_fit(c: char) -> bool {
    !c.is_control() && !matches!(c, '<' | '>')
}
