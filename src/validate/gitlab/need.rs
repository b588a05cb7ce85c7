//! What a job waits for.

use super::pipeline::{Job, Pipeline};
use crate::document::yaml::{Node, Scalar};

/// Four times as many as GitLab takes.
const MAX_NEEDS: usize = 200;

/// A job of the same pipeline that another waits for.
#[derive(Clone, Debug)]
pub(super) struct Need<'a> {
    /// Its name, as it is written.
    pub(super) job: Scalar<'a>,
    /// Whether the pipeline does without it.
    pub(super) optional: bool,
    /// Whether it stands in `dependencies`, which only says whose artifacts are fetched.
    pub(super) is_dependency: bool,
}

/// The needs and dependencies of `job`, its own or inherited in this file, that name a job of this
/// pipeline by its plain name.
pub(super) fn of<'a>(pipeline: &Pipeline<'a>, job: &Job<'a>) -> Vec<Need<'a>> {
    let mut found = Vec::new();
    if let Some(needs) = pipeline.inherited(job, "needs") {
        gather(needs, false, &mut found);
    }
    if let Some(dependencies) = pipeline.inherited(job, "dependencies") {
        gather(dependencies, true, &mut found);
    }
    // A variable, or one of the jobs that `parallel` makes of one, is no plain name.
    let plain = |name: &str| !name.contains('$') && !name.contains(": [") && !name.contains('/');
    found.retain(|need| plain(need.job.value));
    found
}

fn gather<'a>(node: Node<'a>, is_dependency: bool, found: &mut Vec<Need<'a>>) {
    if node.tag().is_some() || found.len() >= MAX_NEEDS {
        return;
    }
    if let Some(job) = node.scalar() {
        found.push(Need {
            job,
            optional: false,
            is_dependency,
        });
    } else if node.is_mapping() {
        let elsewhere = node.get("pipeline").is_some() || node.get("project").is_some();
        if let Some(job) = node
            .get("job")
            .and_then(|job| job.scalar())
            .filter(|_| !elsewhere)
        {
            let optional = node.get("optional").and_then(|it| it.text());
            found.push(Need {
                job,
                optional: optional.is_some_and(|it| it != "false"),
                is_dependency,
            });
        }
    } else {
        for item in node.items() {
            gather(item, is_dependency, found);
        }
    }
}
