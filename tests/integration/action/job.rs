//! A job that calls the action, as act runs it.

use std::{
    fmt::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use fullsend::seam::{environment::Environment, files};
use serde_json::Value;

use super::files::{SCRIPTS, of_action};
use crate::{
    exec::bench::{Bench, command, read},
    support::tools,
};

/// A call of the action from the bench's folder, which becomes a repository.
pub(super) struct Job<'a> {
    bench: &'a Bench,
    inputs: Vec<(&'a str, String)>,
    variables: Vec<(&'a str, &'a str)>,
    event: (&'a str, Value),
}

/// What came of it.
pub(super) struct Done {
    /// Whether the action's step went well.
    pub(super) succeeded: bool,
    pub(super) outputs: Value,
    /// The file of the output `report`; null where there is none.
    pub(super) report: Value,
    /// The file of the output `sarif-file`; null where there is none.
    pub(super) sarif: Value,
    pub(super) log: String,
}

/// The last step keeps what ends with the job.
const KEEP: &str = r#"
set -e
printf '%s' "$STEP" >"$KEPT/step"
for output in "$REPORT" "$SARIF"; do
  test ! -f "$output" || cp "$output" "$KEPT"
done
"#;

impl<'a> Job<'a> {
    pub(super) fn new(bench: &'a Bench, mode: &str) -> Self {
        Self {
            bench,
            inputs: vec![("mode", mode.to_owned())],
            variables: Vec::new(),
            event: ("push", serde_json::json!({})),
        }
    }

    /// `exec` of the agent `t` with this script.
    pub(super) fn shell(bench: &'a Bench, script: &str) -> Self {
        Self::new(bench, "exec")
            .with("agent", "t")
            .with("command", &format!("sh\n-c\n{script}"))
    }

    pub(super) fn with(mut self, input: &'a str, value: &str) -> Self {
        self.inputs.push((input, value.to_owned()));
        self
    }

    /// A variable of the step that calls the action.
    pub(super) fn variable(mut self, name: &'a str, value: &'a str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Another event than a push, with its payload.
    pub(super) fn on(mut self, name: &'a str, payload: Value) -> Self {
        self.event = (name, payload);
        self
    }

    pub(super) fn run(self) -> Done {
        let kept = tempfile::tempdir().unwrap();
        let home = tempfile::tempdir().unwrap();
        self.write_repository();
        let (event, payload) = &self.event;
        let payload_path = kept.path().join("event.json");
        files::create(&payload_path, payload.to_string().as_bytes(), 0o644).unwrap();
        let mut act = act(home.path());
        act.current_dir(self.bench.folder.path())
            .args([event, "--eventpath", payload_path.to_str().unwrap()])
            .arg("--env")
            .arg(format!("KEPT={}", kept.path().display()));
        let output = act.output().unwrap();
        let log = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "act: {log}");
        Done::read(kept.path(), log)
    }

    fn write_repository(&self) {
        let mut inputs = String::new();
        for (name, value) in &self.inputs {
            // What is a JSON string is a YAML scalar, too, as an object is a mapping.
            let _ = writeln!(inputs, "          {name}: {}", Value::from(value.as_str()));
        }
        let variables: Value = self.variables.iter().copied().collect();
        let workflow = format!(
            "name: job\non: [push, pull_request]\npermissions: {{}}\njobs:\n  job:\n    \
             runs-on: ubuntu-latest\n    steps:\n      \
             - uses: actions/checkout@v4\n      \
             - id: it\n        uses: ./sandbox\n        continue-on-error: true\n        \
             with:\n{inputs}        env: {variables}\n      \
             - shell: bash\n        env:\n          STEP: ${{{{ toJSON(steps.it) }}}}\n          \
             REPORT: ${{{{ steps.it.outputs.report }}}}\n          \
             SARIF: ${{{{ steps.it.outputs.sarif-file }}}}\n        run: {}\n",
            Value::from(KEEP)
        );
        for folder in [".github/workflows", "sandbox/action"] {
            std::fs::create_dir_all(self.bench.path(folder)).unwrap();
        }
        self.bench.write(".github/workflows/job.yml", workflow);
        let copy = |name: &str| {
            std::fs::copy(of_action(name), self.bench.path("sandbox").join(name)).unwrap();
        };
        copy("action.yml");
        copy("action/checksums.txt");
        for name in SCRIPTS {
            copy(&format!("action/{name}"));
        }
        git(self.bench, &["init", "--quiet"]);
        git(self.bench, &["add", "--all"]);
        git(self.bench, &["commit", "--quiet", "--message", "job"]);
    }
}

/// `git` in the bench's folder, and what it says.
pub(super) fn git(bench: &Bench, words: &[&str]) -> String {
    let mut git = command("git");
    git.current_dir(bench.folder.path())
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(words);
    let output = git.output().unwrap();
    assert!(output.status.success(), "git {words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn act(home: &Path) -> Command {
    let mut act = command(tools::program("act"));
    let program = Path::new(env!("CARGO_BIN_EXE_fullsend"));
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    act.env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .stdin(Stdio::null());
    if let Some(host) = Environment::of_process().get("DOCKER_HOST") {
        act.env("DOCKER_HOST", host);
    }
    // The machine itself is the runner, so that nothing is downloaded.
    act.args(["--platform", "ubuntu-latest=-self-hosted"]);
    act
}

impl Done {
    fn read(kept: &Path, log: String) -> Self {
        let text = |name: &str| read(&kept.join(name));
        let json = |name: &str| {
            text(name).map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
        };
        let step = json("step");
        Self {
            succeeded: step["outcome"] == "success",
            outputs: step["outputs"].clone(),
            report: json("report.json"),
            sarif: json("findings.sarif"),
            log,
        }
    }

    /// Checks the outputs that come of the command.
    #[track_caller]
    pub(super) fn told(&self, outcome: &str, exit_code: u8) -> &Self {
        let outputs = [&self.outputs["outcome"], &self.outputs["exit-code"]];
        assert_eq!(outputs, [outcome, &exit_code.to_string()], "{}", self.log);
        assert_eq!(self.succeeded, exit_code == 0);
        self
    }

    /// Checks that the log has `text` in it.
    #[track_caller]
    pub(super) fn logged(&self, text: &str) -> &Self {
        assert!(self.log.contains(text), "no {text:?} in: {}", self.log);
        self
    }
}
