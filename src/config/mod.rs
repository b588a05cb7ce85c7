//! fullsend.yaml, fleet.yaml and the deny list: text to checked values, without input or output.
//!
//! A file is read twice over: into `raw` structs that only know its shape, and from there into
//! the types that the rest of the program uses. Every value's grammar is a `FromStr`, so that
//! flags read it the same way. Paths stay as written; the caller resolves them.

mod agent;
mod attestation;
mod checker;
mod condition;
mod container;
mod deny;
mod diagnostic;
mod duplicate;
mod file;
mod fleet;
mod forge;
mod hold;
mod identity;
mod keyless;
mod mount;
mod pattern;
mod policy;
mod raw;
mod regexp;
mod scalar;
mod schema;
mod suggest;
#[cfg(test)]
mod tests;
mod value;
mod version;
mod yaml;

pub use agent::{Agent, AgentName};
pub use attestation::{AttestationRequirement, PredicateType};
pub use condition::{Comparison, Condition, ConditionMismatch};
pub use container::{
    ContainerPath, EnvName, Mount, Network, RuntimeProfile, User, runtime_socket_in,
};
pub use deny::{Denied, DeniedSubject, DenyList, DenySource, DenyUnavailable, Replacement};
pub use diagnostic::{ConfigError, Diagnostic};
pub use file::{CONFIG_FILE, Config, RuntimeChoice, UnknownAgent, parse};
pub use fleet::{
    ActionPin, Allowed, FLEET_FILE, Fleet, FleetForge, Gates, Members, Release, Ring, Selection,
    UnknownRing, Visibility, fleet_schema, parse_fleet,
};
pub use forge::{
    github_issuer, gitlab_issuer, parse_github_repository, parse_gitlab_config,
    parse_gitlab_project, parse_host, parse_issuer, parse_workflow,
};
pub use hold::{Hold, parse_date};
pub use identity::{Claims, Identity, IdentityMismatch, KeylessRequirement, SourceClaims};
pub use keyless::parse_git_ref;
pub use pattern::{Glob, NamePattern};
pub use policy::{
    Coverage, KeyRequirement, KeySource, Requirement, RootSource, Rule, parse_repository, rule_for,
};
pub use regexp::AnchoredRegexp;
pub use schema::schema;
pub use suggest::suggest;
pub use value::ValueError;
pub use version::Version;
pub use yaml::MAX_FILE_BYTES;

/// The error of a word that is not one of `known`.
fn one_of(what: &str, word: &str, known: &[&str]) -> ValueError {
    let shown = value::excerpt(word);
    let error = ValueError::new(format!("`{shown}` is not a {what}"));
    match suggest(word, known.iter().copied()) {
        Some(near) => error.mend(format!(
            "did you mean `{near}`? Known: {}",
            known.join(", ")
        )),
        None => error.mend(format!("write one of: {}", known.join(", "))),
    }
}
