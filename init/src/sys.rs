//! The system calls of PID 1: the only file of this package with `unsafe` in it.
//!
//! They stand behind a trait so that tests can record which calls are made, and in what order.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, RawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{SFlag, fstat, stat};
use nix::unistd::{self, ForkResult, Gid, Pid, Uid};

type Result<T> = std::result::Result<T, Errno>;

/// What a look for dead children found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reaped {
    /// This one died, with this raw wait status.
    Child(Pid, i32),
    /// Children live, none has died.
    NoneDead,
    /// There is no child left, alive or dead.
    NoneLeft,
}

/// The system calls whose order or arguments matter.
pub(crate) trait Syscalls {
    /// Whether processes of the same user may trace this one and look into its memory.
    fn set_dumpable(&self, dumpable: bool) -> Result<()>;
    /// Makes the kernel's out-of-memory killer prefer this process to its parent.
    fn volunteer_for_oom(&self);
    /// Gives every signal its default disposition and unblocks them all.
    fn reset_signals(&self);
    /// Begins a session and process group of this process's own.
    fn new_session(&self) -> Result<()>;
    /// Makes the terminal on stdin this session's, with this process in its foreground.
    fn take_terminal(&self) -> Result<()>;
    /// Rules out privileges by setuid files and file capabilities, for good.
    fn no_new_privileges(&self) -> Result<()>;
    /// Keeps this process and its descendants from the calls that could harm PID 1.
    fn shield_parent(&self);
    /// Empties the capability bounding set.
    fn empty_bounding_set(&self) -> Result<()>;
    /// Clears ambient, inheritable, permitted and effective capabilities.
    fn clear_capabilities(&self) -> Result<()>;
    /// Replaces the supplementary groups.
    fn set_groups(&self, groups: &[Gid]) -> Result<()>;
    /// Sets real, effective and saved group.
    fn set_group(&self, group: Gid) -> Result<()>;
    /// Sets real, effective and saved user.
    fn set_user(&self, user: Uid) -> Result<()>;
    /// Makes the container's streams the user's, who may then open `/dev/stdout` and the like.
    fn give_streams(&self, user: Uid);
    /// Replaces the program. Returns only on failure.
    fn exec(&self, path: &CStr, arguments: &[CString], environment: &[CString]) -> Errno;
    /// Whether a file is there, executable or not.
    fn exists(&self, path: &CStr) -> bool;
    /// Signals a process group, or the process itself while it has no group yet.
    fn signal_group(&self, leader: Pid, signal: Signal);
    /// Signals every process of the PID namespace but this one; nothing when this is not PID 1.
    fn signal_everything(&self, signal: Signal);
    /// Whether the group has a member, a zombie included.
    fn group_exists(&self, leader: Pid) -> bool;
    /// Reaps one dead child, if there is one.
    fn reap(&self) -> Reaped;
}

/// The real system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linux;

impl Syscalls for Linux {
    fn set_dumpable(&self, dumpable: bool) -> Result<()> {
        prctl::set_dumpable(dumpable)
    }

    fn volunteer_for_oom(&self) {
        const PATH: &str = "/proc/self/oom_score_adj";
        let mut text = String::new();
        let read = File::open(PATH).and_then(|file| file.take(16).read_to_string(&mut text));
        let now: i32 = read
            .ok()
            .and_then(|_| text.trim().parse().ok())
            .unwrap_or(0);
        let raised = now.saturating_add(500).min(1000).to_string();
        // Without it the kernel still kills by size, and PID 1 is the smallest.
        if let Ok(file) = File::options().write(true).open(PATH) {
            let _ = unistd::write(file, raised.as_bytes());
        }
    }

    fn reset_signals(&self) {
        for signal in 1..=64 {
            set_disposition(signal, libc::SIG_DFL);
        }
        // Fails only for a bad argument.
        let _ = nix::sys::signal::SigSet::empty().thread_set_mask();
    }

    fn new_session(&self) -> Result<()> {
        unistd::setsid().map(drop)
    }

    fn take_terminal(&self) -> Result<()> {
        terminal_request(libc::TIOCSCTTY)
    }

    fn no_new_privileges(&self) -> Result<()> {
        prctl::set_no_new_privs()
    }

