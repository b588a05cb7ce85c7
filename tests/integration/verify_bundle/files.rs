//! Files that cannot be read, and are no verdict.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(USAGE));
    assert!(output.stdout.is_empty());
    text(&output.stderr)
}

fn verify(desk: &Desk, bundle: &str) -> Output {
    let arguments = [&["--bundle", bundle] as &[&str], &BY_CI, &["artifact"]].concat();
    fullsend(desk.folder.path(), &arguments)
}

#[test]
fn a_bundle_that_cannot_be_read() {
    let desk = Desk::new();
    desk.write("huge", vec![b' '; (1 << 20) + 1]);
    std::fs::create_dir(desk.path("folder")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, desk.path("pipe"), rustix::fs::Mode::RUSR).unwrap();
    for (name, expected) in [
        ("absent", "could not read absent"),
        ("huge", "larger than 1048576 bytes"),
        ("folder", "not a regular file"),
        ("pipe", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("artifact/x", "could not read artifact/x"),
    ] {
        let said = error(&verify(&desk, name));
        assert!(said.contains(expected), "{name}: {said}");
    }
}

#[test]
fn a_file_without_permission() {
    let desk = Desk::new();
    desk.write("secret", about_content(&desk.keyless()).to_string());
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(desk.path("secret"), closed).unwrap();
    let arguments = [&["--bundle", "secret"] as &[&str], &BY_CI, &["artifact"]].concat();
    let mut program = as_anybody();
    let said = error(&told(&mut program, desk.folder.path(), &arguments));
    assert!(said.contains("could not read secret"), "{said}");
    assert!(said.contains("ermission denied"), "{said}");
}

/// The program without root's right to read everything.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test is run as a user runs it"
)]
fn as_anybody() -> Command {
    let program = env!("CARGO_BIN_EXE_fullsend");
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", "-dac_override,-dac_read_search", program]);
    command
}

#[test]
fn a_bundle_of_the_largest_size_is_read() {
    let desk = Desk::new();
    let mut bundle = about_content(&desk.keyless()).to_string();
    bundle.push_str(&" ".repeat((1 << 20) - bundle.len()));
    let (code, json) = desk.ask(bundle, &BY_CI, "artifact");
    assert_eq!(code, VERIFIED, "{json:#}");
}

#[test]
fn the_json_is_as_its_schema_says_and_the_text_is_one_line_a_fact() {
    let desk = Desk::new();
    let (_, json) = desk.ask(
        about_content(&desk.keyless()).to_string(),
        &BY_CI,
        "artifact",
    );
    let schema = fullsend::cli::commands::schema::schema(
        fullsend::cli::commands::schema::SchemaName::VerifyBundle,
    );
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&json), "{json:#}");

    let arguments = [
        &["--format", "human", "--bundle", "bundle.json"] as &[&str],
        &BY_CI,
    ];
    let human = fullsend(
        desk.folder.path(),
        &[&arguments.concat()[..], &["artifact"]].concat(),
    );
    let human = text(&human.stdout);
    assert!(human.starts_with("bundle.json: verified\n"), "{human}");
    assert!(
        human.contains(ci().name()) && human.contains(&digest_of(CONTENT)),
        "{human}"
    );
}

/// What a stranger wrote moves no cursor.
#[test]
fn control_characters_are_not_shown() {
    let desk = Desk::new();
    let bundle = with(
        &about_content(&desk.keyless()),
        "/mediaType",
        json!("x\u{1b}[2J\nverified"),
    );
    desk.write("bundle.json", bundle.to_string());
    let arguments = [
        &["--format", "human", "--bundle", "bundle.json"] as &[&str],
        &BY_CI,
    ];
    let output = fullsend(
        desk.folder.path(),
        &[&arguments.concat()[..], &["artifact"]].concat(),
    );
    let human = text(&output.stdout);
    assert_eq!(output.status.code(), Some(INVALID));
    assert!(
        !human.contains('\u{1b}') && !human.contains("\nverified"),
        "{human}"
    );
}
