//! The journal through crashes: cut at every byte, spoilt, full, shared.

use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;

use super::*;
use crate::seam::files;

fn intent(repository: &str) -> Intent {
    Intent {
        repository: repository.to_owned(),
        branch: "fullsend/enroll".to_owned(),
        action: "propose".to_owned(),
    }
}

fn names(journal: &Journal) -> Vec<String> {
    let unfinished = journal.unfinished().into_iter();
    unfinished.map(|it| it.intent.repository).collect()
}

async fn opened(folder: &Path) -> Journal {
    Journal::open(folder, "enroll").await.unwrap()
}

#[tokio::test]
async fn what_was_under_way_is_told_until_it_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let journal = opened(folder.path()).await;
    assert_eq!(journal.unfinished(), []);
    let first = journal.intend(&intent("api")).unwrap();
    journal.intend(&intent("web")).unwrap();
    journal.done(first, "done").unwrap();
    drop(journal);

    let journal = opened(folder.path()).await;
    let [web] = &journal.unfinished()[..] else {
        panic!("{:?}", journal.unfinished());
    };
    assert_eq!(web.intent, intent("web"));
    let next = journal.intend(&intent("cli")).unwrap();
    assert!(next > web.ticket);
    journal.done(web.ticket, "looked at").unwrap();
    drop(journal);
    assert_eq!(names(&opened(folder.path()).await), ["cli"]);
}

#[tokio::test]
async fn only_we_may_read_it_and_one_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let journal = opened(folder.path()).await;
    let ours = folder.path().join("journal-enroll");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&ours), 0o700);
    assert_eq!(mode(&ours.join(FILE)), 0o600);
    let error = Journal::open(folder.path(), "enroll").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "another fullsend on this machine is at work on enroll"
    );
    Journal::open(folder.path(), "2026-11-22-1.4.2")
        .await
        .unwrap();
    drop(journal);
    opened(folder.path()).await;
}

#[tokio::test]
async fn a_rollout_is_a_file_name_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "../x", "a/b", "a\0", "a b", "ä", &"x".repeat(101)] {
        let error = Journal::open(folder.path(), name).await.unwrap_err();
        assert!(matches!(error, JournalError::Name(_)), "{error}");
    }
}

#[tokio::test]
async fn hostile_names_stay_on_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let journal = opened(folder.path()).await;
    let hostile = "x\n{\"ticket\":1,\"ended\":\"done\"}\n\u{1b}[2J";
    let ticket = journal.intend(&intent(hostile)).unwrap();
    journal.intend(&intent("api")).unwrap();
    assert!(matches!(
        journal.intend(&intent(&"x".repeat(MAX_LINE))),
        Err(JournalError::TooLong)
    ));
    drop(journal);
    let journal = opened(folder.path()).await;
    assert_eq!(names(&journal), [hostile, "api"]);
    journal.done(ticket, &"long\n".repeat(10_000)).unwrap();
    drop(journal);
    assert_eq!(names(&opened(folder.path()).await), ["api"]);
}

#[tokio::test]
async fn it_is_bounded_and_forgets_only_what_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal-enroll").join(FILE);
    let journal = opened(folder.path()).await;
    journal.intend(&intent("first")).unwrap();
    drop(journal);
    // As many writes as fill it.
    let line = files::read(&path, MAX_BYTES).unwrap();
    let finished = "{\"ticket\":2,\"at\":\"2026-01-01T00:00:00Z\",\"ended\":\"done\"}\n";
    let room = usize::try_from(MAX_BYTES).unwrap() - line.len() - 200;
    let text = finished.repeat(room / finished.len());
    files::append(&path, &text).unwrap();

    let journal = opened(folder.path()).await;
    for number in 0..5 {
        let ticket = journal.intend(&intent(&format!("r{number}"))).unwrap();
        if number != 3 {
            journal.done(ticket, "done").unwrap();
        }
    }
    assert_eq!(names(&journal), ["first", "r3"]);
    drop(journal);
    assert!(files::read(&path, 4096).is_ok(), "it was not emptied");
    assert_eq!(names(&opened(folder.path()).await), ["first", "r3"]);
}

/// What a reader may conclude from whole lines: intents without an end.
fn expected(steps: &[(bool, usize)], count: usize) -> Vec<String> {
    let mut open: Vec<usize> = Vec::new();
    for (number, (ends, which)) in steps.iter().take(count).enumerate() {
        if *ends && !open.is_empty() {
            open.remove(which % open.len());
        } else {
            open.push(number);
        }
    }
    open.iter().map(|number| format!("r{number}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Killed at every byte: what was whole counts, what was torn does not, and work goes on.
    #[test]
    fn torn_at_every_byte(steps in prop::collection::vec((any::<bool>(), 0..4_usize), 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // In memory, where flushing takes no time.
            let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
            let path = folder.path().join("journal-enroll").join(FILE);
            let journal = opened(folder.path()).await;
            for (number, (ends, which)) in steps.iter().enumerate() {
                let open = journal.unfinished();
                if *ends && !open.is_empty() {
                    journal.done(open[which % open.len()].ticket, "done").unwrap();
                } else {
                    journal.intend(&intent(&format!("r{number}"))).unwrap();
                }
            }
            drop(journal);
            let whole = files::read(&path, MAX_BYTES).unwrap();
            for end in 0..=whole.len() {
                files::AtomicFile::open_private(&path).unwrap()
                    .commit_unflushed(&whole[..end]).unwrap();
                let lines = memchr::memchr_iter(b'\n', &whole[..end]).count();
                let mut left = expected(&steps, lines);
                let journal = opened(folder.path()).await;
                assert_eq!(names(&journal), left, "cut at {end}");
                journal.intend(&intent("later")).unwrap();
                drop(journal);
                left.push("later".to_owned());
                assert_eq!(names(&opened(folder.path()).await), left, "after {end}");
            }
        });
    }

    #[test]
    fn any_file_is_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (open, next) = read(&bytes);
        prop_assert!(open.keys().all(|ticket| *ticket < next));
    }
}
