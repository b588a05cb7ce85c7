//! Turns, waits and the file, on a clock that runs as fast as it can.

use std::sync::Arc;

use tokio::time::{Instant, timeout};

use super::*;
use crate::seam::http::header::{HeaderMap, HeaderValue, RETRY_AFTER};

const WRITE: Call = Call {
    api: Api::GraphQl,
    cost: Cost::WRITE,
    writes: true,
};
const READ: Call = Call {
    api: Api::Rest,
    cost: Cost::READ,
    writes: false,
};

fn answer(status: u16, retry_after: Option<u32>) -> Answer {
    let after = retry_after.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds)));
    Answer {
        status,
        headers: after.into_iter().collect::<HeaderMap>(),
        body: bytes::Bytes::new(),
    }
}

async fn write(governor: &Governor) {
    let permit = governor.admit(WRITE).await.unwrap();
    let refused = governor.learn(permit, Some(&answer(200, None))).await;
    assert!(refused.is_none());
}

async fn refuse(governor: &Governor, seconds: u32) {
    let permit = governor.admit(READ).await.unwrap();
    let refused = governor
        .learn(permit, Some(&answer(429, Some(seconds))))
        .await;
    assert!(matches!(
        refused,
        Some(Reason::RateLimited { until: Some(_) })
    ));
}

#[tokio::test(start_paused = true)]
async fn writes_are_made_one_by_one_and_a_second_apart() {
    let governor = Governor::default();
    let started = Instant::now();
    let first = governor.admit(WRITE).await.unwrap();
    let soon = Duration::from_secs(5);
    assert!(timeout(soon, governor.admit(WRITE)).await.is_err());
    let reads: Vec<_> = [governor.admit(READ).await, governor.admit(READ).await].into();
    assert!(reads.iter().all(Result::is_ok));
    drop(first);
    write(&governor).await;
    write(&governor).await;
    assert_eq!(started.elapsed().as_secs(), 6);
}

