//! What GitLab says of its GraphQL, as `dev/setup.sh forge` installs it, read once in a process.

use std::sync::OnceLock;

use apollo_compiler::{Schema, schema::ExtendedType, validation::Valid};

use crate::{forge::installed, must};

/// The fields, of those that anybody asks for, that an instance without a licence does not have.
const LICENSED: [(&str, &str); 2] = [
    ("MergeRequest", "approvalsRequired"),
    ("Project", "pushRules"),
];

/// The schema of an instance with or without a licence.
pub(super) fn schema(enterprise: bool) -> Valid<Schema> {
    static WHOLE: OnceLock<Schema> = OnceLock::new();
    let mut schema = WHOLE.get_or_init(read).clone();
    if !enterprise {
        for (of, field) in LICENSED {
            let Some(ExtendedType::Object(of)) = schema.types.get_mut(of) else {
                panic!("GitLab's schema has no {of}");
            };
            let licensed = of.make_mut().fields.shift_remove(field);
            assert!(licensed.is_some(), "GitLab's schema has no {field}");
        }
    }
    // Checking it takes a second, and it is GitLab's word in any case.
    Valid::assume_valid(schema)
}

fn read() -> Schema {
    let parsed = Schema::parse(installed("gitlab.graphql"), "gitlab.graphql");
    must(
        parsed.map_err(|it| it.errors.to_string()),
        "read the schema of GitLab",
    )
}
