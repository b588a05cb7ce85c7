//! The exit codes that callers may rely on.

/// Done, verified, no findings.
pub const OK: u8 = 0;
/// Findings, drift, or a `--check` that fails.
pub const FINDINGS: u8 = 1;
/// A usage or configuration error.
pub const USAGE: u8 = 2;
/// A registry, forge or trust service could not be reached, or answered with an error.
pub const UNAVAILABLE: u8 = 3;
/// The image has no signature.
pub const UNSIGNED: u8 = 10;
/// A signature of the image does not hold.
pub const INVALID: u8 = 11;
/// Signed, but by nobody whom the policy accepts.
pub const UNTRUSTED: u8 = 12;
/// The image is on the deny list.
pub const DENIED: u8 = 13;
/// `exec`: the agent ran into its time limit (as `timeout(1)`).
pub const TIMEOUT: u8 = 124;
/// `exec`: the sandbox could not be launched, or its end is unknown (as `docker run`).
pub const LAUNCH_FAILED: u8 = 125;
/// `exec`: the agent was killed for memory (as a shell reports SIGKILL).
pub const OOM: u8 = 137;
