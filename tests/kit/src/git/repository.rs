//! Repositories, made with `git` itself.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::must;

/// How a repository names its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// By 40 digits.
    Sha1,
    /// By 64 digits.
    Sha256,
}

/// A bare repository, whose default branch is `main`. Objects are named by their digits.
#[derive(Clone, Debug)]
pub struct GitRepository {
    path: PathBuf,
}

impl GitRepository {
    pub(super) fn init(path: PathBuf, format: Format) -> Self {
        let format = match format {
            Format::Sha1 => "sha1",
            Format::Sha256 => "sha256",
        };
        let mut command = scrubbed();
        command
            .args(["init", "--quiet", "--bare", "--initial-branch=main"])
            .arg(format!("--object-format={format}"))
            .arg(&path);
        output(command);
        Self { path }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a commit that no branch or tag leads to yet, made at `time` (seconds since 1970) and
    /// with a file that holds `message`.
    pub fn commit(&self, parents: &[&str], message: &str, time: i64) -> String {
        let blob = self.with_input(&["hash-object", "-w", "--stdin"], message, time);
        let entry = format!("100644 blob {blob}\tfile\n");
        let tree = self.with_input(&["mktree"], &entry, time);
        let mut arguments = vec!["commit-tree", &tree, "-m", message];
        for parent in parents {
            arguments.extend(["-p", parent]);
        }
        self.with_input(&arguments, "", time)
    }

    /// Points the branch `name` to `commit`.
    pub fn branch(&self, name: &str, commit: &str) {
        self.point(&format!("refs/heads/{name}"), commit);
    }

    /// Points the lightweight tag `name` to `commit`.
    pub fn tag(&self, name: &str, commit: &str) {
        self.point(&format!("refs/tags/{name}"), commit);
    }

    /// Makes the annotated tag `name` of `commit` and returns the tag's own object.
    pub fn annotate(&self, name: &str, commit: &str) -> String {
        let arguments = ["tag", "--force", "--annotate", "--message=x", name, commit];
        self.git(&arguments);
        self.git(&["rev-parse", &format!("refs/tags/{name}")])
    }

    /// Points the ref of that full name to `object`, such as `refs/pull/1/head`.
    pub fn point(&self, name: &str, object: &str) {
        self.git(&["update-ref", name, object]);
    }

    /// Adds an object as it is, whatever it holds.
    pub fn object(&self, kind: &str, content: &str) -> String {
        let arguments = ["hash-object", "-w", "--literally", "-t", kind, "--stdin"];
        self.with_input(&arguments, content, 0)
    }

    /// Adds what a stream for `git fast-import` says.
    pub fn import(&self, stream: &str) {
        self.with_input(&["fast-import", "--quiet", "--force"], stream, 0);
    }

    /// Writes one of git's own files, such as `packed-refs`.
    pub fn put(&self, name: &str, content: &str) {
        let file = must(std::fs::File::create(self.path.join(name)), "make a file");
        must(
            std::io::Write::write_all(&mut &file, content.as_bytes()),
            "write",
        );
    }

    /// Runs git in the repository and returns what it prints.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.with_input(arguments, "", 1_700_000_000)
    }

    fn with_input(&self, arguments: &[&str], input: &str, time: i64) -> String {
        let date = format!("@{time} +0000");
        let file = must(tempfile::NamedTempFile::new(), "make a file");
        must(
            std::io::Write::write_all(&mut file.as_file(), input.as_bytes()),
            "write",
        );
        let mut command = scrubbed();
        command
            .arg("--git-dir")
            .arg(&self.path)
            .args(arguments)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .stdin(must(file.reopen(), "read a file"));
        output(command)
    }
}

/// Git without the user's configuration, and with nobody's name.
#[expect(
    clippy::disallowed_methods,
    reason = "the seam belongs to the product, and this makes fixtures"
)]
pub(crate) fn scrubbed() -> Command {
    let mut command = Command::new("git");
    command
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        // A repository that another user made is served all the same.
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("GIT_AUTHOR_NAME", "Kit")
        .env("GIT_AUTHOR_EMAIL", "kit@example.com")
        .env("GIT_COMMITTER_NAME", "Kit")
        .env("GIT_COMMITTER_EMAIL", "kit@example.com");
    command
}

/// What the command prints, without the last line's end.
#[track_caller]
fn output(mut command: Command) -> String {
    let output = must(command.output(), "run git");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    let text = must(String::from_utf8(output.stdout), "read what git prints");
    text.trim_end().to_owned()
}
