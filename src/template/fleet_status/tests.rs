//! The page as browsers get it: whole, harmless, and the same without its script.

use super::*;
use crate::{
    config::{parse_date, parse_fleet},
    report::fleet::LeftOutRow,
    template::render,
};

fn fleet() -> Fleet {
    let text = format!(
        "version: 1\n\
         forge: {{kind: github, owner: acme}}\n\
         action: fullsend-ai/sandbox@{} # v1.4.0\n\
         image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:{}\n\
         rings: {{canary: {{repositories: [a]}}, early: {{percent: 5}}, stable: {{}}}}\n",
        "0".repeat(40),
        "a".repeat(64)
    );
    parse_fleet(text.as_bytes(), "fleet.yaml").unwrap()
}

fn row(name: &str, ring: &str, state: State, image: &str) -> RepositoryRow {
    RepositoryRow {
        action: Some(format!("fullsend-ai/sandbox@{} # v1.4.0", "0".repeat(40))),
        image: Some(format!("ghcr.io/fullsend-ai/agent-sandbox:{image}")),
        ..RepositoryRow::new(name, Some(ring), state)
    }
}

fn page(rows: Vec<RepositoryRow>) -> FleetStatus {
    let mut report = FleetReport::new(rows);
    report.unknown.push("gone".to_owned());
    report.left_out.push(LeftOutRow {
        name: "old".to_owned(),
        reason: "it is archived".to_owned(),
    });
    FleetStatus::new(&report, &fleet(), "2026-11-22T10:00:00Z".parse().unwrap())
}

#[test]
fn a_manager_sees_counts_versions_and_rings() {
    let mut failing = row("z", "stable", State::Current, "1.4.2");
    failing.runs = Some(RunsRow {
        passed: 3,
        sandbox: 1,
        ..RunsRow::default()
    });
    let page = page(vec![
        row("a", "canary", State::Current, "1.4.2"),
        row("b", "early", State::Outdated, "1.3.5"),
        row("c", "early", State::PinsMoved, "1.10.0"),
        row("d", "stable", State::Edited, "latest"),
        failing,
    ]);
    assert_eq!((page.total, page.fine, page.attention_count), (5, 3, 3));
    let names: Vec<&str> = page.rows.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["d", "b", "z", "a", "c"]);
    let bars = page.spreads[0].bars.iter();
    let bars: Vec<_> = bars
        .map(|it| (&*it.label, it.note, it.count, it.width))
        .collect();
    assert_eq!(
        bars,
        [
            ("1.10.0", "", 1, 500),
            ("1.4.2", "to reach", 2, 1000),
            ("1.3.5", "", 1, 500),
            ("latest", "", 1, 500),
        ]
    );
    let early = &page.rings[1];
    assert_eq!(early.told, "early: 1 pins moved, 1 outdated");
    assert_eq!((early.fine, early.total), (1, 2));
    let parts: Vec<_> = early
        .parts
        .iter()
        .map(|it| (it.tone, it.x, it.width))
        .collect();
    assert_eq!(parts, [("moved", 0, 500), ("wait", 500, 500)]);
    let text = render(&page).unwrap();
    for part in [
        "<title>Fleet of acme</title>",
        "<strong>3 of 5</strong> repositories are as they should be",
        "as of <time datetime=\"2026-11-22T10:00:00Z\">22 November 2026, 10:00 UTC</time>",
        "<a href=\"https://github.com/acme/z\" rel=\"noreferrer\"><bdi>z</bdi></a>",
        "<p>runs: 3 passed, 1 without a working sandbox</p>",
        "<bdi>gone</bdi>",
        "<td>it is archived</td>",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn an_empty_fleet_has_a_page() {
    let report = FleetReport::new(Vec::new());
    let page = FleetStatus::new(&report, &fleet(), Timestamp::UNIX_EPOCH);
    let text = render(&page).unwrap();
    assert!(text.contains("<strong>0 of 0</strong>"));
    assert!(text.contains("canary: no repository"));
}

/// Texts that would be something else than text.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\" onmouseover=\"alert(1)",
    "' onfocus='alert(1)' autofocus='",
    "a\nb\u{1b}[2J\u{202e}evil\u{2066}",
    "&lt;b&gt;</td></table><iframe src=//x>",
    "]]><!--",
];

#[test]
fn texts_of_strangers_are_texts() {
    for hostile in HOSTILE {
        let mut it = row(hostile, hostile, State::Blocked, hostile);
        it.action = Some(format!("x@y # {hostile}"));
        it.reason = Some(hostile.to_owned());
        it.skew = Some(hostile.to_owned());
        it.overrides = vec![hostile.to_owned()];
        it.hold = Some(HoldRow {
            version: hostile.to_owned(),
            reason: hostile.to_owned(),
            until: parse_date("2030-01-01").unwrap(),
            is_expired: false,
        });
        it.request = Some(RequestRow {
            url: format!("javascript:{hostile}"),
            state: "open",
            checks: "failed",
        });
        let mut report = FleetReport::new(vec![it]);
        report.unknown.push(hostile.to_owned());
        report.left_out.push(LeftOutRow {
            name: hostile.to_owned(),
            reason: hostile.to_owned(),
        });
        let plain = render(&page(vec![row("a", "b", State::Current, "1.0.0")])).unwrap();
        let text = FleetStatus::new(&report, &fleet(), Timestamp::UNIX_EPOCH);
        let text = render(&text).unwrap();
        assert!(!text.contains(hostile), "{hostile}");
        for tag in ["<script", "<iframe", "<style", "<!--"] {
            assert_eq!(
                text.matches(tag).count(),
                plain.matches(tag).count(),
                "{tag}"
            );
        }
        assert!(!text.contains(" onfocus='") && !text.contains("\" onmouseover"));
        assert!(!text.contains("href=\"javascript"));
        let is_plain =
            |c: char| c == '\n' || !c.is_control() && !('\u{202a}'..='\u{2069}').contains(&c);
        assert!(text.chars().all(is_plain), "{hostile:?}");
    }
}

#[test]
fn nothing_comes_from_elsewhere_and_one_script_may_run() {
    let text = render(&page(vec![row("a", "canary", State::Current, "1.4.2")])).unwrap();
    for source in [
        "src=", "url(", "@import", "<link", "<base", "style=\"", " on",
    ] {
        let found = text.match_indices(source).find(|(at, _)| {
            // ` on` is also a word.
            source != " on"
                || text[at + 3..].split('=').next().is_some_and(|it| {
                    !it.is_empty() && it.len() < 15 && it.chars().all(|c| c.is_ascii_lowercase())
                })
        });
        assert_eq!(found, None, "{source}");
    }
    let within = |open: &str, close: &str| {
        let inner = text
            .split_once(open)
            .unwrap()
            .1
            .split_once(close)
            .unwrap()
            .0;
        STANDARD.encode(Sha256::digest(inner.as_bytes()))
    };
    let policy = format!(
        "script-src 'sha256-{}'; style-src 'sha256-{}'\"",
        within("<script>", "</script>"),
        within("<style>", "</style>")
    );
    assert!(text.contains(&policy), "{policy}");
    assert_eq!(text.matches("<script").count(), 1);
}
