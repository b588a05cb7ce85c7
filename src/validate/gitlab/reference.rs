//! The `!reference` tags of a pipeline.

use super::Pipeline;
use crate::document::yaml::{Node, Scalar};

/// One `!reference [job, keyword]`.
#[derive(Clone, Debug)]
pub(super) struct Reference<'a> {
    /// The names in the brackets: at least one.
    pub(super) path: Vec<Scalar<'a>>,
    /// The job and the keyword that it stands in.
    pub(super) within: Option<(&'a str, &'a str)>,
}

impl<'a> Reference<'a> {
    /// The job and the keyword that it names.
    pub(super) fn target(&self) -> Option<(&'a str, &'a str)> {
        let [job, key, ..] = self.path.as_slice() else {
            return None;
        };
        Some((job.value, key.value))
    }
}

/// Every reference of the pipeline whose names are all written out.
pub(super) fn all<'a>(pipeline: &Pipeline<'a>) -> Vec<Reference<'a>> {
    let mut found = Vec::new();
    let tops = pipeline.body.map(|body| body.entries()).unwrap_or_default();
    for (top, node) in tops {
        let job = top.text();
        if !node.is_mapping() {
            gather(node, None, &mut found);
        }
        for (key, value) in node.own_entries() {
            gather(value, job.zip(key.text()), &mut found);
        }
    }
    found
}

fn gather<'a>(node: Node<'a>, within: Option<(&'a str, &'a str)>, found: &mut Vec<Reference<'a>>) {
    if node.tag() == Some("!reference") {
        let path: Option<Vec<Scalar<'a>>> = node.items().map(|item| item.scalar()).collect();
        let path = path.filter(|path| path.iter().all(|it| !it.value.contains('$')));
        found.extend(path.map(|path| Reference { path, within }));
        return;
    }
    for item in node.items() {
        gather(item, within, found);
    }
    for (_, value) in node.own_entries() {
        gather(value, within, found);
    }
}
