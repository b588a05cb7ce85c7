//! fullsend.yaml as it is written, before any value is understood.
//!
//! These structs are the source of the JSON schema: their comments are what editors show.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};

pub(super) use super::scalar::Scalars;
use super::{
    schema,
    yaml::{Field, Located},
};

/// How `fullsend exec` runs this repository's agents, and whose images it trusts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "fullsend.yaml", transform = schema::file)]
pub(super) struct File {
    /// The version of this format.
    #[schemars(schema_with = "schema::version")]
    pub(super) version: Field<String>,
    /// The image of every agent that names none of its own: a tag, a digest or both.
    #[schemars(schema_with = "schema::image")]
    pub(super) image: Field<String>,
    /// What starts the sandbox; `auto` takes the first that answers.
    #[schemars(schema_with = "schema::runtime")]
    pub(super) runtime: Field<String>,
    /// Whose signatures are accepted: the first rule that matches an image's name decides.
    pub(super) verify: Field<Vec<Located<Rule>>>,
    /// The agents by name.
    #[schemars(schema_with = "schema::agents")]
    pub(super) agents: Field<BTreeMap<Located<String>, Located<Agent>>>,
    /// A list of versions that must not run: a file beside this one, an https URL, or `oci:REF`.
    #[schemars(schema_with = "schema::text")]
    pub(super) deny: Field<String>,
    /// What happens when the list cannot be fetched.
    #[schemars(schema_with = "schema::deny_unavailable")]
    pub(super) deny_unavailable: Field<String>,
    /// Keeps this repository on one version.
    pub(super) hold: Field<Hold>,
}

/// Which signatures are accepted on the images whose name matches.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = schema::rule)]
pub(super) struct Rule {
    /// A pattern over names with their registry, without tag or digest: `*` stops at `/`, `**` does not.
    #[schemars(schema_with = "schema::text")]
    pub(super) r#match: Field<String>,
    /// A public key: a file beside this one, or `env://NAME`.
    #[schemars(schema_with = "schema::text")]
    pub(super) key: Field<String>,
    /// The signature by `key` is in no transparency log.
    pub(super) insecure_ignore_tlog: Field<bool>,
    /// Whose log is believed about `key`: `public-good`, `github`, or a `trusted_root.json`.
    #[schemars(schema_with = "schema::text")]
    pub(super) trusted_root: Field<String>,
    /// A certificate's issuer and identity.
    pub(super) keyless: Field<Keyless>,
    /// Any one of these suffices.
    pub(super) any: Field<Vec<Located<Requirement>>>,
    /// Every one of these must have signed.
    pub(super) all: Field<Vec<Located<Requirement>>>,
    /// So many of these must have signed, each by itself.
    pub(super) threshold: Field<Threshold>,
    /// Attestations that the image must have besides.
    pub(super) attestations: Field<Vec<Located<Attestation>>>,
    /// Which of a multi-platform image must be signed: the index, the platform's manifest, `either` (the default) or `both`.
    #[schemars(schema_with = "schema::coverage")]
    pub(super) signed: Field<String>,
    /// The repository of the signatures, if they are not beside the image.
    #[schemars(schema_with = "schema::text")]
    pub(super) signature_repository: Field<String>,
}

/// One accepted kind of signature.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = schema::requirement)]
pub(super) struct Requirement {
    /// A public key: a file beside this one, or `env://NAME`.
    #[schemars(schema_with = "schema::text")]
    pub(super) key: Field<String>,
    /// The signature by `key` is in no transparency log.
    pub(super) insecure_ignore_tlog: Field<bool>,
    /// Whose log is believed about `key`: `public-good`, `github`, or a `trusted_root.json`.
    #[schemars(schema_with = "schema::text")]
    pub(super) trusted_root: Field<String>,
    /// A certificate's issuer and identity.
    pub(super) keyless: Field<Keyless>,
    /// Any one of these suffices.
    pub(super) any: Field<Vec<Located<Self>>>,
    /// Every one of these must have signed.
    pub(super) all: Field<Vec<Located<Self>>>,
    /// So many of these must have signed, each by itself.
    pub(super) threshold: Field<Threshold>,
    /// Belongs to the rule.
    #[schemars(schema_with = "schema::never")]
    pub(super) attestations: Field<IgnoredAny>,
}

/// How many of which signers must have signed; one signer counts once.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = schema::threshold)]
pub(super) struct Threshold {
    /// How many: from 1 to the length of `of`.
    #[schemars(schema_with = "schema::count")]
    pub(super) count: Field<String>,
    /// Keys, certificates, or `any` of such.
    pub(super) of: Field<Vec<Located<Requirement>>>,
}

/// An attestation that the image must have.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = schema::attestation)]
pub(super) struct Attestation {
    /// Its kind: one of cosign's short names, or the predicate's type URI.
    #[schemars(schema_with = "schema::predicate_type")]
    pub(super) r#type: Field<String>,
    /// A public key: a file beside this one, or `env://NAME`.
    #[schemars(schema_with = "schema::text")]
    pub(super) key: Field<String>,
    /// The signature by `key` is in no transparency log.
    pub(super) insecure_ignore_tlog: Field<bool>,
    /// Whose log is believed about `key`: `public-good`, `github`, or a `trusted_root.json`.
    #[schemars(schema_with = "schema::text")]
    pub(super) trusted_root: Field<String>,
    /// A certificate's issuer and identity.
    pub(super) keyless: Field<Keyless>,
    /// Any one of these suffices.
    pub(super) any: Field<Vec<Located<Requirement>>>,
    /// Every one of these must have signed.
    pub(super) all: Field<Vec<Located<Requirement>>>,
    /// So many of these must have signed, each by itself.
    pub(super) threshold: Field<Threshold>,
    /// SLSA: the builder's id, or a list of those that are accepted.
    #[schemars(schema_with = "schema::accepted_texts")]
    pub(super) builder: Field<Scalars>,
    /// SLSA: the URL of the repository that was built, or a list of those that are accepted.
    #[schemars(schema_with = "schema::accepted_texts")]
    pub(super) source: Field<Scalars>,
    /// SLSA: the URI of the build's type, or a list of those that are accepted.
    #[schemars(schema_with = "schema::accepted_texts")]
    pub(super) build_type: Field<Scalars>,
    /// Values of the predicate by JSON pointer: what each must be, or a list of what is accepted.
    #[schemars(schema_with = "schema::predicate")]
    pub(super) predicate: Field<BTreeMap<Located<String>, Located<Scalars>>>,
}

