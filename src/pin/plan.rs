//! Asks and decides in turns, until nothing is left to ask.

use std::collections::{BTreeSet, HashMap};

use super::{
    actions_lock::Locked,
    ask::World,
    decide::{decide, excluded},
    decision::Decision,
    facts::{Facts, Question},
    governed::decide_locked,
    options::Options,
    skew,
};
use crate::reference::Reference;

/// A reference, and how it stands in the lock of actions that governs it.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// What a file names.
    pub reference: &'a Reference,
    /// Nothing where no such lock does.
    pub locked: Option<&'a Locked>,
}

/// Decides about every one of `sites`, in their order.
///
/// What is not among `facts` is asked of `world`, each question once, and learned.
pub async fn plan(
    sites: &[Site<'_>],
    facts: &mut Facts,
    world: &World<'_>,
    options: &Options,
) -> Vec<Decision> {
    let mut decisions: Vec<Option<Decision>> = sites
        .iter()
        .map(|site| excluded(site.reference, options))
        .collect();
    let mut is_together = false;
    loop {
        let mut open: BTreeSet<Question> = BTreeSet::new();
        // What one place asks for is most often asked for by many.
        let mut known: HashMap<_, Vec<(&Site<'_>, Decision)>> = HashMap::new();
        for (site, decided) in sites.iter().zip(&mut decisions) {
            if decided.is_some() {
                continue;
            }
            let reference = site.reference;
            let said = (&reference.written, reference.version());
            let alike = known.entry(said).or_default();
            let is_alike =
                |it: &Site<'_>| it.locked == site.locked && says_the_same(it.reference, reference);
            if let Some((_, decision)) = alike.iter().find(|(it, _)| is_alike(it)) {
                *decided = Some(decision.clone());
                continue;
            }
            let narrow = is_together
                .then(|| skew::together(reference, options))
                .flatten();
            let options = narrow.as_ref().unwrap_or(options);
            let decision = match site.locked {
                Some(locked) => decide_locked(reference, locked, facts, options),
                None => decide(reference, facts, options),
            };
            match decision {
                Ok(decision) => {
                    alike.push((site, decision.clone()));
                    *decided = Some(decision);
                }
                Err(question) => _ = open.insert(question),
            }
        }
        if open.is_empty() {
            let all: Vec<Decision> = decisions.iter().flatten().cloned().collect();
            if is_together || !skew::part(sites, &all, options) {
                return all;
            }
            is_together = true;
            for (site, decided) in sites.iter().zip(&mut decisions) {
                if skew::together(site.reference, options).is_some() {
                    *decided = None;
                }
            }
            continue;
        }
        for fact in world.ask(open, facts).await {
            facts.learn(fact);
        }
    }
}

/// Whether what is decided about one goes for the other, too: two files of one address may have
/// different hashes beside them.
fn says_the_same(one: &Reference, other: &Reference) -> bool {
    one.target == other.target
        && one.version() == other.version()
        && one.obstacle() == other.obstacle()
}
