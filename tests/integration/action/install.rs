//! How fullsend gets onto the runner: by a table of checksums and from nowhere else.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use fullsend::model::digest::Digest;
use fullsend_testkit::registry::{Fault, Registry};

use super::files::{SCRIPTS, of_action};
use crate::exec::bench::{command, read};

const VERSION: &str = "1.4.2";

/// A runner without fullsend, an action with a table, and a server with the release.
struct Runner {
    folder: tempfile::TempDir,
    releases: Registry,
}

impl Runner {
    /// The table has the archive of this machine's architecture; the server gives nothing yet.
    fn new() -> Self {
        let (releases, certificate) = Registry::start_tls();
        let runner = Self {
            folder: tempfile::tempdir().unwrap(),
            releases,
        };
        for folder in ["action", "bin", "temp"] {
            std::fs::create_dir(runner.path(folder)).unwrap();
        }
        for name in SCRIPTS {
            let script = of_action("action").join(name);
            std::fs::copy(script, runner.path("action").join(name)).unwrap();
        }
        runner.write("certificate.pem", &certificate);
        runner.write("release/fullsend", "#!/bin/sh\necho fullsend 1.4.2\n");
        runner.write("path", "");
        let archive = Digest::of(&runner.archive());
        runner.table(&format!("{}  {}", archive.hex(), Self::name()));
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        fullsend::seam::files::create(&path, text.as_bytes(), 0o755).unwrap();
    }

    fn table(&self, line: &str) {
        let path = self.path("action/checksums.txt");
        let _ = std::fs::remove_file(&path);
        let text = format!("# A comment.\n# version: {VERSION}\n{line}\n");
        self.write("action/checksums.txt", &text);
    }

    fn name() -> String {
        let machine = std::env::consts::ARCH;
        format!("fullsend-{VERSION}-{machine}-unknown-linux-musl.tar.gz")
    }

    fn archive(&self) -> Vec<u8> {
        let tar = command("tar")
            .args(["-c", "--mtime=@0", "-C"])
            .arg(self.path("release"))
            .args(["--use-compress-program", "gzip -n", "fullsend"])
            .output()
            .unwrap();
        assert!(tar.status.success(), "{tar:?}");
        tar.stdout
    }

    fn serves(&self, fault: Fault) {
        self.releases.clear_faults();
        self.releases
            .fault(&format!("/v{VERSION}/{}", Self::name()), fault);
    }

    /// The script; the words before it may start it in another way.
    fn install(&self, before: &[&str], version: &str) -> Output {
        let script = self.path("action/install.sh").display().to_string();
        let mut words = before.iter().copied().chain([script.as_str()]);
        let mut install: Command = command(words.next().unwrap());
        install
            .args(words)
            .env_clear()
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", self.path("bin").display()),
            )
            .env("INPUT_VERSION", version)
            .env("FULLSEND_RELEASES", self.releases.url(""))
            .env("CURL_CA_BUNDLE", self.path("certificate.pem"))
            .env("GITHUB_PATH", self.path("path"))
            .env("RUNNER_TEMP", self.path("temp"))
            .env("RUNNER_TOOL_CACHE", self.path("cache"))
            .stdin(Stdio::null());
        install.output().unwrap()
    }

    #[track_caller]
    fn installs(&self, version: &str) {
        let installed = self.install(&[], version);
        assert!(installed.status.success(), "{installed:?}");
        let added = read(&self.path("path")).unwrap();
        let folder = added.lines().last().unwrap();
        let said = command(Path::new(folder).join("fullsend")).output();
        assert_eq!(said.unwrap().stdout, b"fullsend 1.4.2\n");
    }

    /// It ends with an annotation, and puts nothing on the path.
    #[track_caller]
    fn refuses(&self, before: &[&str], version: &str, sentence: &str) {
        let refused = self.install(before, version);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        let said = String::from_utf8_lossy(&refused.stderr);
        let annotation = said.lines().find(|line| line.starts_with("::error "));
        assert!(annotation.is_some_and(|it| it.contains(sentence)), "{said}");
        assert_eq!(read(&self.path("path")).unwrap(), "");
    }
}

#[test]
fn what_the_table_names_is_installed_and_kept() {
    let runner = Runner::new();
    let archive = runner.archive();
    // A server that is out of breath is asked again.
    runner.serves(Fault::status(200).body(archive.clone()));
    let path = format!("/v{VERSION}/{}", Runner::name());
    runner.releases.fault(&path, Fault::status(503).times(1));
    runner.installs("");
    // The next job finds it, wants that version, and downloads nothing.
    runner.serves(Fault::status(500));
    runner.installs(VERSION);
    // What is in the cache is not believed.
    let cached = format!("cache/fullsend/{}.tar.gz", Digest::of(&archive).hex());
    std::fs::remove_file(runner.path(&cached)).unwrap();
    runner.write(&cached, "poison");
    runner.serves(Fault::status(200).body(archive));
    runner.installs("");
}

#[test]
fn what_does_not_fit_its_checksum_is_not_unpacked() {
    let runner = Runner::new();
    let mut archive = runner.archive();
    *archive.last_mut().unwrap() ^= 1;
    runner.serves(Fault::status(200).body(archive));
    runner.refuses(
        &[],
        "",
        "is not the file that this action was released with",
    );
    assert!(!runner.path("cache").exists());
    runner.serves(Fault::status(404));
    runner.refuses(&[], "", "could not be downloaded");
    // Nor is anything fetched in the clear, wherever a server sends us.
    runner.serves(Fault::redirect("http://127.0.0.1:1/x"));
    runner.refuses(&[], "", "could not be downloaded");
}

#[test]
fn there_is_nothing_for_other_machines_and_versions() {
    let runner = Runner::new();
    runner.refuses(&["setarch", "i686"], "", "there is no fullsend for i686");
    runner.refuses(
        &[],
        "1.4.3",
        "knows the checksums of fullsend 1.4.2, not of 1.4.3",
    );
    runner.refuses(&[], "v1.4.2", "is not a version such as");
    runner.refuses(&[], "1.4.2\nx", "is not a version such as");
    let sum = "a".repeat(64);
    runner.table(&format!("{sum}  fullsend-{VERSION}-sparc.tar.gz"));
    runner.refuses(&[], "", &format!("there is no fullsend {VERSION} for"));
    runner.table(&format!("{}  {}", &sum[1..], Runner::name()));
    runner.refuses(&[], "", &format!("there is no fullsend {VERSION} for"));
    assert_eq!(runner.releases.paths(), [""; 0]);
    std::fs::remove_file(runner.path("action/checksums.txt")).unwrap();
    let failed = runner.install(&[], "");
    assert!(!failed.status.success(), "{failed:?}");
    assert_eq!(read(&runner.path("path")).unwrap(), "");
}

#[test]
fn a_fullsend_that_is_there_is_taken_if_it_is_the_right_one() {
    let runner = Runner::new();
    symlink(env!("CARGO_BIN_EXE_fullsend"), runner.path("bin/fullsend")).unwrap();
    let own = env!("CARGO_PKG_VERSION");
    assert!(runner.install(&[], own).status.success());
    assert_eq!(read(&runner.path("path")).unwrap(), "");
    runner.serves(Fault::status(200).body(runner.archive()));
    runner.installs("");
}
