//! The one integration test binary.

mod runtime;
mod support;
