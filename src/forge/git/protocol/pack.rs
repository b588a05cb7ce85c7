//! The pack that answers a `fetch`: how many objects it has, and the commits among them.
//!
//! A pack names no object: what it holds is known by its hash alone.

use std::collections::HashMap;

use bytes::{Buf, BytesMut};
use flate2::{Decompress, FlushDecompress, Status};

use super::ObjectFormat;
use crate::{forge::git::limits, model::commit::CommitId};

const HEAD: usize = 12;

/// What is no pack, or none that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::forge::git) struct NotAPack;

/// Reads the commits of a pack as its bytes come in.
#[derive(Debug)]
pub(in crate::forge::git) struct PackReader {
    format: ObjectFormat,
    buffer: BytesMut,
    /// How many objects are left; known from the head on.
    left: Option<u32>,
    inflating: Option<Inflating>,
    commits: HashMap<CommitId, Vec<u8>>,
    /// What all commits may still take together.
    room: usize,
}

#[derive(Debug)]
struct Inflating {
    kind: Kind,
    size: usize,
    inflate: Decompress,
    out: Vec<u8>,
}

#[derive(Debug)]
enum Kind {
    Commit,
    Tag,
    /// What another commit is to be changed by.
    Delta(CommitId),
}

/// How far the reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::forge::git) enum Progress {
    /// More bytes must come first.
    More,
    /// No further commits follow.
    Done,
}

impl PackReader {
    pub(in crate::forge::git) fn new(format: ObjectFormat) -> Self {
        Self {
            format,
            buffer: BytesMut::new(),
            left: None,
            inflating: None,
            commits: HashMap::new(),
            room: limits::COMMITS_BYTES,
        }
    }

    /// Takes in the pack's next bytes.
    pub(in crate::forge::git) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// How many objects the pack has; `None` where its head has not come yet.
    pub(in crate::forge::git) fn count(&mut self) -> Result<Option<u32>, NotAPack> {
        if self.left.is_none() && self.buffer.len() >= HEAD {
            let head = self.buffer.split_to(HEAD);
            let version =
                head.starts_with(b"PACK\0\0\0\x02") || head.starts_with(b"PACK\0\0\0\x03");
            if !version {
                return Err(NotAPack);
            }
            self.left = Some((&head[8..]).get_u32());
        }
        Ok(self.left)
    }

    /// Reads as many commits as have come.
    pub(in crate::forge::git) fn read(&mut self) -> Result<Progress, NotAPack> {
        loop {
            let Some(left) = self.count()? else {
                return Ok(Progress::More);
            };
            if self.inflating.is_none() {
                if left == 0 {
                    return Ok(Progress::Done);
                }
                match self.object_head()? {
                    Head::More => return Ok(Progress::More),
                    // Git writes what commits point to behind all of them.
                    Head::Content => return Ok(Progress::Done),
                    Head::Object(object) => self.inflating = Some(object),
                }
            }
            let Some(object) = self.inflate()? else {
                return Ok(Progress::More);
            };
            self.left = Some(left - 1);
            self.keep(object)?;
        }
    }

    /// The commits that were read, by their names.
    pub(in crate::forge::git) fn commits(&self) -> &HashMap<CommitId, Vec<u8>> {
        &self.commits
    }

