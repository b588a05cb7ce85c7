//! Values that the runner cannot decode.

use super::{
    RunnerConfig,
    faults::What,
    keys::Type,
    view::{Extent, shown},
};
use crate::{
    document::{edit::Edit, toml::Data},
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-wrong-type",
        summary: "A value of a type that GitLab runner cannot decode",
        help: "Write a value of the type that the key takes.",
        severity: Severity::Error,
        page: "docs/rules/runner-wrong-type.md",
    },
    why: "GitLab runner refuses the whole file: none of its runners starts, and one that runs \
          already keeps the configuration that it had.",
    bad: &[
        Example {
            path: "config.toml",
            text: docker![r#"shm_size = "1g""#],
        },
        Example {
            path: "config.toml",
            text: kubernetes!["cpu_request = 1"],
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: docker!["shm_size = 1073741824"],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for fault in config.faults() {
        let What::Type(wanted, value) = &fault.what else {
            continue;
        };
        let key = shown(fault.key);
        let found = value.type_name();
        let wanted_name = wanted.name();
        let message = format!("`{key}` is {found}, and GitLab runner reads {wanted_name} there");
        let problem = config.at(report, &RULE, fault.at.clone(), message);
        let written = config.subject.source.slice(fault.at.clone());
        let text = mend(wanted, &value.data, written);
        // A number of memory means bytes, which nobody means.
        if let Some(text) = text.filter(|_| !fault.key.to_ascii_lowercase().contains("memory")) {
            problem.help(format!("Write `{} = {text}`.", fault.key));
            if config.extent != Extent::Helm {
                let at = fault.at.clone();
                problem.fix([Edit { at, text }]);
            }
        }
    }
}

/// The same value as the type that is wanted, where that is only a matter of quotes.
fn mend(wanted: &Type, data: &Data, written: &str) -> Option<String> {
    match (wanted, data) {
        (Type::Text, Data::Integer(_) | Data::Float(_)) if written.len() < 20 => {
            Some(format!("\"{written}\""))
        }
        (Type::Whole, Data::String { value, .. }) => {
            value.parse::<i64>().ok().map(|number| number.to_string())
        }
        (Type::Flag, Data::String { value, .. }) => {
            value.parse::<bool>().ok().map(|flag| flag.to_string())
        }
        _ => None,
    }
}
