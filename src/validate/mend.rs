//! The mends that are safe, made in a text.

use std::{collections::BTreeMap, path::Path};

use super::{Checked, Kind, Problem, UNREADABLE, check};
use crate::{
    document::edit::{self, Edit},
    model::files::Files,
    report::finding::Severity,
};

/// A file is mended in so many rounds at most: one mend can lay bare another.
const MAX_ROUNDS: usize = 5;

/// A text with its safe mends made.
#[derive(Debug)]
pub struct Mended {
    /// The whole text.
    pub text: String,
    /// What is still wrong with it.
    pub checked: Checked,
}

/// Makes every safe mend in `bytes`, of which [`check`] with the same arguments said `checked`;
/// nothing where there is none.
///
/// What is mended is looked at again, as one mend can lay bare another. One after which more is
/// wrong than before is not made.
pub fn mend(
    path: &Path,
    bytes: &[u8],
    kind: Option<Kind>,
    files: &dyn Files,
    checked: &Checked,
) -> Option<Mended> {
    let first = edited(std::str::from_utf8(bytes).ok()?, &checked.problems)?;
    let mut errors = errors_of(&checked.problems);
    let mut mended: Option<Mended> = None;
    let mut next = Some(first);
    for _ in 0..MAX_ROUNDS {
        let Some(text) = next else {
            break;
        };
        let checked = check(path, text.as_bytes(), kind, files);
        let left = errors_of(&checked.problems);
        if left > errors || checked.problems.iter().any(is_unreadable) {
            break;
        }
        errors = left;
        next = edited(&text, &checked.problems);
        mended = Some(Mended { text, checked });
    }
    mended
}

fn errors_of(problems: &[Problem]) -> usize {
    let is_error = |problem: &&Problem| problem.finding.severity == Severity::Error;
    problems.iter().filter(is_error).count()
}

fn is_unreadable(problem: &Problem) -> bool {
    problem.finding.rule.id == UNREADABLE.about.id
}

/// `text` with the mends of `problems`, but for those that would touch another's bytes.
fn edited(text: &str, problems: &[Problem]) -> Option<String> {
    // By where each begins; those taken never touch, so that only the neighbours can.
    let mut taken: BTreeMap<(usize, usize), &Edit> = BTreeMap::new();
    for problem in problems {
        let is_free = |edit: &Edit| {
            let before = taken.range(..=(edit.at.end, usize::MAX)).next_back();
            before.is_none_or(|(_, other)| other.at.end < edit.at.start)
        };
        if problem.fix.iter().all(is_free) {
            let count = taken.len();
            let numbered = (count..).zip(&problem.fix);
            taken.extend(numbered.map(|(number, edit)| ((edit.at.start, number), edit)));
        }
    }
    let edits: Vec<Edit> = taken.into_values().cloned().collect();
    (!edits.is_empty()).then(|| edit::apply(text, &edits).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::files::NoFiles;

    const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: a}\n\
                          spec:\n  validationFailureAction: enforce\n  rules: []\n";

    fn look(text: &str) -> Checked {
        check(Path::new("x.yaml"), text.as_bytes(), None, &NoFiles)
    }

    fn mend_of(text: &str, checked: &Checked) -> Option<Mended> {
        mend(
            Path::new("x.yaml"),
            text.as_bytes(),
            None,
            &NoFiles,
            checked,
        )
    }

    /// What comes of [`POLICY`] if the mend of its problem were to replace `old` by `new`.
    fn mend_with(old: &str, new: &str) -> Option<Mended> {
        let mut checked = look(POLICY);
        let fixes = checked.problems.iter_mut().map(|problem| &mut problem.fix);
        let mut fixes: Vec<_> = fixes.filter(|fix| !fix.is_empty()).collect();
        let start = POLICY.find(old).unwrap();
        *fixes[0] = vec![edit(start..start + old.len(), new)];
        mend_of(POLICY, &checked)
    }

    fn edit(at: std::ops::Range<usize>, text: &str) -> Edit {
        Edit {
            at,
            text: text.to_owned(),
        }
    }

    #[test]
    fn every_mend_is_made_and_what_is_left_is_told() {
        let text = format!("{POLICY}---\n{POLICY}");
        let mended = mend_of(&text, &look(&text)).unwrap();
        assert_eq!(mended.text, text.replace("enforce", "Enforce"));
        let left = look(&mended.text);
        assert_eq!(mended.checked.problems, left.problems);
        assert_eq!(mended.checked.kind, Some(Kind::Kubernetes));
        assert!(mend_of(&mended.text, &left).is_none(), "there is none left");
    }

    #[test]
    fn a_mend_that_lays_bare_another_is_followed_by_it() {
        let mended = mend_with("enforce", "audit").unwrap();
        assert_eq!(mended.text, POLICY.replace("enforce", "Audit"));
    }

    #[test]
    fn a_mend_after_which_more_is_wrong_is_none() {
        let worse = "on: push\njobs: {a: {runs-on: 3, nonsense: 1}}\n";
        let errors = |text: &str| errors_of(&look(text).problems);
        assert!(errors(worse) > errors(POLICY));
        assert!(mend_with(POLICY, worse).is_none());
        assert!(mend_with("enforce", "[").is_none(), "no YAML any more");
    }

    #[test]
    fn mends_that_touch_are_not_made_together() {
        let problem = |fix: &[Edit]| {
            let mut problem = look(POLICY).problems.remove(0);
            problem.fix = fix.to_vec();
            problem
        };
        let text = "0123456789";
        for (fixes, wanted) in [
            (
                &[&[edit(1..3, "a")][..], &[edit(4..5, "b")]][..],
                "0a3b56789",
            ),
            (&[&[edit(1..3, "a")], &[edit(3..5, "b")]], "0a3456789"),
            (&[&[edit(3..5, "b")], &[edit(1..3, "a")]], "012b56789"),
            (&[&[edit(1..1, "a")], &[edit(1..1, "b")]], "0a123456789"),
            // All of a mend, or nothing of it.
            (
                &[&[edit(1..3, "a")], &[edit(8..9, "c"), edit(2..4, "b")]],
                "0a3456789",
            ),
            (&[&[edit(8..9, "c"), edit(1..3, "a")]], "0a34567c9"),
        ] {
            let problems: Vec<Problem> = fixes.iter().map(|fix| problem(fix)).collect();
            assert_eq!(edited(text, &problems).unwrap(), wanted, "{fixes:?}");
        }
        assert_eq!(edited(text, &[problem(&[])]), None);
        assert_eq!(edited(text, &[problem(&[edit(9..11, "")])]), None);
    }
}
