//! What the tests share.

pub(crate) mod cosign;
pub(crate) mod docker;
pub(crate) mod forge;
pub(crate) mod tools;
