//! The rooms of `src/` and the one direction they know, enforced over the source itself.
//!
//! A room names only rooms with a lower number, and peers never each other; some crates may be
//! named in one room alone. Paths are read from tokens rather than from a syntax tree, because
//! what stands inside a macro call counts too.

#![expect(
    clippy::disallowed_methods,
    reason = "this reads the project's own source, not a user's files"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "layers/paths.rs"]
mod paths;

/// Every room with its number.
const ROOMS: &[(&str, u8)] = &[
    ("model", 0),
    ("config", 1),
    ("seam", 1),
    ("document", 1),
    ("report", 1),
    ("checkout", 2),
    ("reference", 2),
    ("template", 2),
    ("registry", 2),
    ("forge", 2),
    ("runtime", 2),
    ("signature", 3),
    ("pin", 3),
    ("generate", 3),
    ("validate", 3),
    ("launch", 4),
    ("harness", 4),
    ("fleet", 4),
    ("apiserver", 4),
    ("cli", 5),
];

/// Rooms that only some files of another room may name: the room, the named one, the files.
const RESTRICTED: &[(&str, &str, &[&str])] = &[
    // These write reports; what decides about signatures knows nothing of them.
    (
        "signature",
        "report",
        &["bundle_file", "report", "trust_report"],
    ),
];

/// Crates whose types never leave their rooms; a name that ends in `_` stands for all that begin
/// with it.
const CONFINED: &[(&str, &[&str])] = &[
    ("bollard", &["runtime"]),
    ("flate2", &["forge"]),
    ("gitlab", &["forge"]),
    ("ignore", &["seam"]),
    ("jsonc_parser", &["document"]),
    ("k8s_openapi", &["runtime"]),
    ("kube", &["runtime"]),
    ("minijinja", &["template"]),
    ("octocrab", &["forge"]),
    ("reqwest", &["seam"]),
    ("serde_saphyr", &["config", "document"]),
    ("sigstore_", &["signature"]),
    ("similar", &["cli"]),
    ("toml_", &["document"]),
];

/// What never opens a door to the outside: a room, and the files of it where not all are meant.
const PURE: &[(&str, &[&str])] = &[
    ("document", &[]),
    ("reference", &[]),
    ("template", &[]),
    ("generate", &[]),
    ("validate", &[]),
    (
        "fleet",
        &["desired", "enrol", "membership", "next", "plan", "standing"],
    ),
];

const MAX_LINES: usize = 600;
const MAX_MAIN_LINES: usize = 30;

#[test]
fn source_keeps_to_its_rooms() {
    let mut found = Vec::new();
    for (name, text) in sources("src") {
        found.extend(check_rooms(&name, &text));
        found.extend(check_shape(&format!("src/{name}"), &text));
    }
    for (name, text) in sources("init/src") {
        found.extend(check_shape(&format!("init/src/{name}"), &text));
    }
    assert!(found.is_empty(), "{}", listed(&found));
}

#[test]
fn rooms_use_the_crates_that_are_theirs() {
    let manifest = include_str!("../Cargo.toml");
    let mut found = Vec::new();
    for (confined, rooms) in CONFINED {
        // What is planned but no dependency yet has no user either.
        let spelled = confined.replace('_', "-");
        let is_it = |line: &str| line.starts_with(confined) || line.starts_with(&spelled);
        if !manifest.lines().any(is_it) {
            continue;
        }
        for room in *rooms {
            let mut sources = sources(&format!("src/{room}")).into_iter();
            if !sources.any(|(name, text)| names_crate(&format!("{room}/{name}"), &text, confined))
            {
                found.push(format!("{room} may name `{confined}`, but does not"));
            }
        }
    }
    assert!(found.is_empty(), "{}", listed(&found));
}

