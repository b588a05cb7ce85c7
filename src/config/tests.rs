//! Whole files: what is accepted, and what people read when it is not.

use super::*;

const HEX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn look(text: &str) {
    match parse(text.as_bytes(), "fullsend.yaml") {
        Ok(config) => println!("OK {config:?}\n"),
        Err(error) => println!("{}\n   [{error}]\n------", error.render(false)),
    }
}

#[test]
fn look_at_messages() {
    let _ = HEX;
    for text in [
        "version: 1\nagents:\n  triage: {cpus: 1.0, memroy: 2GiB}\n",
        "version: 1\nagents:\n  triage:\n    timeout: 5\n    memory: 2 gigs\n    cpus: 0\n    pids: 0\n    env: [A=b, 1X]\n    mounts: [/var/run:/x, '.:y']\n    user: root\n    network: container:x\n",
        "version: 1\nagents:\n  triage: {cpus: 1}\n  triage: {cpus: 2}\n",
        "version: 1\nimage: ghcr.io/a/b\n",
        "version: 1\nverify:\n  - match: ghcr.io/a/**\n    key: a.pub\n    keyless: {issuer: https://gitlab.com, gitlab_project: a/b}\n  - match: ghcr.io/a:1\n    key: awskms://x\n  - key: a.pub\n  - match: a.b/c\n    threshold: {count: 2, of: []}\n  - match: a.b/c\n",
        "version: 1\nagents:\n\ttriage: {}\n",
        "version: 1\nagents:\n  triage:\n    memory:\n",
        "version: 1\nagents:\n  triage:\n    read_only: yes\n",
        "version: 1\nagents: [triage]\n",
        "version: 1\nagents:\n  triage:\n    command: claude -p\n",
        "version: 2\nruntime: dokcer\n",
        "runtime: docker\n",
        "version: 1\nagents:\n  deploy: {cpus: 1}\n  Tri: {}\n",
        "version: 1\n---\nversion: 1\n",
        "version: 1\nagents: {triage: &t {cpus: 1}, review: {<<: *t}}\n",
        "version: 1\nagents: {triage: &t {cpus: 1}, review: *t}\n",
        "version: 1\nagents: {triage: &t {cpus: 0}, review: *t}\n",
        "version: 1\nagents: {triage: *t}\n",
        "version: 1\nverify:\n - match: **\n   key: a\n",
        "version: 1\nagents: {triage: {env: [A]\n",
        "version: 1\nhold: {version: 1.2.3, until: 2026-13-01}\n",
        "version: 1\nverify:\n - match: a.b/c\n   keyless: {issuer: https://x.y, repository: a/b, workflow: release.yml, ref: v*, config: x}\n",
        "- 1\n",
        "hello\n",
        "",
        "# only\n",
        "{}\n",
        "version: 1\nimage: !!int x\n",
        "version: 1\nimage: \u{1b}[31mred:1\n",
        "version: 1\nimage: \"\\e[31mred:1\"\n",
        "version: 1\nagents: {~: {}}\n",
        "version: 1\nagents: {[a]: {}}\n",
        "version: 1\r\nimage: x\r\nruntime: y\r\n",
    ] {
        println!("{text}------");
        look(text);
    }
}
