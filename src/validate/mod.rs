//! The files of an installation, judged: documents to findings, without input or output.
//!
//! Every rule is a file of its own below its kind's module, listed once in that module's `RULES`;
//! [`rules`] chains these lists, and the pages in `docs/rules/` are made from it. What a rule needs
//! from other files of the repository it gets through [`Files`].

mod config;
mod fleet;
mod github;
mod gitlab;
mod ignore;
mod kind;
mod kubernetes;
mod loose;
mod mend;
pub mod openshell;
mod page;
mod problem;
mod renovate;
mod report;
mod rule;
mod runner;
mod secret;
mod syntax;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use kind::{Kind, is_candidate};
pub use mend::{Mended, mend};
pub use page::{index_page, page};
pub use problem::Problem;
pub use rule::{Example, Rule};
pub use syntax::UNREADABLE;

use self::report::Report;
use crate::{
    document::{DocumentError, Source, yaml},
    model::files::Files,
};

/// Every rule, by kind and in the order of the pages.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        syntax::RULES,
        config::RULES,
        fleet::RULES,
        github::WORKFLOW_RULES,
        github::ACTION_RULES,
        github::RISKS,
        github::LOCK_RULES,
        gitlab::RULES,
        runner::RULES,
        renovate::RULES,
        kubernetes::RULES,
        openshell::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// What came of looking at one file.
#[derive(Debug, Default)]
pub struct Checked {
    /// What it is; nothing for a file of no kind that is judged.
    pub kind: Option<Kind>,
    /// What is wrong with it, in the order of its places.
    pub problems: Vec<Problem>,
}

/// Looks at the file `path` with every rule of its kind.
///
/// `path` is relative to the repository's root: with the text it decides the kind, unless `kind`
/// does. A file of no known kind is not parsed where its bytes already tell.
pub fn check(path: &Path, bytes: &[u8], kind: Option<Kind>, files: &dyn Files) -> Checked {
    let named = kind.or_else(|| Kind::of_path(path));
    let ours = match named {
        None => kind::may_be_ours(bytes),
        Some(Kind::RunnerConfig) if kind.is_none() => runner::may_be_ours(bytes),
        Some(Kind::Renovate) if kind.is_none() => renovate::may_be_ours(path, bytes),
        Some(_) => true,
    };
    if !ours {
        return Checked::default();
    }
    let source = match Source::decode(path, bytes) {
        Ok(source) => source,
        Err(error) => {
            return Checked {
                kind: named,
                problems: vec![syntax::undecodable(named, &error)],
            };
        }
    };
    let mut problems = Vec::new();
    let mut report = Report::new(&source, &mut problems);
    let kind = judge(
        Subject {
            source: &source,
            files,
        },
        named,
        &mut report,
    )
    .unwrap_or_else(|error| {
        syntax::unparsable(named, &error, &mut report);
        named
    });
    ignore::silence(&source, kind, &mut problems);
    problems.sort_by_key(Problem::offset);
    Checked { kind, problems }
}

/// What every rule sees of the file that it looks at.
#[derive(Clone, Copy)]
struct Subject<'a> {
    source: &'a Source<'a>,
    /// The other files of the repository.
    files: &'a dyn Files,
}

fn judge(
    subject: Subject<'_>,
    named: Option<Kind>,
    report: &mut Report<'_>,
) -> Result<Option<Kind>, DocumentError> {
    match named {
        Some(Kind::Config) => config::check(subject, report),
        Some(Kind::Fleet) => fleet::check(subject, report),
        Some(Kind::RunnerConfig) => {
            let ours = runner::check(subject, report)?;
            return Ok(ours.then_some(Kind::RunnerConfig));
        }
        Some(Kind::Renovate) => {
            let ours = renovate::check(subject, report)?;
            return Ok(ours.then_some(Kind::Renovate));
        }
        _ => return in_yaml(subject, named, report),
    }
    Ok(named)
}

fn in_yaml(
    subject: Subject<'_>,
    named: Option<Kind>,
    report: &mut Report<'_>,
) -> Result<Option<Kind>, DocumentError> {
    let tree = yaml::parse(subject.source)?;
    let kind = named.or_else(|| Kind::of_shape(&tree));
    match kind {
        Some(Kind::GithubWorkflow) => github::workflow(subject, &tree, report),
        Some(Kind::GithubAction) => github::action(subject, &tree, report),
        Some(Kind::ActionsLock) => github::lock(subject, &tree, report),
        Some(Kind::GitlabCi) => gitlab::check(subject, &tree, report),
        Some(Kind::Kubernetes) => kubernetes::check(subject, &tree, report),
        Some(Kind::OpenshellPolicy) => openshell::check(subject, &tree, report),
        Some(Kind::HelmValues) => runner::check_values(subject, &tree, report)?,
        Some(Kind::Config | Kind::Fleet | Kind::RunnerConfig | Kind::Renovate) | None => {}
    }
    Ok(kind)
}
