//! PID 1 at work: starts the agent, waits for whatever happens first, and reports at the end.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;
use std::time::Duration;

use fullsend_init::{Ending, ExecFailure, Record, Stage};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::{TimeVal, TimeValLike as _};
use nix::unistd::ForkResult;

use crate::StartError;
use crate::child::{self, Launch};
use crate::counters::Counters;
use crate::oom::Attribution;
use crate::outlet::Outlet;
use crate::sys::{self, Linux, Reaped, Syscalls as _};
use crate::watch::Watch;

/// How often the out-of-memory counter is read: often enough that a descendant's death and the
/// agent's own, soon after, fall on two sides of a sample.
const OOM_TICK: Duration = Duration::from_millis(10);
/// How often the clock is read at least, because the wait itself does not count suspension.
const CLOCK_TICK: Duration = Duration::from_secs(1);

/// The signals that PID 1 passes on to the agent's process group.
const FORWARDED: [Signal; 10] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGCONT,
    Signal::SIGTSTP,
    Signal::SIGWINCH,
];

/// Those that a fault of PID 1's own raises: they must not be held back.
const FAULTS: [Signal; 6] = [
    Signal::SIGSEGV,
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGILL,
    Signal::SIGTRAP,
    Signal::SIGSYS,
];

/// What to run, and within which bounds.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The agent's command.
    pub(crate) launch: Launch,
    /// Whether stdin is a terminal that becomes the agent's.
    pub(crate) terminal: bool,
    /// How long the agent may run.
    pub(crate) timeout: Option<Duration>,
    /// How long the tree has between SIGTERM and SIGKILL after a time-out.
    pub(crate) grace: Duration,
    /// Where the record goes.
    pub(crate) outlet: Outlet,
}

/// Runs the agent to its end and that of its whole tree.
pub(crate) fn run(plan: Plan) -> Result<ExitCode, StartError> {
    let silence = File::open("/dev/null").ok();
    let counters = Counters::open();
    if plan.terminal {
        sys::leave_terminal();
    }
    let signals = hold_signals().map_err(|errno| StartError::System("signalfd", errno))?;
    let (report, reporter) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
        .map_err(|errno| StartError::System("pipe", errno))?;
    let began = sys::now();
    let agent = match sys::fork() {
        Ok(ForkResult::Parent { child }) => child,
        Ok(ForkResult::Child) => {
            let failure = child::start(&Linux, &plan.launch, plan.terminal);
            tell(reporter, failure);
            return Ok(ExitCode::from(127));
        }
        Err(errno) => {
            let failure = ExecFailure {
                stage: Stage::Fork,
                errno: errno as i32,
            };
            let record = Record {
                nonce: plan.outlet.nonce(),
                ..Record::new(Ending::NotStarted(failure))
            };
            return Ok(finish(plan.outlet, record));
        }
    };
    drop(reporter);
    if let Some(silence) = silence {
        sys::replace_stdio(silence);
    }
    let watch = Watch::new(&Linux, agent, began, plan.timeout, plan.grace);
    let mut supervisor = Supervisor {
        watch,
        signals,
        report: Some(report),
        failure: None,
        outlet: plan.outlet,
        counters,
        attribution: Attribution::default(),
        agent_oom: None,
    };
    supervisor.work();
    let record = supervisor.record(began);
    Ok(finish(supervisor.outlet, record))
}

fn finish(outlet: Outlet, record: Record) -> ExitCode {
    let code = ExitCode::from(record.exit_code());
    outlet.finish(record);
    code
}

/// Blocks all signals, so that none interrupts or ends PID 1, and has them read as data.
fn hold_signals() -> Result<SignalFd, Errno> {
    let mut held = SigSet::all();
    for fault in FAULTS {
        held.remove(fault);
    }
    nix::sys::signal::sigprocmask(SigmaskHow::SIG_SETMASK, Some(&held), None)?;
    SignalFd::with_flags(&held, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}

/// Sends a failure from the child to PID 1: eight bytes, which a pipe never splits.
fn tell(reporter: OwnedFd, failure: ExecFailure) {
    let stage = failure.stage as i32;
    let message = [stage.to_le_bytes(), failure.errno.to_le_bytes()].concat();
    // PID 1 reads an empty pipe only from a child that was killed meanwhile.
    let _ = File::from(reporter).write_all(&message);
}

fn hear(message: [u8; 8]) -> Option<ExecFailure> {
    let [a, b, c, d, errno @ ..] = message;
    let stage = Stage::from_number(i32::from_le_bytes([a, b, c, d]))?;
    Some(ExecFailure {
        stage,
        errno: i32::from_le_bytes(errno),
    })
}

struct Supervisor<'a> {
    watch: Watch<'a, Linux>,
    signals: SignalFd,
    /// The child's report, until exec closed it or a failure was read.
    report: Option<OwnedFd>,
    failure: Option<ExecFailure>,
    outlet: Outlet,
    counters: Counters,
    attribution: Attribution,
    agent_oom: Option<bool>,
}

