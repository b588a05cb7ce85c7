//! The runtime against a real daemon.

use std::{
    collections::BTreeMap, io::Read as _, os::fd::AsFd as _, path::Path, sync::Arc, time::Duration,
};

use fullsend::{
    model::{
        digest::Digest,
        limits::{ByteSize, Limits},
        platform::Platform,
    },
    runtime::{
        self, AttachOptions, Choice, ContainerId, ContainerSpec, ContainerState, EnvVar,
        LocalImage, Mount, OutputEnd, OutputStream, Profile, PullRequest, Runtime, RuntimeError,
    },
    seam::{files::AtomicFile, stdio::ThreadWriter},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::docker::{Registry, Relay, command, daemon};

fn spec(image: &LocalImage, command: &[&str]) -> ContainerSpec {
    ContainerSpec {
        image: image.clone(),
        entrypoint: None,
        command: Some(command.iter().map(|&word| word.to_owned()).collect()),
        env: Vec::new(),
        user: None,
        workdir: None,
        labels: BTreeMap::from([("test.fullsend".to_owned(), "1".to_owned())]),
        mounts: Vec::new(),
        network: Some("none".to_owned()),
        limits: Limits::of_agent("triage").unwrap(),
        read_only: false,
        profile: Profile::Default,
        tty: false,
        stdin: false,
    }
}

struct Ran {
    id: ContainerId,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    state: ContainerState,
}

/// Runs a container from its creation to its end, and leaves it there.
async fn run(runtime: &dyn Runtime, spec: &ContainerSpec, input: &[u8]) -> Ran {
    let id = runtime.create(spec).await.unwrap();
    let options = AttachOptions {
        stdin: spec.stdin,
        tty: spec.tty,
    };
    let attached = runtime.attach(&id, options).await.unwrap();
    runtime.start(&id).await.unwrap();
    let (mut stdin, mut output) = (attached.stdin, attached.output);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let feed = async {
        if spec.stdin {
            stdin.write_all(input).await.unwrap();
            stdin.shutdown().await.unwrap();
        }
    };
    let ((), end) = tokio::join!(feed, output.copy(&mut stdout, &mut stderr));
    assert_eq!(end.unwrap(), OutputEnd::Complete);
    runtime.wait(&id).await.unwrap();
    let state = runtime.inspect(&id).await.unwrap().unwrap();
    Ran {
        id,
        stdout,
        stderr,
        state,
    }
}

async fn image() -> (Arc<dyn Runtime>, Registry, LocalImage) {
    let (runtime, registry) = tokio::join!(daemon(), Registry::start());
    let pushed = registry.push("agent", &Platform::host()).await;
    let image = pushed.pull(&*runtime).await;
    (runtime, registry, image)
}

#[tokio::test]
async fn a_container_lives_and_its_streams_are_apart() {
    let (runtime, _registry, image) = image().await;
    let script = "echo out; echo err >&2; exit 7";
    let ran = run(&*runtime, &spec(&image, &["/bin/sh", "-c", script]), b"").await;
    assert_eq!(
        (ran.stdout.as_slice(), ran.stderr.as_slice()),
        (&b"out\n"[..], &b"err\n"[..])
    );
    assert_eq!(ran.state.exit_code, 7);
    assert!(ran.state.started && !ran.state.running && !ran.state.oom_killed);
    let listed = runtime.list(&[("test.fullsend", Some("1"))]).await.unwrap();
    assert!(listed.iter().any(|it| it.id == ran.id && it.stopped));
    runtime.remove(&ran.id).await.unwrap();
    runtime.remove(&ran.id).await.unwrap();
    assert_eq!(runtime.inspect(&ran.id).await.unwrap(), None);
}

#[tokio::test]
async fn fifty_mebibytes_each_way_are_the_same_bytes() {
    let (runtime, _registry, image) = image().await;
    let mut state = 1_u32;
    let input: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(50 << 20)
    .collect();
    let mut cat = spec(&image, &["/bin/cat"]);
    cat.stdin = true;
    let ran = run(&*runtime, &cat, &input).await;
    runtime.remove(&ran.id).await.unwrap();
    assert!(ran.stdout == input, "{} bytes came back", ran.stdout.len());
}

#[tokio::test]
async fn only_the_verified_digest_finds_an_image() {
    let (runtime, registry) = tokio::join!(daemon(), Registry::start());
    let host = Platform::host();
    let pushed = registry.push("agent", &host).await;
    let other = registry.push("other", &host).await;
    let find = |digest| {
        let digests = vec![digest];
        let (runtime, repository, host) =
            (runtime.clone(), pushed.repository.clone(), host.clone());
        async move {
            runtime
                .find_image(&repository, &digests, &host)
                .await
                .unwrap()
        }
    };
    assert_eq!(find(pushed.digest.clone()).await, None);
    let mut last = None;
    let request = PullRequest {
        repository: &pushed.repository,
        digest: &pushed.index,
        platform: &host,
        credential: None,
    };
    let pulled = runtime
        .pull(request, &mut |it| last = Some(it))
        .await
        .unwrap();
    assert_eq!(pulled.reference(), pushed.repository.at(&pushed.index));
    // Pulled by its index, the image is unknown by its manifest.
    assert_eq!(find(pushed.digest.clone()).await, None);
    assert_eq!(find(pushed.index.clone()).await, Some(pulled));
    assert_eq!(find(other.digest.clone()).await, None);
}

#[tokio::test]
async fn the_default_profile_takes_everything_away() {
    let (runtime, _registry, image) = image().await;
    let script = "grep -E '^(Cap(Eff|Bnd|Prm)|NoNewPrivs|Seccomp):' /proc/self/status; id -u; id -g;\
                  echo $HOME; pwd; touch /x || echo read-only; cp /bin/busybox /tmp/echo && /tmp/echo ran;\
                  cp /bin/busybox /noexec/echo && /noexec/echo ran || echo refused";
    let mut wanted = spec(&image, &["/bin/busybox", "sh", "-c", script]);
    wanted.user = Some("1000:1001".to_owned());
    wanted.workdir = Some("/tmp".to_owned());
    wanted.read_only = true;
    wanted.env = vec![EnvVar::new("HOME", "/home/agent")];
    let tmpfs = |target: &str, exec| Mount::Tmpfs {
        target: target.to_owned(),
        size: Some(8 << 20),
        exec,
        owner: Some((1000, 1001)),
    };
    wanted.mounts = vec![tmpfs("/tmp", true), tmpfs("/noexec", false)];
    let ran = run(&*runtime, &wanted, b"").await;
    runtime.remove(&ran.id).await.unwrap();
    let text = String::from_utf8(ran.stdout).unwrap().replace('\t', " ");
    let none = "0000000000000000";
    assert_eq!(
        text,
        format!(
            "CapPrm: {none}\nCapEff: {none}\nCapBnd: {none}\nNoNewPrivs: 1\nSeccomp: 2\n\
             1000\n1001\n/home/agent\n/tmp\nread-only\nran\nrefused\n"
        ),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

#[tokio::test]
async fn the_openshell_profile_adds_four_capabilities_only() {
    let (runtime, _registry, image) = image().await;
    let script = "grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/self/status";
    let mut wanted = spec(&image, &["/bin/sh", "-c", script]);
    wanted.profile = Profile::OpenShell;
    let ran = run(&*runtime, &wanted, b"").await;
    runtime.remove(&ran.id).await.unwrap();
    // Docker's fourteen, and bits 12 (NET_ADMIN), 19 (SYS_PTRACE), 21 (SYS_ADMIN), 34 (SYSLOG).
    let expected = 0xa804_25fb_u64 | 1 << 12 | 1 << 19 | 1 << 21 | 1 << 34;
    let text = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(
        text,
        format!("CapBnd:\t{expected:016x}\nNoNewPrivs:\t0\nSeccomp:\t2\n")
    );
}

#[tokio::test]
async fn limits_hold_and_death_by_memory_is_told() {
    let (runtime, _registry, image) = image().await;
    let script = "cat /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes /sys/fs/cgroup/pids/pids.max \
                  /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null; \
                  read go; dd if=/dev/zero of=/dev/null bs=64M; sleep 3";
    // The daemon only learns of kills once `start` has answered, and before the container's end:
    // what dies is a child that waited, and its parent waits after it.
    let mut wanted = spec(&image, &["/bin/sh", "-c", script]);
    wanted.limits.memory = ByteSize::bytes(16 << 20);
    wanted.limits.pids = 17;
    wanted.stdin = true;
    let ran = run(&*runtime, &wanted, b"go\n").await;
    runtime.remove(&ran.id).await.unwrap();
    assert!(ran.state.oom_killed, "{:?}", ran.state);
    if runtime.facts().cgroup_version == 1 && runtime.facts().swap_limit {
        let text = String::from_utf8(ran.stdout).unwrap();
        assert_eq!(text, "16777216\n17\n100000\n");
    }
}

#[tokio::test]
async fn mounts_are_bound_as_asked_and_never_invented() {
    let (runtime, _registry, image) = image().await;
    let folder = tempfile::tempdir().unwrap();
    let bind = |source: &std::path::Path, target: &str, read_only| Mount::Bind {
        source: source.to_owned(),
        target: target.to_owned(),
        read_only,
    };
    let script = "echo new >/rw/file; echo no 2>/dev/null >/ro/file || echo kept; cat /ro/file";
    let mut wanted = spec(&image, &["/bin/sh", "-c", script]);
    wanted.mounts = vec![
        bind(folder.path(), "/rw", false),
        bind(folder.path(), "/ro", true),
        Mount::Volume {
            target: "/volume".to_owned(),
        },
    ];
    let ran = run(&*runtime, &wanted, b"").await;
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "kept\nnew\n");
    let mounts = runtime.mounts(&ran.id).await.unwrap().unwrap();
    let read_only = mounts.iter().find(|it| it.destination == Path::new("/ro"));
    let read_only = read_only.unwrap();
    assert_eq!(
        (read_only.source.as_path(), read_only.writable),
        (folder.path(), false)
    );
    runtime.remove(&ran.id).await.unwrap();

    let absent = folder.path().join("absent");
    wanted.mounts = vec![bind(&absent, "/x", false)];
    let error = runtime.create(&wanted).await.unwrap_err();
    assert!(
        matches!(&error, RuntimeError::Create { message } if message.contains("absent")),
        "{error}"
    );
    assert!(!absent.exists());

    wanted.mounts = vec![bind(Path::new("/var/run"), "/x", true)];
    let error = runtime.create(&wanted).await.unwrap_err();
    assert!(
        matches!(&error, RuntimeError::Refused { control, .. } if control.contains("docker.sock")),
        "{error}"
    );
}

#[tokio::test]
async fn files_go_in_and_come_out_of_a_container_that_does_not_run() {
    let (runtime, _registry, image) = image().await;
    let id = runtime.create(&spec(&image, &["/bin/true"])).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    AtomicFile::open(&folder.path().join("note"))
        .unwrap()
        .commit(b"hello")
        .unwrap();
    let tar = command("tar")
        .arg("-cC")
        .arg(folder.path())
        .arg("note")
        .output()
        .unwrap();
    runtime.put_files(&id, "/tmp", tar.stdout).await.unwrap();
    let read = async |path: &str, limit| runtime.read_file(&id, path, limit).await.unwrap();
    assert_eq!(read("/tmp/note", 5).await.as_deref(), Some(&b"hello"[..]));
    assert_eq!(read("/tmp/note", 4).await, None);
    assert_eq!(read("/bin/busybox", 4096).await, None);
    assert_eq!(read("/bin/sh", 1 << 20).await, None, "a link is no file");
    assert_eq!(read("/tmp", 1 << 20).await, None);
    assert_eq!(read("/absent", 1 << 20).await, None);
    let state = runtime.inspect(&id).await.unwrap().unwrap();
    assert!(!state.started);
    runtime.remove(&id).await.unwrap();
}

#[tokio::test]
async fn a_command_that_is_not_there_fails_to_start() {
    let (runtime, _registry, image) = image().await;
    let id = runtime.create(&spec(&image, &["/absent"])).await.unwrap();
    let error = runtime.start(&id).await.unwrap_err();
    assert!(
        matches!(&error, RuntimeError::Start { message } if message.contains("/absent")),
        "{error}"
    );
    let state = runtime.inspect(&id).await.unwrap().unwrap();
    assert!(!state.started && !state.error.is_empty());
    runtime.remove(&id).await.unwrap();
    let options = AttachOptions {
        stdin: false,
        tty: false,
    };
    let error = runtime.attach(&id, options).await.unwrap_err();
    assert!(
        matches!(&error, RuntimeError::Answered { status: 404, message, .. } if message.starts_with("No such container")),
        "{error}"
    );
    runtime.remove(&id).await.unwrap();
}

#[tokio::test]
async fn a_terminal_shows_a_prompt_and_has_a_size() {
    let (runtime, _registry, image) = image().await;
    let script = "echo -n 'ready? '; read answer; stty size; exit 3";
    let mut wanted = spec(&image, &["/bin/sh", "-c", script]);
    (wanted.tty, wanted.stdin) = (true, true);
    let id = runtime.create(&wanted).await.unwrap();
    let options = AttachOptions {
        stdin: true,
        tty: true,
    };
    let mut attached = runtime.attach(&id, options).await.unwrap();
    runtime.start(&id).await.unwrap();
    let (mut seen, mut shown) = tokio::io::duplex(4096);
    let copy = tokio::spawn(async move {
        attached
            .output
            .copy(&mut shown, &mut tokio::io::sink())
            .await
    });
    let mut prompt = [0; 7];
    seen.read_exact(&mut prompt).await.unwrap();
    assert_eq!(&prompt, b"ready? ");
    runtime.resize(&id, 33, 101).await.unwrap();
    attached.stdin.write_all(b"yes\n").await.unwrap();
    let mut rest = String::new();
    seen.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("33 101"), "{rest:?}");
    assert_eq!(copy.await.unwrap().unwrap(), OutputEnd::Complete);
    runtime.wait(&id).await.unwrap();
    assert_eq!(runtime.inspect(&id).await.unwrap().unwrap().exit_code, 3);
    runtime.remove(&id).await.unwrap();
}

#[tokio::test]
async fn a_consumer_that_leaves_ends_the_copy() {
    let (runtime, _registry, image) = image().await;
    let id = runtime.create(&spec(&image, &["/bin/yes"])).await.unwrap();
    let options = AttachOptions {
        stdin: false,
        tty: false,
    };
    let mut attached = runtime.attach(&id, options).await.unwrap();
    runtime.start(&id).await.unwrap();
    let (from, to) = std::io::pipe().unwrap();
    let mut stdout = ThreadWriter::new(to.as_fd()).unwrap();
    drop(to);
    let head = std::thread::spawn(move || {
        let mut first = [0; 100];
        (&from).read_exact(&mut first).unwrap();
    });
    let mut stderr = tokio::io::sink();
    let copy = attached.output.copy(&mut stdout, &mut stderr);
    let end = tokio::time::timeout(Duration::from_secs(20), copy)
        .await
        .unwrap();
    assert_eq!(end.unwrap(), OutputEnd::ConsumerGone(OutputStream::Stdout));
    head.join().unwrap();
    // Docker waits for a reader that is attached and does not read, also with a signal.
    drop(attached);
    runtime.signal(&id, 9).await.unwrap();
    runtime.remove(&id).await.unwrap();
    runtime.signal(&id, 9).await.unwrap();
}

#[tokio::test]
async fn a_daemon_that_goes_away_is_noticed_at_once() {
    let (runtime, _registry, image) = image().await;
    let relay = Relay::start();
    let through = runtime::connect(Choice::Docker, &relay.environment())
        .await
        .unwrap();
    let id = through
        .create(&spec(&image, &["/bin/sleep", "60"]))
        .await
        .unwrap();
    let options = AttachOptions {
        stdin: false,
        tty: false,
    };
    let mut attached = through.attach(&id, options).await.unwrap();
    through.start(&id).await.unwrap();
    let watch = async {
        let (mut stdout, mut stderr) = (tokio::io::sink(), tokio::io::sink());
        let (waited, _) = tokio::join!(
            through.wait(&id),
            attached.output.copy(&mut stdout, &mut stderr)
        );
        waited.unwrap_err()
    };
    let cut = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        relay.cut();
    };
    let both = async { tokio::join!(watch, cut) };
    let (error, ()) = tokio::time::timeout(Duration::from_secs(5), both)
        .await
        .unwrap();
    assert!(matches!(error, RuntimeError::Lost { .. }), "{error:?}");
    let error = through.inspect(&id).await.unwrap_err();
    assert!(matches!(error, RuntimeError::Lost { .. }), "{error:?}");
    runtime.remove(&id).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_pulled_says_why() {
    let (runtime, registry) = tokio::join!(daemon(), Registry::start());
    let arm = registry.push("agent", &Platform::linux("riscv64")).await;
    let host = Platform::host();
    let absent = Digest::of(b"absent");
    let gone: fullsend::model::image::Repository = "127.0.0.1:1/gone".parse().unwrap();
    for (repository, digest, reason) in [
        (&arm.repository, &absent, "unknown"),
        (&arm.repository, &arm.digest, "riscv64"),
        (&arm.repository, &arm.index, "linux/amd64"),
        (&gone, &absent, "refused"),
    ] {
        let request = PullRequest {
            repository,
            digest,
            platform: &host,
            credential: None,
        };
        let error = runtime.pull(request, &mut |_| {}).await.unwrap_err();
        assert!(
            matches!(&error, RuntimeError::Pull { message, .. } if message.contains(reason)),
            "{reason}: {error}"
        );
    }
}
