//! What the fleet's tests stand on: fleet.yaml and repositories as a forge would tell of them.

mod forge;
mod store;
mod tests;

use std::collections::BTreeMap;

use crate::{
    config::{Fleet, Visibility, parse_fleet},
    forge::{BranchRules, MergeMethods, Repository, Seen},
    model::commit::CommitId,
};

pub(crate) use forge::{Fault, MemoryForge};
pub(crate) use store::change;

/// Our account on the [`MemoryForge`].
pub(crate) const LOGIN: &str = "fleet-bot";

/// fleet.yaml of the owner `acme`, which stands on action 1.4.0 and image 1.4.2; `more` begins with
/// its rings.
pub(crate) fn fleet(more: &str) -> Fleet {
    let (commit, hex) = ("01234567".repeat(5), "ab".repeat(32));
    let text = format!(
        "version: 1\n\
         forge: {{kind: github, owner: acme}}\n\
         action: fullsend-ai/sandbox@{commit} # v1.4.0\n\
         image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:{hex}\n\
         {more}\n"
    );
    parse_fleet(text.as_bytes(), "fleet.yaml").unwrap()
}

/// A commit whose name is made of `digit`.
pub(crate) fn commit(digit: char) -> CommitId {
    digit.to_string().repeat(40).parse().unwrap()
}

/// A repository of the owner `acme` that may be written to, with one commit and no files.
pub(crate) fn seen(name: &str) -> Seen {
    Seen {
        repository: Repository {
            id: format!("R_{name}"),
            name: name.to_owned(),
            full_name: format!("acme/{name}"),
            default_branch: Some("main".to_owned()),
            is_archived: false,
            is_disabled: false,
            is_fork: false,
            is_mirror: false,
            topics: Vec::new(),
            visibility: Visibility::Private,
            may_push: true,
            takes_requests: true,
            methods: MergeMethods {
                merge: true,
                ..MergeMethods::default()
            },
            rules: BranchRules::default(),
        },
        head: Some(commit('1')),
        files: BTreeMap::new(),
        branch: None,
        request: None,
        open: Vec::new(),
    }
}