/// Whether the file `name`, below `src/`, names the crate.
fn names_crate(name: &str, text: &str, confined: &str) -> bool {
    let paths = paths::in_source(text, &module_of(name)).unwrap_or_default();
    let local: BTreeSet<&str> = paths.iter().filter_map(paths::Named::bound).collect();
    paths
        .iter()
        .filter(|path| path.after_root().is_none())
        .any(|path| confined_crate(path, &local).is_some_and(|(named, _)| *named == confined))
}

/// What is wrong with the places that the file `name`, below `src/`, looks at.
fn check_rooms(name: &str, text: &str) -> Vec<String> {
    let module = module_of(name);
    let room = module.first().map(String::as_str);
    if let Some(room) = room
        && number(room).is_none()
    {
        return vec![format!("src/{name}: `{room}` is not a room")];
    }
    let paths = match paths::in_source(text, &module) {
        Ok(paths) => paths,
        Err(error) => return vec![format!("src/{name}: {error}")],
    };
    let local: BTreeSet<&str> = paths.iter().filter_map(paths::Named::bound).collect();
    let at = |line: usize, what: &str| format!("src/{name}:{line}: {what}");
    paths
        .iter()
        .filter_map(|path| {
            let problem = match path.after_root() {
                Some(segments) => wrong_room(room, segments, path.imported)
                    .or_else(|| wrong_file(&module, segments))
                    .or_else(|| impure(&module, segments)),
                None => wrong_crate(room, path, &local),
            };
            problem.map(|what| at(path.line, &what))
        })
        .collect()
}

fn wrong_room(own: Option<&str>, segments: &[String], imported: bool) -> Option<String> {
    let Some(named) = segments.first() else {
        return imported.then(|| "imports the crate's root, which hides rooms".to_owned());
    };
    let Some(number_of_named) = number(named) else {
        return Some(format!("`{named}` is not a room"));
    };
    // `lib.rs` and `main.rs` stand above every room.
    let own = own?;
    let number_of_own = number(own)?;
    let allowed = named == own || number_of_named < number_of_own;
    (!allowed).then(|| format!("{own} ({number_of_own}) must not name {named} ({number_of_named})"))
}

fn wrong_file(module: &[String], segments: &[String]) -> Option<String> {
    let (own, named) = (module.first()?, segments.first()?);
    let mut restricted = RESTRICTED.iter();
    let (.., files) = restricted.find(|(room, other, _)| room == own && other == named)?;
    let file = module.get(1).map_or("mod", String::as_str);
    (!files.contains(&file))
        .then(|| format!("of {own}, only {} may name {named}", files.join(", ")))
}

fn impure(module: &[String], segments: &[String]) -> Option<String> {
    let (own, named) = (module.first()?, segments.first()?);
    let (_, files) = PURE.iter().find(|(room, _)| room == own)?;
    let file = module.get(1).map_or("mod", String::as_str);
    let is_pure = files.is_empty() || files.contains(&file);
    (is_pure && named == "seam").then(|| format!("{own}::{file} must not name seam"))
}

fn wrong_crate(own: Option<&str>, path: &paths::Named, local: &BTreeSet<&str>) -> Option<String> {
    let name = path.segments.first()?.as_str();
    let (_, rooms) = confined_crate(path, local)?;
    let allowed = own.is_some_and(|own| rooms.contains(&own));
    (!allowed).then(|| format!("only {} may name `{name}`", rooms.join(" and ")))
}

/// The entry of [`CONFINED`] that a path outside of ours names.
fn confined_crate(
    path: &paths::Named,
    local: &BTreeSet<&str>,
) -> Option<&'static (&'static str, &'static [&'static str])> {
    let name = path.segments.first()?.as_str();
    if !path.imported && (path.segments.len() == 1 || local.contains(name)) {
        return None;
    }
    CONFINED.iter().find(|(confined, _)| {
        *confined == name || (confined.ends_with('_') && name.starts_with(confined))
    })
}

