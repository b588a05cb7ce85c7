//! What a bundle is about, as much of it as each kind of signature needs.

use std::{
    cell::RefCell,
    fs::File,
    io::{self, Read, Seek as _},
};

use sha2::{Digest as _, Sha256};
use sigstore_verify::{
    Error, Policy, VerificationResult, Verifier,
    types::{Artifact, Bundle, Sha256Hash},
};

use crate::model::digest::Digest;

/// The largest file whose bytes themselves are signed, as Ed25519 does: it is kept in memory.
const WHOLE_FILE_BYTES: u64 = 64 << 20;

/// What a bundle must be about.
#[derive(Debug)]
pub enum BundleArtifact {
    /// A file, of any size.
    File(File),
    /// What has this digest.
    Digest(Digest),
}

/// Why there is no verdict at all.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The file could not be read to its end.
    #[error("could not read the file")]
    Read(#[source] io::Error),
    /// The key signs the bytes themselves, so that their digest proves nothing.
    #[error("the key signs the file itself, not its digest")]
    NeedsFile,
    /// The key signs the bytes themselves, of which there are too many.
    #[error("the key signs the file itself, which is larger than {0} bytes")]
    TooLarge(u64),
}

/// An artifact in the form in which it is checked.
pub(super) enum Input<'a> {
    /// Read whenever it is asked for, and hashed on the way.
    Streamed {
        file: &'a File,
        digest: RefCell<Option<Digest>>,
    },
    Whole(Vec<u8>),
    Digest(&'a Digest),
}

impl<'a> Input<'a> {
    /// Prepares `artifact`; `whole` where a signature is over its bytes.
    pub(super) fn new(artifact: &'a BundleArtifact, whole: bool) -> Result<Self, BundleError> {
        match artifact {
            BundleArtifact::File(file) if whole => read_whole(file).map(Self::Whole),
            BundleArtifact::File(file) => Ok(Self::Streamed {
                file,
                digest: RefCell::default(),
            }),
            BundleArtifact::Digest(_) if whole => Err(BundleError::NeedsFile),
            BundleArtifact::Digest(digest) => Ok(Self::Digest(digest)),
        }
    }

    /// Verifies `bundle` for the artifact; a file may be read several times over.
    pub(super) fn verify(
        &self,
        verifier: &Verifier,
        bundle: &Bundle,
        policy: &dyn Policy,
    ) -> Result<VerificationResult, Error> {
        match self {
            Self::Streamed { file, digest } => {
                let mut reader = Hashing::start(file).map_err(Error::ArtifactRead)?;
                let result = verifier.verify_reader(&mut reader, bundle, policy);
                *digest.borrow_mut() = reader.finish();
                result
            }
            Self::Whole(bytes) => verifier.verify(Artifact::from_blob(bytes), bundle, policy),
            Self::Digest(digest) => {
                let hash = Sha256Hash::from(digest.sha256());
                verifier.verify(Artifact::from(hash), bundle, policy)
            }
        }
    }

    /// The artifact's SHA-256, as far as it has been read.
    pub(super) fn digest(self) -> Option<Digest> {
        match self {
            Self::Streamed { digest, .. } => digest.into_inner(),
            Self::Whole(bytes) => Some(Digest::of(&bytes)),
            Self::Digest(digest) => Some(digest.clone()),
        }
    }
}

fn read_whole(file: &File) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    file.take(WHOLE_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(BundleError::Read)?;
    if bytes.len() as u64 > WHOLE_FILE_BYTES {
        return Err(BundleError::TooLarge(WHOLE_FILE_BYTES));
    }
    Ok(bytes)
}

/// A file from its start, hashed while somebody else reads it.
struct Hashing<'a> {
    file: &'a File,
    sha256: Sha256,
    at_end: bool,
}

impl<'a> Hashing<'a> {
    fn start(mut file: &'a File) -> io::Result<Self> {
        file.rewind()?;
        Ok(Self {
            file,
            sha256: Sha256::new(),
            at_end: false,
        })
    }

    /// The digest of the whole file; none where it was not read to its end.
    fn finish(self) -> Option<Digest> {
        self.at_end
            .then(|| Digest::from_sha256(self.sha256.finalize().into()))
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.sha256.update(&buffer[..count]);
        self.at_end |= count == 0 && !buffer.is_empty();
        Ok(count)
    }
}
