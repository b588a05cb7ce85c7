//! Documents, read so that nobody else can read something else in them.

pub mod json;
