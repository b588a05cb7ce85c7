//! Every document against the schema that GitHub publishes.

use std::{path::Path, sync::LazyLock};

use apollo_compiler::{ExecutableDocument, Schema, validation::Valid};
use serde_json::json;

use super::{
    super::Watch,
    documents::{self, BlobOf, Document, Mutation},
};
use crate::seam::{environment::Environment, files};

/// What `dev/setup.sh forge` installs.
static SCHEMA: LazyLock<Valid<Schema>> = LazyLock::new(|| {
    let environment = Environment::of_process();
    let cache = environment.get("FULLSEND_DEV_CACHE").map(Path::new);
    let home = environment.home().unwrap().join(".cache/fullsend-dev");
    let path = cache.unwrap_or(&home).join("tools/forge/github.graphql");
    let text = files::read(&path, 8 << 20).expect("dev/setup.sh forge installs it");
    let text = String::from_utf8(text).unwrap();
    // GitHub declares a few fields twice, which spoils nothing for ours.
    let read = Schema::parse(text, "github.graphql").or_else(|faulty| Ok::<_, ()>(faulty.partial));
    Valid::assume_valid(read.unwrap())
});

fn faults(document: &Document) -> String {
    let checked = ExecutableDocument::parse_and_validate(&SCHEMA, &document.text, "ours.graphql");
    let document = match checked {
        Ok(checked) => checked,
        Err(wrong) => return format!("{}\n{}", document.text, wrong.errors),
    };
    drop(document);
    String::new()
}

fn watches() -> Vec<Watch> {
    let paths = vec![
        ".github/workflows/agents.yml".to_owned(),
        "fullsend.yaml".to_owned(),
    ];
    let mut all = Vec::new();
    for bits in 0..8 {
        all.push(Watch {
            paths: if bits & 1 == 0 {
                Vec::new()
            } else {
                paths.clone()
            },
            branch: (bits & 2 != 0).then(|| "fullsend/enroll".to_owned()),
            requests: if bits & 4 == 0 {
                Vec::new()
            } else {
                vec!["renovate/".to_owned()]
            },
        });
    }
    all
}

#[test]
fn questions_are_githubs() {
    let names = ["api".to_owned(), "web".to_owned()];
    let blob = BlobOf {
        repository: "R_1",
        blob: "a",
    };
    let mut all = vec![
        documents::viewer(),
        documents::request("PR_1"),
        documents::brings("PR_1"),
        documents::texts(&[blob, blob]),
        documents::runs(&["W_1"], 25),
        documents::files(&[("R_1", "a"), ("R_2", "b")], &names),
        documents::files(&[("R_1", "a")], &[]),
        documents::annotations(&["CS_1"]),
    ];
    for watch in watches() {
        all.push(documents::survey("acme", 100, None, &watch));
        all.push(documents::look("acme", &names, &watch));
    }
    for document in &all {
        assert_eq!(faults(document), "");
    }
}

#[test]
fn changes_are_githubs() {
    assert_eq!(
        faults(&documents::propose(json!({}), json!({}), json!({}))),
        ""
    );
    for mutation in Mutation::ALL {
        assert_eq!(
            faults(&documents::change(mutation, json!({}))),
            "",
            "{mutation:?}"
        );
    }
}

#[test]
fn the_schema_finds_a_field_that_is_not_there() {
    let mut document = documents::viewer();
    document.text = document.text.replace("login", "logout");
    assert!(faults(&document).contains("logout"));
}

#[test]
fn nobodys_text_is_part_of_a_document() {
    let hostile = "\"}){evil}#".to_owned();
    let watch = Watch {
        paths: vec![hostile.clone()],
        branch: Some(hostile.clone()),
        requests: vec![hostile.clone()],
    };
    let documents = [
        documents::survey(&hostile, 1, Some(&hostile), &watch),
        documents::look(&hostile, std::slice::from_ref(&hostile), &watch),
    ];
    for document in documents {
        assert!(!document.text.contains("evil"), "{}", document.text);
    }
}