/// What is wrong with the file as a file.
fn check_shape(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if !text.starts_with("//!") {
        found.push(format!("{name}: does not open with `//!` and its purpose"));
    }
    if lines > MAX_LINES {
        found.push(format!("{name}: {lines} lines, at most {MAX_LINES}"));
    }
    if name == "src/main.rs" && lines > MAX_MAIN_LINES {
        found.push(format!("{name}: {lines} lines, at most {MAX_MAIN_LINES}"));
    }
    found
}

fn number(room: &str) -> Option<u8> {
    ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, number)| *number)
}

/// The module that a file below `src/` holds: `model/digest.rs` is `[model, digest]`.
fn module_of(name: &str) -> Vec<String> {
    let path = name.strip_suffix(".rs").unwrap_or(name);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" | "main" => Vec::new(),
        _ => path.split('/').map(str::to_owned).collect(),
    }
}

/// The Rust files below `folder`, with their names relative to it.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut pending = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(entries(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(&root).expect("found below the root");
            let text = fs::read_to_string(&path).expect("the source is readable");
            found.push((name.to_string_lossy().into_owned(), text));
        }
    }
    assert!(!found.is_empty(), "no source below {folder}");
    found.sort();
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is readable");
    entries
        .map(|entry| entry.expect("the folder is readable").path())
        .collect()
}

fn listed(found: &[String]) -> String {
    found.iter().fold(String::new(), |mut text, line| {
        let _ = write!(text, "\n  {line}");
        text
    })
}

#[track_caller]
fn assert_refused(name: &str, text: &str, wanted: &str) {
    let found = check_rooms(name, text);
    assert!(
        found.len() == 1 && found[0].contains(wanted),
        "wanted one {wanted:?} of {text:?}, found {found:?}"
    );
}

#[track_caller]
fn assert_accepted(name: &str, text: &str) {
    assert_eq!(check_rooms(name, text), Vec::<String>::new(), "{text:?}");
}

#[test]
fn higher_rooms_and_peers_are_refused() {
    assert_refused(
        "model/a.rs",
        "use crate::seam::X;",
        "model (0) must not name seam (1)",
    );
    assert_refused(
        "seam/a.rs",
        "use crate::config;",
        "seam (1) must not name config (1)",
    );
    assert_refused(
        "registry/mod.rs",
        "fn f(x: crate::runtime::X) {}",
        "must not name runtime",
    );
    assert_refused("model/a.rs", "use fullsend::cli;", "must not name cli");
    assert_refused(
        "seam/a.rs",
        "\n\nuse crate::launch::X;",
        "src/seam/a.rs:3: ",
    );
}

#[test]
fn what_is_pure_opens_no_door() {
    let refused = |file: &str, why: &str| assert_refused(file, "use crate::seam::files;", why);
    refused("generate/a.rs", "generate::a must not name seam");
    refused("generate/a/b.rs", "generate::a must not name seam");
    refused("fleet/next.rs", "fleet::next must not name seam");
    assert!(check_rooms("fleet/journal.rs", "use crate::seam::files;").is_empty());
}

#[test]
fn groups_macros_and_renamed_roots_hide_nothing() {
    assert_refused(
        "model/a.rs",
        "use crate::{model::X, seam::{Z as W}};",
        "seam",
    );
    assert_refused(
        "model/a.rs",
        "fn f() { info!(\"{}\", crate::cli::NAME) }",
        "cli",
    );
    assert_refused(
        "model/a.rs",
        "macro_rules! m { () => { $crate::cli::f() } }",
        "cli",
    );
    assert_refused("model/a.rs", "type X = <crate::cli::A as B>::C;", "cli");
    assert_refused("model/a.rs", "use crate as root;", "root");
    assert_refused("model/a.rs", "use crate::*;", "not a room");
    assert_refused("model/a.rs", "use crate::{self as root};", "root");
    assert_refused("model/a.rs", "extern crate self as root;", "root");
    assert_refused("model/a.rs", "#[path = \"../cli/b.rs\"] mod b;", "#[path]");
}

