//! The program as PID 1 of real PID namespaces, and its library's text forms.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod endings;
mod entrypoint;
mod hostile;
mod limits;
mod record;
mod sandbox;
mod source;
