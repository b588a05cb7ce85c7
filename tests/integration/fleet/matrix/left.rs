//! What a forge is left with, free of what differs from one day and one machine to another.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::*;

/// What is left of each repository, by its name and what it is: its requests, and the text of each
/// file of each branch.
pub(super) type Left = BTreeMap<String, String>;

/// What the forge of `stage` is left with; `host` is what its files name this test's own servers by.
pub(super) fn left(stage: &Stage, hosts: &[String]) -> Left {
    stage.server.with(|store| {
        let mut left = Left::new();
        for repository in store.repositories() {
            let requests = repository.requests.values();
            let requests: Vec<String> = requests
                .map(|it| format!("{} into {}: {:?}", it.branch, it.base, it.state))
                .collect();
            left.insert(format!("{} requests", repository.name), requests.join("\n"));
            for (branch, at) in &repository.refs {
                for (path, (mode, blob)) in store.objects.files_of(*at) {
                    let text = store.objects.blob(blob).map_or(&[][..], |it| it);
                    let mut text = timeless(&String::from_utf8_lossy(text), hosts);
                    if branch.ends_with("fullsend/state") {
                        text = without_evidence(&text);
                    }
                    let place = format!("{} {branch} {path}", repository.name);
                    left.insert(place, format!("{mode:?}\n{text}"));
                }
            }
        }
        left
    })
}

/// The default branches alone.
pub(super) fn main_alone(left: Left) -> Left {
    let is_main = |place: &String| place.contains(" refs/heads/main ");
    left.into_iter()
        .filter(|(place, _)| is_main(place))
        .collect()
}

/// `text` with the same name for every server, and the same time for every time.
fn timeless(text: &str, hosts: &[String]) -> String {
    // A sum of text that names a server, and how many runs failed, which is the test's own doing.
    static EVIDENCE: LazyLock<Regex> = LazyLock::new(|| {
        let runs = r"\d+ of \d+ runs failed \(\d+ %\), and of \d+ before \d+ \(\d+ %\)";
        Regex::new(&format!(", text [0-9a-f]{{16}}|{runs}")).unwrap()
    });
    let named = |text: String, host: &String| text.replace(host, "HOST");
    let text = without_times(&hosts.iter().fold(text.to_owned(), named));
    EVIDENCE.replace_all(&text, "SOME").into_owned()
}

/// `text` with the same time for every time.
pub(super) fn without_times(text: &str) -> String {
    static TIME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\d{4}-\d\d-\d\dT[0-9:.]+Z").unwrap());
    TIME.replace_all(text, "TIME").into_owned()
}

/// A record but for how many runs there were, which commits and request were seen, which is for
/// people, and the sums of files that name the test's servers.
fn without_evidence(text: &str) -> String {
    static EVIDENCE: LazyLock<Regex> = LazyLock::new(|| {
        let counts = r#""(runs|failed|repositories|runs_before|failed_before|unknown)": \d+"#;
        let seen = r#""commits": \[[^\]]*\]|"request": (null|\d+)"#;
        let sums = r#""[0-9a-f]{64}""#;
        Regex::new(&format!("{counts}|{seen}|{sums}")).unwrap()
    });
    EVIDENCE.replace_all(text, "SOME").into_owned()
}

/// Says where `left` differs from `wanted`.
#[track_caller]
pub(super) fn assert_same(left: &Left, wanted: &Left, told: &str) {
    let places: BTreeSet<&String> = left.keys().chain(wanted.keys()).collect();
    let differs = places
        .iter()
        .filter(|it| left.get(**it) != wanted.get(**it));
    let differs: Vec<String> = differs
        .take(5)
        .map(|it| format!("{it}: {}", difference(left.get(*it), wanted.get(*it))))
        .collect();
    assert!(differs.is_empty(), "{told}:\n{}", differs.join("\n"));
}

/// The first line that differs.
fn difference(left: Option<&String>, wanted: Option<&String>) -> String {
    let (Some(left), Some(wanted)) = (left, wanted) else {
        return format!(
            "is there {}, should be {}",
            left.is_some(),
            wanted.is_some()
        );
    };
    let mut lines = left.lines().zip(wanted.lines());
    let differs = lines.find(|(left, wanted)| left != wanted);
    format!(
        "{differs:?} of {} and {} lines",
        left.lines().count(),
        wanted.lines().count()
    )
}

/// Says which repository was asked twice by one branch.
#[track_caller]
pub(super) fn assert_asked_once(stage: &Stage) {
    stage.server.with(|store| {
        for repository in store.repositories() {
            let mut asked: Vec<&str> = Vec::new();
            for request in repository.requests.values() {
                let branch = request.branch.as_str();
                assert!(
                    !asked.contains(&branch),
                    "{} twice: {branch}",
                    repository.name
                );
                asked.push(branch);
            }
        }
    });
}