/// The certificate of a signer without a lasting key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = schema::keyless)]
pub(super) struct Keyless {
    /// Who vouched for the signer, exactly: an https URL.
    #[schemars(schema_with = "schema::issuer")]
    pub(super) issuer: Field<String>,
    /// The forge's host, where the issuer does not tell it.
    #[schemars(schema_with = "schema::text")]
    pub(super) host: Field<String>,
    /// The certificate's subject, exactly.
    #[schemars(schema_with = "schema::text")]
    pub(super) identity: Field<String>,
    /// A regular expression over the whole of the certificate's subject.
    #[schemars(schema_with = "schema::text")]
    pub(super) identity_regexp: Field<String>,
    /// GitHub: the repository of the workflow that signed, `OWNER/NAME`.
    #[schemars(schema_with = "schema::text")]
    pub(super) repository: Field<String>,
    /// GitHub: the workflow that signed, reusable or not.
    #[schemars(schema_with = "schema::workflow")]
    pub(super) workflow: Field<String>,
    /// GitLab: the full path of the project that signed.
    #[schemars(schema_with = "schema::text")]
    pub(super) gitlab_project: Field<String>,
    /// GitLab: the CI file that signed, `.gitlab-ci.yml` by default.
    #[schemars(schema_with = "schema::text")]
    pub(super) config: Field<String>,
    /// The git reference of the workflow or CI file: a pattern such as `refs/tags/v*`.
    #[schemars(schema_with = "schema::text")]
    pub(super) r#ref: Field<String>,
    /// The repository that called the workflow; `repository` by default.
    #[schemars(schema_with = "schema::text")]
    pub(super) source_repository: Field<String>,
    /// The git reference that called the workflow, a pattern.
    #[schemars(schema_with = "schema::text")]
    pub(super) source_ref: Field<String>,
    /// The event that started the workflow, exactly: `push`, `release`, …
    #[schemars(schema_with = "schema::text")]
    pub(super) trigger: Field<String>,
    /// Whose certificates and log are believed: `public-good`, `github`, or a `trusted_root.json`.
    #[schemars(schema_with = "schema::text")]
    pub(super) trusted_root: Field<String>,
}

/// What an agent runs, within which limits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Agent {
    /// The agent's own image.
    #[schemars(schema_with = "schema::image")]
    pub(super) image: Field<String>,
    /// CPU time per wall time.
    #[schemars(schema_with = "schema::cpus")]
    pub(super) cpus: Field<String>,
    /// Memory, in powers of 1024; a bare number is bytes. Swap is off.
    #[schemars(schema_with = "schema::size")]
    pub(super) memory: Field<String>,
    /// Processes and threads.
    #[schemars(schema_with = "schema::pids")]
    pub(super) pids: Field<String>,
    /// Wall time from the agent's start.
    #[schemars(schema_with = "schema::duration")]
    pub(super) timeout: Field<String>,
    /// Time between the request to end and the kill.
    #[schemars(schema_with = "schema::duration")]
    pub(super) grace: Field<String>,
    /// Replaces the image's CMD.
    #[schemars(schema_with = "schema::command")]
    pub(super) command: Field<Vec<Located<String>>>,
    /// Replaces the image's ENTRYPOINT; an empty list clears it.
    #[schemars(schema_with = "schema::texts")]
    pub(super) entrypoint: Field<Vec<Located<String>>>,
    /// Names of variables to pass, never values; `NAME?` may be unset.
    #[schemars(schema_with = "schema::env")]
    pub(super) env: Field<Vec<Located<String>>>,
    /// `SRC:DST[:ro]`, SRC relative to this file.
    #[schemars(schema_with = "schema::mounts")]
    pub(super) mounts: Field<Vec<Located<String>>>,
    /// The working directory, absolute.
    #[schemars(schema_with = "schema::absolute")]
    pub(super) workdir: Field<String>,
    /// `image`, `host`, or `UID[:GID]`.
    #[schemars(schema_with = "schema::user")]
    pub(super) user: Field<String>,
    /// Makes the container's root file system read-only.
    pub(super) read_only: Field<bool>,
    /// `bridge`, `none`, `host`, or the name of a network.
    #[schemars(schema_with = "schema::network")]
    pub(super) network: Field<String>,
    /// `openshell` adds the four capabilities that `OpenShell` needs.
    #[schemars(schema_with = "schema::runtime_profile")]
    pub(super) runtime_profile: Field<String>,
}

/// Keeps this repository on one version, for a reason and a time.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["version", "reason", "until"]))]
pub(super) struct Hold {
    /// The image's version, with or without a leading `v`.
    #[schemars(schema_with = "schema::semver")]
    pub(super) version: Field<String>,
    /// Why, for those who wonder.
    #[schemars(schema_with = "schema::text")]
    pub(super) reason: Field<String>,
    /// The last day of the hold, in UTC.
    #[schemars(schema_with = "schema::date")]
    pub(super) until: Field<String>,
}
