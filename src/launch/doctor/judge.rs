//! What the facts mean for `exec`.

use super::facts::{Facts, Failure, Machine, RegistryFacts};
use crate::{
    model::limits::ByteSize,
    report::{
        doctor::{Check, State},
        trust::{TrustInstance, TrustSource},
    },
    runtime::{Locality, RuntimeFacts, Seccomp},
};

/// An image and a container's own layer need as much at least.
const LEAST_DISK: u64 = 512 << 20;
/// With less, the second image will not fit.
const SPARE_DISK: u64 = 4 << 30;
/// Clocks further apart than that disagree on when a signature's log entry was made.
const CLOCK_SECONDS: i64 = 30;
/// What limits are made of.
const CONTROLLERS: [&str; 3] = ["cpu", "memory", "pids"];

/// Every check, in the order in which `exec` meets them.
pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![runtime(&facts.runtime)];
    if let Ok(runtime) = &facts.runtime {
        checks.extend([
            cgroups(runtime, &facts.machine),
            users(runtime, &facts.machine),
            seccomp(runtime),
            swap(runtime, &facts.machine),
        ]);
        if runtime.locality == Locality::MaybeLocal {
            checks.push(disk(&facts.machine));
        }
    } else {
        checks.push(namespaces(&facts.machine));
    }
    checks.extend(registry(facts.registry.as_ref()));
    checks.push(trust(&facts.trust, facts));
    checks
}

fn runtime(runtime: &Result<RuntimeFacts, Failure>) -> Check {
    match runtime {
        Ok(facts) => {
            let mode = if facts.rootless { ", without root" } else { "" };
            let name = facts.name.as_str();
            Check::good("runtime", format!("{name} {} answers{mode}", facts.version))
        }
        Err(failure) => blocked("runtime", failure).privilege(
            "a Podman of this user's own (`systemctl --user enable --now podman.socket`), which \
             needs no group and no root; the group `docker` is as good as root",
        ),
    }
}

fn blocked(name: &'static str, failure: &Failure) -> Check {
    let check = Check::new(name, State::Blocked, &failure.message);
    match &failure.hint {
        Some(hint) => check.mend(hint),
        None => check,
    }
}

fn cgroups(runtime: &RuntimeFacts, machine: &Machine) -> Check {
    if runtime.cgroup_version < 2 {
        return Check::new(
            "cgroups",
            State::Weak,
            "version 1: limits hold, and less is measured",
        )
        .mend("boot with `systemd.unified_cgroup_hierarchy=1`");
    }
    if !runtime.rootless {
        return Check::good("cgroups", "version 2");
    }
    let Some(delegated) = &machine.delegated else {
        let found = "nothing tells which controllers this user's services may use";
        return Check::new("cgroups", State::Unknown, found);
    };
    let is_missing = |name: &&str| !delegated.iter().any(|it| it == name);
    let missing: Vec<&str> = CONTROLLERS.into_iter().filter(is_missing).collect();
    if missing.is_empty() {
        return Check::good("cgroups", "version 2, with all controllers for this user");
    }
    let found = format!(
        "this user's services may not limit {}, so that no agent's limits could be kept",
        missing.join(", ")
    );
    Check::new("cgroups", State::Blocked, found)
        .privilege("the delegation of these controllers to users, once, by root")
        .mend(
            "as root: write `[Service]` and `Delegate=cpu cpuset io memory pids` to \
             /etc/systemd/system/user@.service.d/delegate.conf, run `systemctl daemon-reload`, \
             and log in again",
        )
}

fn users(runtime: &RuntimeFacts, machine: &Machine) -> Check {
    if runtime.rootless || runtime.userns_remap {
        return Check::good(
            "user namespaces",
            "a container's root is nobody on the machine",
        );
    }
    let check = Check::new(
        "user namespaces",
        State::Weak,
        "a container's root is the machine's root, without its capabilities",
    );
    match namespace_limit(machine) {
        Some(mend) => check.mend(mend),
        None => check.mend(
            "run Podman as a user of its own, or add `\"userns-remap\": \"default\"` to \
             /etc/docker/daemon.json and restart docker",
        ),
    }
}

/// Without a runtime: whether one without root could work.
fn namespaces(machine: &Machine) -> Check {
    match namespace_limit(machine) {
        None => Check::good("user namespaces", "a runtime without root can work here"),
        Some(mend) => Check::new(
            "user namespaces",
            State::Weak,
            "this user may not make any, so that no runtime works without root",
        )
        .privilege("user namespaces for users; root runs nothing of theirs")
        .mend(mend),
    }
}

