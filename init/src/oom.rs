//! Whose death a rise of the out-of-memory counter was: the agent's, or a descendant's.
//!
//! The counter rises just before the victim gets SIGKILL. So a rise seen while the agent shows no
//! sign of dying was a descendant's; a rise that was never seen beside a healthy agent, before
//! the agent died of a SIGKILL that PID 1 did not send, was the agent's.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use nix::unistd::Pid;

/// `PF_EXITING`, in the flags of `/proc/PID/stat`.
const EXITING: u64 = 0x4;
/// SIGKILL, in the signal masks of `/proc/PID/status`.
const KILL: u64 = 1 << 8;

/// The counter's rises that are already attributed to descendants.
#[derive(Debug, Default)]
pub(crate) struct Attribution {
    settled: u64,
}

impl Attribution {
    /// Takes a sample of the counter while the agent has not been reaped.
    pub(crate) fn sample(&mut self, kills: u64, agent: Pid) {
        if kills != self.settled && is_healthy(agent) {
            self.settled = kills;
        }
    }

    /// Whether the agent, dead of a SIGKILL from outside its tree's will, was the victim.
    pub(crate) fn is_agents(&self, kills: u64) -> bool {
        kills > self.settled
    }
}

fn is_healthy(agent: Pid) -> bool {
    let folder = Path::new("/proc").join(agent.to_string());
    // `status` first: the pending mark stays from the kill on, the exiting flag comes later.
    let status = read(&folder.join("status"));
    let stat = read(&folder.join("stat"));
    status.is_some_and(|text| !kill_pending(&text)) && stat.is_some_and(|text| !is_exiting(&text))
}

fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path)
        .ok()?
        .take(8192)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn kill_pending(status: &str) -> bool {
    let masks = status.lines().filter_map(|line| {
        let mask = line
            .strip_prefix("SigPnd:")
            .or_else(|| line.strip_prefix("ShdPnd:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    });
    masks.fold(0, |all, mask| all | mask) & KILL != 0
}

/// The command's name stands in parentheses and may hold anything, parentheses included.
fn is_exiting(stat: &str) -> bool {
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let flags = after
        .split_whitespace()
        .nth(6)
        .and_then(|word| word.parse::<u64>().ok());
    flags.is_none_or(|flags| flags & EXITING != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pending_kill_is_a_sign_of_death() {
        assert!(!kill_pending(
            "SigPnd:\t0000000000000000\nShdPnd:\t0000000000004000\n"
        ));
        assert!(kill_pending(
            "SigPnd:\t0000000000000000\nShdPnd:\t0000000000000100\n"
        ));
        assert!(kill_pending(
            "SigPnd:\t0000000000000100\nShdPnd:\t0000000000000000\n"
        ));
    }

    #[test]
    fn the_exiting_flag_is_found_behind_any_name() {
        assert!(!is_exiting("7 (a) 4 (b) S 1 7 7 0 -1 4194304 105 0"));
        assert!(is_exiting("7 (a) 4 (b) S 1 7 7 0 -1 4194308 105 0"));
        assert!(is_exiting("garbage"));
    }

    #[test]
    fn a_rise_beside_a_healthy_process_is_not_its_own() {
        let mut attribution = Attribution::default();
        assert!(attribution.is_agents(1));
        attribution.sample(1, nix::unistd::getpid());
        assert!(!attribution.is_agents(1));
        assert!(attribution.is_agents(2));
    }
}
