//! Child processes: bounded in time and output, and killed with all their children.

use std::{io, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

/// A program to run to its end, without a terminal.
#[derive(Debug)]
pub struct Invocation<'a> {
    /// What the program is run for, as errors say it: "asking for the credentials of ghcr.io".
    pub purpose: &'a str,
    /// A name to look up in `path`.
    pub program: &'a str,
    /// Its arguments: never secrets, as they are public on the machine.
    pub arguments: &'a [&'a str],
    /// What it reads on its standard input.
    pub input: &'a [u8],
    /// `PATH`, where it differs from this process's own.
    pub path: Option<&'a str>,
    /// How the rest of its environment differs from this process's own.
    pub variables: Variables<'a>,
    /// It is killed after this time.
    pub time_limit: Duration,
    /// It is killed when it writes more than this to its standard output.
    pub output_limit: u64,
}

/// How a program's environment differs from this process's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Variables<'a> {
    /// Variables whose names begin with this are taken out.
    pub without: Option<&'a str>,
    /// Then these are set.
    pub set: &'a [(&'a str, &'a str)],
}

/// How a program ended.
#[derive(Debug)]
pub struct Finished {
    /// Whether its exit code was 0.
    pub success: bool,
    /// What it wrote on its standard output.
    pub output: Vec<u8>,
}

/// A program that did not run to its end.
#[derive(Debug, thiserror::Error)]
#[error("{purpose}: {reason}")]
pub struct ProcessError {
    purpose: String,
    reason: ProcessFailure,
}

/// Why a program did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessFailure {
    /// No such program in `PATH`.
    #[error("there is no program `{0}`")]
    NotFound(String),
    /// It could not be started or its pipes broke.
    #[error("`{program}` could not be run: {source}")]
    Io {
        /// Which program.
        program: String,
        /// The operating system's reason.
        source: io::Error,
    },
    /// It was still running at its time limit.
    #[error("`{program}` did not finish within {} s", limit.as_secs_f32())]
    TimedOut {
        /// Which program.
        program: String,
        /// How long it had.
        limit: Duration,
    },
    /// It wrote too much.
    #[error("`{program}` wrote more than {limit} bytes")]
    OutputTooLarge {
        /// Which program.
        program: String,
        /// The most that is read.
        limit: u64,
    },
}

impl ProcessError {
    /// Why it did not run to its end.
    pub fn reason(&self) -> &ProcessFailure {
        &self.reason
    }
}

impl Invocation<'_> {
    /// Runs the program to its end. Its standard error goes nowhere.
    pub async fn run(&self) -> Result<Finished, ProcessError> {
        let outcome = match self.spawn() {
            Ok(child) => self.finish(child).await,
            Err(source) => Err(self.io(source)),
        };
        outcome.map_err(|reason| self.failed(reason))
    }

    /// The same for callers that cannot wait as a task does, and may yet be part of one.
    pub fn run_blocking(&self) -> Result<Finished, ProcessError> {
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|source| self.failed(self.io(source)))?;
            runtime.block_on(self.run())
        };
        // A thread of its own, as a runtime cannot be entered from within another.
        let joined = std::thread::scope(|scope| scope.spawn(run).join());
        joined.unwrap_or_else(|_| Err(self.failed(self.io(io::Error::other("it was lost")))))
    }

    fn failed(&self, reason: ProcessFailure) -> ProcessError {
        ProcessError {
            purpose: self.purpose.to_owned(),
            reason,
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door that the ban points to"
    )]
    fn spawn(&self) -> io::Result<Group> {
        let mut command = Command::new(self.program);
        command
            .args(self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(prefix) = self.variables.without {
            let all = std::env::vars_os().map(|(name, _)| name);
            all.filter(|name| name.as_encoded_bytes().starts_with(prefix.as_bytes()))
                .for_each(|name| {
                    command.env_remove(name);
                });
        }
        command.envs(self.variables.set.iter().copied());
        if let Some(path) = self.path {
            command.env("PATH", path);
        }
        command.spawn().map(Group)
    }

    async fn finish(&self, mut group: Group) -> Result<Finished, ProcessFailure> {
        let pipes = (group.0.stdin.take(), group.0.stdout.take());
        let (Some(mut stdin), Some(stdout)) = pipes else {
            return Err(self.io(io::Error::other("no pipes")));
        };
        let write = async {
            // A program that does not read its input closes the pipe: its exit code tells.
            let _ = stdin.write_all(self.input).await;
            drop(stdin);
        };
        let work = async {
            let ((), output) = tokio::join!(write, read_bounded(stdout, self.output_limit));
            let output = output.map_err(|source| self.io(source))?;
            if output.len() as u64 > self.output_limit {
                return Err(ProcessFailure::OutputTooLarge {
                    program: self.program.to_owned(),
                    limit: self.output_limit,
                });
            }
            let status = group.0.wait().await.map_err(|source| self.io(source))?;
            Ok(Finished {
                success: status.success(),
                output,
            })
        };
        let outcome = tokio::time::timeout(self.time_limit, work).await;
        outcome.unwrap_or_else(|_| {
            Err(ProcessFailure::TimedOut {
                program: self.program.to_owned(),
                limit: self.time_limit,
            })
        })
    }

    fn io(&self, source: io::Error) -> ProcessFailure {
        let program = self.program.to_owned();
        if source.kind() == io::ErrorKind::NotFound {
            ProcessFailure::NotFound(program)
        } else {
            ProcessFailure::Io { program, source }
        }
    }
}

/// A child that leads its own process group, which is killed when this is dropped too early.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // `id` is `None` once the child was reaped, so no stranger's process is hit.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(pid) = id.and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }
}

/// Reads to the end, or one byte past `limit`.
async fn read_bounded(stream: impl AsyncRead + Unpin, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(limit + 1).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell<'a>(arguments: &'a [&'a str]) -> Invocation<'a> {
        Invocation {
            purpose: "testing",
            program: "sh",
            arguments,
            input: b"hello",
            path: None,
            variables: Variables::default(),
            time_limit: Duration::from_secs(5),
            output_limit: 100,
        }
    }

    #[tokio::test]
    async fn passes_input_and_returns_output() {
        let finished = shell(&["-c", "cat; exit 3"]).run().await.unwrap();
        assert!(!finished.success);
        assert_eq!(finished.output, b"hello");
    }

    #[tokio::test]
    async fn a_program_that_ignores_its_input_is_fine() {
        let input = vec![0; 1 << 20];
        let mut invocation = shell(&["-c", "echo done"]);
        invocation.input = &input;
        assert_eq!(invocation.run().await.unwrap().output, b"done\n");
    }

    #[tokio::test]
    async fn time_and_output_are_bounded() {
        let mut endless = shell(&["-c", "yes"]);
        endless.output_limit = 10;
        let error = endless.run().await.unwrap_err();
        assert_eq!(error.to_string(), "testing: `sh` wrote more than 10 bytes");

        // The grandchild holds the pipe open after its parent's death.
        let mut slow = shell(&["-c", "sleep 60 & wait"]);
        slow.time_limit = Duration::from_millis(50);
        let error = slow.run().await.unwrap_err();
        assert!(matches!(error.reason(), ProcessFailure::TimedOut { .. }));
    }

    #[tokio::test]
    async fn an_absent_program_is_named() {
        let mut absent = shell(&[]);
        absent.program = "fullsend-no-such-program";
        let error = absent.run().await.unwrap_err();
        assert!(matches!(error.reason(), ProcessFailure::NotFound(_)));
    }
}
