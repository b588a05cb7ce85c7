//! Requests against policies, as the sandbox's proxy treats them.

use std::path::Path;

use super::*;

const POLICY: &str = r#"version: 1
# openshell: 0.1
network_policies:
  github:
    endpoints:
      - host: api.github.com
        port: 443
        protocol: rest
        enforcement: enforce
        rules:
          - allow: {method: GET, path: "/repos/*/*/issues/*"}
          - allow: {method: POST, path: "/graphql", query: {v: "1.*"}}
        deny_rules:
          - {method: GET, path: "/repos/evil/**"}
      - host: "*.githubusercontent.com"
        ports: [443, 80]
        protocol: rest
        access: read-only
    binaries: [{path: /usr/bin/gh}, {path: "/opt/*/bin/git"}]
  raw:
    endpoints:
      - {host: registry.example.com, port: 443}
      - {port: 8443, allowed_ips: [10.0.0.0/8]}
      - {host: vault.example.com, port: 443, protocol: rest, access: read-only, tls: skip}
      - {host: mcp.example.com, port: 443, protocol: mcp, enforcement: enforce, mcp: {allow_all_known_mcp_methods: true}}
      - {host: split.example.com, port: 443, path: /v1/**, protocol: rest, enforcement: enforce, access: full}
    binaries: [{path: /usr/bin/curl}]
"#;

fn decide(method: &str, url: &str, binary: &str) -> Decision {
    let request = Request::new(method, url, [binary]).unwrap();
    simulate(Path::new("p.yaml"), POLICY.as_bytes(), &request).unwrap()
}

fn ends(method: &str, url: &str, binary: &str) -> Ending {
    decide(method, url, binary).outcome
}

#[test]
fn rules_decide_and_deny_rules_go_first() {
    let gh = |method, path: &str| {
        ends(
            method,
            &format!("https://api.github.com{path}"),
            "/usr/bin/gh",
        )
    };
    assert_eq!(gh("GET", "/repos/a/b/issues/1"), Ending::Allowed);
    assert_eq!(gh("HEAD", "/repos/a/b/issues/1"), Ending::Allowed);
    assert_eq!(gh("GET", "/repos/a/b/issues/1/comments"), Ending::Denied);
    assert_eq!(gh("DELETE", "/repos/a/b/issues/1"), Ending::Denied);
    assert_eq!(gh("GET", "/repos/evil/b/issues/1"), Ending::Denied);
    assert_eq!(gh("POST", "/graphql"), Ending::Denied);
    assert_eq!(gh("POST", "/graphql?v=1.5"), Ending::Allowed);
    // Values are split at their dots.
    assert_eq!(gh("POST", "/graphql?v=1.5.2"), Ending::Denied);
    assert_eq!(gh("POST", "/graphql?v=1.5&v=2"), Ending::Denied);
    assert_eq!(gh("GET", "/repos/a%2Fb/c/issues/1"), Ending::Denied);
}

#[test]
fn host_port_and_program_come_first() {
    let url = "https://api.github.com/repos/a/b/issues/1";
    let curl = decide("GET", url, "/usr/bin/curl");
    assert_eq!(curl.outcome, Ending::Denied);
    assert!(
        curl.reason.contains("not to this program"),
        "{}",
        curl.reason
    );
    assert_eq!(ends("GET", url, "/opt/x/bin/git"), Ending::Allowed);
    assert_eq!(ends("GET", url, "/opt/x/y/bin/git"), Ending::Denied);
    let ancestor = Request::new("GET", url, ["/usr/bin/node", "/usr/bin/gh"]).unwrap();
    let decision = simulate(Path::new("p"), POLICY.as_bytes(), &ancestor).unwrap();
    assert!(decision.allowed);
    assert_eq!(
        ends("GET", "https://api.github.com:444/", "/usr/bin/gh"),
        Ending::Denied
    );
    assert_eq!(
        ends("GET", "https://gist.github.com/", "/usr/bin/gh"),
        Ending::Denied
    );
}

#[test]
fn missing_enforcement_only_logs() {
    let raw = |method| ends(method, "https://raw.githubusercontent.com/a", "/usr/bin/gh");
    assert_eq!(raw("GET"), Ending::Allowed);
    assert_eq!(raw("DELETE"), Ending::Audited);
    let decision = decide("PUT", "http://RAW.githubusercontent.com/a", "/usr/bin/gh");
    assert!(decision.allowed && decision.reason.contains("without `enforcement`"));
    assert_eq!(
        ends("GET", "https://a.b.githubusercontent.com/", "/usr/bin/gh"),
        Ending::Denied
    );
}

#[test]
fn connections_that_nobody_looks_into() {
    let curl = |url| ends("DELETE", url, "/usr/bin/curl");
    assert_eq!(curl("https://registry.example.com/x"), Ending::Uninspected);
    assert_eq!(curl("https://vault.example.com/x"), Ending::Uninspected);
    assert_eq!(curl("http://vault.example.com:443/x"), Ending::Audited);
    assert_eq!(curl("https://mcp.example.com/"), Ending::Undecided);
    assert_eq!(curl("https://10.1.2.3:8443/"), Ending::Uninspected);
    assert_eq!(curl("https://11.1.2.3:8443/"), Ending::Denied);
    assert_eq!(curl("https://anything.example:8443/"), Ending::Uninspected);
    // The selector takes `/v1`, the rules of the same endpoint do not.
    assert_eq!(curl("https://split.example.com/v1/a"), Ending::Allowed);
    assert_eq!(curl("https://split.example.com/v1"), Ending::Denied);
    assert_eq!(curl("https://split.example.com/v2"), Ending::Denied);
}

#[test]
fn some_things_no_policy_opens() {
    for url in [
        "https://127.0.0.1:8443/",
        "https://localhost:8443/",
        "https://[::1]:8443/",
        "https://169.254.169.254:8443/",
        "https://10.1.2.3:6443/",
    ] {
        let decision = decide("GET", url, "/usr/bin/curl");
        assert_eq!(decision.outcome, Ending::Denied);
        assert!(
            decision.reason.ends_with("no policy opens"),
            "{url}: {}",
            decision.reason
        );
    }
}

#[test]
fn a_decision_names_its_place_for_people_and_programs() {
    let decision = decide("GET", "https://api.github.com/repos/evil/b", "/usr/bin/gh");
    let place = decision.decided_by.clone().unwrap();
    assert_eq!((place.policy.as_str(), place.line), ("github", 14));
    assert_eq!(decision.generation.as_deref(), Some("0.1"));
    assert_eq!(
        decision.to_string(),
        "denied: GET https://api.github.com/repos/evil/b by /usr/bin/gh\n  \
         a deny rule is about GET /repos/evil/b\n  \
         p.yaml:14:13: `github`, endpoint api.github.com:443, `deny_rules` 1\n  \
         tried `github`: endpoint and program fit\n  \
         tried `raw`: names no endpoint for api.github.com:443\n  \
         note: the name must not resolve to loopback, link-local or a metadata service\n"
    );
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(json["outcome"], "denied");
    assert_eq!(json["schema_version"], 1);
}

#[test]
fn hostile_policies_are_judged_too() {
    let request = Request::new("GET", "https://a.example/", ["/usr/bin/curl"]).unwrap();
    for text in [
        "",
        "[]",
        "version: 1",
        "network_policies: []",
        "network_policies: {a: 1, b: {endpoints: {}, binaries: x}}",
        "network_policies: {a: {endpoints: [{host: [], port: {}}, 1, null], binaries: [1, {path: []}]}}",
        "network_policies: {a: {endpoints: [{host: '*[', port: 443}], binaries: [{path: '*['}]}}",
        "network_policies: {a: {endpoints: [{host: a.example, port: 443, protocol: rest, rules: [{allow: {method: GET, path: '[', query: {a: {any: x}}}}, 1], deny_rules: x}], binaries: [{path: /usr/bin/curl}]}}",
    ] {
        let decision = simulate(Path::new("p"), text.as_bytes(), &request).unwrap();
        assert!(
            !decision.allowed || decision.outcome == Ending::Audited,
            "{text}"
        );
    }
}