impl Supervisor<'_> {
    fn work(&mut self) {
        let mut listening = true;
        loop {
            self.sample();
            let childless = self.bury();
            self.watch.advance(sys::now(), childless);
            if self.watch.is_over() {
                return;
            }
            let ready = self.wait(listening);
            if ready.report {
                self.read_report();
            }
            if ready.signals {
                self.read_signals();
            }
            if ready.outlet {
                listening = self.read_orders();
            }
        }
    }

    fn wait(&self, listening: bool) -> Ready {
        let outlet = self.outlet.descriptor().filter(|_| listening);
        let report = self.report.as_ref().map(OwnedFd::as_fd);
        let mut polled = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        polled.extend(report.map(|report| PollFd::new(report, PollFlags::POLLIN)));
        polled.extend(outlet.map(|outlet| PollFd::new(outlet, PollFlags::POLLIN)));
        // An error is EINTR or want of memory: look at everything, which changes nothing.
        let failed = poll(&mut polled, self.patience()).is_err();
        let mut results = polled.iter().map(|one| failed || one.any().unwrap_or(true));
        Ready {
            signals: results.next().unwrap_or(false),
            report: report.is_some() && results.next().unwrap_or(false),
            outlet: !failed && outlet.is_some() && results.next().unwrap_or(false),
        }
    }

    fn patience(&self) -> PollTimeout {
        let sampling = self.counters.oom_kills().is_some() && self.watch.living_agent().is_some();
        let tick = if sampling { OOM_TICK } else { CLOCK_TICK };
        let pause = self.watch.pause(sys::now()).unwrap_or(tick).min(tick);
        // Rounded up: a wait that ends just before its time would be repeated at once.
        u16::try_from(pause.as_micros().div_ceil(1000)).map_or(PollTimeout::MAX, PollTimeout::from)
    }

    fn sample(&mut self) {
        if let (Some(kills), Some(agent)) = (self.counters.oom_kills(), self.watch.living_agent()) {
            self.attribution.sample(kills, agent);
        }
    }

    /// Reaps all that died; says whether no child is left.
    fn bury(&mut self) -> bool {
        loop {
            match Linux.reap() {
                Reaped::Child(pid, status) if pid == self.watch.agent() => {
                    self.read_report();
                    self.watch.agent_ended(status, sys::now());
                    self.agent_oom = self.counters.oom_kills().map(|kills| {
                        self.watch.was_killed_by_others() && self.attribution.is_agents(kills)
                    });
                }
                Reaped::Child(..) => {}
                Reaped::NoneDead => return false,
                Reaped::NoneLeft => return true,
            }
        }
    }

    fn read_report(&mut self) {
        let Some(report) = self.report.take() else {
            return;
        };
        let mut message = [0; 8];
        let mut file = File::from(report);
        match file.read(&mut message) {
            Ok(8) => self.failure = hear(message),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                self.report = Some(file.into());
            }
            _ => self.outlet.started(),
        }
    }

    fn read_signals(&mut self) {
        while let Ok(Some(info)) = self.signals.read_signal() {
            let number = i32::try_from(info.ssi_signo).ok();
            let signal = number.and_then(|number| Signal::try_from(number).ok());
            if let Some(signal) = signal.filter(|signal| FORWARDED.contains(signal)) {
                self.watch.forward(signal);
            }
        }
    }

    /// Says whether the CLI is still there.
    fn read_orders(&mut self) -> bool {
        let now = sys::now();
        let Ok(orders) = self.outlet.orders() else {
            self.watch.cli_gone(now);
            return false;
        };
        for order in orders {
            self.watch.order(order, now);
        }
        true
    }

    fn record(&self, began: Duration) -> Record {
        let (ending, ended) = self.watch.ending();
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok();
        let waited =
            usage.map(|usage| (duration(usage.user_time()), duration(usage.system_time())));
        let cpu = self.counters.cpu().or(waited);
        let resident =
            usage.and_then(|usage| u64::try_from(usage.max_rss()).ok()?.checked_mul(1024));
        Record {
            nonce: self.outlet.nonce(),
            ending: self.failure.map_or(ending, Ending::NotStarted),
            killed_by: self.watch.killed_by(),
            agent_oom: self.agent_oom,
            wall: ended.unwrap_or_else(sys::now).saturating_sub(began),
            cpu_user: cpu.map(|(user, _)| user),
            cpu_system: cpu.map(|(_, system)| system),
            memory_peak_bytes: self.counters.memory_peak().or(resident),
            oom_kills: self.counters.oom_kills(),
            pids_limit_hits: self.counters.pids_limit_hits(),
        }
    }
}

/// What a wait ended with.
struct Ready {
    signals: bool,
    report: bool,
    outlet: bool,
}

fn duration(time: TimeVal) -> Duration {
    Duration::from_micros(u64::try_from(time.num_microseconds()).unwrap_or(0))
}
