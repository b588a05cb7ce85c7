//! What git itself makes of a repository here.

use std::{io::Write as _, path::Path, process::Command};

use flate2::{Compression, write::ZlibEncoder};

use super::{
    object::{Objects, Oid},
    repository::Repository,
};
use crate::{git::scrubbed, must};

/// Writes the repository's objects and refs into `folder`, has git check all of them strictly, and
/// checks the default branch out, if it has one.
pub(super) fn write(objects: &Objects, repository: &Repository, folder: &Path) {
    must(std::fs::create_dir_all(folder), "make a folder");
    let branch = &repository.default_branch;
    git(
        folder,
        &[
            "init",
            "--quiet",
            "--object-format=sha1",
            &format!("--initial-branch={branch}"),
        ],
    );
    for id in reachable(objects, repository) {
        write_object(objects, id, folder);
    }
    write_refs(repository, folder);
    git(
        folder,
        &["fsck", "--strict", "--no-dangling", "--no-progress"],
    );
    if repository.head().is_some() {
        git(folder, &["reset", "--quiet", "--hard"]);
    }
}

fn write_refs(repository: &Repository, folder: &Path) {
    let mut file = must(
        std::fs::File::create(folder.join(".git/packed-refs")),
        "make a file",
    );
    for (name, id) in &repository.refs {
        must(writeln!(file, "{id} {name}"), "write a ref");
    }
}

fn reachable(objects: &Objects, repository: &Repository) -> Vec<Oid> {
    let commits = objects.ancestors(repository.refs.values().copied());
    let mut found = std::collections::BTreeSet::new();
    for id in commits {
        found.insert(id);
        if let Some(commit) = objects.commit(id) {
            add_tree(objects, commit.tree, &mut found);
        }
    }
    found.into_iter().collect()
}

fn add_tree(objects: &Objects, tree: Oid, found: &mut std::collections::BTreeSet<Oid>) {
    if !found.insert(tree) {
        return;
    }
    for entry in objects.tree(tree).unwrap_or_default() {
        match entry.mode.kind() {
            "tree" => add_tree(objects, entry.id, found),
            "blob" => {
                found.insert(entry.id);
            }
            // Another repository's.
            _ => {}
        }
    }
}

fn write_object(objects: &Objects, id: Oid, folder: &Path) {
    let Some(object) = objects.get(id) else {
        panic!("the forge lost the object {id}");
    };
    let name = id.to_string();
    let shard = folder.join(".git/objects").join(&name[..2]);
    must(std::fs::create_dir_all(&shard), "make a folder");
    let file = must(
        std::fs::File::create(shard.join(&name[2..])),
        "make an object's file",
    );
    let mut encoder = ZlibEncoder::new(file, Compression::fast());
    must(encoder.write_all(&object.encoded()), "write an object");
    must(encoder.finish(), "write an object");
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command: Command = scrubbed();
    command.arg("-C").arg(folder).args(arguments);
    let output = must(command.output(), "run git");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {errors}");
}
