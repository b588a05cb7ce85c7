//! Packs as git writes them, and as it never would.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use proptest::prelude::*;

use super::*;

const COMMIT: u8 = 1;
const TREE: u8 = 2;
const TAG: u8 = 4;
const OFFSET_DELTA: u8 = 6;
const DELTA: u8 = 7;

/// A pack of that many objects, of which these are the bytes.
fn pack(count: u32, objects: &[Vec<u8>]) -> Vec<u8> {
    let head = [b"PACK\0\0\0\x02", &count.to_be_bytes()[..]].concat();
    [head, objects.concat()].concat()
}

/// An object that claims to have `size` bytes; `base` is what stands before a delta.
fn object_as(kind: u8, size: usize, base: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut byte, mut left) = (kind << 4 | u8::try_from(size & 15).unwrap(), size >> 4);
    while left > 0 {
        bytes.push(byte | 0x80);
        byte = u8::try_from(left & 0x7f).unwrap();
        left >>= 7;
    }
    bytes.push(byte);
    bytes.extend_from_slice(base);
    let mut encoder = ZlibEncoder::new(bytes, Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn object(kind: u8, content: &[u8]) -> Vec<u8> {
    object_as(kind, content.len(), &[], content)
}

fn name(content: &[u8]) -> CommitId {
    ObjectFormat::Sha1.name_of_commit(content).unwrap()
}

fn raw(name: &CommitId) -> Vec<u8> {
    hex::decode(name.as_str()).unwrap()
}

/// What is read of `bytes`, which come in pieces of `step`.
fn read(bytes: &[u8], step: usize) -> Result<(Progress, Vec<Vec<u8>>), NotAPack> {
    let mut reader = PackReader::new(ObjectFormat::Sha1);
    let mut progress = Progress::More;
    for piece in bytes.chunks(step) {
        reader.feed(piece);
        progress = reader.read()?;
        if progress == Progress::Done {
            break;
        }
    }
    let mut commits: Vec<_> = reader.commits.into_iter().collect();
    for (id, content) in &commits {
        assert_eq!(*id, name(content));
    }
    commits.sort();
    Ok((
        progress,
        commits.into_iter().map(|(_, content)| content).collect(),
    ))
}

#[test]
fn an_object_has_the_name_that_git_gives_it() {
    let content = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\
         author Kit <kit@example.com> 1234567890 +0000\n\
         committer Kit <kit@example.com> 1234567890 +0000\n\nfirst\n";
    let git = "8ee506a70fe08e54a2a05811fd4462b064062534";
    assert_eq!(name(content.as_bytes()).as_str(), git);
}

#[test]
fn commits_are_read_however_they_come() {
    let base = b"the commit that another one is like".to_vec();
    let id = raw(&name(&base));
    // Four bytes from the start, two new ones, ten from the eleventh on.
    let delta = [35, 16, 0x90, 4, 2, b'X', b'Y', 0x91, 11, 10];
    let changed = b"the XYthat anoth".to_vec();
    let objects = [
        object(TAG, b"a tag"),
        object(COMMIT, &base),
        object_as(DELTA, delta.len(), &id, &delta),
        object(COMMIT, b""),
        object(TREE, b"a tree"),
    ];
    let bytes = pack(5, &objects);
    let mut expected = vec![base, changed, Vec::new()];
    expected.sort_by_key(|content| name(content));
    for step in [1, 2, 7, bytes.len()] {
        assert_eq!(
            read(&bytes, step),
            Ok((Progress::Done, expected.clone())),
            "{step}"
        );
    }
    let half = read(&bytes[..60], 60).unwrap();
    assert_eq!(half.0, Progress::More);
}

#[test]
fn what_git_would_not_send_is_refused() {
    let commit = b"a commit".to_vec();
    let id = raw(&name(&commit));
    let delta = |content: &[u8]| {
        let objects = [
            object(COMMIT, &commit),
            object_as(DELTA, content.len(), &id, content),
        ];
        pack(2, &objects)
    };
    let mut broken = object(COMMIT, &commit);
    broken[1] ^= 0xff;
    let bomb = vec![0; limits::COMMIT + 1];
    for (what, bytes) in [
        ("another magic", b"PICK\0\0\0\x02\0\0\0\x01".to_vec()),
        ("version 4", b"PACK\0\0\0\x04\0\0\0\x01".to_vec()),
        ("too short", pack(1, &[object_as(COMMIT, 9, &[], &commit)])),
        ("too long", pack(1, &[object_as(COMMIT, 7, &[], &commit)])),
        ("not zlib", pack(1, &[broken])),
        ("too large", pack(1, &[object(COMMIT, &bomb)])),
        ("a bomb", pack(1, &[object_as(COMMIT, 10, &[], &bomb)])),
        ("a size without end", pack(1, &[vec![0x9f; 20]])),
        ("kind 0", pack(1, &[object(0, &commit)])),
        ("kind 5", pack(1, &[object(5, &commit)])),
        ("not asked for", pack(1, &[object(OFFSET_DELTA, &commit)])),
        (
            "no base",
            pack(1, &[object_as(DELTA, 3, &[7; 20], &[8, 1, 1])]),
        ),
        ("another base", delta(&[9, 1, 1, b'x'])),
        ("instruction 0", delta(&[8, 1, 0])),
        ("cut off", delta(&[8, 4, 3, b'x'])),
        ("beyond the base", delta(&[8, 4, 0x91, 6, 4])),
        ("less than said", delta(&[8, 4, 1, b'x'])),
        ("more than said", delta(&[8, 1, 2, b'x', b'y'])),
        ("much more", delta(&[8, 0xff, 0xff, 0xff, 0x7f])),
    ] {
        assert_eq!(read(&bytes, bytes.len()), Err(NotAPack), "{what}");
        assert_eq!(read(&bytes, 5), Err(NotAPack), "{what}");
    }
}

#[test]
fn all_commits_together_are_bounded() {
    let large = |number: u8| object(COMMIT, &vec![number; limits::COMMIT]);
    let most = u8::try_from(limits::COMMITS_BYTES / limits::COMMIT).unwrap();
    let fits: Vec<_> = (0..most).map(large).collect();
    let bytes = pack(most.into(), &fits);
    assert_eq!(read(&bytes, bytes.len()).unwrap().0, Progress::Done);
    let more: Vec<_> = (0..=most).map(large).collect();
    let bytes = pack(u32::from(most) + 1, &more);
    assert_eq!(read(&bytes, bytes.len()), Err(NotAPack));
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300), step in 1..50_usize) {
        let whole = pack(3, &[bytes]);
        let at_once = read(&whole, whole.len());
        // In which pieces they come makes no difference.
        prop_assert_eq!(read(&whole, step), at_once);
    }

    #[test]
    fn no_delta_is_too_strange(delta in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Some(changed) = changed(b"a commit", &delta) {
            prop_assert!(changed.len() <= limits::COMMIT);
        }
    }
}
