//! Trees: looked into by path, and edited.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::object::{Mode, Object, Objects, Oid, TreeEntry};

/// One file as it is to be.
#[derive(Clone, Debug)]
pub struct Edit {
    /// From the root on.
    pub path: String,
    /// What is to be there; `None` removes it.
    pub to: Option<(Mode, Bytes)>,
}

impl Edit {
    /// A plain file with this content.
    pub fn file(path: &str, content: impl Into<Bytes>) -> Self {
        Self {
            path: path.to_owned(),
            to: Some((Mode::File, content.into())),
        }
    }

    /// The same, executable.
    pub fn executable(path: &str, content: impl Into<Bytes>) -> Self {
        Self {
            path: path.to_owned(),
            to: Some((Mode::Executable, content.into())),
        }
    }

    /// A symbolic link.
    pub fn link(path: &str, target: &str) -> Self {
        Self {
            path: path.to_owned(),
            to: Some((Mode::Link, target.to_owned().into())),
        }
    }

    /// Nothing.
    pub fn removal(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            to: None,
        }
    }
}

impl Objects {
    /// The entry at `path`, from the tree `root` on.
    pub fn at(&self, root: Oid, path: &str) -> Option<&TreeEntry> {
        let (first, rest) = match path.split_once('/') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path, None),
        };
        let entry = self.tree(root)?.iter().find(|entry| entry.name == first)?;
        match rest {
            None => Some(entry),
            Some(rest) => self.at(entry.id, rest),
        }
    }

    /// Every file below the tree `root`, by its path.
    pub fn files(&self, root: Oid) -> BTreeMap<String, (Mode, Oid)> {
        let mut found = BTreeMap::new();
        self.walk(root, "", &mut found);
        found
    }

    fn walk(&self, tree: Oid, before: &str, found: &mut BTreeMap<String, (Mode, Oid)>) {
        for entry in self.tree(tree).unwrap_or_default() {
            let path = format!("{before}{}", entry.name);
            if entry.mode == Mode::Tree {
                self.walk(entry.id, &format!("{path}/"), found);
            } else {
                found.insert(path, (entry.mode, entry.id));
            }
        }
    }

    /// The tree `root` with these edits; `None` stands for one without entries.
    pub fn edited(&mut self, root: Option<Oid>, edits: &[Edit]) -> Oid {
        let mut tree = root;
        for edit in edits {
            let to = edit.to.as_ref().map(|(mode, bytes)| {
                let id = self.put(Object::Blob(bytes.clone()));
                (*mode, id)
            });
            tree = self.placed(tree, &edit.path, to);
        }
        tree.unwrap_or_else(|| self.put(Object::Tree(Vec::new())))
    }

    /// The tree `root` with one entry replaced, added or removed; `None` where none is left.
    pub fn placed(
        &mut self,
        root: Option<Oid>,
        path: &str,
        to: Option<(Mode, Oid)>,
    ) -> Option<Oid> {
        let mut entries = root
            .and_then(|root| self.tree(root))
            .unwrap_or_default()
            .to_vec();
        let (name, to) = match path.split_once('/') {
            None => (path, to),
            Some((first, rest)) => {
                let below = entries
                    .iter()
                    .find(|entry| entry.name == first && entry.mode == Mode::Tree)
                    .map(|entry| entry.id);
                // Removing what is not there leaves a file of the folder's name alone.
                if below.is_none() && to.is_none() {
                    return root;
                }
                let below = self.placed(below, rest, to);
                (first, below.map(|id| (Mode::Tree, id)))
            }
        };
        entries.retain(|entry| entry.name != name);
        entries.extend(to.map(|(mode, id)| TreeEntry {
            name: name.to_owned(),
            mode,
            id,
        }));
        (!entries.is_empty()).then(|| self.put_tree(entries))
    }

    /// Keeps a tree of these entries, in git's order.
    pub fn put_tree(&mut self, mut entries: Vec<TreeEntry>) -> Oid {
        entries.sort_by_key(order);
        self.put(Object::Tree(entries))
    }
}

/// Git sorts a folder as if its name ended in a slash.
fn order(entry: &TreeEntry) -> Vec<u8> {
    let slash = if entry.mode == Mode::Tree { "/" } else { "" };
    format!("{}{slash}", entry.name).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_reach_into_folders_and_leave_no_empty_ones() {
        let mut objects = Objects::default();
        let edits = [
            Edit::file("a/b/c", "1"),
            Edit::file("a.txt", "2"),
            Edit::link("a/link", "b/c"),
        ];
        let tree = objects.edited(None, &edits);
        let paths: Vec<String> = objects.files(tree).into_keys().collect();
        assert_eq!(paths, ["a.txt", "a/b/c", "a/link"]);
        let order: Vec<&str> = objects
            .tree(tree)
            .unwrap()
            .iter()
            .map(|it| &*it.name)
            .collect();
        assert_eq!(order, ["a.txt", "a"]);
        let tree = objects.edited(
            Some(tree),
            &[Edit::removal("a/b/c"), Edit::removal("a.txt/x")],
        );
        assert!(objects.at(tree, "a/b").is_none());
        assert_eq!(objects.at(tree, "a/link").unwrap().mode, Mode::Link);
        assert!(objects.at(tree, "a.txt").is_some());
    }
}
