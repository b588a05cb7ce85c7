//! PID 1 of every sandbox, as `build.rs` built it: a part of this program.

/// The program for a container of this architecture, by OCI's name for it (`amd64`, `arm64`).
pub(crate) fn binary(arch: &str) -> Option<&'static [u8]> {
    match arch {
        "amd64" | "x86_64" => Some(include_bytes!(env!("FULLSEND_INIT_X86_64"))),
        "arm64" | "aarch64" => Some(include_bytes!(env!("FULLSEND_INIT_AARCH64"))),
        _ => None,
    }
}
