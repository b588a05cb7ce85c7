//! What people and programs read: documents first, renderers after; no input or output.

pub mod closing;
pub mod github;
pub mod gitlab;
pub mod run;
pub mod verification;
