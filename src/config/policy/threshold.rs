//! Reads `threshold`: how many of which signers.

use super::{
    Requirement,
    signer::{Members, check_members},
};
use crate::config::{
    checker::Checker,
    diagnostic::Diagnostic,
    identity::KeylessRequirement,
    raw,
    value::{ValueError, excerpt},
    yaml::Located,
};

pub(super) fn check_threshold(
    written: &Located<raw::Threshold>,
    depth: usize,
    checker: &mut Checker,
) -> Option<Requirement> {
    let raw = &written.value;
    if raw.count.get().is_none() {
        let mend = "say how many of them must have signed: `count: 2`";
        checker.missing(&written.at, "count", mend);
    }
    let Some(list) = raw.of.get() else {
        let mend = "name the signers: `of: [{key: …}, {key: …}]`";
        checker.missing(&written.at, "of", mend);
        return None;
    };
    let count = checker.field(&raw.count, |text| parse_count(text, list.value.len()));
    let of = check_members("of", list, depth, checker)?;
    let is_sound = refuse_uncountable(list, &of, checker) & refuse_duplicates(list, &of, checker);
    let count = count?;
    is_sound.then_some(Requirement::Threshold { count, of })
}

fn parse_count(text: &str, members: usize) -> Result<usize, ValueError> {
    let mend = match members {
        0 | 1 => "write `1`".to_owned(),
        _ => format!("write a number from 1 to {members}"),
    };
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some(count) = digits.then(|| text.parse::<usize>().ok()).flatten() else {
        return Err(ValueError::new(format!("`{}` is not a count", excerpt(text))).mend(mend));
    };
    match count {
        0 => Err(ValueError::new("a threshold of 0 would accept an unsigned image").mend(mend)),
        // An empty list is reported by itself.
        _ if count <= members || members == 0 => Ok(count),
        _ => Err(
            ValueError::new(format!("{count} of {members} signers can never be reached"))
                .mend(mend),
        ),
    }
}

/// A member stands for one signer, so it may not ask for several.
fn refuse_uncountable(list: &Members, of: &[Requirement], checker: &mut Checker) -> bool {
    let mut is_sound = true;
    for (member, requirement) in list.value.iter().zip(of) {
        if !is_one_signer(requirement) {
            is_sound = false;
            checker.report(
                Diagnostic::about(&member.at, "a member of a threshold stands for one signer")
                    .help("name a `key`, a `keyless`, or `any` of such"),
            );
        }
    }
    is_sound
}

fn is_one_signer(requirement: &Requirement) -> bool {
    match requirement {
        Requirement::Key(_) | Requirement::Keyless(_) => true,
        Requirement::Any(members) => members.iter().all(is_one_signer),
        Requirement::All(_) | Requirement::Threshold { .. } => false,
    }
}

/// A signer that stands twice would seem to count twice.
fn refuse_duplicates(list: &Members, of: &[Requirement], checker: &mut Checker) -> bool {
    let mut is_sound = true;
    for (index, requirement) in of.iter().enumerate() {
        let first = of[..index]
            .iter()
            .position(|other| is_same_signer(other, requirement));
        if let Some(first) = first {
            is_sound = false;
            checker.report(
                Diagnostic::about(&list.value[index].at, "the same signer stands twice")
                    .related(list.value[first].at.clone(), "first here")
                    .help(
                        "a signer counts once, however often it signed: name another, or remove it",
                    ),
            );
        }
    }
    is_sound
}

/// Whether both are the same key or certificate, whatever else is asked of its signature.
fn is_same_signer(one: &Requirement, other: &Requirement) -> bool {
    match (one, other) {
        (Requirement::Key(one), Requirement::Key(other)) => one.source.is_same(&other.source),
        (Requirement::Keyless(one), Requirement::Keyless(other)) => {
            KeylessRequirement::is_same_signer(one, other)
        }
        _ => false,
    }
}
