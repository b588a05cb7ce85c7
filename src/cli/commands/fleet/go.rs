//! Brings repositories to what a verb wants of them, one want after the other, and tells of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    access::{check, told},
    chosen::Chosen,
    watched,
    work::{Told, Work, diff, report, until_insisted},
};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format},
    fleet::{Ended, Member, Outcome as Became, Plan, RefusalKind, Verb, Want, apply, plan},
    forge::Seen,
    model::exit_code,
    report::fleet::FleetReport,
    seam::stop::Stop,
};

/// How a verb goes about its repositories.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// What the token has to allow.
    pub(super) verb: Verb,
    pub(super) dry_run: bool,
    pub(super) repair: bool,
}

/// Goes through `wants` one after the other. Where one of them did not come to its end in a
/// repository, that is what is told of it, and the next one is not asked there.
pub(super) async fn go(
    work: &Work<'_>,
    wants: &[&dyn Want],
    chosen: Chosen<'_>,
    manner: Manner,
    stop: &Stop,
    context: &Context,
) -> Outcome {
    let Chosen { members, others } = chosen;
    let seen: Vec<&Seen> = members.iter().map(|it| it.seen).collect();
    let access = check(work.opened, &work.identity, manner.verb, &seen, None)?;
    for line in told(&access, &work.identity.login) {
        work.terminal.note(&line);
    }
    if manner.dry_run {
        return show(work, wants, &members, manner, others, context).await;
    }
    let mut ended = Vec::new();
    for (index, want) in wants.iter().enumerate() {
        let looked;
        let members = if index == 0 {
            members.clone()
        } else {
            // What the one before left behind is looked at with the next one's eyes.
            looked = look(work, *want, &through(&members, &ended)).await?;
            with_rings(&looked, &members)
        };
        let plan = planned(work, *want, &members, manner).await?;
        match acted(work, *want, plan, manner, stop).await {
            Some(more) => merge(&mut ended, more),
            None => return Ok(interrupted(stop)),
        }
    }
    tell(work, &ended, others, stop, context)
}

/// The code of whom somebody stopped: by the signal.
fn interrupted(stop: &Stop) -> u8 {
    128 + stop.asked().unwrap_or(2)
}

async fn planned(
    work: &Work<'_>,
    want: &dyn Want,
    members: &[Member<'_>],
    manner: Manner,
) -> Result<Plan, CliFailure> {
    let plan = plan(work.opened.forge.as_ref(), want, members, manner.repair);
    let plan = watched(&work.opened.governor, work.terminal, plan).await?;
    let names = plan.rows.iter();
    work.looked_at(names.map(|row| row.seen.repository.name.as_str()));
    Ok(plan)
}

/// Nothing where the user insisted on an end at once.
async fn acted(
    work: &Work<'_>,
    want: &dyn Want,
    plan: Plan,
    manner: Manner,
    stop: &Stop,
) -> Option<Vec<Ended>> {
    work.count(plan.rows.len());
    let stopped = || stop.asked().is_some();
    let work_on = apply(work.means(&stopped), want, plan, manner.repair);
    let work_on = watched(&work.opened.governor, work.terminal, work_on);
    until_insisted(stop, work_on).await
}

/// Those of `members` whose work is done so far.
fn through<'a>(members: &[Member<'a>], ended: &[Ended]) -> Vec<Member<'a>> {
    let done = ended.iter().filter(|it| it.outcome == Became::Done);
    let done: BTreeSet<&str> = done.map(|it| it.seen.repository.id.as_str()).collect();
    let members = members.iter().copied();
    members
        .filter(|it| done.contains(it.seen.repository.id.as_str()))
        .collect()
}

/// Takes what became of repositories later in place of what was there.
fn merge(ended: &mut Vec<Ended>, more: Vec<Ended>) {
    for new in more {
        let is_same = |it: &&mut Ended| it.seen.repository.id == new.seen.repository.id;
        match ended.iter_mut().find(is_same) {
            Some(old) => *old = new,
            None => ended.push(new),
        }
    }
}

