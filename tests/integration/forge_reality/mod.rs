//! Our GitHub against programs of others: Prism, which judges every request and answer by the
//! description that GitHub publishes, and emulate, a GitHub by another hand.
//!
//! Neither has GraphQL, so that all of this goes the way of REST alone.

mod emulate;
mod prism;

use std::{
    io::{BufRead as _, BufReader, Read, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use fullsend::{
    config::FleetForge,
    forge::{
        self, Change, Commit, FileAt, Forge, ForgeError, Governor, Identity, Limits, Merging,
        Message, Proposal, RequestState, Site, Watch,
    },
    seam::{environment::Environment, http::Url},
};

use crate::support::tools;

const TOKEN: &str = "ghp_hunter2";
const BRANCH: &str = "fullsend/enroll";
/// Node reads what Prism and emulate are made of; that takes a while on a machine with much to do.
const SOON: Duration = Duration::from_secs(90);

/// A fleet.yaml with one ring.
fn fleet_yaml(owner: &str) -> String {
    let (commit, hex) = ("01234567".repeat(5), "ab".repeat(32));
    format!(
        "version: 1\n\
         forge: {{kind: github, owner: {owner}}}\n\
         action: fullsend-ai/sandbox@{commit} # v1.4.0\n\
         image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:{hex}\n\
         rings:\n  stable: {{}}\n"
    )
}

/// Runs the program itself on the fleet of `owner`, against the GitHub at `url`.
fn fullsend(words: &str, owner: &str, url: &str, home: &Path) -> Output {
    let mut command = crate::exec::bench::command(env!("CARGO_BIN_EXE_fullsend"));
    command
        .args(words.split(' '))
        .args(["--fleet", &format!("{owner}/fleet"), "--forge-url", url])
        .env_clear()
        .env("HOME", home)
        .env("GITHUB_TOKEN", TOKEN)
        .current_dir(home)
        .stdin(Stdio::null());
    command.output().unwrap()
}

/// The owner of a GitHub, as whom `variables` name.
fn connect(url: &str, owner: &str, variables: &[(&str, &str)]) -> Arc<dyn Forge> {
    let site = Site {
        place: FleetForge::GitHub {
            owner: owner.to_owned(),
            url: "https://github.com".to_owned(),
        },
        api: Some(Url::parse(url).unwrap()),
        insecure_hosts: Vec::new(),
        offline: None,
    };
    let environment: Environment = variables.iter().copied().collect();
    // Without the second between writes that GitHub's own limits ask for.
    let governor = Arc::new(Governor::new(Limits::GITLAB));
    forge::connect(&site, &environment, governor).unwrap()
}

fn watch() -> Watch {
    Watch {
        paths: vec!["README.md".to_owned(), "fullsend.yaml".to_owned()],
        branch: Some(BRANCH.to_owned()),
        requests: vec!["fullsend/".to_owned()],
    }
}

fn message() -> Message {
    Message {
        headline: "Run agents".to_owned(),
        body: "Fullsend-Branch: fullsend/enroll".to_owned(),
    }
}

fn change(path: &str, content: Option<&[u8]>) -> Change {
    Change {
        path: path.to_owned(),
        content: content.map(<[u8]>::to_vec),
    }
}

/// One repository as it is now.
async fn look(github: &Arc<dyn Forge>, name: &str) -> forge::Seen {
    let seen = github.look(&[name.to_owned()], &watch()).await.unwrap();
    seen.into_iter().next().unwrap().unwrap()
}

/// What a program says, while it says it.
type Log = Arc<Mutex<String>>;

/// A server of another's on a loopback port, ended with the value.
struct Served {
    child: Child,
    address: SocketAddr,
    log: Log,
}

impl Served {
    /// Starts a tool; `tell` gives it its port and the rest.
    fn start(name: &str, tell: impl FnOnce(&mut Command, &str)) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut command = tools::command(name);
        tell(&mut command, &address.port().to_string());
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Log::default();
        follow(child.stdout.take().unwrap(), &log);
        follow(child.stderr.take().unwrap(), &log);
        let mut served = Self {
            child,
            address,
            log,
        };
        served.wait(name);
        served
    }

    fn wait(&mut self, name: &str) {
        let deadline = Instant::now() + SOON;
        while TcpStream::connect(self.address).is_err() {
            let ended = self.child.try_wait().unwrap();
            let waits = ended.is_none() && Instant::now() < deadline;
            assert!(waits, "{name} does not answer: {}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has said so far.
    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until it has said `text`.
    fn wait_for_word(&self, text: &str) {
        let deadline = Instant::now() + SOON;
        while !self.log().contains(text) {
            assert!(Instant::now() < deadline, "no {text:?} in: {}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asks for a path, whatever comes of it.
    fn knock(&self, path: &str) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let head = "HTTP/1.1\r\nHost: localhost\r\nConnection: close";
        write!(stream, "GET {path} {head}\r\n\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts every line of `from` into `log`.
fn follow(from: impl Read + Send + 'static, log: &Log) {
    let log = Arc::clone(log);
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}
