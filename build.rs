//! Builds `fullsend-init` for every architecture that a container may have, to be embedded.
//!
//! A nested cargo does it, because the sandbox's PID 1 is always a static musl program, whatever
//! this build is for. rust-lld links it, so that no cross compiler is needed.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The targets, each with the variable that tells `include_bytes!` where the program lies.
const TARGETS: [(&str, &str); 2] = [
    ("x86_64-unknown-linux-musl", "FULLSEND_INIT_X86_64"),
    ("aarch64-unknown-linux-musl", "FULLSEND_INIT_AARCH64"),
];

/// What this build's own flags and wrappers would spoil in the nested one.
const FOREIGN: [&str; 8] = [
    "RUSTFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CLIPPY_ARGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
];

fn main() -> Result<(), Box<dyn Error>> {
    for path in ["init/src", "init/Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let out = PathBuf::from(variable("OUT_DIR")?).join("init");
    for (target, name) in TARGETS {
        let program = build(target, &out)?;
        println!("cargo::rustc-env={name}={}", program.display());
    }
    Ok(())
}

fn build(target: &str, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    require(target)?;
    let manifest = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("init/Cargo.toml");
    let mut cargo = command(&variable("CARGO")?);
    for name in FOREIGN {
        cargo.env_remove(name);
    }
    // Set but empty, it also overrules what a configuration file says.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "");
    cargo.env(
        format!("CARGO_TARGET_{}_LINKER", shouted(target)),
        "rust-lld",
    );
    cargo.args([
        "build",
        "--locked",
        "--quiet",
        "--profile",
        "init",
        "--bin",
        "fullsend-init",
    ]);
    cargo.args(["--target", target, "--target-dir"]).arg(out);
    cargo.arg("--manifest-path").arg(manifest);
    // What the nested cargo prints must not be taken for instructions to the outer one.
    let status = cargo.stdout(Stdio::null()).status()?;
    if !status.success() {
        return Err(format!("could not build fullsend-init for {target}: cargo {status}").into());
    }
    Ok(out.join(target).join("init/fullsend-init"))
}

/// Fails with the remedy where the target's standard library is not installed.
fn require(target: &str) -> Result<(), Box<dyn Error>> {
    let rustc = variable("RUSTC")?;
    let output = command(&rustc)
        .args(["--print", "target-libdir", "--target", target])
        .output()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    if output.status.success() && folder.is_dir() {
        return Ok(());
    }
    Err(format!(
        "fullsend-init is built for {target}, which is not installed: rustup target add {target}"
    )
    .into())
}

fn shouted(target: &str) -> String {
    target.to_uppercase().replace('-', "_")
}

#[expect(clippy::disallowed_methods, reason = "a build script has no seam")]
fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    env::var(name).map_err(|error| format!("{name}: {error}").into())
}

#[expect(clippy::disallowed_methods, reason = "a build script has no seam")]
fn command(program: &str) -> Command {
    Command::new(program)
}
