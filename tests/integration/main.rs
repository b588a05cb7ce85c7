//! Tests through the library and the binary, in one program.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed, in its helpers too"
)]

mod registry;
