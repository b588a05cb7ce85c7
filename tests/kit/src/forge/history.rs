//! What commits follow which.

use std::collections::{BTreeMap, HashSet};

use super::object::{Mode, Objects, Oid};

impl Objects {
    /// Every commit that `from` leads to, itself included, newest first.
    pub fn ancestors(&self, from: impl IntoIterator<Item = Oid>) -> Vec<Oid> {
        let mut seen = HashSet::new();
        let mut waiting: Vec<Oid> = from.into_iter().collect();
        let mut found = Vec::new();
        while !waiting.is_empty() {
            // Children before parents: a parent is never younger than its child here, and of
            // equal ages the one found first is the child.
            let newest = (0..waiting.len())
                .max_by_key(|at| (self.age(waiting[*at]), usize::MAX - at))
                .unwrap_or_default();
            let id = waiting.remove(newest);
            if seen.insert(id) {
                found.push(id);
                let parents = self.commit(id).map(|commit| commit.parents.clone());
                waiting.extend(parents.unwrap_or_default());
            }
        }
        found
    }

    fn age(&self, id: Oid) -> i64 {
        self.commit(id).map_or(0, |commit| commit.committer.at)
    }

    /// The commits of `head` that `base` lacks, newest first.
    pub fn ahead(&self, base: Oid, head: Oid) -> Vec<Oid> {
        let known: HashSet<Oid> = self.ancestors([base]).into_iter().collect();
        let mut found = self.ancestors([head]);
        found.retain(|id| !known.contains(id));
        found
    }

    /// The newest commit that both lead to.
    pub fn merge_base(&self, one: Oid, other: Oid) -> Option<Oid> {
        let known: HashSet<Oid> = self.ancestors([one]).into_iter().collect();
        self.ancestors([other])
            .into_iter()
            .find(|id| known.contains(id))
    }

    /// Whether `later` leads to `earlier`.
    pub fn follows(&self, later: Oid, earlier: Oid) -> bool {
        self.ancestors([later]).contains(&earlier)
    }

    /// The files of a commit.
    pub fn files_of(&self, commit: Oid) -> BTreeMap<String, (Mode, Oid)> {
        let tree = self.commit(commit).map(|commit| commit.tree);
        tree.map(|tree| self.files(tree)).unwrap_or_default()
    }

    /// The paths in which two commits differ.
    pub fn changed(&self, from: Option<Oid>, to: Oid) -> Vec<String> {
        let old = from.map(|from| self.files_of(from)).unwrap_or_default();
        let new = self.files_of(to);
        let all: HashSet<&String> = old.keys().chain(new.keys()).collect();
        let mut paths: Vec<String> = all
            .into_iter()
            .filter(|path| old.get(*path) != new.get(*path))
            .cloned()
            .collect();
        paths.sort();
        paths
    }

    /// The tree of `base` with what `head` changed since the two parted; `None` where both
    /// changed the same file differently.
    pub fn merged(&mut self, base: Oid, head: Oid) -> Option<Oid> {
        let parted = self.merge_base(base, head);
        let old = parted
            .map(|parted| self.files_of(parted))
            .unwrap_or_default();
        let (ours, theirs) = (self.files_of(base), self.files_of(head));
        let mut tree = self.commit(base).map(|commit| commit.tree);
        for path in self.changed(parted, head) {
            let (old, ours, theirs) = (old.get(&path), ours.get(&path), theirs.get(&path));
            if ours != old && ours != theirs {
                return None;
            }
            tree = self.placed(tree, &path, theirs.copied());
        }
        Some(tree.unwrap_or_else(|| self.put_tree(Vec::new())))
    }
}
