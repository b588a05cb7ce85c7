//! Files that are made from the source: made again, and compared with what is checked in.
//!
//! `UPDATE_GENERATED=1 cargo test --test integration generated` writes them.

use std::{fmt::Write as _, fs, path::Path};

use clap::ValueEnum as _;
use fullsend::{
    cli::{self, commands::schema},
    generate::KINDS,
    seam::files,
    validate,
};

#[expect(
    clippy::disallowed_methods,
    reason = "this reads and writes the project's own files"
)]
fn check(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{name} is not what the source says: run \
         `UPDATE_GENERATED=1 cargo test --test integration generated`"
    );
}

#[test]
fn schemas_are_current() {
    for name in schema::SchemaName::value_variants() {
        let word = name.to_possible_value().unwrap();
        let text = serde_json::to_string_pretty(&schema::schema(*name)).unwrap() + "\n";
        check(&format!("schemas/{}.json", word.get_name()), &text);
    }
}

#[test]
fn the_pages_of_rules_are_current() {
    check("docs/rules/README.md", &validate::index_page());
    let mut known: Vec<String> = vec!["README.md".to_owned()];
    for rule in validate::rules() {
        check(rule.about.page, &validate::page(rule));
        known.push(format!("{}.md", rule.about.id));
    }
    // A rule that is gone leaves no page.
    for name in files::names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules")).unwrap() {
        let name = name.to_string_lossy().into_owned();
        assert!(known.contains(&name), "docs/rules/{name} is of no rule");
    }
}

#[test]
fn the_cli_reference_is_current() {
    let mut text = String::from(
        "# Command-line reference\n\n\
         Made from the program's own help; exit codes and formats are in [exec.md](../guide/exec.md).\n",
    );
    let mut program = cli::command();
    program.build();
    for verb in program.get_subcommands_mut() {
        let name = verb.get_name().to_owned();
        let help = verb.render_long_help().to_string();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        let _ = write!(
            text,
            "\n## fullsend {name}\n\n```text\n{}\n```\n",
            help.join("\n").trim()
        );
    }
    check("docs/reference/cli.md", &text);
}

#[test]
fn the_settings_of_generate_are_current() {
    let mut text = String::from(
        "# What `fullsend generate` can be told\n\n\
         Made from the program's own list; [the guide](../guide/generate.md) says what the files do.\n",
    );
    for kind in KINDS {
        let _ = write!(
            text,
            "\n## {}\n\nMakes {}.\n\n| `--set` | default | |\n|---|---|---|\n",
            kind.name, kind.about
        );
        for setting in kind.settings {
            let default = match setting.default {
                "" => String::new(),
                default => format!("`{default}`"),
            };
            let values = setting.placeholder().replace('|', "\\|");
            let _ = writeln!(
                text,
                "| `{}={values}` | {default} | {} |",
                setting.key, setting.help
            );
        }
    }
    check("docs/reference/generate.md", &text);
}
