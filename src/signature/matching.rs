//! How many can be served when each may be served once.

use std::collections::{BTreeMap, BTreeSet};

/// The size of the largest matching: each of `choices` is given one of its own members, and no
/// member is given twice.
///
/// Kuhn's algorithm: who finds its member taken asks the holder to look for another.
pub(super) fn largest<T: Ord + Copy>(choices: &[BTreeSet<T>]) -> usize {
    let mut matching = Matching {
        choices,
        holders: BTreeMap::new(),
    };
    (0..choices.len())
        .filter(|&number| matching.serve(number, &mut BTreeSet::new()))
        .count()
}

struct Matching<'a, T> {
    choices: &'a [BTreeSet<T>],
    holders: BTreeMap<T, usize>,
}

impl<T: Ord + Copy> Matching<'_, T> {
    fn serve(&mut self, number: usize, tried: &mut BTreeSet<T>) -> bool {
        let choices = self.choices;
        choices[number].iter().any(|&member| {
            if !tried.insert(member) {
                return false;
            }
            let holder = self.holders.get(&member).copied();
            let free = holder.is_none_or(|holder| self.serve(holder, tried));
            if free {
                self.holders.insert(member, number);
            }
            free
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(choices: &[&[u8]]) -> Vec<BTreeSet<u8>> {
        let set = |members: &&[u8]| members.iter().copied().collect();
        choices.iter().map(set).collect()
    }

    #[test]
    fn nobody_is_served_twice_and_nobody_serves_twice() {
        for (choices, expected) in [
            (&[][..], 0),
            (&[&[][..]], 0),
            (&[&[1][..], &[1]], 1),
            (&[&[1, 2], &[1]], 2),
            (&[&[1], &[1, 2], &[2, 3]], 3),
            (&[&[1, 2], &[1, 2], &[1, 2]], 2),
        ] {
            assert_eq!(largest(&sets(choices)), expected, "{choices:?}");
        }
    }
}
