//! Every bound on what a git host may send, and why it is where it is.

/// Tags and branches of a repository. The largest known ones have about 100,000.
pub(super) const REFS: usize = 200_000;
/// The answer to `ls-refs`: as many refs with names that fill two lines each.
pub(super) const REFS_BYTES: u64 = 64 << 20;
/// Tips that one request names, half a mebibyte of them.
pub(super) const HAVES: usize = 10_000;
/// Commits whose times one request asks for.
pub(super) const WANTS: usize = 256;
/// A commit. The longest known ones have some ten KiB: their message, and signed tags merged.
pub(super) const COMMIT: usize = 1 << 20;
/// The commits of one answer together, for as long as it is read.
pub(super) const COMMITS_BYTES: usize = 16 << 20;
/// What is read of a pack, and before it.
pub(super) const PACK_BYTES: u64 = 32 << 20;
/// Entries of a page of GitHub's API, which gives no more.
pub(super) const API_PAGE: usize = 100;
/// Pages of tags, and of branches. Without a token, GitHub answers 60 requests in an hour.
pub(super) const API_PAGES: usize = 50;
/// A page, which has about 50 KiB.
pub(super) const API_BYTES: u64 = 4 << 20;
/// The body of an error, of which nothing is used.
pub(super) const ERROR_BODY: u64 = 64 << 10;
/// The most of a host's own message that is repeated.
pub(super) const MESSAGE: usize = 200;
/// The name of a ref. Git's own files bound it to about this.
pub(super) const REF_NAME: usize = 1024;
/// The path of a repository.
pub(super) const PATH: usize = 1024;
