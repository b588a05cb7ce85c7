//! A TUF repository of one's own, and a web server for it that misbehaves on request.
//!
//! ```
//! use fullsend_testkit::tuf::Repository;
//!
//! let mut repository = Repository::new("{}");
//! let anchor = repository.root();
//! repository.rotate();
//! let mirror = repository.serve();
//! # let _ = (anchor, mirror.url());
//! ```

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{hex, must, sha256, signing::SigningKey};

/// The one target.
const TARGET: &str = "trusted_root.json";
const FAR: &str = "2099-01-01T00:00:00Z";
/// How long a hanging server keeps a connection.
const PATIENCE: Duration = Duration::from_mins(2);

/// A role of TUF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Whose keys sign for the others.
    Root,
    /// Which snapshot is the newest.
    Timestamp,
    /// Which versions belong together.
    Snapshot,
    /// What the files hash to.
    Targets,
}

const ROLES: [Role; 4] = [Role::Root, Role::Timestamp, Role::Snapshot, Role::Targets];

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Timestamp => "timestamp",
            Self::Snapshot => "snapshot",
            Self::Targets => "targets",
        }
    }
}

/// The repository: one Ed25519 key a role, consistent snapshots, everything valid until told
/// otherwise.
#[derive(Debug, Clone)]
pub struct Repository {
    target: String,
    keys: BTreeMap<Role, SigningKey>,
    versions: BTreeMap<Role, u64>,
    expires: BTreeMap<Role, String>,
    forged: Option<Role>,
    /// All roots so far.
    roots: Vec<String>,
}

impl Repository {
    /// Publishes `trusted_root` as version 1 of everything.
    pub fn new(trusted_root: &str) -> Self {
        let mut repository = Self {
            target: trusted_root.to_owned(),
            keys: ROLES.map(|role| (role, SigningKey::ed25519())).into(),
            versions: ROLES.map(|role| (role, 1)).into(),
            expires: ROLES.map(|role| (role, FAR.to_owned())).into(),
            forged: None,
            roots: Vec::new(),
        };
        repository.roots.push(repository.signed_root(None));
        repository
    }

    /// Returns the newest `root.json`.
    pub fn root(&self) -> String {
        self.roots.last().cloned().unwrap_or_default()
    }

    /// Publishes another trusted root, with new versions of all that lead to it.
    pub fn publish(&mut self, trusted_root: &str) {
        trusted_root.clone_into(&mut self.target);
        for role in [Role::Timestamp, Role::Snapshot, Role::Targets] {
            *self.versions.entry(role).or_default() += 1;
        }
    }

    /// Lets `role` expire at `moment`, RFC 3339; a new root is made where it is the root's.
    pub fn expire(&mut self, role: Role, moment: &str) {
        self.expires.insert(role, moment.to_owned());
        if role == Role::Root {
            self.rotate();
        } else {
            *self.versions.entry(Role::Timestamp).or_default() += 1;
        }
    }

    /// Takes a role back to an older version.
    pub fn roll_back(&mut self, role: Role, version: u64) {
        self.versions.insert(role, version);
    }

    /// Makes a new root with new keys for all roles, signed by the old root key too.
    pub fn rotate(&mut self) {
        let old = self.keys.clone();
        self.keys = ROLES.map(|role| (role, SigningKey::ed25519())).into();
        self.next_root(old.get(&Role::Root));
    }

    /// Makes a new root that the old one has not signed.
    pub fn usurp(&mut self) {
        self.keys = ROLES.map(|role| (role, SigningKey::ed25519())).into();
        self.next_root(None);
    }

    /// Signs `role` with a key that the root does not name.
    pub fn forge(&mut self, role: Role) {
        self.forged = Some(role);
    }

    /// Returns every file by its path.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for (version, root) in (1..).zip(&self.roots) {
            files.insert(format!("{version}.root.json"), root.clone().into_bytes());
        }
        let hash = hex(&sha256(self.target.as_bytes()));
        let target = json!({"length": self.target.len(), "hashes": {"sha256": hash}});
        let targets = self.signed(Role::Targets, json!({"targets": {TARGET: target}}));
        let pinned = self.pin(Role::Targets, &targets);
        let snapshot = self.signed(Role::Snapshot, json!({"meta": pinned}));
        let pinned = self.pin(Role::Snapshot, &snapshot);
        let timestamp = self.signed(Role::Timestamp, json!({"meta": pinned}));
        let named = |role: Role| format!("{}.{}.json", self.version(role), role.name());
        files.insert(named(Role::Targets), targets.into_bytes());
        files.insert(named(Role::Snapshot), snapshot.into_bytes());
        files.insert("timestamp.json".to_owned(), timestamp.into_bytes());
        let target = self.target.clone().into_bytes();
        files.insert(format!("targets/{hash}.{TARGET}"), target);
        files
    }

    /// Serves the files as they are now.
    pub fn serve(&self) -> Mirror {
        Mirror::start(self.files())
    }

    fn next_root(&mut self, old: Option<&SigningKey>) {
        *self.versions.entry(Role::Root).or_default() += 1;
        let root = self.signed_root(old);
        self.roots.push(root);
    }

    fn signed_root(&self, old: Option<&SigningKey>) -> String {
        let key = |role: &Role| (key_id(&self.keys[role]), described(&self.keys[role]));
        let keys: BTreeMap<String, Value> = ROLES.iter().map(key).collect();
        let role = |role: &Role| {
            let id = key_id(&self.keys[role]);
            (role.name(), json!({"keyids": [id], "threshold": 1}))
        };
        let roles: BTreeMap<&str, Value> = ROLES.iter().map(role).collect();
        let content = json!({"consistent_snapshot": true, "keys": keys, "roles": roles});
        let mut signers: Vec<&SigningKey> = old.into_iter().collect();
        signers.push(&self.keys[&Role::Root]);
        envelope(&self.complete(Role::Root, content), &signers)
    }

    fn signed(&self, role: Role, content: Value) -> String {
        let content = self.complete(role, content);
        if self.forged == Some(role) {
            let mut forged: Value = must(
                serde_json::from_str(&envelope(&content, &[&SigningKey::ed25519()])),
                "read JSON",
            );
            forged["signatures"][0]["keyid"] = json!(key_id(&self.keys[&role]));
            return forged.to_string();
        }
        envelope(&content, &[&self.keys[&role]])
    }

    fn complete(&self, role: Role, mut content: Value) -> Value {
        content["_type"] = json!(role.name());
        content["spec_version"] = json!("1.0.31");
        content["version"] = json!(self.version(role));
        content["expires"] = json!(self.expires[&role]);
        content
    }

    fn version(&self, role: Role) -> u64 {
        self.versions[&role]
    }

    fn pin(&self, role: Role, text: &str) -> Value {
        let hash = hex(&sha256(text.as_bytes()));
        let name = format!("{}.json", role.name());
        let version = self.version(role);
        json!({name: {"version": version, "length": text.len(), "hashes": {"sha256": hash}}})
    }
}

