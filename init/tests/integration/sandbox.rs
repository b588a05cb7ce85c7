//! A PID namespace with the real program as its PID 1, and the CLI's side of the connection.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fullsend_init::{Decoder, Event, Order, Record};

/// A folder that goes with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("init-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes an executable script.
    pub(crate) fn script(&self, name: &str, mode: u32, text: &str) -> String {
        let path = self.join(name);
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no seam")]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}

/// Whether the tests run as root. Elsewhere a user namespace makes do, where the machine allows it.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Whether this process is root, as `test` needs; else sudo runs `test` once more, as root.
///
/// Where root cannot be had this is said, and on CI it is a failure: there nobody reads what a test
/// says that passed.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test has no seam, and its runner keeps what it says"
)]
pub(crate) fn as_root(test: &str) -> bool {
    if is_root() {
        return true;
    }
    let sudo = |words: &[&str]| command("sudo").arg("-n").args(words).output();
    if !sudo(&["true"]).is_ok_and(|may| may.status.success()) {
        let missing = format!("{test} needs root, or sudo without a password: it has not run");
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("{missing}");
        return false;
    }
    let program = std::env::current_exe().unwrap();
    let again = sudo(&[program.to_str().unwrap(), "--exact", test]).unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    // A name that no test has would pass, too.
    let passed = again.status.success() && said.contains(" 1 passed");
    assert!(passed, "as root: {said}");
    false
}

/// The program's command line as PID 1 of a PID namespace of its own.
pub(crate) fn in_namespace() -> Command {
    let mut unshare = command("unshare");
    if !is_root() {
        unshare.arg("--map-root-user");
    }
    unshare.args(["--pid", "--fork", "--mount-proc", "--kill-child", "--"]);
    unshare.arg(env!("CARGO_BIN_EXE_fullsend-init"));
    unshare
}

/// A running sandbox, with the test in the CLI's place.
pub(crate) struct Sandbox {
    pub(crate) folder: Folder,
    pub(crate) child: Child,
    pub(crate) stream: UnixStream,
}

impl Sandbox {
    pub(crate) fn start(flags: &[&str], agent: &[&str]) -> Self {
        Self::start_with(flags, agent, |_| {})
    }

    pub(crate) fn shell(flags: &[&str], script: &str) -> Self {
        Self::start(flags, &["sh", "-c", script])
    }

    pub(crate) fn start_with(
        flags: &[&str],
        agent: &[&str],
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let folder = Folder::new();
        let socket = folder.join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let mut init = in_namespace();
        init.arg("run")
            .arg("--socket")
            .arg(&socket)
            .args(flags)
            .arg("--")
            .args(agent);
        init.env("FOLDER", &folder.0).stdin(Stdio::null());
        init.stdout(Stdio::piped()).stderr(Stdio::inherit());
        prepare(&mut init);
        let child = init.spawn().unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        Self {
            folder,
            child,
            stream,
        }
    }

    pub(crate) fn order(&mut self, order: Order) {
        self.stream.write_all(order.to_string().as_bytes()).unwrap();
    }

    /// Waits until the agent's script made this file.
    pub(crate) fn wait_for(&self, name: &str) {
        wait_until(name, || self.folder.join(name).exists());
    }

    /// The host's number of PID 1.
    pub(crate) fn pid(&self) -> u32 {
        only_child(self.child.id())
    }

    pub(crate) fn finish(mut self) -> Finished {
        let mut decoder = Decoder::default();
        let (mut started, mut record) = (false, None);
        let mut buffer = [0; 512];
        loop {
            let length = self.stream.read(&mut buffer).unwrap();
            if length == 0 {
                break;
            }
            for event in decoder.push(&buffer[..length]).unwrap() {
                match event {
                    Event::Hello => {}
                    Event::Started => started = true,
                    Event::Record(whole) => record = Some(whole),
                }
            }
        }
        assert!(decoder.is_finished(), "the record was cut off");
        drop(self.stream);
        let mut output = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_string(&mut output).unwrap();
        }
        let code = self.child.wait().unwrap().code();
        Finished {
            folder: self.folder,
            started,
            record: record.unwrap(),
            output,
            code,
        }
    }
}

/// A sandbox that has ended.
pub(crate) struct Finished {
    pub(crate) folder: Folder,
    pub(crate) started: bool,
    pub(crate) record: Record,
    pub(crate) output: String,
    pub(crate) code: Option<i32>,
}

pub(crate) fn wait_until(what: &str, done: impl Fn() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "waited in vain: {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn read(path: &Path) -> String {
    let mut text = String::new();
    fs::File::open(path)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// A word that no other run of these tests has in a command line.
pub(crate) fn mark(name: &str) -> String {
    format!("mark-{name}-{}", std::process::id())
}

/// How many processes of this machine have `marker` in their command line.
pub(crate) fn count(marker: &str) -> usize {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| {
        let mut bytes = Vec::new();
        fs::File::open(entry.path().join("cmdline"))
            .ok()?
            .read_to_end(&mut bytes)
            .ok()?;
        String::from_utf8(bytes).ok()
    });
    lines.filter(|line| line.contains(marker)).count()
}

fn only_child(parent: u32) -> u32 {
    let path = PathBuf::from(format!("/proc/{parent}/task/{parent}/children"));
    wait_until("a child", || !read(&path).trim().is_empty());
    read(&path).trim().parse().unwrap()
}
