//! Every bound on what a registry may send, and why it is where it is.

use std::time::Duration;

/// A manifest or index. The specification asks registries to take 4 MiB; none takes more.
pub(super) const MANIFEST: u64 = 4 << 20;
/// One page of the referrers index, which is an index like any other.
pub(super) const REFERRERS_PAGE: u64 = 4 << 20;
/// A token answer. Real ones have 1 to 5 KiB.
pub(super) const TOKEN: u64 = 64 << 10;
/// The body of an error, of which only the code is used.
pub(super) const ERROR_BODY: u64 = 64 << 10;
/// A `WWW-Authenticate` or `Link` header that is looked at.
pub(super) const HEADER: usize = 8 << 10;
/// docker's configuration file. Real ones have a few KiB.
pub(super) const DOCKER_CONFIG: u64 = 1 << 20;
/// What a credential helper prints. An ECR password has 2 KiB.
pub(super) const HELPER_OUTPUT: u64 = 64 << 10;

/// Layers of a manifest. An image has at most 127; a legacy signature manifest has one a signature.
pub(super) const LAYERS: usize = 1024;
/// Manifests of an index, and referrers of a manifest over all pages. Each may cost a request.
pub(super) const MANIFESTS: usize = 512;
/// Values of a manifest's JSON. An index that is full has 10,000; short ones, of which four
/// mebibytes hold half a million, would take up a hundred bytes each.
pub(super) const VALUES: usize = 64 << 10;
/// Pages of the referrers index.
pub(super) const PAGES: usize = 32;
/// Tags of a repository. The largest public ones have some ten thousand.
pub(super) const TAGS: usize = 100_000;
/// Pages of a list of tags. Some registries give no more than 100 on one, whatever is asked for.
pub(super) const TAG_PAGES: usize = 1_000;
/// One page of tags. Registries without pages send all at once, each of up to 131 bytes.
pub(super) const TAGS_PAGE: u64 = 16 << 20;
/// An image's configuration, of which one value is read. Real ones have up to some 100 KiB.
pub(super) const CONFIG: u64 = 4 << 20;
/// Parameters of an authentication challenge. Real ones have three or four.
pub(super) const CHALLENGE_PARAMETERS: usize = 16;

/// The file `oci-layout`, which has 30 bytes.
pub(super) const LAYOUT_MARKER: u64 = 4 << 10;
/// Blobs of an image layout. A layout of 20 images in five platforms has about 2,000.
pub(super) const LAYOUT_BLOBS: usize = 16 << 10;
/// Bytes of an image layout that are read in search of what refers to an image. A manifest has a
/// few KiB; layers and most SBOMs do not count, as they are compressed or too large.
pub(super) const LAYOUT_JSON: u64 = 256 << 20;

/// A credential helper that asks a keyring or a cloud.
pub(super) const HELPER_TIME: Duration = Duration::from_secs(10);
/// A token is no longer used this long before its end.
pub(super) const TOKEN_MARGIN: Duration = Duration::from_secs(5);
/// The life of a token whose answer does not tell, as the specification has it.
pub(super) const TOKEN_LIFE: Duration = Duration::from_mins(1);
