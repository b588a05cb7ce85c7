//! fleet.yaml as it is written, before any value is understood.
//!
//! These structs are the source of the JSON schema: their comments are what editors show.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::schema;
use crate::config::{
    deny::RawDenied,
    schema as shared,
    yaml::{Field, Located},
};

/// Which repositories of an organisation run agents, and on which version.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "fleet.yaml", transform = schema::file)]
pub(super) struct File {
    /// The version of this format.
    #[schemars(schema_with = "shared::version")]
    pub(super) version: Field<String>,
    /// Where the repositories are.
    pub(super) forge: Field<Forge>,
    /// The action at a commit, with its version in a comment behind it: `OWNER/NAME@<40 hex> # v1.4.0`.
    #[schemars(schema_with = "schema::action")]
    pub(super) action: Field<String>,
    /// The image that is tested with that action, with tag and digest.
    #[schemars(schema_with = "schema::image")]
    pub(super) image: Field<String>,
    /// Earlier pairs of action and image that are still good: rings may stay on one, rollbacks go to one.
    pub(super) approved: Field<Vec<Located<Release>>>,
    /// Which repositories belong to the fleet; all of them by default.
    pub(super) select: Field<Select>,
    /// The rings by name, the first to move first.
    #[schemars(schema_with = "schema::rings")]
    pub(super) rings: Field<BTreeMap<Located<String>, Located<Ring>>>,
    /// What a ring must show before the next one moves.
    pub(super) gates: Field<Gates>,
    /// Versions that nobody may run.
    #[schemars(schema_with = "schema::denials")]
    pub(super) deny: Field<Vec<Located<RawDenied>>>,
    /// Where rollouts publish the deny list for `deny:` in fullsend.yaml and `exec --deny`: `oci:REGISTRY/NAME:TAG`.
    #[schemars(schema_with = "schema::deny_list")]
    pub(super) deny_list: Field<String>,
}

/// A forge and the place on it that holds the repositories.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = schema::forge)]
pub(super) struct Forge {
    /// What it runs on.
    #[schemars(schema_with = "schema::forge_kind")]
    pub(super) kind: Field<String>,
    /// GitHub: the organisation or user.
    #[schemars(schema_with = "shared::text")]
    pub(super) owner: Field<String>,
    /// GitLab: the group, with its subgroups.
    #[schemars(schema_with = "shared::text")]
    pub(super) group: Field<String>,
    /// Its address, if that is not `https://github.com` or `https://gitlab.com`.
    #[schemars(schema_with = "shared::text")]
    pub(super) url: Field<String>,
    /// GitLab: the project that the components come from, on the same instance.
    #[schemars(schema_with = "shared::text")]
    pub(super) component_source: Field<String>,
}

/// An action and an image that were tested together.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["action", "image"]))]
pub(super) struct Release {
    /// The action at a commit, with its version in a comment behind it: `OWNER/NAME@<40 hex> # v1.4.0`.
    #[schemars(schema_with = "schema::action")]
    pub(super) action: Field<String>,
    /// The image, with tag and digest.
    #[schemars(schema_with = "schema::image")]
    pub(super) image: Field<String>,
}

/// Which repositories belong to the fleet.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Select {
    /// Patterns over names, of which one must match; `*` stops at `/`, `**` does not.
    #[schemars(schema_with = "schema::patterns")]
    pub(super) include: Field<Vec<Located<String>>>,
    /// Patterns over names, of which none may match.
    #[schemars(schema_with = "schema::patterns")]
    pub(super) exclude: Field<Vec<Located<String>>>,
    /// Topics, of which a repository must have one.
    #[schemars(schema_with = "schema::topics")]
    pub(super) topics: Field<Vec<Located<String>>>,
    /// Who may see a repository.
    #[schemars(schema_with = "schema::visibility")]
    pub(super) visibility: Field<String>,
}

/// Repositories that move together: named ones, a share, or (with neither) all that are left.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = schema::ring)]
pub(super) struct Ring {
    /// The repositories by name.
    #[schemars(schema_with = "schema::repositories")]
    pub(super) repositories: Field<Vec<Located<String>>>,
    /// The share of the selected repositories, from 1 to 99.
    #[schemars(schema_with = "schema::percent")]
    pub(super) percent: Field<String>,
    /// The version of the image that the ring stands on while it does not follow: one under `approved`.
    #[schemars(schema_with = "schema::semver")]
    pub(super) version: Field<String>,
}

/// What a ring must show before the next one moves.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Gates {
    /// How many runs must have ended; 10 by default.
    #[schemars(schema_with = "schema::count")]
    pub(super) runs: Field<String>,
    /// In how many repositories; 3 by default.
    #[schemars(schema_with = "schema::count")]
    pub(super) repositories: Field<String>,
    /// How far back the runs go that they are compared with; 14d by default.
    #[schemars(schema_with = "shared::duration")]
    pub(super) baseline: Field<String>,
    /// By how many percentage points more may fail than before; 10 by default.
    #[schemars(schema_with = "schema::points")]
    pub(super) tolerance_points: Field<String>,
}
