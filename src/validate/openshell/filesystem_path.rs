//! Paths of the filesystem policy.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-filesystem-path",
        summary: "A path of the filesystem policy is refused",
        help: "Write whole paths without `..`, and never the root as writable.",
        severity: Severity::Error,
        page: "docs/rules/openshell-filesystem-path.md",
    },
    why: "The gateway refuses relative paths, paths with `..`, paths of more than 4096 bytes, \
           and `/` among those that can be written.",
    bad: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nfilesystem_policy:\n  read_only: [/usr, /etc]\n  read_write: [/]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nfilesystem_policy:\n  read_only: [/usr, etc]\n  read_write: [/tmp]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nfilesystem_policy:\n  read_only: [/usr, /usr/../etc]\n  read_write: [/tmp]\n",
        },
    ],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nfilesystem_policy:\n  read_only: [/usr, /etc]\n  read_write: [/tmp]\n",
    }],
    check: Check::Openshell(paths),
};

const MAX_LENGTH: usize = 4096;

fn paths(policy: &Policy<'_>, report: &mut Report<'_>) {
    let section = policy.root.and_then(|root| root.get("filesystem_policy"));
    let Some(section) = section else { return };
    for key in ["read_only", "read_write"] {
        let list = section.get(key);
        for node in list.iter().flat_map(crate::document::yaml::Node::items) {
            let Some(path) = node.scalar() else { continue };
            let bare = path.value.trim_end_matches('/');
            let message = if path.value.len() > MAX_LENGTH {
                "the path has more than 4096 bytes"
            } else if !path.value.starts_with('/') {
                "the path is not a whole one"
            } else if path.value.split('/').any(|part| part == "..") {
                "the path holds `..`"
            } else if key == "read_write" && bare.is_empty() {
                "the whole filesystem would be writable"
            } else {
                continue;
            };
            report.at(&RULE, path.at, message);
        }
    }
}
