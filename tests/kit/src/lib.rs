//! Test kit.

pub mod registry;
