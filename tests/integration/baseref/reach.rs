//! How the base is reached: shallow clones, no history, no git, and repositories that lie.

use super::*;

impl World {
    /// Makes `work` anew as a clone of depth 1 of the stranger's head, which `origin` has too.
    fn shallow(&self) {
        self.git_in(
            "work",
            &["push", "--quiet", "origin", "HEAD:refs/heads/change"],
        );
        std::fs::remove_dir_all(self.path("work")).unwrap();
        let origin = format!("file://{}", self.path("origin").display());
        let clone = [
            "clone",
            "--quiet",
            "--depth=1",
            "--branch=change",
            &origin,
            "work",
        ];
        self.git_in(".", &clone);
    }

    fn has_base(&self) -> bool {
        let mut git = self.process("git", "work");
        let known = git.args(["cat-file", "-e", &self.base]).output().unwrap();
        known.status.success()
    }
}

#[test]
fn a_base_that_is_not_there_is_fetched_alone() {
    let world = World::swapped();
    world.write("origin/later", "");
    let tip = world.commit("origin");
    world.shallow();
    assert!(!world.has_base());
    let before = world.git_in("work", &["for-each-ref"]);
    world.pull_request(&world.base).verify().kept_to_the_base();
    assert!(world.has_base());
    // Nothing else has come, and nothing has moved.
    assert_eq!(world.git_in("work", &["for-each-ref"]), before);
    assert!(!world.path("work/.git/FETCH_HEAD").exists());
    let (out, _) = world.try_git(&["cat-file", "-e", &tip]);
    assert!(!out);
    // The second run needs no origin.
    std::fs::remove_dir_all(world.path("origin")).unwrap();
    world.pull_request(&world.base).verify().kept_to_the_base();
}

impl World {
    fn try_git(&self, arguments: &[&str]) -> (bool, String) {
        let done = self
            .process("git", "work")
            .args(arguments)
            .output()
            .unwrap();
        (done.status.success(), text(&done.stdout))
    }
}

#[test]
fn offline_nothing_is_fetched() {
    let world = World::swapped();
    world.shallow();
    let job = world.pull_request(&world.base).args(["--offline"]);
    let ended = job.verify();
    ended
        .gave_up("is not in the checkout")
        .said("fetch-depth: 0");
    ended.said(&world.base);
    assert!(!world.has_base());
}

#[test]
fn a_base_that_cannot_be_fetched_ends_the_run() {
    let world = World::swapped();
    world.shallow();
    std::fs::remove_dir_all(world.path("origin")).unwrap();
    let ended = world.pull_request(&world.base).verify();
    ended
        .gave_up("could not be fetched from its origin")
        .said("fetch-depth: 0");
    ended.said(&world.base);
}

#[test]
fn a_branch_or_a_tag_that_is_called_like_the_base_is_not_it() {
    let world = World::swapped();
    for reference in ["refs/heads/", "refs/tags/"] {
        let reference = format!("{reference}{}", world.base);
        world.git_in("work", &["update-ref", &reference, "HEAD"]);
    }
    world.pull_request(&world.base).verify().kept_to_the_base();
    let absent = "0123456789".repeat(4);
    world.git_in(
        "work",
        &["update-ref", &format!("refs/tags/{absent}"), "HEAD"],
    );
    let ended = world.pull_request(&absent).verify();
    ended.gave_up("is not in the checkout");
}

#[test]
fn a_tree_or_a_replacement_is_not_the_base() {
    let world = World::swapped();
    let tree = world.git_in("work", &["rev-parse", "HEAD^{tree}"]);
    let ended = world.pull_request(&tree).verify();
    ended.gave_up("is not in the checkout");
    world.git_in("work", &["replace", &world.base, "HEAD"]);
    world.pull_request(&world.base).verify().kept_to_the_base();
}

