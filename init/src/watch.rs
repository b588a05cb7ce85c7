//! Decides what PID 1 does as time passes and things happen: no waiting, no clock of its own.

use std::time::Duration;

use fullsend_init::{Ending, KilledBy, Order, WaitStatus};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::sys::Syscalls;

/// How long killed processes may take to vanish. The kernel ends whatever is left with PID 1.
const BURIAL: Duration = Duration::from_secs(5);
/// How often the tree is killed anew until it is empty.
const STROKE: Duration = Duration::from_millis(20);

/// The longest that the time-out and the grace period can be: a century, so that sums never wrap.
const FOREVER: Duration = Duration::from_hours(100 * 365 * 24);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The agent does its work.
    Running,
    /// Asked to end, until then. `tree` says whether everybody was asked, or the agent's group.
    Draining { until: Duration, tree: bool },
    /// Killed, and waited for until then.
    Killing { until: Duration },
    /// Nothing is left, or nothing more can be done.
    Over,
}

/// The life of one agent and its descendants.
#[derive(Debug)]
pub(crate) struct Watch<'a, S> {
    sys: &'a S,
    agent: Pid,
    deadline: Option<Duration>,
    grace: Duration,
    phase: Phase,
    killed_by: KilledBy,
    ended: Option<(WaitStatus, Duration)>,
    /// Whether SIGKILL went out before the agent was seen dead.
    struck: bool,
}

impl<'a, S: Syscalls> Watch<'a, S> {
    /// Watches `agent` from `now` on.
    pub(crate) fn new(
        sys: &'a S,
        agent: Pid,
        now: Duration,
        timeout: Option<Duration>,
        grace: Duration,
    ) -> Self {
        Self {
            sys,
            agent,
            deadline: timeout.map(|timeout| now + timeout.min(FOREVER)),
            grace: grace.min(FOREVER),
            phase: Phase::Running,
            killed_by: KilledBy::Nobody,
            ended: None,
            struck: false,
        }
    }

    /// The CLI asked for an end.
    pub(crate) fn order(&mut self, order: Order, now: Duration) {
        match order {
            Order::Kill => {
                self.blame(KilledBy::Kill);
                self.kill(now);
            }
            Order::Terminate { signal, grace } => self.terminate(signal, grace, now),
        }
    }

    /// Nobody is left to hear how it ends.
    pub(crate) fn cli_gone(&mut self, now: Duration) {
        self.blame(KilledBy::CliGone);
        self.kill(now);
    }

    /// PID 1 got a signal that is meant for the agent.
    pub(crate) fn forward(&self, signal: Signal) {
        if self.ended.is_none() {
            self.sys.signal_group(self.agent, signal);
        }
    }

    /// The agent was reaped.
    pub(crate) fn agent_ended(&mut self, status: i32, now: Duration) {
        self.ended = Some((WaitStatus(status), now));
        if self.phase == Phase::Running {
            self.kill(now);
        }
    }

    /// Acts on the time. `childless` says that no child is left, alive or dead.
    pub(crate) fn advance(&mut self, now: Duration, childless: bool) {
        if self.phase == Phase::Running && self.deadline.is_some_and(|deadline| deadline <= now) {
            self.blame(KilledBy::Timeout);
            self.sys.signal_everything(Signal::SIGTERM);
            // The stopped must wake up to hear it.
            self.sys.signal_everything(Signal::SIGCONT);
            self.phase = Phase::Draining {
                until: now + self.grace,
                tree: true,
            };
        }
        if let Phase::Draining { until, tree } = self.phase
            && (until <= now || self.is_drained(tree, childless))
        {
            self.kill(now);
        }
        if let Phase::Killing { until } = self.phase {
            if childless || until <= now {
                self.phase = Phase::Over;
            } else {
                self.sys.signal_everything(Signal::SIGKILL);
            }
        }
    }

    /// Whether nothing is left to do but to report.
    pub(crate) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// How long nothing needs to be done, unless something happens.
    pub(crate) fn pause(&self, now: Duration) -> Option<Duration> {
        let until = match self.phase {
            Phase::Running => self.deadline?,
            Phase::Draining { until, .. } => until,
            Phase::Killing { until } => until.min(now + STROKE),
            Phase::Over => now,
        };
        Some(until.saturating_sub(now))
    }

    /// The agent, while it has not been reaped.
    pub(crate) fn living_agent(&self) -> Option<Pid> {
        self.ended.is_none().then_some(self.agent)
    }

    /// The agent's process.
    pub(crate) fn agent(&self) -> Pid {
        self.agent
    }

    /// Who set out to end the agent first.
    pub(crate) fn killed_by(&self) -> KilledBy {
        self.killed_by
    }

    /// How the agent ended, and when.
    pub(crate) fn ending(&self) -> (Ending, Option<Duration>) {
        match self.ended {
            Some((status, when)) => (Ending::Waited(status), Some(when)),
            None => (Ending::Unreaped, None),
        }
    }

    /// Whether the agent died of a SIGKILL that PID 1 did not send.
    pub(crate) fn was_killed_by_others(&self) -> bool {
        let status = self.ended.map(|(status, _)| status);
        !self.struck && status.and_then(WaitStatus::signal) == Some(Signal::SIGKILL as i32)
    }

