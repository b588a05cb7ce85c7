//! The room's reader of challenges, for its fuzz target alone.

use super::auth::Challenge;

/// The token service that the lines of `headers`, each a `WWW-Authenticate`, would send us to.
pub fn token_realm(headers: &str) -> Option<String> {
    match Challenge::choose(headers.lines()) {
        Ok(Some(Challenge::Bearer(bearer))) => Some(bearer.realm.to_string()),
        Ok(Some(Challenge::Basic) | None) | Err(_) => None,
    }
}
