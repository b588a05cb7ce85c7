//! What the store knows of an instance, for the report.

use sigstore_trust_root::TrustedRoot;
use sigstore_verify::types::TimeRange;

use super::trust_store::{Instance, TrustStore};
use crate::report::trust::{Authority, AuthorityKind, TrustInstance, TrustSource};

impl TrustStore {
    /// What is known of `instance`, without asking anybody; never fails, as it says what is wrong.
    pub fn describe(&self, instance: &Instance) -> TrustInstance {
        let blank = TrustInstance {
            name: instance.name(),
            source: None,
            url: None,
            root_version: None,
            expires: None,
            authorities: Vec::new(),
            reason: None,
        };
        let known = match self.known(instance) {
            Ok(known) => known,
            Err(error) => {
                return TrustInstance {
                    reason: Some(error.with_hint()),
                    ..blank
                };
            }
        };
        let source = match known.fetched {
            Some(_) => TrustSource::Cache,
            None => TrustSource::Embedded,
        };
        TrustInstance {
            source: Some(source),
            authorities: authorities(&known.root),
            url: known.fetched.as_ref().map(|fetched| fetched.url.clone()),
            root_version: known.fetched.as_ref().map(|fetched| fetched.version),
            expires: known.fetched.map(|fetched| fetched.expires.to_string()),
            ..blank
        }
    }
}

fn authorities(root: &TrustedRoot) -> Vec<Authority> {
    let one = |kind, url: Option<&str>, window: Option<TimeRange>| Authority {
        kind,
        url: url.map(str::to_owned),
        from: window.map(|window| window.start.to_string()),
        until: window.and_then(|window| Some(window.end?.to_string())),
    };
    let certificates = root.certificate_authorities.iter();
    let certificates =
        certificates.map(|ca| one(AuthorityKind::Certificates, Some(&ca.uri), ca.valid_for));
    let logs = root.tlogs.iter().map(|log| {
        let window = log.public_key.valid_for;
        one(AuthorityKind::Log, Some(&log.base_url), window)
    });
    let certificate_logs = root.ctlogs.iter().map(|log| {
        let window = log.public_key.valid_for;
        one(AuthorityKind::CertificateLog, Some(&log.base_url), window)
    });
    let times = root.timestamp_authorities.iter();
    let times = times.map(|tsa| one(AuthorityKind::Time, tsa.uri.as_deref(), tsa.valid_for));
    certificates
        .chain(logs)
        .chain(certificate_logs)
        .chain(times)
        .collect()
}