    fn shield_parent(&self) {
        // A kernel without filters still has everything else.
        let _ = install_filter(&crate::shield::program());
    }

    fn empty_bounding_set(&self) -> Result<()> {
        for capability in 0..64 {
            match capability_prctl(libc::PR_CAPBSET_READ, capability) {
                Ok(0) => {}
                Ok(_) => drop(capability_prctl(libc::PR_CAPBSET_DROP, capability)?),
                // Past the last capability that this kernel has.
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn clear_capabilities(&self) -> Result<()> {
        match capability_prctl(
            libc::PR_CAP_AMBIENT,
            libc::PR_CAP_AMBIENT_CLEAR_ALL.unsigned_abs(),
        ) {
            // A kernel without ambient capabilities has none to clear.
            Ok(_) | Err(Errno::EINVAL) => set_no_capabilities(),
            Err(errno) => Err(errno),
        }
    }

    fn set_groups(&self, groups: &[Gid]) -> Result<()> {
        unistd::setgroups(groups)
    }

    fn set_group(&self, group: Gid) -> Result<()> {
        unistd::setresgid(group, group, group)
    }

    fn set_user(&self, user: Uid) -> Result<()> {
        unistd::setresuid(user, user, user)
    }

    fn give_streams(&self, user: Uid) {
        let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
        for stream in [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()] {
            // A file or a device such as /dev/null is shared with others, and not ours to give.
            let ours = fstat(stream).is_ok_and(|stat| {
                let kind = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
                kind == SFlag::S_IFIFO || unistd::isatty(stream).unwrap_or(false)
            });
            if ours {
                // Without CAP_CHOWN the inherited descriptors still work.
                let _ = unistd::fchown(stream, Some(user), None);
            }
        }
    }

    fn exec(&self, path: &CStr, arguments: &[CString], environment: &[CString]) -> Errno {
        match unistd::execve(path, arguments, environment) {
            Err(errno) => errno,
        }
    }

    fn exists(&self, path: &CStr) -> bool {
        stat(path).is_ok()
    }

    fn signal_group(&self, leader: Pid, signal: Signal) {
        if kill(Pid::from_raw(-leader.as_raw()), signal) == Err(Errno::ESRCH) {
            // Between fork and setsid; the signal waits there until it is unblocked.
            let _ = kill(leader, signal);
        }
    }

    fn signal_everything(&self, signal: Signal) {
        // Anywhere else `kill(-1)` would reach the whole machine.
        if unistd::getpid().as_raw() == 1 {
            let _ = kill(Pid::from_raw(-1), signal);
        }
    }

    fn group_exists(&self, leader: Pid) -> bool {
        kill(Pid::from_raw(-leader.as_raw()), None) != Err(Errno::ESRCH)
    }

    fn reap(&self) -> Reaped {
        // Raw, because a decoded status would have to refuse death by a real-time signal.
        let mut status = 0;
        loop {
            let pid = wait_any(&mut status);
            match Errno::result(pid) {
                Ok(0) => return Reaped::NoneDead,
                Ok(pid) => return Reaped::Child(Pid::from_raw(pid), status),
                Err(Errno::EINTR) => {}
                Err(_) => return Reaped::NoneLeft,
            }
        }
    }
}

/// Forks. Sound only while the process has a single thread, which this program always has.
#[expect(unsafe_code, reason = "fork cannot be checked by the compiler")]
pub(crate) fn fork() -> Result<ForkResult> {
    // SAFETY: no thread is ever started, so that the child's locks and heap are consistent.
    unsafe { unistd::fork() }
}

/// Parts from the controlling terminal, so that another session can take it.
pub(crate) fn leave_terminal() {
    // Leaving sends SIGHUP and SIGCONT to the terminal's foreground, this process.
    set_disposition(libc::SIGHUP, libc::SIG_IGN);
    set_disposition(libc::SIGCONT, libc::SIG_IGN);
    // Fails when the terminal is not the controlling one: then there is nothing to leave.
    let _ = terminal_request(libc::TIOCNOTTY);
    set_disposition(libc::SIGHUP, libc::SIG_DFL);
    set_disposition(libc::SIGCONT, libc::SIG_DFL);
}

/// Marks every descriptor above stderr close-on-exec, those inherited included.
pub(crate) fn seal_descriptors() {
    if seal_range().is_ok() {
        return;
    }
    let listed = std::fs::read_dir("/proc/self/fd").map_or_else(|_| (3..4096).collect(), numbers);
    for descriptor in listed.into_iter().filter(|descriptor| *descriptor > 2) {
        seal(descriptor);
    }
}

/// Time that also passes while the machine sleeps, from an arbitrary beginning.
pub(crate) fn now() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME)
        .map_or(Duration::ZERO, Duration::from)
}

/// Replaces stdin, stdout and stderr, so that only the agent holds the container's own.
pub(crate) fn replace_stdio(with: impl AsFd) {
    // Fails only for a bad descriptor.
    let _ = unistd::dup2_stdin(&with);
    let _ = unistd::dup2_stdout(&with);
    let _ = unistd::dup2_stderr(&with);
}

fn numbers(entries: std::fs::ReadDir) -> Vec<RawFd> {
    let names = entries.flatten().map(|entry| entry.file_name());
    names
        .filter_map(|name| name.to_str()?.parse().ok())
        .collect()
}

#[expect(
    unsafe_code,
    reason = "C libraries keep some signals from their callers"
)]
fn set_disposition(number: i32, disposition: libc::sighandler_t) {
    // The kernel's structure: handler first, then flags, restorer and mask, all zero.
    let action: [usize; 8] = [disposition, 0, 0, 0, 0, 0, 0, 0];
    let none = std::ptr::null_mut::<usize>();
    // SAFETY: only SIG_DFL and SIG_IGN are passed, so that no code of ours runs in a handler; the
    // kernel reads at most 32 bytes of `action`, for a mask of eight.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            number,
            action.as_ptr(),
            none,
            8_usize,
        )
    };
}

