//! Machines as they come, and what is said of them.

use super::{
    facts::{Facts, Failure, Machine, RegistryFacts},
    judge,
};
use crate::{
    model::platform::Platform,
    report::{
        doctor::{Check, DoctorReport, State},
        trust::{TrustInstance, TrustSource},
    },
    runtime::{ApiVersion, Locality, RuntimeFacts, RuntimeName, Seccomp},
};

fn failure(message: &str) -> Failure {
    Failure {
        message: message.to_owned(),
        hint: Some("do something".to_owned()),
    }
}

/// A machine with a Podman of the user's own, where nothing is wrong.
fn good() -> Facts {
    Facts {
        runtime: Ok(RuntimeFacts {
            name: RuntimeName::Podman,
            version: "5.4.2".to_owned(),
            api_version: ApiVersion(1, 41),
            cpus: 4,
            memory_bytes: 8 << 30,
            platform: Platform::host(),
            cgroup_version: 2,
            locality: Locality::MaybeLocal,
            rootless: true,
            userns_remap: false,
            seccomp: Seccomp::Default,
            swap_limit: true,
        }),
        machine: Machine {
            user: 1000,
            delegated: Some(["cpu", "memory", "pids"].map(str::to_owned).into()),
            user_namespaces: Some(15000),
            unprivileged_namespaces: true,
            has_swap: Some(true),
            disk: Some(("/home/a".into(), 50 << 30)),
        },
        registry: Some(RegistryFacts {
            host: "registry.test".to_owned(),
            manifest: Ok(()),
            clock_ahead: Some(-2),
        }),
        trust: TrustInstance {
            name: "public-good".to_owned(),
            source: Some(TrustSource::Cache),
            url: None,
            root_version: Some(12),
            expires: Some("2026-12-01T00:00:00Z".to_owned()),
            authorities: Vec::new(),
            reason: None,
        },
        now: "2026-11-22T00:00:00Z".parse().unwrap(),
    }
}

/// The checks that are not good, after `change`.
fn wrong(change: impl FnOnce(&mut Facts)) -> Vec<Check> {
    let mut facts = good();
    change(&mut facts);
    let mut checks = judge::checks(&facts);
    checks.retain(|check| check.state != State::Good);
    for check in &checks {
        let has_mend = check.mend.is_some() || check.state == State::Unknown;
        assert!(has_mend, "{check:?}");
    }
    checks
}

#[track_caller]
fn assert_wrong(name: &str, state: State, words: &str, change: impl FnOnce(&mut Facts)) {
    let checks = wrong(change);
    let [check] = &checks[..] else {
        panic!("{name}: {checks:?}")
    };
    assert_eq!((check.name, check.state), (name, state));
    let said = format!("{check:?}");
    assert!(said.contains(words), "no {words:?} in {said}");
}

fn runtime(facts: &mut Facts) -> &mut RuntimeFacts {
    facts.runtime.as_mut().unwrap()
}

#[test]
fn a_good_machine_is_called_good() {
    assert_eq!(wrong(|_| {}), []);
    assert_eq!(wrong(|facts| facts.machine.has_swap = None), []);
    // Who runs as root needs no permission for namespaces, nor a delegation.
    let root = wrong(|facts| {
        let runtime = runtime(facts);
        (runtime.rootless, runtime.userns_remap) = (false, true);
        facts.machine = Machine {
            user: 0,
            unprivileged_namespaces: false,
            disk: facts.machine.disk.clone(),
            ..Machine::default()
        };
    });
    assert_eq!(root, []);
}

#[test]
fn what_blocks_is_told_from_what_weakens() {
    use State::{Blocked, Unknown, Weak};
    assert_wrong("runtime", Blocked, "as good as root", |facts| {
        facts.runtime = Err(failure("no container runtime answers"));
    });
    assert_wrong("cgroups", Blocked, "may not limit cpu, pids,", |facts| {
        facts.machine.delegated = Some(vec!["memory".to_owned()]);
    });
    assert_wrong("cgroups", Unknown, "nothing tells", |facts| {
        facts.machine.delegated = None;
    });
    assert_wrong("cgroups", Weak, "unified_cgroup_hierarchy", |facts| {
        runtime(facts).cgroup_version = 1;
    });
    assert_wrong("user namespaces", Weak, "userns-remap", |facts| {
        runtime(facts).rootless = false;
    });
    assert_wrong("seccomp", Weak, "every system call", |facts| {
        runtime(facts).seccomp = Seccomp::Missing;
    });
    assert_wrong("disk", Blocked, "prune", |facts| {
        facts.machine.disk = Some(("/".into(), 100 << 20));
    });
    assert_wrong("disk", Weak, "1 GiB are free", |facts| {
        facts.machine.disk = Some(("/".into(), 1 << 30));
    });
    assert_wrong("disk", Unknown, "no usual place", |facts| {
        facts.machine.disk = None;
    });
    assert_wrong("registry", Unknown, "names no image", |facts| {
        facts.registry = None;
    });
    assert_wrong("registry", Blocked, "do something", |facts| {
        facts.registry.as_mut().unwrap().manifest = Err(failure("forbidden"));
    });
    assert_wrong("clock", Weak, "90 s behind", |facts| {
        facts.registry.as_mut().unwrap().clock_ahead = Some(-90);
    });
    assert_wrong("clock", Unknown, "did not tell", |facts| {
        facts.registry.as_mut().unwrap().clock_ahead = None;
    });
    assert_wrong("trust root", Weak, "expired on 2026-12-01", |facts| {
        facts.now = "2026-12-02T00:00:00Z".parse().unwrap();
    });
    assert_wrong("trust root", Weak, "broken", |facts| {
        facts.trust.reason = Some("broken".to_owned());
    });
}

#[test]
fn swap_matters_where_it_is_and_cannot_be_limited() {
    let old = |facts: &mut Facts| {
        let runtime = runtime(facts);
        runtime.cgroup_version = 1;
        runtime.swap_limit = false;
    };
    let names = |checks: Vec<Check>| checks.iter().map(|it| it.name).collect::<Vec<_>>();
    assert_eq!(names(wrong(old)), ["cgroups", "swap"]);
    let without = wrong(|facts| {
        old(facts);
        facts.machine.has_swap = Some(false);
    });
    assert_eq!(names(without), ["cgroups"]);
}

#[test]
fn without_a_runtime_the_way_to_one_without_root_is_looked_at() {
    for limit in [
        |machine: &mut Machine| machine.user_namespaces = Some(0),
        |machine: &mut Machine| machine.unprivileged_namespaces = false,
    ] {
        let checks = wrong(|facts| {
            facts.runtime = Err(failure("none"));
            limit(&mut facts.machine);
        });
        assert_eq!(checks.len(), 2, "{checks:?}");
        assert_eq!(checks[1].name, "user namespaces");
    }
}

#[test]
fn people_read_lines() {
    let mut facts = good();
    facts.registry = None;
    let report = DoctorReport::new(judge::checks(&facts));
    assert!(report.ready);
    let text = report.text();
    assert!(text.starts_with("good     runtime          podman 5.4.2 answers, without root\n"));
    assert!(
        text.contains("\n                          mend: name one with `--image`"),
        "{text}"
    );
    assert!(text.ends_with("nothing blocks `fullsend exec`\n"));
}
