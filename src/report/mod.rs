//! What people and programs read: documents first, renderers after; no input or output.

pub mod annotation;
pub mod bundle_verification;
pub mod closing;
pub mod code_quality;
pub mod doctor;
pub mod dry_run;
pub mod excerpt;
pub mod finding;
mod fingerprint;
pub mod fleet;
pub mod github;
pub mod gitlab;
pub mod json;
pub mod reap;
pub mod references;
pub mod run;
pub mod sarif;
pub mod step_summary;
mod style;
pub mod trust;
pub mod verdict_table;
pub mod verification;
pub mod verify_all;

pub use style::Style;