    fn terminate(&mut self, signal: i32, grace: Duration, now: Duration) {
        let Ok(signal) = Signal::try_from(signal) else {
            return;
        };
        if self.ended.is_some() {
            return;
        }
        if signal == Signal::SIGKILL {
            self.struck = true;
        }
        self.blame(KilledBy::Terminate(signal as i32));
        self.sys.signal_group(self.agent, signal);
        self.sys.signal_group(self.agent, Signal::SIGCONT);
        if self.phase == Phase::Running {
            self.phase = Phase::Draining {
                until: now + grace.min(FOREVER),
                tree: false,
            };
        }
    }

    fn blame(&mut self, cause: KilledBy) {
        if self.killed_by == KilledBy::Nobody && self.ended.is_none() {
            self.killed_by = cause;
        }
    }

    fn kill(&mut self, now: Duration) {
        if matches!(self.phase, Phase::Running | Phase::Draining { .. }) {
            self.struck |= self.ended.is_none();
            self.sys.signal_everything(Signal::SIGKILL);
            self.phase = Phase::Killing {
                until: now + BURIAL,
            };
        }
    }

    /// Whether all that were asked to end have done so: the agent may be a shell that dies at
    /// once, while the program that it started still tidies up.
    fn is_drained(&self, tree: bool, childless: bool) -> bool {
        let gone = || {
            if tree {
                childless
            } else {
                !self.sys.group_exists(self.agent)
            }
        };
        self.ended.is_some() && (childless || gone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::Double;

    const fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn watch(sys: &Double) -> Watch<'_, Double> {
        Watch::new(sys, Pid::from_raw(7), at(0), Some(at(1000)), at(500))
    }

    fn terminate(grace: Duration) -> Order {
        Order::Terminate { signal: 15, grace }
    }

    #[test]
    fn a_time_out_asks_everybody_and_then_kills_everybody() {
        let sys = Double::default();
        let mut watch = watch(&sys);
        watch.advance(at(999), false);
        assert!(sys.calls().is_empty());
        watch.advance(at(1000), false);
        assert_eq!(sys.calls(), ["everything SIGTERM", "everything SIGCONT"]);
        assert_eq!(watch.pause(at(1000)), Some(at(500)));
        watch.advance(at(1500), false);
        assert_eq!(sys.calls(), ["everything SIGKILL", "everything SIGKILL"]);
        watch.agent_ended(9, at(1501));
        watch.advance(at(1501), true);
        assert!(watch.is_over());
        assert_eq!(watch.killed_by(), KilledBy::Timeout);
        assert!(!watch.was_killed_by_others());
    }

    #[test]
    fn an_end_in_time_is_the_agents_own() {
        let sys = Double::default();
        let mut watch = watch(&sys);
        watch.agent_ended(9, at(1000));
        watch.advance(at(2000), true);
        assert!(watch.is_over());
        assert_eq!(watch.killed_by(), KilledBy::Nobody);
        assert!(watch.was_killed_by_others());
    }

    #[test]
    fn a_cli_that_goes_after_the_end_is_not_its_cause() {
        let sys = Double::default();
        let mut watch = watch(&sys);
        watch.agent_ended(0, at(10));
        watch.cli_gone(at(11));
        assert_eq!(watch.killed_by(), KilledBy::Nobody);
    }

    #[test]
    fn the_first_cause_stays_and_a_later_kill_only_hurries() {
        let sys = Double::default();
        let mut watch = watch(&sys);
        watch.order(terminate(at(60_000)), at(10));
        assert_eq!(sys.calls(), ["group 7 SIGTERM", "group 7 SIGCONT"]);
        watch.order(Order::Kill, at(20));
        watch.cli_gone(at(30));
        assert_eq!(watch.killed_by(), KilledBy::Terminate(15));
        assert_eq!(sys.calls(), ["everything SIGKILL"]);
    }

    #[test]
    fn the_grace_after_a_signal_ends_with_the_group() {
        let sys = Double::default();
        let mut watch = watch(&sys);
        watch.order(terminate(at(500)), at(0));
        watch.agent_ended(15, at(1));
        sys.group.set(true);
        watch.advance(at(2), false);
        assert_eq!(watch.pause(at(2)), Some(at(498)));
        sys.group.set(false);
        watch.advance(at(3), false);
        assert!(sys.calls().contains(&"everything SIGKILL".to_owned()));
    }

    #[test]
    fn what_will_not_die_is_not_waited_for_without_end() {
        let sys = Double::default();
        let mut watch = watch(&sys);
        watch.order(Order::Kill, at(0));
        watch.advance(at(4999), false);
        assert!(!watch.is_over());
        watch.advance(at(5000), false);
        assert!(watch.is_over());
        assert_eq!(watch.ending(), (Ending::Unreaped, None));
    }

    #[test]
    fn endless_limits_do_not_overflow() {
        let sys = Double::default();
        let forever = Duration::from_millis(u64::MAX);
        let mut watch = Watch::new(&sys, Pid::from_raw(7), at(5), Some(forever), forever);
        watch.order(terminate(forever), at(10));
        watch.advance(at(1_000_000), false);
        assert!(!watch.is_over());
    }
}
