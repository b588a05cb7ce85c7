//! `fullsend exec` as a process: its arguments, its streams, its report, its end.

use std::{
    io::{Read, Write as _},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use fullsend::seam::environment::Environment;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::bench::{command, docker, read, within};

/// A call of `fullsend exec` that has not started.
pub(super) struct Exec {
    folder: PathBuf,
    before: Vec<String>,
    command: Vec<String>,
    env: Vec<(String, String)>,
    report: PathBuf,
}

impl Exec {
    pub(super) fn new(folder: &Path, agent: &str) -> Self {
        let report = folder.join(format!("report-{}.json", uuid::Uuid::new_v4()));
        let before = ["exec", agent, "--report", &report.display().to_string()];
        Self {
            before: before.map(str::to_owned).into(),
            folder: folder.to_owned(),
            command: Vec::new(),
            env: Vec::new(),
            report,
        }
    }

    /// Names another file for the report.
    pub(super) fn report_at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.before[3]);
        self
    }

    /// More options of `exec`.
    pub(super) fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.before.extend(args.map(str::to_owned));
        self
    }

    /// What stands behind `--`.
    pub(super) fn command<const N: usize>(mut self, words: [&str; N]) -> Self {
        self.command = words.map(str::to_owned).into();
        self
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers and paths are given as they are"
    )]
    pub(super) fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.env.push((name.to_owned(), value.to_string()));
        self
    }

    /// The words of the call, the program's path first.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = vec![env!("CARGO_BIN_EXE_fullsend").to_owned()];
        words.extend(self.before.iter().cloned());
        if !self.command.is_empty() {
            words.push("--".to_owned());
            words.extend(self.command.iter().cloned());
        }
        words
    }

    pub(super) fn report_path(&self) -> &Path {
        &self.report
    }

    /// The process to start, with nothing of this process's environment but the daemon's address.
    pub(super) fn process(&self) -> Command {
        let words = self.words();
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        self.process_of(&words)
    }

    /// The same for any words behind the program's name.
    pub(super) fn process_of(&self, words: &[&str]) -> Command {
        let mut process = command(env!("CARGO_BIN_EXE_fullsend"));
        process
            .args(words)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", &self.folder);
        if let Some(host) = Environment::of_process().get("DOCKER_HOST") {
            process.env("DOCKER_HOST", host);
        }
        process.envs(self.env.iter().map(|(name, value)| (name, value)));
        process
    }

    /// Starts it; `stdin` stays open.
    pub(super) fn start(self) -> Running {
        let mut child = self
            .process()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running {
            stdin: child.stdin.take(),
            stdout: Collected::of(child.stdout.take().unwrap()),
            stderr: Collected::of(child.stderr.take().unwrap()),
            child,
            report: self.report,
            started: Instant::now(),
        }
    }

    /// Runs it to its end with an empty standard input.
    #[track_caller]
    pub(super) fn run(self) -> Ended {
        self.run_with(b"")
    }

    /// Runs it to its end with `input`.
    #[track_caller]
    pub(super) fn run_with(self, input: &[u8]) -> Ended {
        let mut running = self.start();
        // An agent may end without having read everything.
        let _ = running.stdin.take().unwrap().write_all(input);
        running.wait()
    }
}

/// A running `fullsend exec`, killed with this value.
pub(super) struct Running {
    pub(super) child: Child,
    pub(super) stdin: Option<ChildStdin>,
    stdout: Collected,
    stderr: Collected,
    report: PathBuf,
    started: Instant,
}

impl Running {
    /// Waits until the agent has written `text`.
    #[track_caller]
    pub(super) fn until_stdout(&self, text: &str) {
        within(
            Duration::from_secs(30),
            &format!("{text:?} on stdout; stderr: {}", self.stderr.text()),
            || self.stdout.text().contains(text),
        );
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// The identifier of this run's container.
    #[track_caller]
    pub(super) fn container(&self) -> String {
        let label = "label=dev.fullsend.cli";
        let mut found = String::new();
        within(Duration::from_secs(20), "the container is there", || {
            let format = r#"{{.ID}} {{.Label "dev.fullsend.cli"}}"#;
            let list = docker(&[
                "ps",
                "-a",
                "--no-trunc",
                "--filter",
                label,
                "--format",
                format,
            ]);
            let mine = format!(" {} ", self.child.id());
            let line = list.lines().find(|line| line.contains(&mine));
            let word = line.and_then(|line| line.split_whitespace().next());
            word.unwrap_or_default().clone_into(&mut found);
            !found.is_empty()
        });
        found
    }

    /// Waits for the end, and checks that the run left no container.
    #[track_caller]
    pub(super) fn wait(self) -> Ended {
        let ended = self.wait_leaving_it();
        ended.left_nothing();
        ended
    }

    /// Waits for the end, where the container could not be removed.
    #[track_caller]
    pub(super) fn wait_leaving_it(mut self) -> Ended {
        drop(self.stdin.take());
        let mut status = None;
        within(Duration::from_mins(2), "fullsend ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let took = self.started.elapsed();
        let status = status.unwrap();
        let report = read(&self.report);
        let report = report.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
        Ended {
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.join(),
            stderr: String::from_utf8_lossy(&self.stderr.join()).into_owned(),
            report,
            took,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `fullsend exec` that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
    /// Null where none was written.
    pub(super) report: Value,
    pub(super) took: Duration,
}

impl Ended {
    /// Checks exit code and outcome, exactly, and that the report agrees with the exit code.
    #[track_caller]
    pub(super) fn is(&self, code: u8, outcome: &Value) -> &Self {
        assert_eq!(
            (&self.report["outcome"], self.code),
            (outcome, Some(code.into())),
            "stderr: {}\nstdout: {}\nreason: {}",
            self.stderr,
            String::from_utf8_lossy(self.stdout.get(..2000).unwrap_or(&self.stdout)),
            self.report["reason"]
        );
        assert_eq!(self.report["exit_code"], code);
        self
    }

    /// Checks that the agent exited by itself with `code`.
    #[track_caller]
    pub(super) fn exited(&self, code: u8) -> &Self {
        self.is(code, &serde_json::json!({"kind": "exited", "code": code}))
    }

    /// Checks all that the agent wrote to its standard output.
    #[track_caller]
    pub(super) fn wrote(&self, text: &str) -> &Self {
        assert_eq!(
            String::from_utf8_lossy(&self.stdout),
            text,
            "{}",
            self.stderr
        );
        self
    }

    /// Checks that our own words have `text` in them.
    #[track_caller]
    pub(super) fn said(&self, text: &str) -> &Self {
        assert!(
            self.stderr.contains(text),
            "no {text:?} in: {}",
            self.stderr
        );
        self
    }

    /// The last line on stderr.
    pub(super) fn closing(&self) -> &str {
        self.stderr.lines().last().unwrap_or_default()
    }

    #[track_caller]
    fn left_nothing(&self) {
        if let Some(id) = self.report["id"].as_str() {
            let filter = format!("label=dev.fullsend.run={id}");
            assert_eq!(docker(&["ps", "-aq", "--filter", &filter]), "");
        }
    }
}

/// Bytes that a thread gathers while they come.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Collected {
    fn of(mut stream: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let ours = bytes.clone();
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                ours.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        Self {
            bytes,
            thread: Some(thread),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    fn join(&mut self) -> Vec<u8> {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        std::mem::take(&mut *self.bytes.lock().unwrap())
    }
}
