//! Objects of git, named exactly as git names them.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    str::FromStr,
};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use bytes::Bytes;

/// The name of an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid([u8; 20]);

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::hex(&self.0))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Oid {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A file.
    File,
    /// A file that can be run.
    Executable,
    /// A symbolic link, whose blob is its target.
    Link,
    /// A folder.
    Tree,
    /// A commit of another repository.
    Submodule,
}

impl Mode {
    /// As it stands in a tree.
    pub fn octal(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
            Self::Tree => "40000",
            Self::Submodule => "160000",
        }
    }

    /// As a number.
    pub fn number(self) -> u32 {
        u32::from_str_radix(self.octal(), 8).unwrap_or_default()
    }

    /// The mode that `text` is, with or without a zero before.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [
            Self::File,
            Self::Executable,
            Self::Link,
            Self::Tree,
            Self::Submodule,
        ];
        let text = text.trim_start_matches('0');
        all.into_iter().find(|mode| mode.octal() == text)
    }

    /// The kind of the object that it leads to.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Submodule => "commit",
            _ => "blob",
        }
    }
}

/// An entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Within its tree.
    pub name: String,
    /// What it is.
    pub mode: Mode,
    /// What it leads to.
    pub id: Oid,
}

/// Who wrote a commit, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hand {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Seconds since 1970.
    pub at: i64,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its files.
    pub tree: Oid,
    /// What it follows.
    pub parents: Vec<Oid>,
    /// Who wrote it.
    pub author: Hand,
    /// Who made the object.
    pub committer: Hand,
    /// All of it.
    pub message: String,
    /// The forge signed it.
    pub signed: bool,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A file's bytes.
    Blob(Bytes),
    /// A folder, in git's order.
    Tree(Vec<TreeEntry>),
    /// A commit.
    Commit(Commit),
}

/// What stands in for a signature: git reads it as one, and nobody verifies it here.
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----\n \n c2lnbmVkIGJ5IHRoZSB0ZXN0IGtpdA==\n -----END PGP SIGNATURE-----";

impl Object {
    /// The kind, as git calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Blob(_) => "blob",
            Self::Tree(_) => "tree",
            Self::Commit(_) => "commit",
        }
    }

    /// The bytes that git keeps, after `<kind> <length>\0`.
    pub fn body(&self) -> Vec<u8> {
        match self {
            Self::Blob(bytes) => bytes.to_vec(),
            Self::Tree(entries) => entries.iter().flat_map(encode_entry).collect(),
            Self::Commit(commit) => encode_commit(commit).into_bytes(),
        }
    }

    /// The bytes that git keeps.
    pub fn encoded(&self) -> Vec<u8> {
        let body = self.body();
        let mut whole = format!("{} {}\0", self.kind(), body.len()).into_bytes();
        whole.extend(body);
        whole
    }

    /// Its name.
    pub fn id(&self) -> Oid {
        let mut id = [0; 20];
        id.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.encoded()).as_ref());
        Oid(id)
    }
}

fn encode_entry(entry: &TreeEntry) -> Vec<u8> {
    let mut bytes = format!("{} {}\0", entry.mode.octal(), entry.name).into_bytes();
    bytes.extend(entry.id.0);
    bytes
}

fn encode_commit(commit: &Commit) -> String {
    let mut text = format!("tree {}\n", commit.tree);
    for parent in &commit.parents {
        let _ = writeln!(text, "parent {parent}");
    }
    for (role, hand) in [("author", &commit.author), ("committer", &commit.committer)] {
        let Hand { name, email, at } = hand;
        let _ = writeln!(text, "{role} {name} <{email}> {at} +0000");
    }
    if commit.signed {
        let _ = writeln!(text, "gpgsig {SIGNATURE}");
    }
    format!("{text}\n{}", commit.message)
}

/// All objects of all repositories: the same file is kept once.
#[derive(Debug, Default)]
pub struct Objects {
    kept: HashMap<Oid, Object>,
}

impl Objects {
    /// Keeps an object and returns its name.
    pub fn put(&mut self, object: Object) -> Oid {
        let id = object.id();
        self.kept.entry(id).or_insert(object);
        id
    }

    /// The object of that name.
    pub fn get(&self, id: Oid) -> Option<&Object> {
        self.kept.get(&id)
    }

    /// The commit of that name.
    pub fn commit(&self, id: Oid) -> Option<&Commit> {
        match self.get(id)? {
            Object::Commit(commit) => Some(commit),
            _ => None,
        }
    }

    /// The bytes of the blob of that name.
    pub fn blob(&self, id: Oid) -> Option<&Bytes> {
        match self.get(id)? {
            Object::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The entries of the tree of that name.
    pub fn tree(&self, id: Oid) -> Option<&[TreeEntry]> {
        match self.get(id)? {
            Object::Tree(entries) => Some(entries),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_git() {
        let hello = Object::Blob(Bytes::from_static(b"hello\n")).id();
        assert_eq!(
            hello.to_string(),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
        assert_eq!(
            Object::Tree(vec![]).id().to_string(),
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        );
        assert_eq!(hello.to_string().parse(), Ok(hello));
    }
}
