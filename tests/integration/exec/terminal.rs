//! A person at a terminal: tmux stands in for both.

use std::time::Duration;

use fullsend::seam::environment::Environment;

use super::{
    bench::{Bench, command, read, within},
    process::Exec,
};

/// A tmux server of our own with one window, in which a shell runs a script.
struct Screen<'a> {
    bench: &'a Bench,
    socket: String,
}

impl<'a> Screen<'a> {
    fn open(bench: &'a Bench, script: &str) -> Self {
        let screen = Self {
            bench,
            socket: bench.path("tmux").display().to_string(),
        };
        let script = bench.write("script", script);
        let shell = format!("sh {}; sleep 600", script.display());
        screen.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "24",
            &shell,
        ]);
        screen
    }

    fn tmux(&self, words: &[&str]) -> String {
        let output = command("tmux")
            .args(["-S", &self.socket])
            .args(words)
            .current_dir(self.bench.folder.path())
            .env_clear()
            .envs([
                ("PATH", "/usr/bin:/bin"),
                ("TERM", "screen"),
                ("LC_ALL", "C.UTF-8"),
            ])
            .env("HOME", self.bench.folder.path())
            .envs(
                Environment::of_process()
                    .get("DOCKER_HOST")
                    .map(|host| ("DOCKER_HOST", host)),
            )
            .output()
            .expect("these tests need `tmux`");
        assert!(output.status.success(), "tmux {words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn shown(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-J"])
    }

    #[track_caller]
    fn until(&self, text: &str) {
        let shows = || self.shown().contains(text);
        let start = std::time::Instant::now();
        while !shows() {
            assert!(
                start.elapsed() < Duration::from_secs(15),
                "no {text:?} in:\n{}",
                self.shown()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        let _ = command("tmux")
            .args(["-S", &self.socket, "kill-server"])
            .output();
    }
}

/// The call as a shell's words.
fn quoted(exec: &Exec) -> String {
    let words = exec.words();
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    words.join(" ")
}

#[test]
fn ctrl_c_and_the_size_are_the_agents() {
    let bench = Bench::new();
    let agent = "trap \"echo INT; exit 5\" INT; trap \"stty size\" WINCH; stty size; \
        test -t 0 && test -t 1 && test -t 2 && echo ready; while :; do sleep 0.1; done";
    let exec = bench.shell(agent);
    let report = exec.report_path().to_owned();
    let script = format!(
        "stty -a >before\n{}\necho code $?\nstty -a >after\necho over\n",
        quoted(&exec)
    );
    let screen = Screen::open(&bench, &script);
    screen.until("ready");
    screen.until("24 80");
    screen.tmux(&["resize-window", "-x", "100", "-y", "30"]);
    screen.until("30 100");
    screen.tmux(&["send-keys", "C-c"]);
    screen.until("INT");
    screen.until("code 5");
    screen.until("over");
    let report: serde_json::Value = serde_json::from_str(&read(&report).unwrap()).unwrap();
    assert_eq!(
        report["outcome"],
        serde_json::json!({"kind": "exited", "code": 5})
    );
    // The terminal is as it was, but for its size.
    let modes = |name: &str| {
        let text = read(&bench.path(name)).unwrap();
        let (_, modes) = text.split_once('\n').unwrap();
        modes.to_owned()
    };
    assert_eq!(modes("before"), modes("after"));
    assert!(modes("before").contains(" icanon"));
}

#[test]
fn the_terminal_is_restored_after_a_kill() {
    let bench = Bench::new();
    let exec = bench.shell("trap \"\" INT TERM; echo ready; while :; do sleep 0.1; done");
    let exec = exec.args(["--timeout", "2s", "--grace", "1s"]);
    let script = format!(
        "stty -a >before\n{}\nstty -a >after\necho over\n",
        quoted(&exec)
    );
    let screen = Screen::open(&bench, &script);
    screen.until("ready");
    screen.until("timed out after 2.0 s");
    screen.until("over");
    assert_eq!(read(&bench.path("before")), read(&bench.path("after")));
}

#[test]
fn a_pipe_gets_no_terminal() {
    let bench = Bench::new();
    let exec = bench.shell("test -t 0 || test -t 1 || echo none; exit 3");
    let forced = bench.shell("test -t 1 || echo none").args(["--no-tty"]);
    let script = format!(
        "{} | tee out\n{}\necho over\n",
        quoted(&exec),
        quoted(&forced)
    );
    let screen = Screen::open(&bench, &script);
    screen.until("over");
    assert_eq!(read(&bench.path("out")).unwrap(), "none\n");
    assert_eq!(
        screen.shown().matches("none").count(),
        2,
        "{}",
        screen.shown()
    );
    within(Duration::from_secs(1), "the report", || {
        bench.marked_processes() == 0
    });
}

#[test]
fn what_is_typed_reaches_the_agent_with_its_end() {
    let bench = Bench::new();
    let exec = bench.shell("read x; echo \"got [$x]\"; cat; exit 4");
    let script = format!("{}\necho code $?\n", quoted(&exec));
    let screen = Screen::open(&bench, &script);
    screen.until("pulled ");
    screen.tmux(&["send-keys", "hello", "Enter"]);
    screen.until("got [hello]");
    screen.tmux(&["send-keys", "C-d"]);
    screen.until("code 4");
}
