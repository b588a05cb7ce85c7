//! Reads who must sign: a key, a certificate, or several of them.

use std::ops::Range;

use super::{KeyRequirement, Requirement, RootSource, threshold::check_threshold};
use crate::config::{
    checker::Checker,
    diagnostic::Diagnostic,
    keyless::check_keyless,
    raw,
    yaml::{Field, Located},
};

/// Deeper nesting says nothing that one level does not.
const MAX_NESTING: usize = 4;

/// Longer lists are a mistake; the schema says so too.
pub(in crate::config) const MAX_MEMBERS: usize = 32;

/// A written list of signers.
pub(super) type Members = Located<Vec<Located<raw::Requirement>>>;

/// The keys that a rule, a member of a list and an attestation have in common.
pub(super) struct Parts<'a> {
    key: &'a Field<String>,
    insecure_ignore_tlog: &'a Field<bool>,
    trusted_root: &'a Field<String>,
    keyless: &'a Field<raw::Keyless>,
    any: &'a Field<Vec<Located<raw::Requirement>>>,
    all: &'a Field<Vec<Located<raw::Requirement>>>,
    threshold: &'a Field<raw::Threshold>,
}

macro_rules! parts_from {
    ($($raw:ty),*) => {$(
        impl<'a> From<&'a $raw> for Parts<'a> {
            fn from(raw: &'a $raw) -> Self {
                Self {
                    key: &raw.key,
                    insecure_ignore_tlog: &raw.insecure_ignore_tlog,
                    trusted_root: &raw.trusted_root,
                    keyless: &raw.keyless,
                    any: &raw.any,
                    all: &raw.all,
                    threshold: &raw.threshold,
                }
            }
        }
    )*};
}

parts_from!(raw::Rule, raw::Requirement, raw::Attestation);

impl Parts<'_> {
    /// The ways to be satisfied that are written here, in a fixed order.
    fn methods(&self) -> Vec<(&'static str, &Range<usize>)> {
        let key = self.key.get().map(|key| ("key", &key.at));
        let keyless = self.keyless.get().map(|keyless| ("keyless", &keyless.at));
        let any = self.any.get().map(|any| ("any", &any.at));
        let all = self.all.get().map(|all| ("all", &all.at));
        let threshold = self.threshold.get().map(|of| ("threshold", &of.at));
        [key, keyless, any, all, threshold]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Reads exactly one way to be satisfied.
pub(super) fn check_signer(
    at: &Range<usize>,
    parts: &Parts<'_>,
    depth: usize,
    checker: &mut Checker,
) -> Option<Requirement> {
    if parts.methods().is_empty() {
        checker.report(
            Diagnostic::about(at, "the rule does not say whose signature it accepts")
                .help("add exactly one of `key`, `keyless`, `any`, `all` or `threshold`"),
        );
    }
    check_optional_signer(parts, depth, checker)
}

/// Reads at most one way to be satisfied.
pub(super) fn check_optional_signer(
    parts: &Parts<'_>,
    depth: usize,
    checker: &mut Checker,
) -> Option<Requirement> {
    if parts.key.get().is_none() {
        refuse_keyless_flags(parts, checker);
    }
    if let [(first, first_at), (second, second_at), ..] = parts.methods()[..] {
        checker.report(
            Diagnostic::about(
                second_at,
                format!("the rule has both `{first}` and `{second}`"),
            )
            .related(first_at.clone(), format!("`{first}` stands here"))
            .help("to accept either, write `any: [{key: …}, {keyless: …}]`; to demand both, `all: […]`"),
        );
        return None;
    }
    if let Some(keyless) = parts.keyless.get() {
        return check_keyless(keyless, checker).map(Requirement::Keyless);
    }
    if let Some(any) = parts.any.get() {
        return check_members("any", any, depth, checker).map(Requirement::Any);
    }
    if let Some(all) = parts.all.get() {
        return check_members("all", all, depth, checker).map(Requirement::All);
    }
    if let Some(threshold) = parts.threshold.get() {
        return check_threshold(threshold, depth, checker);
    }
    check_key(parts, checker)
}

/// What belongs to a `key` would be without effect beside anything else.
fn refuse_keyless_flags(parts: &Parts<'_>, checker: &mut Checker) {
    if let Some(flag) = parts.insecure_ignore_tlog.get() {
        checker.report(
            Diagnostic::about(&flag.at, "`insecure_ignore_tlog` belongs to a `key`").help(
                "a certificate lives for minutes: only the log proves that it signed in time",
            ),
        );
    }
    if let Some(root) = parts.trusted_root.get() {
        checker.report(
            Diagnostic::about(&root.at, "`trusted_root` belongs to a single signer")
                .help("write it beside a `key`, or inside `keyless`"),
        );
    }
}

fn check_key(parts: &Parts<'_>, checker: &mut Checker) -> Option<Requirement> {
    let source = checker.parse(parts.key);
    let trusted_root: Option<RootSource> = checker.parse(parts.trusted_root);
    let flag = parts.insecure_ignore_tlog.get();
    let insecure_ignore_tlog = flag.is_some_and(|flag| flag.value);
    if let (true, Some(flag), Some(root)) = (insecure_ignore_tlog, flag, parts.trusted_root.get()) {
        checker.report(
            Diagnostic::about(
                &root.at,
                "`trusted_root` has no meaning where the log is ignored",
            )
            .related(flag.at.clone(), "ignored here")
            .help("keep one of the two: a key by itself needs no trusted root"),
        );
        return None;
    }
    Some(Requirement::Key(KeyRequirement {
        source: source?,
        insecure_ignore_tlog,
        trusted_root,
    }))
}

/// Reads the signers of `any`, `all` or a threshold's `of`; nothing if one of them is wrong.
pub(super) fn check_members(
    key: &str,
    list: &Members,
    depth: usize,
    checker: &mut Checker,
) -> Option<Vec<Requirement>> {
    let count = list.value.len();
    let problem = if count == 0 {
        Some(format!("`{key}` of nothing names no signer"))
    } else if count > MAX_MEMBERS {
        Some(format!(
            "`{key}` has {count} members, more than the {MAX_MEMBERS} allowed"
        ))
    } else if depth >= MAX_NESTING {
        Some(format!("`{key}` is nested too deeply"))
    } else {
        None
    };
    if let Some(problem) = problem {
        let mend = match count {
            0 => "add a `key` or a `keyless` to the list",
            _ => "split the rule by `match`, or flatten its lists",
        };
        checker.report(Diagnostic::about(&list.at, problem).help(mend));
        return None;
    }
    let members: Vec<_> = list
        .value
        .iter()
        .map(|member| check_member(member, depth + 1, checker))
        .collect();
    members.into_iter().collect()
}

fn check_member(
    member: &Located<raw::Requirement>,
    depth: usize,
    checker: &mut Checker,
) -> Option<Requirement> {
    if let Some(attestations) = member.value.attestations.get() {
        checker.report(
            Diagnostic::about(
                &attestations.at,
                "`attestations` belong to the rule, not to a signer",
            )
            .help("write them beside `match`; each may name its own signer"),
        );
    }
    check_signer(&member.at, &Parts::from(&member.value), depth, checker)
}
