//! A policy that is read demands something of everybody: no rule is satisfied by nothing, and none
//! takes a certificate of an issuer that it does not name.
#![no_main]

use fullsend::config::{self, Claims, KeySource, Requirement};
use libfuzzer_sys::fuzz_target;

/// Nobody can have written this: a subject has no control characters.
const NOBODY: &str = "\u{1}nobody";

fuzz_target!(|text: &[u8]| {
    match config::parse(text, "fullsend.yaml") {
        Ok(config) => {
            assert!(text.len() <= config::MAX_FILE_BYTES);
            for rule in &config.verify {
                demands(&rule.requirement);
                for attestation in &rule.attestations {
                    attestation.by.iter().for_each(demands);
                    assert!(!attestation.predicate_type.accepts(NOBODY));
                }
            }
        }
        // The message quotes the text, whatever it holds.
        Err(error) => assert!(!error.render(false).is_empty()),
    }
});

fn demands(requirement: &Requirement) {
    match requirement {
        Requirement::Key(key) => match &key.source {
            KeySource::File(path) => assert!(!path.as_os_str().is_empty()),
            KeySource::Env(name) => assert!(!name.is_empty()),
        },
        Requirement::Keyless(keyless) => {
            let nobody = keyless.accepts(NOBODY, NOBODY, &Claims::default());
            assert!(nobody.is_err());
        }
        Requirement::Any(members) | Requirement::All(members) => all_demand(members),
        Requirement::Threshold { count, of } => {
            assert!((1..=of.len()).contains(count));
            all_demand(of);
        }
    }
}

fn all_demand(members: &[Requirement]) {
    assert!(!members.is_empty());
    members.iter().for_each(demands);
}