#[test]
fn chains_of_super_are_followed_to_the_root() {
    assert_refused("model/mod.rs", "use super::cli::X;", "cli");
    assert_refused("model/a.rs", "use super::super::cli::X;", "cli");
    assert_refused(
        "model/a.rs",
        "mod b { use super::super::super::cli::X; }",
        "cli",
    );
    assert_refused("model/a.rs", "use self::super::super::cli::X;", "cli");
    assert_refused("model/mod.rs", "use super::*;", "not a room");
    assert_accepted("model/a.rs", "use super::cli::X; pub(super) fn f() {}");
    assert_accepted(
        "model/a.rs",
        "mod tests { use super::*; use super::super::b; }",
    );
    assert_accepted("model/mod.rs", "pub(super) fn f() {}");
}

#[test]
fn crates_stay_in_their_rooms() {
    assert_accepted("runtime/docker/a.rs", "use bollard::Docker;");
    assert_accepted("signature/a.rs", "fn f(x: sigstore_verify::Bundle) {}");
    assert_accepted("seam/a.rs", "use reqwest::Client;");
    assert_refused("registry/a.rs", "use reqwest::Client;", "only seam");
    assert_refused("launch/a.rs", "fn f(x: bollard::Docker) {}", "only runtime");
    assert_refused("launch/a.rs", "use ::bollard::Docker;", "only runtime");
    assert_refused(
        "registry/a.rs",
        "use sigstore_verify::{A as B};",
        "only signature",
    );
    assert_refused("signature/a.rs", "use reqwest;", "only seam");
    // A module of our own that has a crate's name.
    assert_accepted("report/mod.rs", "mod gitlab; fn f() { gitlab::markers() }");
    assert_accepted(
        "report/a.rs",
        "use super::gitlab; fn f() { gitlab::markers(); }",
    );
    assert_accepted(
        "report/a.rs",
        "fn f(gitlab: bool) { x.gitlab; forge::gitlab::y(gitlab) }",
    );
}

#[test]
fn restricted_rooms_stay_with_their_files() {
    let reports = "use crate::report::verification::Signature;";
    assert_accepted("signature/report.rs", reports);
    assert_accepted("launch/a.rs", reports);
    assert_refused("signature/judge.rs", reports, "only bundle_file, report");
    assert_refused("signature/judge/tests.rs", reports, "may name report");
    assert_refused("signature/mod.rs", reports, "may name report");
}

#[test]
fn lower_rooms_words_and_the_map_are_accepted() {
    assert_accepted(
        "launch/a.rs",
        "use crate::{model::digest, launch::b, signature};",
    );
    assert_accepted(
        "model/a.rs",
        "//! See [`crate::cli`].\n// crate::cli\nconst A: &str = \"crate::cli\";",
    );
    assert_accepted("lib.rs", "pub mod model; pub use crate::cli::main;");
    assert_accepted("main.rs", "fn main() { fullsend::cli::main() }");
    assert_accepted(
        "model/a.rs",
        "pub(crate) struct X; pub(in crate::model) struct Y;",
    );
    assert_refused("utils.rs", "", "`utils` is not a room");
    assert_refused("helpers/mod.rs", "", "`helpers` is not a room");
    assert_refused("model/a.rs", "fn f( {", "cannot be read");
}

#[test]
fn files_are_short_and_open_with_their_purpose() {
    let long = |lines: usize| format!("//! Long.\n{}", "\n".repeat(lines - 1));
    assert_eq!(check_shape("src/a.rs", &long(600)).len(), 0);
    assert_eq!(check_shape("src/a.rs", &long(601)).len(), 1);
    assert_eq!(check_shape("src/main.rs", &long(30)).len(), 0);
    assert_eq!(check_shape("src/main.rs", &long(31)).len(), 1);
    assert_eq!(check_shape("src/a.rs", "use a;\n//! Late.").len(), 1);
}