#[test]
fn a_checkout_without_history_is_not_read() {
    let world = World::swapped();
    std::fs::remove_dir_all(world.path("work/.git")).unwrap();
    let job = world.pull_request(&world.base);
    job.verify().gave_up("is no git work tree");
    let key = ["--insecure-ignore-tlog", "--key", "keys/cosign.pub"];
    job.args(key).verify().gave_up("is no git work tree");
    // Where there is no file at all, flags suffice.
    std::fs::remove_file(world.path("work/fullsend.yaml")).unwrap();
    let outside = world.write("own.pub", &world.stranger.public_pem());
    let key = ["--insecure-ignore-tlog", "--key", outside.to_str().unwrap()];
    job.args(key).verify().is(0);
}

#[test]
fn without_git_the_checkout_is_not_read() {
    let world = World::swapped();
    let job = world.pull_request(&world.base).env("PATH", "/nonexistent");
    job.verify().gave_up("there is no program `git`");
}

#[test]
fn the_environment_and_another_owner_do_not_lead_git_astray() {
    let world = World::swapped();
    world.git_in(".", &["init", "--quiet", "trap"]);
    let mut job = world.pull_request(&world.base);
    for (name, value) in [
        ("GIT_DIR", world.path("trap/.git")),
        ("GIT_WORK_TREE", world.path("trap")),
        ("GIT_OBJECT_DIRECTORY", world.path("trap/.git/objects")),
        ("GIT_EXEC_PATH", world.path("trap")),
        ("GIT_INDEX_FILE", world.path("trap/index")),
        ("GIT_TRACE", world.path("trap/trace")),
    ] {
        job = job.env(name, value.to_str().unwrap());
    }
    job.verify().kept_to_the_base();
    assert!(!world.path("trap/trace").exists());
    if rustix::process::getuid().is_root() {
        for path in ["work", "work/.git"] {
            std::os::unix::fs::chown(world.path(path), Some(1234), Some(1234)).unwrap();
        }
        world.pull_request(&world.base).verify().kept_to_the_base();
    }
}

#[test]
fn hooks_and_a_folder_that_poses_as_a_repository_run_nothing() {
    let world = World::swapped();
    world.shallow();
    let mark = world.path("ran");
    let script = format!("#!/bin/sh\ntouch {}\n", mark.display());
    for hook in [
        "reference-transaction",
        "post-checkout",
        "fsmonitor-watchman",
    ] {
        let path = world.write(&format!("work/.git/hooks/{hook}"), &script);
        files::set_mode(&path, 0o755).unwrap();
    }
    // A bare repository can be committed, and git would take its settings.
    world.git_in("work", &["init", "--quiet", "--bare", "deep/er"]);
    let evil = format!("core.fsmonitor={}", mark.display());
    let (name, value) = evil.split_once('=').unwrap();
    world.git_in("work/deep/er", &["config", name, &format!("touch {value}")]);
    let job = world.pull_request(&world.base).folder("work/deep/er");
    job.verify().kept_to_the_base();
    assert!(!mark.exists());
}

#[test]
fn linked_work_trees_and_partial_clones_have_a_base() {
    let world = World::swapped();
    world.git_in(
        "work",
        &[
            "worktree",
            "add",
            "--quiet",
            "--detach",
            "../linked",
            "HEAD",
        ],
    );
    let job = world.pull_request(&world.base).folder("linked");
    job.verify().kept_to_the_base();

    world.shallow();
    world.git_in("origin", &["config", "uploadpack.allowFilter", "true"]);
    std::fs::remove_dir_all(world.path("work")).unwrap();
    let origin = format!("file://{}", world.path("origin").display());
    let clone = [
        "clone",
        "--quiet",
        "--filter=blob:none",
        "--branch=change",
        &origin,
        "work",
    ];
    world.git_in(".", &clone);
    world.pull_request(&world.base).verify().kept_to_the_base();
}

#[test]
fn a_file_of_the_base_that_is_too_large_is_not_read() {
    let world = World::new();
    let large = format!("{POLICY}{}", "# x\n".repeat(1 << 20));
    world.write("origin/fullsend.yaml", &large);
    let base = world.commit("origin");
    let ended = world.pull_request(&base).verify();
    ended.gave_up("wrote more than");
}
