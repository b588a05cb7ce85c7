//! Many things in few questions: as many at once as the forge bears.

use std::ops::Range;

/// What is left to ask, as ranges of a list.
#[derive(Debug)]
pub(super) struct Batches {
    /// The next one last.
    left: Vec<Range<usize>>,
}

impl Batches {
    /// `all` things, at most `size` at once.
    pub(super) fn new(all: usize, size: usize) -> Self {
        let begins = (0..all).step_by(size.max(1));
        let ranges = begins.map(|at| at..(at + size).min(all));
        let mut left: Vec<_> = ranges.collect();
        left.reverse();
        Self { left }
    }

    /// What to ask next.
    pub(super) fn next(&mut self) -> Option<Range<usize>> {
        self.left.pop()
    }

    /// Asks for `range` again, half of it at once; false where it is but one.
    pub(super) fn halve(&mut self, range: &Range<usize>) -> bool {
        if range.len() < 2 {
            return false;
        }
        let middle = range.start + range.len() / 2;
        self.left.push(middle..range.end);
        self.left.push(range.start..middle);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_asked_once_and_in_order() {
        let mut batches = Batches::new(250, 100);
        let mut asked = Vec::new();
        while let Some(range) = batches.next() {
            // Whatever has more than 40 is too much.
            if range.len() > 40 && batches.halve(&range) {
                continue;
            }
            asked.extend(range);
        }
        assert_eq!(asked, (0..250).collect::<Vec<_>>());
        assert!(!batches.halve(&(3..4)));
        assert!(Batches::new(0, 100).next().is_none());
    }
}
