//! Circles in what refers to what.

use std::{collections::HashMap, hash::Hash};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// On the way from where the walk began.
    Open,
    Done,
}

/// The edges that close a circle, `from` and `to`, in a walk over everything that `names` reach.
///
/// Each circle that the walk meets is told by one edge; the walk is linear and does not recurse.
pub(super) fn closing<T: Copy + Eq + Hash>(
    names: impl Iterator<Item = T>,
    next: impl Fn(&T) -> Vec<T>,
) -> Vec<(T, T)> {
    let mut seen: HashMap<T, Seen> = HashMap::new();
    let mut found = Vec::new();
    for name in names {
        if seen.contains_key(&name) {
            continue;
        }
        seen.insert(name, Seen::Open);
        let mut path = vec![(name, next(&name).into_iter())];
        while let Some((from, left)) = path.last_mut() {
            let from = *from;
            let Some(to) = left.next() else {
                seen.insert(from, Seen::Done);
                path.pop();
                continue;
            };
            match seen.get(&to) {
                Some(Seen::Open) => found.push((from, to)),
                Some(Seen::Done) => {}
                None => {
                    seen.insert(to, Seen::Open);
                    path.push((to, next(&to).into_iter()));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_closes_each_circle() {
        let edges = [(1, 2), (2, 3), (3, 1), (3, 4), (5, 5), (6, 4)];
        let next = |from: &i32| {
            let of = edges.iter().filter(|(it, _)| it == from);
            of.map(|(_, to)| *to).collect()
        };
        assert_eq!(closing(1..=6, next), [(3, 1), (5, 5)]);
        let long = closing(0..100_000, |from| {
            vec![from + 1]
                .into_iter()
                .filter(|to| *to < 100_000)
                .collect()
        });
        assert!(long.is_empty());
    }
}
