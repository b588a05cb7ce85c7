//! The table of docs/fleet.md: what each verb costs, by simulation.

use std::{fmt::Write as _, path::Path};

use fullsend::forge::{Api, Limits};

use super::{
    drive::{Group, Spent, Work, call, drive},
    least_minutes,
    server::Server,
};

const BEGIN: &str = "<!-- made by tests/integration/fleet_pace: begin -->\n";
const END: &str = "<!-- made by tests/integration/fleet_pace: end -->\n";
const SIZES: [u64; 3] = [1_000, 10_000, 100_000];
/// What an answer takes, in milliseconds.
const LATENCY: u64 = 400;

/// A line of the table: what is done, and its calls for so many repositories.
struct Verb {
    name: &'static str,
    groups: fn(u64) -> Vec<Group>,
}

const GITHUB: &[Verb] = &[
    Verb {
        name: "`status`",
        groups: |count| vec![look(count)],
    },
    Verb {
        name: "`status --runs`",
        groups: |count| vec![look(count), look(count)],
    },
    Verb {
        name: "`enroll`",
        groups: |count| vec![look(count), write(Api::GraphQl, count)],
    },
    Verb {
        name: "`upgrade --via renovate`",
        groups: |count| waves(Api::GraphQl, count),
    },
    Verb {
        name: "`upgrade --via direct`",
        groups: |count| {
            let requests = [write(Api::GraphQl, count), write(Api::GraphQl, count)];
            [waves(Api::GraphQl, count), requests.into()].concat()
        },
    },
    Verb {
        name: "`rollback`, until no more repository takes the version",
        groups: |_| vec![write(Api::GraphQl, 1)],
    },
    Verb {
        name: "`rollback`, all of it",
        groups: |count| {
            let stop = write(Api::GraphQl, 1);
            vec![stop, look(count), write(Api::GraphQl, count)]
        },
    },
];

const GITLAB: &[Verb] = &[
    Verb {
        name: "`status`",
        groups: |count| vec![look(count)],
    },
    Verb {
        name: "`status --runs`",
        groups: |count| vec![look(count), look(count)],
    },
    Verb {
        name: "`enroll`",
        groups: |count| vec![look(count), write(Api::Rest, 2 * count)],
    },
    Verb {
        name: "`upgrade --via renovate`",
        groups: |count| waves(Api::Rest, count),
    },
    Verb {
        name: "`upgrade --via direct`",
        groups: |count| [waves(Api::Rest, count), vec![write(Api::Rest, 3 * count)]].concat(),
    },
    Verb {
        name: "`rollback`, until no more repository takes the version",
        groups: |_| vec![write(Api::Rest, 1)],
    },
    Verb {
        name: "`rollback`, all of it",
        groups: |count| {
            vec![
                write(Api::Rest, 1),
                look(count),
                write(Api::Rest, 2 * count),
            ]
        },
    },
];

/// Every repository, 100 in a question.
fn look(count: u64) -> Group {
    let call = call(Api::GraphQl, false);
    let count = count.div_ceil(100);
    Group { call, count }
}

fn write(api: Api, count: u64) -> Group {
    let call = call(api, true);
    Group { call, count }
}

/// Four waves: a commit for each, and then its repositories and their runs are looked at.
fn waves(api: Api, count: u64) -> Vec<Group> {
    let waves = [count / 100, count / 20, count / 4, count];
    let groups = waves.map(|wave| [write(api, 1), look(wave), look(wave)]);
    groups.concat()
}

#[test]
fn the_costs_are_current() {
    let mut text = String::from("\n");
    table(&mut text, "GitHub", GITHUB, |work| {
        let mut server = Server::github(LATENCY, false);
        let spent = drive(Limits::GITHUB, &mut server, work);
        (spent, server.counted())
    });
    table(&mut text, "GitLab", GITLAB, |work| {
        let mut server = Server::gitlab(LATENCY);
        let spent = drive(Limits::GITLAB, &mut server, work);
        (spent, server.counted())
    });
    bounds(&mut text);
    check(&text);
}

fn table(text: &mut String, forge: &str, verbs: &[Verb], run: impl Fn(&Work) -> (Spent, u64)) {
    let sizes = SIZES.map(thousands).join(" repositories | ");
    let _ = write!(
        text,
        "| {forge} | {sizes} repositories |\n|---|---|---|---|\n"
    );
    for verb in verbs {
        let cells = SIZES.map(|size| {
            let (spent, counted) = run(&Work((verb.groups)(size)));
            assert_eq!((spent.refused, counted), (0, spent.calls), "{}", verb.name);
            cell(forge, &spent)
        });
        let _ = writeln!(text, "| {} | {} |", verb.name, cells.join(" | "));
    }
    text.push('\n');
}

fn cell(forge: &str, spent: &Spent) -> String {
    let calls = thousands(spent.calls);
    let time = time(spent.milliseconds);
    match forge {
        "GitHub" => format!("{calls} calls, {} points, {time}", thousands(spent.points)),
        _ => format!("{calls} calls, {time}"),
    }
}

/// The least time that GitHub's limits allow beside ours.
fn bounds(text: &mut String) {
    text.push_str("| enrolments on GitHub | at least | ours | more |\n|---|---|---|---|\n");
    for size in SIZES {
        let mut server = Server::github(LATENCY, false);
        let spent = drive(Limits::GITHUB, &mut server, &Work::enroll_on_github(size));
        let least = least_minutes(size) * 60_000;
        let more = (spent.milliseconds - least) * 1_000 / least;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {}.{} % |",
            thousands(size),
            time(least),
            time(spent.milliseconds),
            more / 10,
            more % 10
        );
    }
    text.push('\n');
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn time(milliseconds: u64) -> String {
    let seconds = milliseconds.div_ceil(1_000);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..36_000 => format!("{} min", thousands(seconds.div_ceil(60))),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this reads and writes the project's own files"
)]
fn check(expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fleet.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        let page = [before, BEGIN, expected, END, after].concat();
        return std::fs::write(&path, page).unwrap();
    }
    assert!(
        found == expected,
        "docs/fleet.md does not say what the simulation does: run \
         `UPDATE_GENERATED=1 cargo test --test integration fleet_pace`"
    );
}