#[tokio::test(start_paused = true)]
async fn few_reads_are_made_at_once() {
    let governor = Governor::default();
    let mut reads = Vec::new();
    for _ in 0..10 {
        reads.push(governor.admit(READ).await.unwrap());
    }
    let soon = Duration::from_secs(5);
    assert!(timeout(soon, governor.admit(READ)).await.is_err());
    governor.learn(reads.remove(0), None).await;
    assert!(timeout(soon, governor.admit(READ)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_told_and_bounded() {
    let governor = Arc::new(Governor::default());
    let mut waiting = governor.waiting();
    refuse(&governor, 40).await;
    let started = Instant::now();
    let read = tokio::spawn({
        let governor = Arc::clone(&governor);
        async move { governor.admit(READ).await.map(drop) }
    });
    let told = waiting.wait_for(Option::is_some).await.unwrap().unwrap();
    let seconds = told.wait.as_secs();
    assert!((39..=44).contains(&seconds), "{told}");
    assert!(
        told.to_string().ends_with(" s for GitHub's limits"),
        "{told}"
    );
    waiting.wait_for(Option::is_none).await.unwrap();
    read.await.unwrap().unwrap();
    assert!((39..=45).contains(&started.elapsed().as_secs()));

    refuse(&governor, 1_800).await;
    let started = Instant::now();
    let error = governor.admit(READ).await.unwrap_err();
    let Reason::RateLimited { until: Some(until) } = error else {
        panic!("{error}");
    };
    assert!(until > jiff::Timestamp::now());
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn of_several_waits_the_longest_is_told() {
    let (sender, waiting) = watch::channel(None);
    let long = Waiting {
        forge: "GitHub",
        wait: Duration::from_mins(1),
        until: Some(jiff::Timestamp::from_second(2_000_000_060).unwrap()),
    };
    let short = Waiting {
        wait: Duration::from_secs(5),
        until: Some(jiff::Timestamp::from_second(2_000_000_005).unwrap()),
        ..long
    };
    let first = waiting::show(&sender, short);
    let second = waiting::show(&sender, long);
    assert_eq!(*waiting.borrow(), Some(long));
    drop(first);
    let third = waiting::show(&sender, short);
    assert_eq!(*waiting.borrow(), Some(long));
    drop(third);
    assert_eq!(*waiting.borrow(), Some(long));
    drop(second);
    assert_eq!(*waiting.borrow(), None);
}

#[tokio::test(start_paused = true)]
async fn the_patient_wait_on() {
    let governor = Governor::default().patient();
    refuse(&governor, 1_800).await;
    let started = Instant::now();
    drop(governor.admit(READ).await.unwrap());
    assert!((1_800..1_811).contains(&started.elapsed().as_secs()));
}

#[tokio::test]
async fn who_is_asked_to_stop_waits_no_longer() {
    let stop = Stop::listen().unwrap();
    let governor = Governor::default().stopped_by(stop.clone());
    refuse(&governor, 600).await;
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT).unwrap();
    let stopped = timeout(Duration::from_secs(5), governor.admit(READ)).await;
    let error = stopped.unwrap().unwrap_err();
    assert!(matches!(error, Reason::Stopped), "{error}");
}

#[tokio::test(start_paused = true)]
async fn processes_of_one_identity_share_its_pace() {
    let folder = tempfile::tempdir().unwrap();
    let remembering = |identity| {
        let governor = Governor::default().patient();
        governor.remember(folder.path(), "github.com", identity);
        governor
    };
    let (here, there, stranger) = (remembering("ann"), remembering("ann"), remembering("bea"));
    let started = Instant::now();
    write(&here).await;
    write(&there).await;
    write(&here).await;
    assert_eq!(started.elapsed().as_secs(), 2);
    write(&stranger).await;
    assert_eq!(started.elapsed().as_secs(), 2);
    let five = async |governor| {
        for _ in 0..5 {
            write(governor).await;
        }
    };
    tokio::join!(five(&here), five(&there));
    assert_eq!(started.elapsed().as_secs(), 12);
    refuse(&there, 60).await;
    let later = Instant::now();
    drop(here.admit(READ).await.unwrap());
    assert!(later.elapsed().as_secs() >= 60);
    // The next run.
    refuse(&here, 1_800).await;
    let next = Governor::default();
    next.remember(folder.path(), "github.com", "ann");
    let error = next.admit(READ).await.unwrap_err();
    assert!(matches!(error, Reason::RateLimited { .. }), "{error}");
}

#[tokio::test]
async fn the_file_is_ours_alone_and_forgotten_where_it_makes_no_sense() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let governor = Governor::default();
    governor.remember(folder.path(), "github.com", "ann");
    refuse(&governor, 1_800).await;
    let [path] = &std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path().join("pace.json"))
        .collect::<Vec<_>>()[..]
    else {
        panic!("one folder for one identity");
    };
    let name = path.to_string_lossy().into_owned();
    assert!(!name.contains("ann") && !name.contains("github"), "{name}");
    let metadata = std::fs::metadata(path).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);

    let whole = crate::seam::files::read(path, 1 << 20).unwrap();
    let large = vec![b' '; (1 << 20) + 1];
    for spoilt in [
        &b""[..],
        b"{}",
        b"[]",
        b"\xff",
        &whole[..whole.len() - 1],
        &large[..],
    ] {
        std::fs::remove_file(path).unwrap();
        crate::seam::files::create(path, spoilt, 0o600).unwrap();
        let next = Governor::default();
        next.remember(folder.path(), "github.com", "ann");
        drop(next.admit(READ).await.unwrap());
        let mended = crate::seam::files::read(path, 1 << 20).unwrap();
        assert!(mended.starts_with(b"{\"windows\""));
    }
    // Not even a folder can be made: the pace is this process's own.
    let alone = Governor::default();
    alone.remember(path, "github.com", "ann");
    refuse(&alone, 1_800).await;
    assert!(alone.admit(READ).await.is_err());
}

#[test]
fn waits_are_told_in_words() {
    let shown = |seconds| {
        let waiting = Waiting {
            forge: Limits::GITLAB.forge,
            wait: Duration::from_secs(seconds),
            until: None,
        };
        waiting.to_string()
    };
    assert_eq!(shown(40), "waiting 40 s for GitLab's limits");
    assert_eq!(shown(3_120), "waiting 52 min for GitLab's limits");
}
