//! What `uses` names.

use crate::{document::yaml::Scalar, model::commit::CommitId};

/// The action or workflow that `uses` names, in small letters and without its version.
pub(super) fn name(uses: &str) -> String {
    let name = uses.split_once('@').map_or(uses, |(name, _)| name);
    name.to_ascii_lowercase()
}

/// Whether `uses` names an action or a workflow of another repository.
pub(super) fn is_remote(uses: &str) -> bool {
    let local = ["./", "../", ".\\", "$/", "docker://"];
    !uses.contains("${{") && uses.contains('/') && !local.iter().any(|it| uses.starts_with(it))
}

/// Whether `reference` is a commit, which nobody can move.
pub(super) fn is_commit(reference: &str) -> bool {
    // Git reads them in any case.
    reference.to_ascii_lowercase().parse::<CommitId>().is_ok()
}

/// The value of the input `name` of a step or a call, however its name is written.
pub(super) fn input<'a>(
    holder: &crate::document::yaml::Node<'a>,
    name: &str,
) -> Option<Scalar<'a>> {
    let given = holder.get("with")?.entries().into_iter();
    let mut named =
        given.filter(|(key, _)| key.text().is_some_and(|key| key.eq_ignore_ascii_case(name)));
    named.next().and_then(|(_, value)| value.scalar())
}
