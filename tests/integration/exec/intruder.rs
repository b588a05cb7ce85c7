//! A program that tests put into a sandbox: what busybox cannot try against PID 1.
//!
//! It is compiled by itself, static, and not a module of the tests. It exits with 0 where the
//! sandbox refused what it must refuse.

use std::{fs, io::Write, os::unix::net::UnixStream, process::ExitCode};

const PTRACE_ATTACH: i64 = 16;
const PTRACE_SEIZE: i64 = 0x4206;

#[repr(C)]
struct Piece {
    base: *mut u8,
    length: usize,
}

unsafe extern "C" {
    fn ptrace(request: i64, pid: i32, address: usize, data: usize) -> i64;
    fn process_vm_readv(
        pid: i32,
        local: *const Piece,
        locals: u64,
        remote: *const Piece,
        remotes: u64,
        flags: u64,
    ) -> isize;
}

fn main() -> ExitCode {
    let refused = match std::env::args().nth(1).as_deref() {
        Some("ptrace") => tracing_is_refused(),
        Some("memory") => memory_is_refused(),
        Some("forge") => forge(),
        _ => false,
    };
    ExitCode::from(u8::from(!refused))
}

fn tracing_is_refused() -> bool {
    [PTRACE_ATTACH, PTRACE_SEIZE]
        .iter()
        .all(|&request| unsafe { ptrace(request, 1, 0, 0) } == -1)
}

fn memory_is_refused() -> bool {
    let mut byte = 0_u8;
    let local = Piece { base: &mut byte, length: 1 };
    let remote = Piece { base: 0x40_0000 as *mut u8, length: 1 };
    let read = unsafe { process_vm_readv(1, &local, 1, &remote, 1, 0) };
    let opened = |path: &str| fs::OpenOptions::new().write(true).open(path).is_ok();
    read == -1
        && !opened("/proc/1/mem")
        && fs::read("/proc/1/maps").map_or(true, |maps| maps.is_empty())
        && (0..32).all(|fd| {
            let path = format!("/proc/1/fd/{fd}");
            fs::read_link(&path).is_err() && fs::File::open(&path).is_err() && !opened(&path)
        })
}

/// Sends a record of another end, whether or not anybody listens.
fn forge() -> bool {
    let record = "hello 1\nstarted\nrecord 1\nending waited 0\nkilled_by none\nwall_ms 1\nend 4\n";
    let mut kept = Vec::new();
    for _ in 0..50 {
        if let Ok(mut stream) = UnixStream::connect("/run/fullsend/socket") {
            let _ = stream.set_nonblocking(true);
            let _ = stream.write_all(record.as_bytes());
            kept.push(stream);
        }
    }
    println!("connected");
    std::thread::sleep(std::time::Duration::from_millis(300));
    true
}
