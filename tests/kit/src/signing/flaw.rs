//! The ways in which a signature can be wrong.

/// One thing broken in an otherwise good signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// The signed payload names this digest instead of the image's.
    Digest(String),
    /// The payload's type is this: the statement's predicate type, or legacy's `critical.type`.
    Type(String),
    /// One bit of the signature is flipped; it is logged as it is.
    Signature,
    /// Another P-256 key signed than the one named or certified.
    ForeignKey,
    /// The log's body is about another artefact.
    LogBody,
    /// The log says the entry came at this time, in seconds since 1970; Rekor v2, which says no
    /// times, promises it too.
    LoggedAt(i64),
    /// The entry is signed by a log that the trusted root does not list, under its own id.
    ForeignLog,
    /// The entry's promise, proof and checkpoint are signed by another key under the log's id.
    LogSignature,
    /// One hash of the inclusion proof is flipped.
    InclusionProof,
    /// The bundle has no inclusion proof (legacy never has one).
    NoInclusionProof,
    /// There is no signed entry timestamp in the bundle, none that verifies in legacy.
    NoPromise,
    /// The certificate holds no SCT.
    NoSct,
    /// The certificate's SCT does not verify.
    Sct,
    /// The certificate is of a CA that the trusted root does not list.
    ForeignAuthority,
    /// The certificate is not for code signing.
    KeyUsage,
    /// The timestamp is of another signature.
    Timestamp,
    /// The timestamp says this time, in seconds since 1970.
    TimestampedAt(i64),
    /// The timestamp is of an authority that the trusted root does not list.
    ForeignTimestamp,
    /// There is no timestamp, though asked for.
    NoTimestamp,
}
