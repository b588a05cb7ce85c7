//! Every bound on what a git host may send, and why it is where it is.

use std::time::Duration;

/// Tags and branches of a repository. The largest known ones have about 100,000.
pub(super) const REFS: usize = 200_000;
/// The answer to `ls-refs`: as many refs with names that fill two lines each.
pub(super) const REFS_BYTES: u64 = 64 << 20;
/// The body of an error, of which nothing is used.
pub(super) const ERROR_BODY: u64 = 64 << 10;
/// The most of a host's own message that is repeated.
pub(super) const MESSAGE: usize = 200;
/// The name of a ref. Git's own files bound it to about this.
pub(super) const REF_NAME: usize = 1024;
/// The path of a repository.
pub(super) const PATH: usize = 1024;

/// Redirects of one request. A renamed repository of a renamed owner has two.
pub(super) const REDIRECTS: usize = 5;
/// Tries of one request. With the waits between, a host that keeps failing costs 4 to 8 s.
pub(super) const TRIES: u32 = 6;
/// Tries where nothing listens or the name does not resolve: likely a typing error.
pub(super) const CONNECT_TRIES: u32 = 3;
/// A `Retry-After` above this is reported rather than waited for.
pub(super) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);
