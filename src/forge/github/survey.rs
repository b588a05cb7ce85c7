//! Looking at many repositories in few requests.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    super::{Reason, Refusal, Watch},
    batch::Batches,
    client::Client,
    documents,
    graphql::{self, Fault, Step, Tries, is_exhausted},
    seen::{Node, Sight},
};

/// The most of a page, which GitHub sets.
const PAGE: usize = 100;
/// Pages of one list; they become smaller where the forge cannot fill them.
const PAGES: usize = 20_000;
/// Fields whose absence is understood: those of which a token may be told nothing.
const SOFT: [&str; 9] = [
    "author",
    "user",
    "mergeQueue",
    "refUpdateRule",
    "rules",
    "parameters",
    "autoMergeRequest",
    "mergeQueueEntry",
    "statusCheckRollup",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Survey {
    repository_owner: Option<Owner>,
}

#[derive(Deserialize)]
struct Owner {
    repositories: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    page_info: PageInfo,
    nodes: Vec<Option<Node>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

/// Who looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looking<'a> {
    pub(super) client: &'a Client,
    pub(super) owner: &'a str,
    /// See [`Node::into_seen`].
    pub(super) writes: bool,
}

impl Looking<'_> {
    /// Every repository of the owner.
    pub(super) async fn survey(&self, watch: &Watch) -> Result<Vec<Sight>, Reason> {
        let (mut all, mut after, mut size) = (Vec::new(), None::<String>, PAGE);
        let mut cursors = BTreeSet::new();
        while cursors.len() < PAGES {
            let page = match self.page(watch, after.as_deref(), size).await {
                Err(reason) if size > 1 && is_exhausted(&reason) => {
                    size = size.div_ceil(2);
                    continue;
                }
                page => page?,
            };
            all.extend(page.seen);
            let Some(next) = page.next else {
                return Ok(sorted(all));
            };
            // A cursor that comes again would be followed for ever; to stop there would hide the rest.
            if !cursors.insert(next.clone()) {
                return Err(Reason::Malformed("its list of repositories has no end"));
            }
            after = Some(next);
        }
        Err(Reason::TooLarge {
            limit: PAGES as u64,
            unit: "pages of repositories",
        })
    }

    async fn page(
        &self,
        watch: &Watch,
        after: Option<&str>,
        size: usize,
    ) -> Result<Surveyed, Reason> {
        let document = documents::survey(self.owner, size, after, watch);
        let reply = graphql::ask::<Survey>(self.client, document, tries(size)).await?;
        let hidden = hidden(&reply.faults, |path| match path {
            [_, _, Step::Name(nodes), Step::At(at), rest @ ..] if nodes == "nodes" => {
                Some((*at, rest))
            }
            _ => None,
        })?;
        let owner = reply.data.repository_owner.ok_or(GONE)?;
        let Page { page_info, nodes } = owner.repositories;
        let nodes = nodes.into_iter().enumerate();
        let visible = nodes.filter(|(at, _)| !hidden.contains(at));
        let seen = visible.filter_map(|(_, node)| node);
        let seen: Result<_, _> = seen.map(|it| it.into_seen(watch, self.writes)).collect();
        let next = page_info.end_cursor.filter(|_| page_info.has_next_page);
        Ok(Surveyed { seen: seen?, next })
    }

    /// These repositories.
    pub(super) async fn look(
        &self,
        names: &[String],
        watch: &Watch,
    ) -> Result<Vec<Option<Sight>>, Reason> {
        let mut all = Vec::with_capacity(names.len());
        let mut batches = Batches::new(names.len(), PAGE);
        while let Some(range) = batches.next() {
            let Some(names) = names.get(range.clone()) else {
                break;
            };
            match self.some(names, watch).await {
                Err(reason) if is_exhausted(&reason) && batches.halve(&range) => {}
                seen => all.extend(seen?),
            }
        }
        Ok(all)
    }

    async fn some(&self, names: &[String], watch: &Watch) -> Result<Vec<Option<Sight>>, Reason> {
        let document = documents::look(self.owner, names, watch);
        let asked = graphql::ask::<BTreeMap<String, Option<Node>>>(
            self.client,
            document,
            tries(names.len()),
        );
        let mut reply = asked.await?;
        let hidden = hidden(&reply.faults, |path| match path {
            [Step::Name(alias), rest @ ..] => {
                let at = alias.strip_prefix('r')?.parse().ok()?;
                Some((at, rest))
            }
            _ => None,
        })?;
        let seen = |at: usize| {
            let node = reply.data.remove(&format!("r{at}")).flatten();
            let node = node.filter(|_| !hidden.contains(&at));
            node.map(|node| node.into_seen(watch, self.writes))
        };
        let all = (0..names.len()).map(seen);
        all.map(Option::transpose).collect()
    }
}

/// By name; what was on two pages, as lists change while they are read, once.
fn sorted(mut all: Vec<Sight>) -> Vec<Sight> {
    all.sort_by(|a, b| a.seen.repository.name.cmp(&b.seen.repository.name));
    all.dedup_by(|a, b| a.seen.repository.id == b.seen.repository.id);
    all
}

struct Surveyed {
    seen: Vec<Sight>,
    next: Option<String>,
}

/// As an answer says that something is not there.
pub(super) const GONE: Reason = Reason::NotFound(Refusal {
    status: 404,
    retry_after: None,
    with_token: true,
});

/// Where a smaller question can follow, a failed one is not repeated.
fn tries(size: usize) -> Tries {
    if size > 1 { Tries::One } else { Tries::Many }
}

/// The repositories that the forge says we may not see, or not well enough; `place` tells which of
/// them a path is about, and where in it.
///
/// Any other fault spoils the answer: what is missing from it would look as if it were not there.
fn hidden(
    faults: &[Fault],
    place: impl Fn(&[Step]) -> Option<(usize, &[Step])>,
) -> Result<BTreeSet<usize>, Reason> {
    let mut hidden = BTreeSet::new();
    for fault in faults {
        let Some((at, rest)) = place(fault.path()) else {
            return Err(fault.reason());
        };
        let last = rest.iter().rev().find_map(|step| match step {
            Step::Name(name) => Some(name.as_str()),
            Step::At(_) => None,
        });
        if !fault.hides() {
            return Err(fault.reason());
        }
        let is_soft = last.is_some_and(|name| SOFT.contains(&name));
        // A branch that is not there cannot be compared either.
        let is_absence = fault.is_not_found() && matches!(last, Some("compare" | "branch"));
        if !is_soft && !is_absence {
            hidden.insert(at);
        }
    }
    Ok(hidden)
}