    /// Reads an object's kind and size, and the base of a delta.
    fn object_head(&mut self) -> Result<Head, NotAPack> {
        let mut bytes = self.buffer.iter().copied();
        let Some(first) = bytes.next() else {
            return Ok(Head::More);
        };
        let (mut size, mut shift, mut last) = (usize::from(first & 15), 4, first);
        let mut length = 1;
        while last & 0x80 != 0 {
            let Some(next) = bytes.next() else {
                return Ok(Head::More);
            };
            // What is that long is refused below, whatever its upper digits.
            if shift > 25 {
                return Err(NotAPack);
            }
            size |= usize::from(next & 0x7f) << shift;
            (shift, last, length) = (shift + 7, next, length + 1);
        }
        let kind = match first >> 4 & 7 {
            1 => Kind::Commit,
            2 | 3 => return Ok(Head::Content),
            4 => Kind::Tag,
            7 => {
                let width = self.format.bytes();
                let Some(base) = self.buffer.get(length..length + width) else {
                    return Ok(Head::More);
                };
                let base = hex::encode(base).parse().map_err(|_| NotAPack)?;
                length += width;
                Kind::Delta(base)
            }
            // 6 would be a delta to a place in the pack, which is sent only on request.
            _ => return Err(NotAPack),
        };
        if size > limits::COMMIT {
            return Err(NotAPack);
        }
        self.buffer.advance(length);
        Ok(Head::Object(Inflating {
            kind,
            size,
            inflate: Decompress::new(true),
            // One more, so that what is too long is seen to be.
            out: Vec::with_capacity(size + 1),
        }))
    }

    /// Inflates what has come of the object; `None` where there is more to it.
    fn inflate(&mut self) -> Result<Option<Inflating>, NotAPack> {
        let Some(mut object) = self.inflating.take() else {
            return Ok(None);
        };
        let before = (object.inflate.total_in(), object.out.len());
        let status = object
            .inflate
            .decompress_vec(&self.buffer, &mut object.out, FlushDecompress::None)
            .map_err(|_| NotAPack)?;
        let taken = object.inflate.total_in() - before.0;
        self.buffer
            .advance(usize::try_from(taken).map_err(|_| NotAPack)?);
        if object.out.len() > object.size {
            return Err(NotAPack);
        }
        if status == Status::StreamEnd {
            return (object.out.len() == object.size)
                .then_some(Some(object))
                .ok_or(NotAPack);
        }
        if !self.buffer.is_empty() {
            // It had all the room it needs and all the bytes it could take.
            return Err(NotAPack);
        }
        self.inflating = Some(object);
        Ok(None)
    }

    fn keep(&mut self, object: Inflating) -> Result<(), NotAPack> {
        let bytes = match object.kind {
            Kind::Tag => return Ok(()),
            Kind::Commit => object.out,
            Kind::Delta(base) => {
                let base = self.commits.get(&base).ok_or(NotAPack)?;
                changed(base, &object.out).ok_or(NotAPack)?
            }
        };
        self.room = self.room.checked_sub(bytes.len()).ok_or(NotAPack)?;
        let id = self.format.name_of_commit(&bytes).ok_or(NotAPack)?;
        self.commits.insert(id, bytes);
        Ok(())
    }
}

enum Head {
    More,
    Content,
    Object(Inflating),
}

/// `base` as the delta changes it: a list of what to copy from it and what to put in.
fn changed(base: &[u8], mut delta: &[u8]) -> Option<Vec<u8>> {
    let delta = &mut delta;
    let from = varint(delta)?;
    let size = varint(delta)?;
    if from != base.len() || size > limits::COMMIT {
        return None;
    }
    let mut out = Vec::with_capacity(size);
    while let Some((&instruction, rest)) = delta.split_first() {
        *delta = rest;
        let piece = match instruction {
            0 => return None,
            1..=0x7f => delta.split_off(..usize::from(instruction))?,
            _ => {
                let offset = sparse(delta, instruction, 4)?;
                let length = match sparse(delta, instruction >> 4, 3)? {
                    0 => 0x10000,
                    length => length,
                };
                base.get(offset..offset.checked_add(length)?)?
            }
        };
        if out.len() + piece.len() > size {
            return None;
        }
        out.extend_from_slice(piece);
    }
    (out.len() == size).then_some(out)
}

/// A number of which only the bytes are there that `present` has bits for.
fn sparse(delta: &mut &[u8], present: u8, bytes: u8) -> Option<usize> {
    let mut number = 0;
    for place in (0..bytes).filter(|place| present & 1 << place != 0) {
        number |= usize::from(*delta.split_off_first()?) << (8 * place);
    }
    Some(number)
}

fn varint(delta: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for shift in (0..=21).step_by(7) {
        let byte = *delta.split_off_first()?;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests;
