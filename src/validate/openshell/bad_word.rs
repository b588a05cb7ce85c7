//! What the rules about words have in common.

use super::{Policy, walk::What};
use crate::{
    config::suggest,
    document::edit::Edit,
    validate::{Report, Rule},
};

/// Reports each value that is none of its key's words, for the keys that `mine` takes.
pub(super) fn report(
    rule: &'static Rule,
    policy: &Policy<'_>,
    report: &mut Report<'_>,
    mine: impl Fn(&str) -> bool,
) {
    for fault in policy.faults() {
        let What::BadWord { key, word, known } = &fault.what else {
            continue;
        };
        if !mine(key) {
            continue;
        }
        let shown: String = word.chars().take(60).collect();
        let problem = report.at(
            rule,
            fault.at.clone(),
            format!("`{key}` does not know `{shown}`"),
        );
        let words = known.iter().copied().filter(|word| !word.is_empty());
        if let Some(near) = suggest(word, words.clone()) {
            problem.help(format!("Did you mean `{near}`?"));
            problem.fix([Edit {
                at: fault.at.clone(),
                text: near.to_owned(),
            }]);
        } else {
            let words: Vec<&str> = words.collect();
            problem.help(format!("Write one of: {}.", words.join(", ")));
        }
    }
}
