//! The bounds on what a registry can make a verification fetch and check.

use std::time::Duration;

/// The most candidates for one digest that are looked at in each of the places where they may lie:
/// referrers that may be signatures, referrers that are attestations, and the two legacy tags.
///
/// A rotated key and a re-signed release make a handful; a registry that lists more is making
/// work. What lies past the cap counts as not fetched, never as absent.
pub(crate) const CANDIDATES: usize = 64;

/// The most bundles in one referrer; cosign writes one. More than that count as not fetched.
pub(crate) const BUNDLE_LAYERS: usize = 1;

/// The largest bundle: cosign's with a certificate, log entry and time stamp has about 10 KiB.
pub(crate) const BUNDLE_BYTES: u64 = 1 << 20;

/// The largest simple-signing payload: cosign writes about 250 bytes.
pub(crate) const PAYLOAD_BYTES: u64 = 64 << 10;

/// The largest annotation that is read: a certificate chain has about 4 KiB.
pub(crate) const ANNOTATION_BYTES: usize = 128 << 10;

/// The most transparency log entries in one bundle; cosign writes one.
pub(crate) const LOG_ENTRIES: usize = 8;

/// The most RFC 3161 time stamps in one bundle; cosign writes one.
pub(crate) const TIMESTAMPS: usize = 8;

/// The most subjects in an in-toto statement: cosign writes one, GitHub at most this many.
pub(crate) const SUBJECTS: usize = 1024;

/// The largest public key or trusted root file.
pub const TRUST_FILE_BYTES: u64 = 1 << 20;

/// The time for everything that is fetched for one verdict, in deadlines of a single request,
/// which is 30 seconds.
///
/// A good registry needs a second for the four rounds; a bad one does not hold a runner longer.
pub(crate) const DEADLINES: u32 = 1;

/// How many indexes may stand between an image's name and an image; builders nest none or one.
pub(crate) const NESTED_INDEXES: usize = 3;

/// The most images of an index that are looked at for all platforms; builders make about ten.
pub(crate) const PLATFORMS: usize = 64;

/// How many candidates of one verdict are fetched, and so held in memory, at the same time.
pub(crate) const PARALLEL_FETCHES: usize = 8;

/// The size of an image's configuration that is read for its platform.
pub(crate) const IMAGE_CONFIG_BYTES: u64 = 1 << 20;

/// The largest file of a TUF repository: the public ones stay below 30 KiB.
pub(crate) const TUF_FILE_BYTES: u64 = 1 << 20;

/// The most new root files of a TUF repository in one update; the public ones make three a year.
pub(crate) const TUF_ROOTS: u32 = 32;

/// The largest cache of a TUF repository: its files as text in one file.
pub(crate) const TUF_CACHE_BYTES: u64 = 16 << 20;

/// The time for a refresh in the middle of a verification.
pub(crate) const TUF_REFRESH: Duration = Duration::from_secs(10);

/// The time for `fullsend trust update`, and for waiting until another one is done.
pub(crate) const TUF_UPDATE: Duration = Duration::from_mins(1);