/// Shows what would be asked: patches for people, or the document of the repositories.
async fn show(
    work: &Work<'_>,
    wants: &[&dyn Want],
    members: &[Member<'_>],
    manner: Manner,
    others: FleetReport,
    context: &Context,
) -> Outcome {
    let mut rows = Vec::new();
    for (index, want) in wants.iter().enumerate() {
        let looked;
        let members = if index == 0 {
            members.to_vec()
        } else {
            looked = look(work, *want, members).await?;
            with_rings(&looked, members)
        };
        let plan = planned(work, *want, &members, manner).await?;
        if context.global.format != Format::Json {
            Terminal::print_patch(&diff(&plan))?;
        }
        rows.push(plan.rows);
    }
    let asked = rows.iter().flatten().filter(|row| row.writes());
    let asked: BTreeSet<&str> = asked.map(|row| &*row.seen.repository.name).collect();
    if context.global.format == Format::Json {
        let last = rows.last().into_iter().flatten();
        let told = last.map(|row| {
            let told = Told::planned(row, &row.ring);
            if told.is_of(&asked) {
                told.asked()
            } else {
                told
            }
        });
        let told: Vec<Told<'_>> = told.collect();
        let mut told = report(work.opened, &told);
        told.left_out = others.left_out;
        told.unknown = others.unknown;
        Terminal::print_json(&told)?;
    }
    let count = asked.len();
    work.terminal
        .note(&format!("{count} repositories would be asked"));
    Ok(exit_code::OK)
}

fn tell(
    work: &Work<'_>,
    ended: &[Ended],
    others: FleetReport,
    stop: &Stop,
    context: &Context,
) -> Outcome {
    let told: Vec<Told<'_>> = ended.iter().map(Told::ended).collect();
    let mut told_of = report(work.opened, &told);
    told_of.left_out = others.left_out;
    told_of.unknown = others.unknown;
    let style = Terminal::stdout_style(&context.global, &context.environment);
    Terminal::print_document(context.global.format, &told_of, || told_of.text(style))?;
    if ended.iter().any(|it| it.outcome == Became::Unreached) {
        work.terminal
            .note("stopped at a safe point; the same command goes on");
        return Ok(interrupted(stop));
    }
    Ok(code(&told_of, ended))
}

async fn look(
    work: &Work<'_>,
    want: &dyn Want,
    members: &[Member<'_>],
) -> Result<Vec<Seen>, CliFailure> {
    let names = members.iter().map(|it| it.seen.repository.name.clone());
    let names: Vec<String> = names.collect();
    let looked = work.opened.forge.look(&names, want.watch());
    let looked = watched(&work.opened.governor, work.terminal, looked).await?;
    Ok(looked.into_iter().flatten().collect())
}

fn with_rings<'a>(seen: &'a [Seen], members: &[Member<'a>]) -> Vec<Member<'a>> {
    let rings: BTreeMap<&str, _> = members
        .iter()
        .map(|it| (it.seen.repository.id.as_str(), it.ring))
        .collect();
    seen.iter()
        .filter_map(|seen| {
            let ring = rings.get(seen.repository.id.as_str())?;
            Some(Member { seen, ring })
        })
        .collect()
}

/// An open request is what these verbs are for: it is no drift here.
fn code(report: &FleetReport, ended: &[Ended]) -> u8 {
    let is_failed = |it: &Ended| matches!(it.outcome, Became::Failed(_));
    let is_left = |it: &Ended| {
        use RefusalKind::{Held, Skipped};
        let is_refused =
            matches!(&it.outcome, Became::Refused(it) if !matches!(it.kind, Held | Skipped));
        is_refused || it.is_forgotten
    };
    if ended.iter().any(is_failed) {
        exit_code::UNAVAILABLE
    } else if ended.iter().any(is_left) || !report.unknown.is_empty() {
        exit_code::FINDINGS
    } else {
        exit_code::OK
    }
}
