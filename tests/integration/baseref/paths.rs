//! Files that the command line names: inside of the checkout they are the base's, outside they are
//! what they are.

use super::*;

const KEY: [&str; 2] = ["--insecure-ignore-tlog", "--key"];

#[test]
fn a_key_that_a_flag_names_is_the_bases() {
    let world = World::swapped();
    let job = world.pull_request(&world.base).args(KEY);
    let absolute = world.path("work/keys/cosign.pub");
    let roundabout = world.path("work/keys/../../work/./keys/cosign.pub");
    link("work/keys", &world.path("way-in"));
    link("work", &world.path("other-name"));
    for path in [
        "keys/cosign.pub",
        "../work/keys/cosign.pub",
        "../way-in/cosign.pub",
        "../other-name/keys/cosign.pub",
        "/proc/self/cwd/keys/cosign.pub",
        absolute.to_str().unwrap(),
        roundabout.to_str().unwrap(),
    ] {
        world.job().args(KEY).args([path]).verify().is(0);
        job.args([path]).verify().kept_to_the_base();
    }
    let below = job.folder("work/deep");
    below
        .args(["../keys/cosign.pub"])
        .verify()
        .kept_to_the_base();
    world.write("work/new.pub", &world.stranger.public_pem());
    for (path, words) in [
        ("new.pub", "has no new.pub"),
        ("keys", "keys is a folder"),
        (".git/config", "has no .git/config"),
        (".", "could not read"),
    ] {
        let ended = job.args([path]).verify();
        ended.is(USAGE).said(words);
    }
}

#[test]
fn a_file_outside_is_read_as_it_is() {
    let world = World::swapped();
    let key = world.write("own/cosign.pub", &world.stranger.public_pem());
    let config = world.write("own/fullsend.yaml", &POLICY.replace("keys/", ""));
    let job = world.pull_request(&world.base);
    let by_key = job.args(KEY).args([key.to_str().unwrap()]);
    by_key.verify().is(0);
    let by_config = job.args(["--config", config.to_str().unwrap()]);
    by_config.verify().is(0);
    assert_eq!(by_config.exec_report()["config"]["ref"], Value::Null);
    // Also where the event is of no use, as it is not asked then.
    let job = world.github("pull_request", "{").folder("own");
    job.verify().is(0);
}

#[test]
fn another_checkout_is_a_strangers_too() {
    let world = World::swapped();
    world.git_in(".", &["clone", "--quiet", "work", "elsewhere"]);
    let job = world.pull_request(&world.base).args(KEY);
    let ended = job.args(["../elsewhere/keys/cosign.pub"]).verify();
    ended.kept_to_the_base();
    world.git_in(".", &["init", "--quiet", "unrelated"]);
    world.write("unrelated/cosign.pub", &world.stranger.public_pem());
    let job = world.pull_request(&world.base).args(KEY);
    let ended = job.args(["../unrelated/cosign.pub"]).verify();
    ended.is(USAGE).said("is not in the checkout");
}

#[test]
fn a_config_that_a_flag_names_is_the_bases() {
    let world = World::swapped();
    let wide = POLICY.replace("keys/cosign.pub", "stranger.pub");
    world.write("work/wide.yaml", &wide);
    world.write("work/stranger.pub", &world.stranger.public_pem());
    world.commit("work");
    let job = world.pull_request(&world.base);
    let flagged = |path: &str| job.args(["--config", path]).verify();
    flagged("fullsend.yaml").kept_to_the_base();
    flagged("wide.yaml").gave_up("has no wide.yaml");
    let deeper = job.folder("work/deep/er");
    let ended = deeper.args(["--config", "../../fullsend.yaml"]).verify();
    ended.kept_to_the_base();
}

#[test]
fn the_deny_list_is_the_bases() {
    let world = World::new();
    let list = format!("- {{digest: '{}', reason: stolen}}\n", world.scene.digest());
    world.write("origin/deny.yaml", &list);
    world.write("origin/keys/cosign.pub", &world.stranger.public_pem());
    world.write(
        "origin/fullsend.yaml",
        &POLICY.replace("verify:", "deny: deny.yaml\nverify:"),
    );
    let base = world.commit("origin");
    world.git_in("work", &["pull", "--quiet"]);
    world.write("work/deny.yaml", "[]\n");
    world.job().verify().is(0);
    let job = world.pull_request(&base);
    job.verify().is(13);
    job.args(["--deny", "deny.yaml"]).verify().is(13);
    let absolute = world.path("work/deny.yaml");
    let ended = job.args(["--deny", absolute.to_str().unwrap()]).verify();
    ended.is(13);
}

#[test]
fn a_submodule_is_part_of_the_checkout_around_it() {
    let world = World::new();
    // A fork of the project, whose root has the stranger's key under another name's place.
    world.git_in(".", &["clone", "--quiet", "origin", "fork"]);
    world.write("fork/cosign.pub", &world.stranger.public_pem());
    world.commit("fork");
    world.git_in("work", &["rm", "--quiet", "-r", "keys"]);
    let fork = world.path("fork");
    let fork = fork.to_str().unwrap();
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "--quiet",
    ];
    world.git_in("work", &[add.as_slice(), &[fork, "keys"]].concat());
    world.commit("work");
    world.job().verify().is(0);
    let job = world.pull_request(&world.base);
    job.verify().kept_to_the_base();
    job.folder("work/keys").verify().kept_to_the_base();
}
