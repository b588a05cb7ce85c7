//! Registries and git hosts that fail: that reference is an error with its reason, the others are
//! done, and a rerun finishes.

use std::time::Duration;

use fullsend_testkit::{git, registry::Fault};

use super::scene::{CI, Done, Scene};

const MADE: &str = "2024-01-01T00:00:00Z";

/// Two images and two actions, of which one each is asked for at paths with `bad` in them.
fn scene() -> (Scene, Vec<String>) {
    let scene = Scene::new();
    let mut pins = Vec::new();
    for name in ["bad", "good"] {
        let commit = scene.action(&format!("o/{name}")).new;
        let digest = scene.image(name, "1.0.0", MADE);
        pins.push(format!("o/{name}@{commit} # v1.1.0"));
        pins.push(format!(
            "docker://{}@{digest}",
            scene.named(&format!("{name}:1.0.0"))
        ));
    }
    (scene, pins)
}

fn reset(scene: &Scene) {
    let image = |name: &str| format!("docker://{}", scene.named(&format!("{name}:1.0.0")));
    scene.steps(&["o/bad@v1", &image("bad"), "o/good@v1", &image("good")]);
}

/// Runs into `fault`; what was told of the action, and of the image.
#[track_caller]
fn run_into(scene: &Scene, pins: &[String], fault: &Fault) -> [String; 2] {
    reset(scene);
    scene.git.fault("*bad*", fault.clone());
    scene.registry.fault("*bad*", fault.clone());
    let (code, rows) = scene.rows(&[]);
    let statuses: Vec<_> = rows
        .iter()
        .map(|row| row["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        (code, &statuses[..]),
        (3, &["error", "error", "changed", "changed"][..]),
        "{rows:#?}"
    );
    let text = scene.text(CI);
    assert!(pins[2..].iter().all(|pin| text.contains(pin)), "{text}");
    scene.git.clear_faults();
    scene.registry.clear_faults();
    scene.pin(&[]).ended(0);
    let text = scene.text(CI);
    assert!(pins.iter().all(|pin| text.contains(pin)), "{text}");
    [0, 1].map(|row| rows[row]["reason"].as_str().unwrap().to_owned())
}

#[test]
fn the_others_are_done_and_a_rerun_finishes() {
    let (scene, pins) = scene();
    let table = [
        (Fault::status(401), "401", "401"),
        (Fault::status(403), "403", "403"),
        (Fault::status(404), "404", "404"),
        (
            Fault::status(429).retry_after(3600),
            "no more requests",
            "429",
        ),
        (Fault::status(500).retry_after(0), "500", "500"),
        (Fault::status(503).retry_after(0), "503", "503"),
        (Fault::status(418), "418", "418"),
        (Fault::status(200).body("<html>"), "malformed", ""),
        (
            Fault::redirect("ftp://example.invalid/x"),
            "redirect",
            "redirect",
        ),
    ];
    for (fault, of_action, of_image) in table {
        let [action, image] = run_into(&scene, &pins, &fault);
        assert!(action.contains(of_action), "{action}");
        assert!(image.contains(of_image), "{image}");
    }
}

#[test]
fn who_asks_to_wait_a_moment_is_asked_again() {
    let (scene, pins) = scene();
    reset(&scene);
    for status in [429, 503] {
        let fault = Fault::status(status).retry_after(0).times(2);
        scene.git.fault("*bad*", fault.clone());
        scene.registry.fault("*bad*", fault);
    }
    scene.pin(&[]).ended(0);
    let text = scene.text(CI);
    assert!(pins.iter().all(|pin| text.contains(pin)), "{text}");
}

#[test]
fn a_repository_that_was_renamed_is_pinned_and_told() {
    let (scene, pins) = scene();
    scene.git.rename("o/old", &scene.git.url("/o/good"));
    scene.steps(&["o/old@v1", &pins[2].replace("good", "old")]);
    let (code, rows) = scene.rows(&[]);
    assert_eq!(
        (code, &rows[0]["status"], &rows[1]["status"]),
        (0, &"changed".into(), &"pinned".into())
    );
    for row in rows {
        let reason = row["reason"].as_str().unwrap();
        assert!(reason.contains("/o/good: use that name"), "{reason}");
    }
    assert!(scene.text(CI).contains(&pins[2].replace("good", "old")));
}

#[test]
fn nothing_is_opened_offline() {
    let (scene, _) = scene();
    reset(&scene);
    scene.write(
        ".gitlab-ci.yml",
        format!("include:\n- remote: {}\n", scene.git.url("/x.yml")),
    );
    let (code, rows) = scene.rows(&["--offline"]);
    assert_eq!((code, rows.len()), (3, 5));
    for row in &rows {
        assert_eq!(row["status"], "error", "{row:#}");
        let reason = row["reason"].as_str().unwrap();
        assert!(reason.contains("offline"), "{reason}");
    }
    assert_eq!(scene.asked(), [""; 0]);
    // Except to what the command line names.
    scene.pin(&[
        "--offline",
        "--github-url",
        &scene.git.url("/"),
        "--only",
        "actions",
    ]);
    assert_eq!(scene.git.paths().len(), 2);
}

/// The job's token goes to its own host alone, and is seen nowhere.
#[test]
fn tokens_go_to_their_own_hosts_and_into_no_output() {
    const TOKEN: &str = "ghp_ThisIsASecretOfTheJob";
    let (scene, _) = scene();
    let elsewhere = git::GitHost::start();
    scene.git.require_token(TOKEN);
    let project = elsewhere.repository("g/p");
    let commit = project.commit(&[], "a", 1_600_000_000);
    project.tag("1.0.0", &commit);
    reset(&scene);
    scene.write(
        ".gitlab-ci.yml",
        format!("include:\n- component: {}/g/p/c@1.0.0\n", elsewhere.host()),
    );
    for (arguments, code) in [
        (&["--format", "json"][..], 0),
        (&["-vv"], 0),
        (&["--check", "-v"], 0),
    ] {
        let mut command = scene.command(&[&["pin"], arguments].concat());
        command
            .env("GITHUB_TOKEN", TOKEN)
            .env("CI_SERVER_URL", elsewhere.url("/"));
        let done = Done::of(&command.output().unwrap());
        done.ended(code);
        assert!(
            !done.stdout.contains(TOKEN) && !done.stderr.contains(TOKEN),
            "{done:#?}"
        );
    }
    let shows = |request: &git::LoggedRequest| request.header("authorization").is_some();
    assert!(scene.git.requests().iter().all(shows));
    assert!(!elsewhere.requests().is_empty());
    assert!(!elsewhere.requests().iter().any(shows));
    assert!(
        !scene
            .registry
            .requests()
            .iter()
            .any(|request| request.header("authorization").is_some())
    );

    // Nor where it is refused, or the host leads away.
    for fault in [
        Fault::status(401),
        Fault::redirect(&elsewhere.url("/o/bad.git/git-upload-pack")),
    ] {
        scene.git.fault("*bad*", fault);
        reset(&scene);
        let mut command = scene.command(&["pin", "-vv"]);
        let done = Done::of(&command.env("GITHUB_TOKEN", TOKEN).output().unwrap());
        done.ended(3);
        assert!(
            !done.stdout.contains(TOKEN) && !done.stderr.contains(TOKEN),
            "{done:#?}"
        );
    }
    assert!(!elsewhere.requests().iter().any(shows));
}

/// By the library, whose patience can be made short.
#[tokio::test]
async fn who_never_answers_is_an_error_in_the_end() {
    use fullsend::{
        forge::{GitHosts, GitOptions},
        pin::{self, Bounds, Facts, Options, Site, World},
        reference,
        registry::{Registry, RegistryOptions},
        seam::{environment::Environment, http::Url},
    };
    let (scene, _) = scene();
    reset(&scene);
    scene.git.fault("*bad*", Fault::hang());
    scene.registry.fault("*bad*", Fault::hang());
    let github = Url::parse(&scene.git.url("/")).unwrap();
    let environment = Environment::default();
    let registries = RegistryOptions {
        deadline: Duration::from_millis(500),
        ..RegistryOptions::default()
    };
    let hosts = GitOptions {
        deadline: Duration::from_millis(500),
        ..GitOptions::new(github.clone())
    };
    let world = World {
        web: &registries.web(&environment),
        registry: &Registry::new(&environment, registries.clone()),
        hosts: &GitHosts::new(&environment, hosts),
        judge: None,
    };
    let options = Options {
        only: None,
        exclude: globset::GlobSet::empty(),
        step: fullsend::model::version::Step::None,
        min_age: None,
        now: jiff::Timestamp::now(),
        github,
        gitlab: None,
        components_by_commit: false,
        verify: false,
        bounds: Bounds::default(),
    };
    let text = scene.text(CI);
    let references = reference::references(CI.as_ref(), text.as_bytes()).unwrap();
    let sites: Vec<_> = references
        .iter()
        .map(|reference| Site {
            reference,
            locked: None,
        })
        .collect();
    let decisions = pin::plan(&sites, &mut Facts::default(), &world, &options).await;
    let statuses: Vec<_> = decisions.iter().map(|it| it.status.as_str()).collect();
    assert_eq!(statuses, ["error", "error", "unpinned", "unpinned"]);
    for decision in &decisions[..2] {
        let reason = decision.reason.as_ref().unwrap();
        assert!(reason.contains("took longer than 0.5 s"), "{reason}");
    }
}
