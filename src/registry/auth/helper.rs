//! docker's credential helpers: `docker-credential-NAME get`.

use secrecy::SecretString;
use serde::Deserialize;

use super::{Credential, Secret};
use crate::{
    registry::{error::CredentialError, limits},
    seam::process::{Invocation, Variables},
};

/// By this user name a helper says that the secret is an identity token.
pub(super) const IDENTITY_TOKEN_USER: &str = "<token>";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: SecretString,
}

/// Asks the helper `name` for the credential of `server`; `None` where it has none.
pub(super) async fn ask(
    name: &str,
    server: &str,
    path: Option<&str>,
) -> Result<Option<Credential>, CredentialError> {
    let program = format!("docker-credential-{name}");
    let malformed = |what| CredentialError::Malformed {
        place: format!("the credential helper `{name}`"),
        what,
    };
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || !name.bytes().all(word) {
        return Err(CredentialError::Malformed {
            place: "docker's configuration".to_owned(),
            what: "a credential helper's name is not a plain word",
        });
    }
    let invocation = Invocation {
        purpose: &format!("could not ask for the credential of {server}"),
        program: &program,
        arguments: &["get"],
        input: server.as_bytes(),
        path,
        variables: Variables::default(),
        time_limit: limits::HELPER_TIME,
        output_limit: limits::HELPER_OUTPUT,
    };
    let finished = invocation.run().await?;
    if !finished.success {
        // The protocol's way to say "none"; the sentence is fixed.
        let output = String::from_utf8_lossy(&finished.output);
        return if output.trim() == "credentials not found in native keychain" {
            Ok(None)
        } else {
            Err(CredentialError::HelperFailed(program))
        };
    }
    let answer: Answer = serde_json::from_slice(&finished.output)
        .map_err(|_| malformed("its answer is not a credential in JSON"))?;
    let secret = if answer.username == IDENTITY_TOKEN_USER {
        Secret::IdentityToken(answer.secret)
    } else {
        Secret::Password(answer.secret)
    };
    Ok(Some(Credential {
        username: answer.username,
        secret,
        origin: program,
        hosts: None,
    }))
}