/// The last 32 bytes of an Ed25519 `SubjectPublicKeyInfo` are the key.
fn public(key: &SigningKey) -> String {
    let der = key.public_der();
    hex(&der[der.len() - 32..])
}

fn described(key: &SigningKey) -> Value {
    json!({"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public(key)}})
}

fn key_id(key: &SigningKey) -> String {
    hex(&sha256(&canonical(&described(key))))
}

/// RFC 8785 and TUF's own canonical JSON agree where text has nothing to escape.
fn canonical(value: &Value) -> Vec<u8> {
    must(
        serde_json_canonicalizer::to_vec(value),
        "write canonical JSON",
    )
}

fn envelope(signed: &Value, signers: &[&SigningKey]) -> String {
    let bytes = canonical(signed);
    let signature =
        |key: &&SigningKey| json!({"keyid": key_id(key), "sig": hex(&key.sign(&bytes))});
    let signatures: Vec<Value> = signers.iter().map(signature).collect();
    json!({"signed": signed, "signatures": signatures}).to_string()
}

/// How a mirror answers for one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// With an endless body.
    Endless,
    /// Never.
    Hang,
    /// With this status and no body.
    Status(u16),
    /// As it is, but half a second late.
    Slow,
}

/// A web server on loopback, gone with the value.
#[derive(Debug)]
pub struct Mirror {
    address: SocketAddr,
    shared: Arc<Served>,
}

#[derive(Debug, Default)]
struct Served {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    answers: Mutex<BTreeMap<String, Answer>>,
    asked: Mutex<Vec<String>>,
    ended: AtomicBool,
}

impl Mirror {
    fn start(files: BTreeMap<String, Vec<u8>>) -> Self {
        let listener = must(TcpListener::bind("127.0.0.1:0"), "listen");
        let address = must(listener.local_addr(), "listen");
        let shared = Arc::new(Served {
            files: Mutex::new(files),
            ..Served::default()
        });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if served.ended.load(Ordering::Relaxed) {
                    return;
                }
                let served = Arc::clone(&served);
                // A client that hangs up early is not the mirror's trouble.
                thread::spawn(move || drop(served.answer(stream)));
            }
        });
        Self { address, shared }
    }

    /// Returns where it is.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Serves these files from now on.
    pub fn replace(&self, repository: &Repository) {
        *locked(&self.shared.files) = repository.files();
    }

    /// Answers for `path` in this way from now on.
    pub fn answer(&self, path: &str, answer: Answer) {
        locked(&self.shared.answers).insert(path.to_owned(), answer);
    }

    /// Returns the paths that were asked for so far.
    pub fn asked(&self) -> Vec<String> {
        locked(&self.shared.asked).clone()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for the next connection.
        drop(TcpStream::connect(self.address));
    }
}

impl Served {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        while lines
            .next()
            .transpose()?
            .is_some_and(|line| !line.is_empty())
        {}
        let path = first.split(' ').nth(1).unwrap_or_default();
        let path = path.trim_start_matches('/');
        locked(&self.asked).push(path.to_owned());
        let answer = locked(&self.answers).get(path).copied();
        match answer {
            Some(Answer::Hang) => thread::sleep(PATIENCE),
            Some(Answer::Endless) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
                loop {
                    stream.write_all(&[b' '; 16 << 10])?;
                }
            }
            Some(Answer::Status(status)) => return head(&mut stream, status, 0),
            Some(Answer::Slow) => thread::sleep(Duration::from_millis(500)),
            None => {}
        }
        match locked(&self.files).get(path).cloned() {
            Some(bytes) => {
                head(&mut stream, 200, bytes.len())?;
                stream.write_all(&bytes)
            }
            None => head(&mut stream, 404, 0),
        }
    }
}

fn head(stream: &mut TcpStream, status: u16, length: usize) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    )
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
