//! Which repositories belong to the fleet, and in which ring each is.

use crate::{
    config::{Fleet, Ring},
    forge::Seen,
};

/// The fleet's repositories, ring by ring.
#[derive(Debug)]
pub struct Membership<'a> {
    /// In the order of rings, and of names within one.
    pub members: Vec<Member<'a>>,
    /// Those that are not in it although their names match, with the reason.
    pub left_out: Vec<LeftOut<'a>>,
    /// Names in a ring that no repository has.
    pub unknown: Vec<&'a str>,
}

/// A repository of the fleet.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// What is known of it.
    pub seen: &'a Seen,
    /// Its ring.
    pub ring: &'a Ring,
}

/// A repository that is not in the fleet.
#[derive(Clone, Copy, Debug)]
pub struct LeftOut<'a> {
    /// What is known of it.
    pub seen: &'a Seen,
    /// Why, as a fragment: "it is archived".
    pub reason: &'static str,
}

/// Sorts `seen` into the rings of `fleet`.
///
/// A share of repositories is taken by a hash of the forge's own name for each, so that it stays
/// the same when others come and go.
pub fn membership<'a>(fleet: &'a Fleet, seen: &'a [Seen]) -> Membership<'a> {
    let _ = (fleet, seen);
    Membership {
        members: Vec::new(),
        left_out: Vec::new(),
        unknown: Vec::new(),
    }
}
