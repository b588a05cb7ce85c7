//! The labels by which a container tells whose it is, and who may remove it.

use std::{collections::BTreeMap, path::Path, time::Duration};

use crate::{
    model::limits::Limits,
    seam::files::{self, FileError},
};

/// Every container of ours has this label, with the run's identifier.
pub(super) const RUN: &str = "dev.fullsend.run";
const AGENT: &str = "dev.fullsend.agent";
const CLI: &str = "dev.fullsend.cli";
const NAMESPACE: &str = "dev.fullsend.pid-namespace";
const BOOT: &str = "dev.fullsend.boot";
const HOST: &str = "dev.fullsend.host";
/// The private folder of a run whose files are mounted.
pub(super) const FOLDER: &str = "dev.fullsend.folder";
const DEADLINE: &str = "dev.fullsend.deadline";

/// The largest of the proc files read here.
const PROC_BYTES: u64 = 16 << 10;

/// What outlives the time limit in a healthy run: launch, grace and clean-up.
const SLACK: Duration = Duration::from_mins(5);

/// One process of one boot of one machine, so that its number cannot be mistaken for another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// Process identifier and start time in clock ticks after boot: `4711 123456`.
    cli: String,
    /// The PID namespace in which that number counts.
    namespace: String,
    boot: String,
    host: String,
}

impl Owner {
    /// This process.
    pub(super) fn this_process() -> Self {
        let pid = std::process::id();
        Self {
            cli: format!(
                "{pid} {}",
                start_time(pid).ok().flatten().unwrap_or_default()
            ),
            namespace: files::link_target(Path::new("/proc/self/ns/pid")).unwrap_or_default(),
            boot: proc_file("/proc/sys/kernel/random/boot_id"),
            host: host_name(),
        }
    }

    /// Whether both processes are numbered by the same kernel in the same namespace.
    fn shares_namespace(&self, other: &Self) -> bool {
        !self.namespace.is_empty()
            && self.namespace == other.namespace
            && self.host == other.host
            && self.boot == other.boot
    }

    /// Whether the process still runs; asked only within its own namespace.
    fn is_alive(&self) -> bool {
        let Some((pid, start)) = self.cli.split_once(' ') else {
            return true;
        };
        let Ok(pid) = pid.parse() else { return true };
        match start_time(pid) {
            Ok(found) => found.is_some_and(|found| start.is_empty() || found == start),
            // What cannot be read may well live.
            Err(error) => !error.is_not_found(),
        }
    }
}

/// The labels of the container of run `id`.
pub(super) fn of_run(
    id: &str,
    agent: &str,
    owner: &Owner,
    limits: &Limits,
    grace: Duration,
    now: i64,
) -> BTreeMap<String, String> {
    let lifetime = limits.timeout.duration() + grace + SLACK;
    let deadline = now.saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX));
    [
        (RUN, id.to_owned()),
        (AGENT, agent.to_owned()),
        (CLI, owner.cli.clone()),
        (NAMESPACE, owner.namespace.clone()),
        (BOOT, owner.boot.clone()),
        (HOST, owner.host.clone()),
        (DEADLINE, deadline.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// What to do with a container that carries our labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its CLI is gone.
    Remove,
    /// Its CLI lives, or may live where we cannot see it.
    Keep,
}

/// Decides a container's fate from its labels, whether it has stopped, and the time.
///
/// One that was created and never ran has not stopped: it may be about to start.
pub(super) fn fate(
    labels: &BTreeMap<String, String>,
    stopped: bool,
    reaper: &Owner,
    now: i64,
) -> Fate {
    let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
    let owner = Owner {
        cli: label(CLI),
        namespace: label(NAMESPACE),
        boot: label(BOOT),
        host: label(HOST),
    };
    if reaper.shares_namespace(&owner) {
        return if owner.is_alive() {
            Fate::Keep
        } else {
            Fate::Remove
        };
    }
    let overdue = label(DEADLINE)
        .parse::<i64>()
        .is_ok_and(|deadline| now > deadline);
    if stopped || overdue {
        Fate::Remove
    } else {
        Fate::Keep
    }
}

/// Field 22 of `/proc/PID/stat`, counted behind the command's closing parenthesis.
///
/// `None` is a process that has ended, and whose parent has not looked yet.
fn start_time(pid: u32) -> Result<Option<String>, FileError> {
    let stat = files::read(Path::new(&format!("/proc/{pid}/stat")), PROC_BYTES)?;
    let stat = String::from_utf8_lossy(&stat).into_owned();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let mut fields = fields.split_whitespace();
    if matches!(fields.next(), Some("Z" | "X")) {
        return Ok(None);
    }
    Ok(fields.nth(18).map(str::to_owned))
}

fn proc_file(path: &str) -> String {
    let bytes = files::read(Path::new(path), PROC_BYTES).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// The machine's name, as the kernel has it.
pub(super) fn host_name() -> String {
    proc_file("/proc/sys/kernel/hostname")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(owner: &Owner) -> BTreeMap<String, String> {
        let limits = Limits::of_agent("triage").unwrap();
        of_run("id", "triage", owner, &limits, Duration::ZERO, 1000)
    }

    #[test]
    fn a_living_cli_keeps_its_container() {
        let this = Owner::this_process();
        assert_eq!(fate(&labels(&this), true, &this, i64::MAX), Fate::Keep);
        assert_eq!(fate(&labels(&this), false, &this, i64::MAX), Fate::Keep);
    }

    #[test]
    fn a_dead_cli_or_a_reused_number_does_not() {
        let this = Owner::this_process();
        for cli in ["4194304 1".to_owned(), format!("{} 1", std::process::id())] {
            let dead = Owner {
                cli,
                ..this.clone()
            };
            assert_eq!(fate(&labels(&dead), false, &this, 0), Fate::Remove);
        }
    }

    #[test]
    fn another_namespace_is_only_cleared_when_stopped_or_overdue() {
        let this = Owner::this_process();
        let elsewhere = Owner {
            namespace: "pid:[1]".to_owned(),
            ..this.clone()
        };
        let labels = labels(&elsewhere);
        assert_eq!(fate(&labels, false, &this, 1000), Fate::Keep);
        assert_eq!(fate(&labels, true, &this, 1000), Fate::Remove);
        assert_eq!(
            fate(&labels, false, &this, 1000 + 5 * 60 + 5 * 60 + 1),
            Fate::Remove
        );
    }
}