/// What keeps users from making namespaces, by its mend.
fn namespace_limit(machine: &Machine) -> Option<&'static str> {
    if machine.user_namespaces == Some(0) {
        Some("as root: `sysctl user.max_user_namespaces=15000`")
    } else if !machine.unprivileged_namespaces && machine.user != 0 {
        Some(
            "as root: `sysctl kernel.unprivileged_userns_clone=1` on Debian, an AppArmor profile \
             for the runtime with `userns,` on Ubuntu",
        )
    } else {
        None
    }
}

fn seccomp(runtime: &RuntimeFacts) -> Check {
    match runtime.seccomp {
        Seccomp::Default => Check::good("seccomp", "the runtime's own profile"),
        Seccomp::Custom => Check::good("seccomp", "a profile of this machine's administrator"),
        Seccomp::Missing => Check::new(
            "seccomp",
            State::Weak,
            "the agent may use every system call",
        )
        .mend(
            "take `\"seccomp-profile\": \"unconfined\"` out of /etc/docker/daemon.json; a \
                 kernel without seccomp has to be replaced",
        ),
    }
}

fn swap(runtime: &RuntimeFacts, machine: &Machine) -> Check {
    if runtime.locality == Locality::MaybeLocal && machine.has_swap == Some(false) {
        return Check::good("swap", "the machine has none");
    }
    if runtime.swap_limit || runtime.cgroup_version == 2 {
        return Check::good("swap", "it can be kept from agents");
    }
    let found = "an agent over its memory limit may swap instead of ending";
    Check::new("swap", State::Weak, found)
        .mend("boot with `swapaccount=1`, or `swapoff --all` as root")
}

fn disk(machine: &Machine) -> Check {
    let Some((place, free)) = &machine.disk else {
        return Check::new(
            "disk",
            State::Unknown,
            "no usual place for images was found",
        );
    };
    let room = ByteSize::bytes(*free);
    let found = format!("{room} are free where {} lies", place.display());
    let mend = "`docker system prune`, or `podman system prune`, removes what no container uses";
    if *free < LEAST_DISK {
        Check::new("disk", State::Blocked, found).mend(mend)
    } else if *free < SPARE_DISK {
        Check::new("disk", State::Weak, found).mend(mend)
    } else {
        Check::good("disk", found)
    }
}

fn registry(registry: Option<&RegistryFacts>) -> Vec<Check> {
    let Some(facts) = registry else {
        let found = "not asked: fullsend.yaml names no image, or this is offline";
        return vec![Check::new("registry", State::Unknown, found).mend(
            "name one with `--image`, or under `image` in fullsend.yaml, and leave out `--offline`",
        )];
    };
    let reached = match &facts.manifest {
        Ok(()) => Check::good("registry", format!("{} has the image", facts.host)),
        Err(failure) => {
            blocked("registry", failure).privilege("reading that one image; nothing is ever pushed")
        }
    };
    vec![reached, clock(facts)]
}

fn clock(facts: &RegistryFacts) -> Check {
    let host = &facts.host;
    match facts.clock_ahead {
        None => Check::new(
            "clock",
            State::Unknown,
            format!("{host} did not tell its time"),
        ),
        Some(ahead) if ahead.abs() <= CLOCK_SECONDS => {
            Check::good("clock", format!("as {host} has it"))
        }
        Some(ahead) => {
            let side = if ahead > 0 { "ahead of" } else { "behind" };
            let found = format!("{} s {side} that of {host}", ahead.unsigned_abs());
            Check::new("clock", State::Weak, found).mend("as root: `timedatectl set-ntp true`")
        }
    }
}

fn trust(instance: &TrustInstance, facts: &Facts) -> Check {
    const MEND: &str = "fullsend trust update";
    if let Some(reason) = &instance.reason {
        return Check::new("trust root", State::Weak, reason).mend(MEND);
    }
    let expires = instance.expires.as_deref();
    let expires = expires.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    match (instance.source, expires) {
        (Some(TrustSource::Cache), Some(expires)) if expires < facts.now => {
            let found = format!("expired on {}", expires.strftime("%Y-%m-%d"));
            Check::new("trust root", State::Weak, found).mend(MEND)
        }
        (Some(TrustSource::Cache), Some(expires)) => {
            let found = format!("good until {}", expires.strftime("%Y-%m-%d"));
            Check::good("trust root", found)
        }
        _ => Check::good("trust root", "the one that came with this program"),
    }
}
