//! What a stranger's change tries, where the base is at hand.

use super::*;

#[test]
fn the_checkouts_own_policy_would_let_the_image_in() {
    let world = World::swapped();
    world.job().verify().is(0);
    let pull_request = world.pull_request(&world.base);
    pull_request.verify().kept_to_the_base();
    pull_request.args(["--trust-checkout"]).verify().is(0);
}

#[test]
fn another_policy_counts_for_nothing() {
    let world = World::new();
    world.write("work/stranger.pub", &world.stranger.public_pem());
    let widened = POLICY.replace(
        "agents:",
        "      - {key: stranger.pub, insecure_ignore_tlog: true}\nagents:",
    );
    world.write("work/fullsend.yaml", &widened);
    world.commit("work");
    world.job().verify().is(0);
    let ended = world.pull_request(&world.base).verify();
    ended
        .kept_to_the_base()
        .said("fullsend.yaml is read from the base, main@");
}

#[test]
fn what_is_not_committed_counts_for_nothing_either() {
    let world = World::new();
    world.write("work/keys/cosign.pub", &world.stranger.public_pem());
    world.job().verify().is(0);
    world.pull_request(&world.base).verify().kept_to_the_base();
}

#[test]
fn a_deleted_policy_is_still_there() {
    let world = World::new();
    std::fs::remove_file(world.path("work/fullsend.yaml")).unwrap();
    std::fs::remove_dir_all(world.path("work/keys")).unwrap();
    world.commit("work");
    world.pull_request(&world.base).verify().kept_to_the_base();
    world.job().verify().is(USAGE).said("there is no policy");
}

#[test]
fn links_and_folders_in_the_place_of_files_are_not_looked_at() {
    let world = World::swapped();
    let outside = world.write("stranger/keys/cosign.pub", &world.stranger.public_pem());
    world.write("stranger/fullsend.yaml", POLICY);
    link(
        world.path("stranger/fullsend.yaml").to_str().unwrap(),
        &world.path("work/fullsend.yaml"),
    );
    world.commit("work");
    let job = world.pull_request(&world.base);
    job.verify().kept_to_the_base();
    std::fs::remove_dir_all(world.path("work/keys")).unwrap();
    link("../stranger/keys", &world.path("work/keys"));
    job.verify().kept_to_the_base();
    link(outside.to_str().unwrap(), &world.path("work/link.pub"));
    std::fs::remove_file(world.path("work/fullsend.yaml")).unwrap();
    world.write("work/fullsend.yaml/x", "");
    world.commit("work");
    job.verify().kept_to_the_base();
    let key = ["--insecure-ignore-tlog", "--key", "link.pub"];
    let ended = job.args(key).verify();
    ended.is(USAGE).said("has no link.pub");
}

#[test]
fn a_nearer_policy_is_searched_for_in_the_base() {
    let world = World::swapped();
    let nearer = POLICY.replace("keys/cosign.pub", "../keys/cosign.pub");
    world.write("work/deep/fullsend.yaml", &nearer);
    world.commit("work");
    let job = world.pull_request(&world.base).folder("work/deep/er");
    job.verify().kept_to_the_base();
    let report = job.exec_report();
    let root = world.path("work/fullsend.yaml");
    assert_eq!(report["config"]["path"], root.to_str().unwrap());
    // A folder that only the change has.
    world.write("work/new/folder/x", "");
    job.folder("work/new/folder").verify().kept_to_the_base();
    // The base's own nearer one counts.
    world.write("origin/deep/fullsend.yaml", "version: 1\n");
    let base = world.commit("origin");
    let job = world.pull_request(&base).folder("work/deep/er");
    job.verify().is(USAGE).said("there is no policy");
}

#[test]
fn a_base_without_a_policy_is_said_and_flags_go_on() {
    let world = World::new();
    world.git_in("origin", &["rm", "--quiet", "fullsend.yaml"]);
    let base = world.commit("origin");
    world.git_in("work", &["fetch", "--quiet"]);
    let job = world.pull_request(&base);
    let ended = job.verify();
    ended.is(USAGE).said("there is no policy");
    ended.said("the base main has no fullsend.yaml");
    let flags = ["--insecure-ignore-tlog", "--key", "keys/cosign.pub"];
    job.args(flags).verify().kept_to_the_base();
    world.write("stranger.pub", &world.stranger.public_pem());
    let flags = ["--insecure-ignore-tlog", "--key", "../stranger.pub"];
    job.args(flags).verify().is(0);
}

#[test]
fn what_the_base_has_as_a_link_or_a_submodule_is_refused() {
    let world = World::new();
    world.write("origin/elsewhere.yaml", POLICY);
    link("elsewhere.yaml", &world.path("origin/fullsend.yaml"));
    let base = world.commit("origin");
    let ended = world.pull_request(&base).verify();
    ended.gave_up("fullsend.yaml is a symbolic link");
    let base = {
        std::fs::remove_file(world.path("origin/fullsend.yaml")).unwrap();
        world.git_in(".", &["init", "--quiet", "origin/fullsend.yaml"]);
        world.write("origin/fullsend.yaml/x", "");
        world.commit("origin/fullsend.yaml");
        world.commit("origin")
    };
    let ended = world.pull_request(&base).verify();
    ended.gave_up("fullsend.yaml is a submodule");
}

#[test]
fn a_mistake_in_the_bases_file_is_shown_with_its_commit() {
    let world = World::new();
    world.write("origin/fullsend.yaml", "version: 1\nimagee: x\n");
    let base = world.commit("origin");
    let place = format!("main@{}:fullsend.yaml:2:1", &base[..12]);
    world.pull_request(&base).verify().is(USAGE).said(&place);
}

#[test]
fn the_report_names_the_commit_and_the_hash_of_what_was_read() {
    let world = World::new();
    let changed = POLICY.replace("9s", "8s");
    world.write("work/fullsend.yaml", &changed);
    world.commit("work");
    let expected = |text: &str, revision: Option<String>| {
        let digest = fullsend_testkit::digest_of(text.as_bytes());
        json!({
            "path": world.path("work/fullsend.yaml"),
            "sha256": digest.trim_start_matches("sha256:"),
            "ref": revision,
        })
    };
    let job = world.pull_request(&world.base);
    let trusting = job.args(["--trust-checkout"]);
    let revision = format!("main@{}", world.base);
    for (job, config, seconds) in [
        (job, expected(POLICY, Some(revision)), 9.0),
        (trusting, expected(&changed, None), 8.0),
    ] {
        let report = job.exec_report();
        assert_eq!(report["config"], config);
        assert_eq!(report["verification"]["verdict"], "untrusted");
        let verb = ["exec", "t", "--dry-run", "--format=json", "--image"];
        let plan = job.run(&[verb.as_slice(), &[&world.image()]].concat());
        let plan: Value = serde_json::from_slice(&plan.is(0).output.stdout).unwrap();
        assert_eq!(plan["timeout_seconds"], seconds);
    }
}
