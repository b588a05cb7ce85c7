//! The schema and the parser give the same answers.

use super::*;

fn as_json(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).unwrap()
}

/// Schema and parser must agree, or editors praise what `exec` refuses.
fn verdicts(yaml: &str) -> (bool, bool) {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let by_schema = validator.is_valid(&as_json(yaml));
    let by_parser = super::super::parse(yaml.as_bytes(), "fullsend.yaml").is_ok();
    (by_schema, by_parser)
}

#[test]
fn accepts_what_the_parser_accepts() {
    for good in [
        super::super::tests::EXAMPLE,
        "version: 1",
        "version: 1\nagents: {triage: {cpus: 1, memory: 2147483648, pids: '64'}}",
        "version: 1\nagents: {triage: {cpus: '1.5', memory: 512m, user: 1000, grace: 500ms}}",
        "version: 1\nagents: {own: {cpus: 1, memory: 1g, timeout: 1h30m, user: '0:0'}}",
        "version: 1\nagents: {own: {command: [sleep]}}",
        "version: 1\nagents: {triage: {entrypoint: [], command: [sleep, 5]}}",
        "version: 1\nverify: [{match: '**', any: [{key: a}, {any: [{key: 'env://K'}]}]}]",
        "version: 1\nverify: [{match: a.b/c, keyless: {issuer: 'https://gitlab.com', gitlab_project: a/b, ref: '**'}}]",
        "version: 1\nverify: [{match: a.b/c, keyless: {issuer: 'https://x.y', identity: me@x.y}}]",
        "version: 1\nverify: [{match: a.b/c, all: [{key: a}, {threshold: {count: 2, of: [{key: b}, {any: [{key: c}]}]}}]}]",
        "version: 1\nverify: [{match: a.b/c, threshold: {count: '1', of: [{key: a}]}, signed: both, signature_repository: a.b/d}]",
        "version: 1\nverify: [{match: a.b/c, key: a, trusted_root: github, insecure_ignore_tlog: false}]",
        "version: 1\nverify: [{match: a.b/c, keyless: {issuer: 'https://x.y', identity: a, trusted_root: r.json}}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: slsaprovenance, builder: a, source: ['https://a.b/c'], build_type: [b, c]}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: 'urn:x', key: b, predicate: {/a~0/0: [1, x, null, true], /: 1.5}}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: spdx}, {type: vuln, all: [{key: a}]}]}]",
        "version: 1\nhold: {version: v1.2.3, reason: slow, until: 2030-01-31}\ndeny: oci:a.b/c:1",
    ] {
        assert_eq!(verdicts(good), (true, true), "{good}");
    }
}

#[test]
fn refuses_what_the_parser_refuses() {
    for bad in [
        "{}",
        "version: 2",
        "version: 1\nunknown: 1",
        "version: 1\nimage: ghcr.io/a/b",
        "version: 1\nruntime: dokcer",
        "version: 1\nagents: {triage: {memroy: 2GiB}}",
        "version: 1\nagents: {triage: {timeout: 5}}",
        "version: 1\nagents: {triage: {memory: 2 gigs}}",
        "version: 1\nagents: {triage: {memory: 0}}",
        "version: 1\nagents: {triage: {cpus: 0}}",
        "version: 1\nagents: {triage: {pids: 0}}",
        "version: 1\nagents: {triage: {env: [A=b]}}",
        "version: 1\nagents: {triage: {env: [A, A]}}",
        "version: 1\nagents: {triage: {mounts: ['.:here']}}",
        "version: 1\nagents: {triage: {workdir: here}}",
        "version: 1\nagents: {triage: {user: root}}",
        "version: 1\nagents: {triage: {network: 'container:x'}}",
        "version: 1\nagents: {triage: {command: []}}",
        "version: 1\nagents: {Own: {cpus: 1, memory: 1g, timeout: 1h}}",
        "version: 1\nverify: []",
        "version: 1\nverify: [{key: a}]",
        "version: 1\nverify: [{match: a.b/c}]",
        "version: 1\nverify: [{match: a.b/c, any: []}]",
        "version: 1\nverify: [{match: a.b/c, key: a, any: [{key: b}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: []}]",
        "version: 1\nverify: [{match: a.b/c, key: a, all: [{key: b}]}]",
        "version: 1\nverify: [{match: a.b/c, all: []}]",
        "version: 1\nverify: [{match: a.b/c, threshold: {count: 0, of: [{key: a}]}}]",
        "version: 1\nverify: [{match: a.b/c, threshold: {count: 1, of: []}}]",
        "version: 1\nverify: [{match: a.b/c, threshold: {of: [{key: a}]}}]",
        "version: 1\nverify: [{match: a.b/c, threshold: {count: 1}}]",
        "version: 1\nverify: [{match: a.b/c, key: a, signed: neither}]",
        "version: 1\nverify: [{match: a.b/c, key: a, trusted_root: github, insecure_ignore_tlog: true}]",
        "version: 1\nverify: [{match: a.b/c, any: [{key: a}], trusted_root: github}]",
        "version: 1\nverify: [{match: a.b/c, any: [{key: a, attestations: [{type: vuln}]}]}]",
        "version: 1\nverify: [{match: a.b/c, attestations: [{type: vuln}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: provenance}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: 'https://sigstore.dev/cosign/sign/v1'}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: vuln, source: 'https://a.b/c'}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: slsaprovenance, builder: 1}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: slsaprovenance, builder: []}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: vuln, key: a, any: [{key: b}]}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: vuln, predicate: {}}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: vuln, predicate: {a: 1}}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: vuln, predicate: {/a~: 1}}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: vuln, predicate: {/a: {b: c}}}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: vuln, predicate: {/a: []}}]}]",
        "version: 1\nverify: [{match: a.b/c, key: a, attestations: [{type: vuln, predicate: {/a: [[b]]}}]}]",
        "version: 1\nverify: [{match: a.b/c, keyless: {issuer: 'https://x.y'}}]",
        "version: 1\nverify: [{match: a.b/c, keyless: {identity: me@x.y}}]",
        "version: 1\nverify: [{match: a.b/c, keyless: {issuer: 'https://x.y', identity: a, workflow: .github/workflows/a.yml}}]",
        "version: 1\nverify: [{match: a.b/c, keyless: {issuer: 'https://gitlab.com', gitlab_project: a/b}}]",
        "version: 1\nverify: [{match: a.b/c, insecure_ignore_tlog: true, keyless: {issuer: 'https://x.y', identity: a}}]",
        "version: 1\nhold: {version: 1.2.3, until: 2030-01-31}",
        "version: 1\nhold: {version: 1.2.3, reason: r, until: tomorrow}",
    ] {
        assert_eq!(verdicts(bad), (false, false), "{bad}");
    }
}
