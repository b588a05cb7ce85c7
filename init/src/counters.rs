//! The container's own accounts: memory, CPU and process counters of cgroup v1 and v2.
//!
//! The files are opened before the agent exists, so that it cannot put others in their place.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

const ROOT: &str = "/sys/fs/cgroup";

/// One number that the kernel keeps in a file, and what it was at the beginning.
#[derive(Debug)]
struct Counter {
    file: File,
    /// The word before the number, or none where the file holds a single number.
    key: Option<&'static str>,
    start: u64,
}

impl Counter {
    fn open(folder: &Path, name: &str, key: Option<&'static str>) -> Option<Self> {
        let mut counter = Self {
            file: File::open(folder.join(name)).ok()?,
            key,
            start: 0,
        };
        counter.start = counter.value()?;
        Some(counter)
    }

    fn value(&self) -> Option<u64> {
        let mut buffer = [0; 1024];
        let length = self.file.read_at(&mut buffer, 0).ok()?;
        let text = std::str::from_utf8(buffer.get(..length)?).ok()?;
        find(text, self.key)
    }

    fn since_start(&self) -> Option<u64> {
        Some(self.value()?.saturating_sub(self.start))
    }
}

fn find(text: &str, key: Option<&str>) -> Option<u64> {
    match key {
        None => text.trim().parse().ok(),
        Some(key) => {
            let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
            pairs.find(|(name, _)| *name == key)?.1.trim().parse().ok()
        }
    }
}

/// What the container's cgroup says; every account that cannot be read is absent.
#[derive(Debug)]
pub(crate) struct Counters {
    oom_kills: Option<Counter>,
    pids_limit: Option<Counter>,
    memory_peak: Option<Counter>,
    cpu: Option<(Counter, Counter)>,
    nanoseconds: bool,
}

impl Counters {
    /// Opens what there is, of version 2 if the container has it.
    pub(crate) fn open() -> Self {
        let membership = read_membership();
        let root = Path::new(ROOT);
        if root.join("cgroup.controllers").exists() {
            Self::version2(&own_folder(root, membership_of(&membership, "")))
        } else {
            Self::version1(|controller| {
                own_folder(
                    &root.join(controller),
                    membership_of(&membership, controller),
                )
            })
        }
    }

    fn version2(folder: &Path) -> Self {
        let cpu = |key| Counter::open(folder, "cpu.stat", Some(key));
        Self {
            oom_kills: Counter::open(folder, "memory.events", Some("oom_kill")),
            pids_limit: Counter::open(folder, "pids.events", Some("max")),
            memory_peak: Counter::open(folder, "memory.peak", None),
            cpu: cpu("user_usec").zip(cpu("system_usec")),
            nanoseconds: false,
        }
    }

    fn version1(folder: impl Fn(&str) -> PathBuf) -> Self {
        let (memory, cpuacct) = (folder("memory"), folder("cpuacct"));
        let cpu = |name| Counter::open(&cpuacct, name, None);
        Self {
            oom_kills: Counter::open(&memory, "memory.oom_control", Some("oom_kill")),
            pids_limit: Counter::open(&folder("pids"), "pids.events", Some("max")),
            memory_peak: Counter::open(&memory, "memory.max_usage_in_bytes", None),
            cpu: cpu("cpuacct.usage_user").zip(cpu("cpuacct.usage_sys")),
            nanoseconds: true,
        }
    }

    /// Processes killed for memory since the beginning.
    pub(crate) fn oom_kills(&self) -> Option<u64> {
        self.oom_kills.as_ref()?.since_start()
    }

    /// Forks refused by the limit on processes since the beginning.
    pub(crate) fn pids_limit_hits(&self) -> Option<u64> {
        self.pids_limit.as_ref()?.since_start()
    }

    /// The highest use of memory, ever, in bytes.
    pub(crate) fn memory_peak(&self) -> Option<u64> {
        self.memory_peak.as_ref()?.value()
    }

    /// User and system time since the beginning.
    pub(crate) fn cpu(&self) -> Option<(Duration, Duration)> {
        let (user, system) = self.cpu.as_ref()?;
        let unit = if self.nanoseconds {
            Duration::from_nanos
        } else {
            Duration::from_micros
        };
        Some((unit(user.since_start()?), unit(system.since_start()?)))
    }
}

/// A runtime mounts either the container's own cgroup at the controller's root, or the whole
/// hierarchy, in which our path then exists.
fn own_folder(root: &Path, path: Option<&str>) -> PathBuf {
    // `..` leads out of a cgroup namespace that is not ours.
    let inside = path.filter(|path| !path.contains(".."));
    let inner = inside.map(|path| root.join(path.trim_start_matches('/')));
    inner
        .filter(|folder| folder.exists())
        .unwrap_or_else(|| root.to_owned())
}

fn read_membership() -> String {
    let mut text = String::new();
    if let Ok(file) = File::open("/proc/self/cgroup") {
        // Absent or odd, the controllers' roots are taken.
        let _ = file.take(64 * 1024).read_to_string(&mut text);
    }
    text
}

/// The path of a controller in `/proc/self/cgroup`; the empty name is version 2's.
fn membership_of<'a>(text: &'a str, controller: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (names, path) = line.split_once(':')?.1.split_once(':')?;
        names
            .split(',')
            .any(|name| name == controller)
            .then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_key_or_alone() {
        let v1 = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        let v2 = "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n";
        assert_eq!(find(v1, Some("oom_kill")), Some(3));
        assert_eq!(find(v2, Some("oom_kill")), Some(1));
        assert_eq!(find("4096\n", None), Some(4096));
        assert_eq!(find("max\n", None), None);
        assert_eq!(find("oom 1\n", Some("oom_kill")), None);
    }

    #[test]
    fn membership_names_one_path_per_controller() {
        let text = "4:memory:/docker/a\n2:cpu,cpuacct:/docker/b\n0::/docker/c\n";
        assert_eq!(membership_of(text, "memory"), Some("/docker/a"));
        assert_eq!(membership_of(text, "cpuacct"), Some("/docker/b"));
        assert_eq!(membership_of(text, ""), Some("/docker/c"));
        assert_eq!(membership_of(text, "pids"), None);
    }
}
