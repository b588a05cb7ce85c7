//! Which repositories a verb is about: names are taken below the owner or group or with it, and one
//! that no repository of the fleet has is refused before anything is written.

use super::{Opened, watched, work::Work};
use crate::{
    cli::failure::CliFailure,
    fleet::{Member, Want, membership},
    forge::Seen,
    model::text::excerpt,
    report::fleet::{FleetReport, LeftOutRow},
};

/// The members that are meant, and what is to be told of the others.
pub(super) struct Chosen<'a> {
    pub(super) members: Vec<Member<'a>>,
    pub(super) others: FleetReport,
}

impl<'a> Chosen<'a> {
    /// Of what was seen of the whole fleet, those that `only` names; all where it names none.
    pub(super) fn of(
        opened: &'a Opened,
        seen: &'a [Seen],
        only: &[String],
    ) -> Result<Self, CliFailure> {
        let membership = membership(&opened.fleet, seen, opened.config_repository.as_deref());
        let mut members = membership.members;
        let mut others = FleetReport::new(Vec::new());
        if only.is_empty() {
            let left_out = membership.left_out.iter();
            others.left_out = left_out
                .map(|it| LeftOutRow {
                    name: it.seen.repository.name.clone(),
                    reason: it.reason.to_owned(),
                })
                .collect();
            let unknown = membership.unknown.iter();
            others.unknown = unknown.map(|it| (*it).to_owned()).collect();
            return Ok(Self { members, others });
        }
        let names = only.iter().map(|name| (name, opened.below(name)));
        let names: Vec<(&String, &str)> = names.collect();
        let is_named = |member: &Member<'_>, name: &str| {
            member.seen.repository.name.eq_ignore_ascii_case(name)
        };
        let mut unknown = names.iter();
        let unknown = unknown.find(|(_, name)| !members.iter().any(|it| is_named(it, name)));
        if let Some((written, _)) = unknown {
            return Err(CliFailure::usage_with(
                format!(
                    "no repository of the fleet is called `{}`",
                    excerpt(written)
                ),
                "check the names after `--only`, and whether the token may see them",
            ));
        }
        members.retain(|member| names.iter().any(|(_, name)| is_named(member, name)));
        Ok(Self { members, others })
    }
}

/// One repository, by its name.
pub(super) async fn look_at(
    work: &Work<'_>,
    name: &str,
    want: &dyn Want,
) -> Result<Vec<Seen>, CliFailure> {
    let name = work.opened.below(name);
    let names = [name.to_owned()];
    let looked = work.opened.forge.look(&names, want.watch());
    let looked = watched(&work.opened.governor, work.terminal, looked).await?;
    match looked.into_iter().flatten().next() {
        Some(seen) => Ok(vec![seen]),
        None => Err(CliFailure::usage_with(
            format!(
                "{}/{} does not exist, or cannot be seen",
                work.opened.owner(),
                excerpt(name)
            ),
            "check the name, and whether the token may read it",
        )),
    }
}

/// `seen` as they are in the fleet, else in its last ring.
pub(super) fn alone<'a>(opened: &'a Opened, seen: &'a [Seen]) -> Vec<Member<'a>> {
    let members = membership(&opened.fleet, seen, None).members;
    if !members.is_empty() {
        return members;
    }
    let ring = opened.fleet.rings.last();
    let seen = seen.iter().zip(ring);
    seen.map(|(seen, ring)| Member { seen, ring }).collect()
}