#[expect(unsafe_code, reason = "terminal ioctls have no safe form")]
fn terminal_request(request: libc::Ioctl) -> Result<()> {
    // SAFETY: both requests used take an integer, no pointer.
    Errno::result(unsafe { libc::ioctl(0, request, 0) }).map(drop)
}

#[expect(unsafe_code, reason = "prctl has no safe form for capabilities")]
fn capability_prctl(option: i32, argument: u32) -> Result<i32> {
    let (argument, zero) = (libc::c_ulong::from(argument), 0 as libc::c_ulong);
    // SAFETY: the options used take integers, no pointers.
    Errno::result(unsafe { libc::prctl(option, argument, zero, zero, zero) })
}

#[expect(unsafe_code, reason = "capset has no wrapper")]
fn set_no_capabilities() -> Result<()> {
    /// `_LINUX_CAPABILITY_VERSION_3`, and 0 for this process.
    const HEADER: [u32; 2] = [0x2008_0522, 0];
    /// Effective, permitted and inheritable, twice 32 bits each.
    const NONE: [u32; 6] = [0; 6];
    // SAFETY: version 3 reads a header of two words and data of six, both alive during the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, HEADER.as_ptr(), NONE.as_ptr()) })
        .map(drop)
}

#[expect(unsafe_code, reason = "a raw wait status is wanted")]
fn wait_any(status: &mut i32) -> i32 {
    // SAFETY: the pointer is a live, exclusive reference.
    unsafe { libc::waitpid(-1, status, libc::WNOHANG | libc::__WALL) }
}

#[expect(unsafe_code, reason = "musl has no wrapper for close_range")]
fn seal_range() -> Result<()> {
    const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;
    let (first, last): (libc::c_uint, libc::c_uint) = (3, libc::c_uint::MAX);
    // SAFETY: sets a flag; closes nothing that someone owns.
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC) })
        .map(drop)
}

#[expect(
    unsafe_code,
    reason = "descriptors listed by number have no owner to borrow from"
)]
fn seal(descriptor: RawFd) {
    // SAFETY: sets a flag on whatever the number names, or fails with EBADF.
    unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
}

#[expect(unsafe_code, reason = "prctl has no safe form for filters")]
fn install_filter(program: &[libc::sock_filter]) -> Result<()> {
    let mode: libc::c_ulong = libc::SECCOMP_MODE_FILTER.into();
    let filter = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::E2BIG)?,
        filter: program.as_ptr().cast_mut(),
    };
    // SAFETY: `filter` describes `program` exactly; the kernel copies it and writes nothing.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const filter) }).map(drop)
}
