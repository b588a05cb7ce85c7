//! The fullsend toolkit: runs AI agents on CI inside a container that was proven first.
//!
//! The rooms, lowest first. A room names only rooms with a lower number, and peers never name
//! each other; `tests/layers.rs` enforces it. Data flows one way:
//! arguments, configuration, facts (through the seams), plan, apply, report, exit code.
//!
//! | # | room | holds |
//! |---|---|---|
//! | 0 | [`model`] | digests, image references, limits, verdicts, outcomes, exit codes |
//! | 1 | [`config`] | fullsend.yaml: raw, then checked; its JSON schema |
//! | 1 | [`seam`] | the doors to HTTP, files, processes and the environment |
//! | 1 | [`document`] | JSON, read strictly; YAML, TOML and Dockerfiles as trees with places |
//! | 1 | [`report`] | what people and programs read: JSON, the closing line, CI log markers |
//! | 2 | [`checkout`] | the CI job: its platform, its event, whose files of it count |
//! | 2 | [`reference`](mod@reference) | the images, actions and components that files name |
//! | 2 | [`template`] | typed context to text |
//! | 2 | [`registry`] | OCI distribution: reading, and pushing a file |
//! | 2 | [`forge`] | forges and git hosts: what they tell, and what they do for us |
//! | 2 | [`runtime`] | Docker and Podman over their socket |
//! | 3 | [`signature`] | cosign verdicts over the registry |
//! | 3 | [`pin`] | references to versions and digests |
//! | 3 | [`generate`] | files from templates, with the pins that they already have |
//! | 3 | [`validate`] | documents to findings, a file a rule |
//! | 4 | [`fleet`] | an organisation's repositories and their releases: look, decide, act |
//! | 4 | [`launch`] | `exec`: resolve, verify, run, report |
//! | 5 | [`cli`] | arguments, one file a verb |

pub mod checkout;
pub mod cli;
pub mod config;
pub mod document;
pub mod fleet;
pub mod forge;
pub mod generate;
pub mod launch;
pub mod model;
pub mod pin;
pub mod reference;
pub mod registry;
pub mod report;
pub mod runtime;
pub mod seam;
pub mod signature;
pub mod template;
pub mod validate;

/// What fuzz targets reach and nobody else may: cargo-fuzz alone sets this cfg.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::{
        forge::fuzzing::read_answer,
        registry::fuzzing::token_realm,
        signature::fuzzing::{MOST, ReadBundle, ReadPayload, read_bundle, read_payload},
    };
}
