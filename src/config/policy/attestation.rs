//! Reads `attestations`: their types, their signers and the conditions on their predicates.

use serde_json::Value;

use super::signer::{Parts, check_optional_signer};
use crate::config::{
    attestation::{AttestationRequirement, PredicateType, SLSA_1, SLSA_02},
    checker::{Checker, text},
    condition::{Comparison, Condition, parse_pointer, parse_repository_url},
    diagnostic::Diagnostic,
    raw::{self, Scalars},
    value::{ValueError, excerpt},
    yaml::Located,
};

/// More of any list is a mistake; the schema says so too.
pub(in crate::config) const MAX_ATTESTATIONS: usize = 16;
/// The most pointers of one `predicate`.
pub(in crate::config) const MAX_CONDITIONS: usize = 32;
/// The most values of one condition.
pub(in crate::config) const MAX_VALUES: usize = 32;
/// The longest expected text, in characters.
pub(in crate::config) const MAX_TEXT: usize = 1024;

/// A key that stands for a place in SLSA's provenance.
struct Shortcut {
    key: &'static str,
    /// Where SLSA 0.2 has the value.
    v02: &'static [&'static str],
    /// Where SLSA 1 has it; GitHub's builders fill in both places of a source.
    v1: &'static [&'static str],
    comparison: Comparison,
}

const BUILDER: Shortcut = Shortcut {
    key: "builder",
    v02: &["/builder/id"],
    v1: &["/runDetails/builder/id"],
    comparison: Comparison::Exact,
};

const SOURCE: Shortcut = Shortcut {
    key: "source",
    v02: &["/invocation/configSource/uri"],
    v1: &[
        "/buildDefinition/externalParameters/workflow/repository",
        "/buildDefinition/resolvedDependencies/0/uri",
    ],
    comparison: Comparison::Repository,
};

const BUILD_TYPE: Shortcut = Shortcut {
    key: "build_type",
    v02: &["/buildType"],
    v1: &["/buildDefinition/buildType"],
    comparison: Comparison::Exact,
};

pub(super) fn check_attestations(
    list: &Located<Vec<Located<raw::Attestation>>>,
    checker: &mut Checker,
) -> Vec<AttestationRequirement> {
    let count = list.value.len();
    if count == 0 {
        checker.report(
            Diagnostic::about(&list.at, "`attestations` of nothing asks for nothing")
                .help("leave out the key, or add `{type: slsaprovenance}`"),
        );
    }
    if count > MAX_ATTESTATIONS {
        let message = format!("{count} attestations are more than the {MAX_ATTESTATIONS} allowed");
        checker.report(Diagnostic::about(&list.at, message).help("split the rule by `match`"));
        return Vec::new();
    }
    list.value
        .iter()
        .filter_map(|attestation| check_attestation(attestation, checker))
        .collect()
}

fn check_attestation(
    written: &Located<raw::Attestation>,
    checker: &mut Checker,
) -> Option<AttestationRequirement> {
    let raw = &written.value;
    if raw.r#type.get().is_none() {
        let mend = "name its kind: `type: slsaprovenance`";
        checker.missing(&written.at, "type", mend);
    }
    let predicate_type: Option<PredicateType> = checker.parse(&raw.r#type);
    let by = check_optional_signer(&Parts::from(raw), 0, checker);
    let shortcuts = [
        (BUILDER, raw.builder.get()),
        (SOURCE, raw.source.get()),
        (BUILD_TYPE, raw.build_type.get()),
    ];
    let mut conditions = Vec::new();
    for (shortcut, values) in shortcuts {
        if let (Some(values), Some(predicate_type)) = (values, &predicate_type) {
            conditions.extend(shortcut.check(values, predicate_type, checker));
        }
    }
    conditions.extend(check_predicate(raw, checker));
    Some(AttestationRequirement {
        predicate_type: predicate_type?,
        by,
        conditions,
    })
}

impl Shortcut {
    fn check(
        &self,
        written: &Located<Scalars>,
        predicate_type: &PredicateType,
        checker: &mut Checker,
    ) -> Option<Condition> {
        if !predicate_type.is_slsa() {
            let key = self.key;
            let message = format!("`{key}` stands in SLSA's provenance alone");
            checker.report(
                Diagnostic::about(&written.at, message)
                    .help("point into this type's own predicate: `predicate: {\"/name\": value}`"),
            );
            return None;
        }
        let known = [(SLSA_02, self.v02), (SLSA_1, self.v1)].into_iter();
        let pointers = known
            .filter(|(uri, _)| predicate_type.accepts(uri))
            .flat_map(|(_, pointers)| pointers)
            .map(|&pointer| pointer.to_owned())
            .collect();
        let values = check_values(written, checker)?;
        let expected: Result<Vec<Value>, ValueError> =
            values.iter().map(|value| self.text(value)).collect();
        match expected {
            Ok(expected) => Some(Condition {
                pointers,
                expected,
                comparison: self.comparison,
            }),
            Err(error) => {
                checker.report(Diagnostic::of_value(&written.at, &error));
                None
            }
        }
    }

    fn text(&self, value: &Value) -> Result<Value, ValueError> {
        let Value::String(written) = value else {
            let key = self.key;
            return Err(ValueError::new(format!("`{key}` is a text, not `{value}`"))
                .mend(format!("quote it: `\"{value}\"`")));
        };
        match self.comparison {
            Comparison::Repository => parse_repository_url(written).map(Value::String),
            Comparison::Exact => text(written)
                .map(Value::String)
                .map_err(|error| error.mend("write the URI that the builder writes")),
        }
    }
}

fn check_predicate(raw: &raw::Attestation, checker: &mut Checker) -> Vec<Condition> {
    let Some(written) = raw.predicate.get() else {
        return Vec::new();
    };
    let count = written.value.len();
    if count == 0 || count > MAX_CONDITIONS {
        let message = format!("`predicate` has 1 to {MAX_CONDITIONS} conditions, not {count}");
        checker.report(
            Diagnostic::about(&written.at, message)
                .help("write for example `{\"/buildDefinition/buildType\": \"https://…\"}`"),
        );
        return Vec::new();
    }
    let conditions = written.value.iter().filter_map(|(pointer, values)| {
        let pointer = checker.value(pointer, parse_pointer);
        let expected = check_values(values, checker);
        Some(Condition {
            pointers: vec![pointer?],
            expected: expected?,
            comparison: Comparison::Exact,
        })
    });
    conditions.collect()
}

fn check_values(written: &Located<Scalars>, checker: &mut Checker) -> Option<Vec<Value>> {
    let values = &written.value.0;
    if values.is_empty() || values.len() > MAX_VALUES {
        let message = format!(
            "1 to {MAX_VALUES} values are compared, not {}",
            values.len()
        );
        let mend = "write one value, or a list of those that are accepted";
        checker.report(Diagnostic::about(&written.at, message).help(mend));
        return None;
    }
    let long = values
        .iter()
        .filter_map(Value::as_str)
        .find(|text| text.chars().count() > MAX_TEXT);
    if let Some(text) = long {
        let message = format!(
            "`{}` is longer than the {MAX_TEXT} characters allowed",
            excerpt(text)
        );
        checker.report(Diagnostic::about(&written.at, message).help("compare a shorter value"));
        return None;
    }
    Some(values.clone())
}
