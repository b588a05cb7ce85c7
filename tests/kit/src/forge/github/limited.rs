//! GitHub's answers where something is too much.

use hyper::header::{HeaderName, RETRY_AFTER};
use serde_json::json;

use super::{answer, refusal};
use crate::{
    forge::{Door, Hit, Left},
    web::Plain,
};

const SECONDARY: &str =
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
const PRIMARY: &str = "API rate limit exceeded for the kit.";

/// What is answered to a request that hits a limit. GraphQL says it with status 200 where the
/// hour is used up.
pub(super) fn answer_to(hit: Hit, is_graphql: bool) -> Plain {
    match hit {
        Hit::Primary if is_graphql => answer(
            200,
            &json!({ "errors": [{ "type": "RATE_LIMITED", "message": PRIMARY }] }),
        ),
        Hit::Primary => refusal(403, PRIMARY),
        Hit::Secondary { wait } => refusal(403, SECONDARY).with(RETRY_AFTER, wait.to_string()),
    }
}

/// The headers by which GitHub tells what is left.
pub(super) fn tell(left: Left, door: Door, plain: Plain) -> Plain {
    let resource = match door {
        Door::Rest => "core",
        Door::Graphql => "graphql",
    };
    let header = HeaderName::from_static;
    plain
        .with(header("x-ratelimit-limit"), left.limit.to_string())
        .with(header("x-ratelimit-used"), left.used.to_string())
        .with(
            header("x-ratelimit-remaining"),
            left.limit.saturating_sub(left.used).to_string(),
        )
        .with(header("x-ratelimit-reset"), left.reset.to_string())
        .with(header("x-ratelimit-resource"), resource.to_owned())
}
