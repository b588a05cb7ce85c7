//! The plan of a verb: what is next in each repository. Made from what was seen, before any write.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Action, Desired, Member, Next, Outcome, Refusal, RefusalKind, Standing,
    ask::{Ask, Texts, Want},
    next,
};
use crate::forge::{FileAt, Forge, ForgeError, MAX_FILE_BYTES, Seen};

/// What is next in every repository.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order of the members.
    pub rows: Vec<Row>,
}

/// What is next in one repository.
#[derive(Clone, Debug)]
pub struct Row {
    /// What is known of the repository.
    pub seen: Seen,
    /// The name of its ring.
    pub ring: String,
    /// What it is asked for.
    pub ask: Result<Ask, Refusal>,
    /// The texts that this was decided from.
    pub texts: Texts,
    /// What is next.
    pub step: Step,
}

/// What is next in one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// This is to be done.
    Do(Action),
    /// Nothing is.
    Rest(Outcome),
}

impl Plan {
    /// How many rows write something.
    pub fn writes(&self) -> usize {
        let rows = self.rows.iter();
        rows.filter(|row| row.writes()).count()
    }
}

/// Fetches the texts that `want` needs of all `members`, each blob once, and decides.
///
/// `repair` opens requests again that somebody closed.
pub async fn plan(
    forge: &dyn Forge,
    want: &dyn Want,
    members: &[Member<'_>],
    repair: bool,
) -> Result<Plan, ForgeError> {
    let seen: Vec<&Seen> = members.iter().map(|member| member.seen).collect();
    let texts = texts(forge, want, &seen).await?;
    let rows = members.iter().zip(texts);
    let rows = rows.map(|(member, texts)| {
        let (seen, ring) = (member.seen.clone(), &member.ring.name);
        Row::decided(want, seen, ring, texts, repair)
    });
    Ok(Plan {
        rows: rows.collect(),
    })
}

/// The texts that `want` needs of each of `seen`.
pub(super) async fn texts(
    forge: &dyn Forge,
    want: &dyn Want,
    seen: &[&Seen],
) -> Result<Vec<Texts>, ForgeError> {
    let mut wanted = BTreeMap::new();
    let needed: Vec<Vec<(String, String)>> = seen
        .iter()
        .map(|seen| {
            let files = files(want, seen);
            files
                .map(|file| {
                    let pair = (file.path.clone(), file.blob.clone());
                    wanted.entry(file.blob.clone()).or_insert(file);
                    pair
                })
                .collect()
        })
        .collect();
    let wanted: Vec<FileAt> = wanted.into_values().collect();
    let found = forge.texts(&wanted).await?;
    let blobs: BTreeMap<_, _> = wanted
        .into_iter()
        .map(|file| file.blob)
        .zip(found)
        .collect();
    let of = |pairs: Vec<(String, String)>| {
        let pairs = pairs.into_iter();
        pairs
            .filter_map(|(path, blob)| Some((path, blobs.get(&blob)?.clone()?)))
            .collect()
    };
    Ok(needed.into_iter().map(of).collect())
}

fn files<'a>(want: &dyn Want, seen: &'a Seen) -> impl Iterator<Item = FileAt> + 'a {
    let needs: BTreeSet<String> = want.needs(seen).into_iter().collect();
    needs.into_iter().filter_map(|path| {
        let entry = seen.files.get(&path)?;
        let fits = entry.size.is_none_or(|size| size <= MAX_FILE_BYTES);
        fits.then_some(FileAt {
            repository: seen.repository.id.clone(),
            full_name: seen.repository.full_name.clone(),
            commit: seen.head.clone()?,
            path,
            blob: entry.id.clone(),
        })
    })
}

impl Row {
    /// Whether there is something to write.
    pub fn writes(&self) -> bool {
        matches!(self.step, Step::Do(_))
    }

    /// What is next in the repository `seen`, whose files have these texts.
    pub(super) fn decided(
        want: &dyn Want,
        seen: Seen,
        ring: &str,
        texts: Texts,
        repair: bool,
    ) -> Self {
        let (ask, step) = decide(want, &seen, &texts, repair);
        Self {
            seen,
            ring: ring.to_owned(),
            ask,
            texts,
            step,
        }
    }
}

/// What one repository is asked for, and what is next.
fn decide(
    want: &dyn Want,
    seen: &Seen,
    texts: &Texts,
    repair: bool,
) -> (Result<Ask, Refusal>, Step) {
    let ask = want.ask(seen, texts);
    let step = match &ask {
        Err(refusal) => Step::Rest(Outcome::Refused(refusal.clone())),
        Ok(ask) => {
            let desired = Desired {
                branch: &ask.branch,
                changes: &ask.changes,
                repair,
            };
            match next(&desired, seen) {
                Next::Do(action) => Step::Do(action),
                Next::Rest(standing) => Step::Rest(outcome(standing)),
            }
        }
    };
    (ask, step)
}

fn outcome(standing: Standing) -> Outcome {
    let blocked = |reason| Outcome::Refused(Refusal::new(RefusalKind::Blocked, reason));
    match standing {
        Standing::Done => Outcome::Done,
        Standing::Open(request) => Outcome::Open {
            request,
            changed: false,
        },
        Standing::Closed(request) => blocked(format!(
            "somebody closed {}; `--repair` opens it again",
            request.url
        )),
        Standing::Blocked(reason) => blocked(reason),
    }
}
