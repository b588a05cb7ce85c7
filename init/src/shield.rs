//! A system call filter for the agent that keeps its hands off PID 1.
//!
//! Not being dumpable protects PID 1 from everything that asks the kernel for leave to trace. A
//! few calls ask only for the same user: with `prlimit` an agent could take PID 1's memory or CPU
//! time away, and so the record; with the scheduler's calls it could hold back the time-out. They
//! are refused for PID 1 alone, in native and in 32-bit programs.

use nix::libc::{self, c_long, sock_filter};

/// A machine's word for itself and its numbers for the calls that matter.
struct Calls {
    architecture: u32,
    /// Those whose first argument is a process.
    by_process: [c_long; 5],
    setpriority: c_long,
}

const NATIVE: Calls = Calls {
    architecture: if cfg!(target_arch = "x86_64") {
        0xc000_003e
    } else {
        0xc000_00b7
    },
    by_process: [
        libc::SYS_prlimit64,
        libc::SYS_sched_setscheduler,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setaffinity,
        libc::SYS_sched_setattr,
    ],
    setpriority: libc::SYS_setpriority,
};

/// i386 and 32-bit ARM.
const COMPATIBLE: Calls = if cfg!(target_arch = "x86_64") {
    Calls {
        architecture: 0x4000_0003,
        by_process: [340, 156, 154, 241, 351],
        setpriority: 97,
    }
} else {
    Calls {
        architecture: 0x4000_0028,
        by_process: [369, 156, 154, 241, 380],
        setpriority: 97,
    }
};

/// Offsets in `struct seccomp_data`: low halves, on little-endian machines.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const FIRST: u32 = 16;
const SECOND: u32 = 24;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const REFUSE: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs();
/// What x32 programs add to a call's number.
const X32: u32 = 0x4000_0000;
/// `PRIO_USER`: would reach PID 1 among the user's other processes.
const WHOLE_USER: u32 = 2;

/// The filter's program.
pub(crate) fn program() -> Vec<sock_filter> {
    let mut program = block(&NATIVE);
    program.extend(block(&COMPATIBLE));
    program.push(answer(ALLOW));
    program
}

/// Refuses this architecture's calls, and lets those of others fall through.
fn block(calls: &Calls) -> Vec<sock_filter> {
    let mut rules = vec![load(NUMBER), clear_bit(X32)];
    for number in calls.by_process {
        rules.extend([
            unless(number_of(number), 4),
            load(FIRST),
            unless(1, 1),
            answer(REFUSE),
            answer(ALLOW),
        ]);
    }
    rules.extend([
        unless(number_of(calls.setpriority), 6),
        load(FIRST),
        when(WHOLE_USER, 2),
        load(SECOND),
        unless(1, 1),
        answer(REFUSE),
    ]);
    rules.push(answer(ALLOW));
    let length = u8::try_from(rules.len()).unwrap_or(u8::MAX);
    let mut block = vec![load(ARCHITECTURE), unless(calls.architecture, length)];
    block.extend(rules);
    block
}

fn number_of(call: c_long) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}

fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter {
        code: u16::try_from(code).unwrap_or(u16::MAX),
        jt,
        jf,
        k,
    }
}

fn load(offset: u32) -> sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset)
}

fn clear_bit(bit: u32) -> sock_filter {
    instruction(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, 0, 0, !bit)
}

/// Skips so many instructions if the loaded value is another.
fn unless(value: u32, skip: u8) -> sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, skip, value)
}

/// Skips so many instructions if the loaded value is this.
fn when(value: u32, skip: u8) -> sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, skip, 0, value)
}

fn answer(verdict: u32) -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, 0, 0, verdict)
}
