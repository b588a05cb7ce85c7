//! The published descriptions, as `dev/setup.sh forge` installs them, read once in a process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use apollo_compiler::{Name, Schema, schema::Implementers, validation::Valid};
use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

use super::filled;
use crate::{forge::installed, must};

/// Where the description of REST is known under in references.
const REST: &str = "urn:github:rest";

/// The schema of GraphQL, and what implements its interfaces.
pub(super) struct Graphql {
    pub(super) schema: Valid<Schema>,
    pub(super) implementers: apollo_compiler::collections::HashMap<Name, Implementers>,
}

/// GitHub's own schema.
pub(super) fn graphql() -> &'static Graphql {
    static SCHEMA: OnceLock<Graphql> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let parsed = Schema::parse(installed("github.graphql"), "github.graphql");
        let schema = parsed.unwrap_or_else(|error| {
            // GitHub publishes a few fields twice, of which the first holds.
            let known = |it: String| it.starts_with("duplicate definitions for the");
            let all_known = error.errors.iter().all(|it| known(it.error.to_string()));
            assert!(all_known, "{}", error.errors);
            error.partial
        });
        // Checking the rest takes a second, and it is GitHub's word in any case.
        let schema = Valid::assume_valid(schema);
        let implementers = schema.implementers_map();
        Graphql {
            schema,
            implementers,
        }
    })
}

/// The description of REST, cut down to the operations of `operations.txt`.
pub(super) struct Rest {
    document: Value,
    registry: Registry<'static>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// GitHub's own description.
pub(super) fn rest() -> &'static Rest {
    static REST: OnceLock<Rest> = OnceLock::new();
    REST.get_or_init(Rest::read)
}

impl Rest {
    fn read() -> Self {
        let text = installed("github-rest.json");
        let document: Value = must(serde_json::from_str(&text), "read GitHub's description");
        let registry = must(Registry::new().add(REST, document.clone()), "add a schema");
        Self {
            document,
            registry: must(registry.prepare(), "prepare GitHub's schemas"),
            validators: Mutex::default(),
        }
    }

    /// Every operation by its name.
    pub(super) fn operations(&self) -> impl Iterator<Item = (&str, &Value)> {
        let operations = self.document["operations"]
            .as_object()
            .into_iter()
            .flatten();
        operations.map(|(name, operation)| (name.as_str(), operation))
    }

    /// `value` with what `schema` demands and it lacks.
    pub(super) fn filled(&self, schema: &Value, value: Value, base: &str) -> Value {
        filled::filled(&self.document, schema, value, base)
    }

    /// What is wrong with `value` by the schema at a pointer into the description.
    pub(super) fn faults(&self, pointer: &str, value: &Value) -> Vec<String> {
        let validator = self.validator(pointer);
        let errors = validator.iter_errors(value).take(5);
        errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut known = self
            .validators
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let made = known.entry(pointer.to_owned()).or_insert_with(|| {
            let schema = json!({ "$ref": format!("{REST}#{pointer}") });
            let options = jsonschema::options()
                .with_registry(&self.registry)
                .should_validate_formats(true)
                .build(&schema);
            Arc::new(must(options, "read a schema of GitHub's"))
        });
        Arc::clone(made)
    }
}
