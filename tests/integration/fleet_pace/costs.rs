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

/// How a forge is written to.
struct Forge {
    name: &'static str,
    api: Api,
    /// Writes that it takes to open a request: branch, commit and request at once, or the request
    /// after the others.
    request: u64,
}

const GITHUB: Forge = Forge {
    name: "GitHub",
    api: Api::GraphQl,
    request: 1,
};
const GITLAB: Forge = Forge {
    name: "GitLab",
    api: Api::Rest,
    request: 2,
};

/// A line of the table: what is done, and its calls for so many repositories.
struct Verb {
    name: &'static str,
    groups: fn(&Forge, u64) -> Vec<Group>,
}

/// Which rollout is under way: where that stands, and its text.
const ROLLOUT: Group = Group {
    call: call(Api::GraphQl, false),
    count: 2,
};

const VERBS: &[Verb] = &[
    Verb {
        name: "`status`",
        groups: |_, count| vec![look(count), ROLLOUT],
    },
    Verb {
        name: "`status` with runs",
        groups: |_, count| vec![look(count), look(count), ROLLOUT],
    },
    Verb {
        name: "`enroll`",
        groups: |forge, count| vec![look(count), forge.writes(forge.request * count)],
    },
    Verb {
        name: "`upgrade` by Renovate",
        groups: |forge, count| forge.waves(count),
    },
    Verb {
        name: "`upgrade` by our own requests",
        groups: |forge, count| {
            let opened_and_merged = forge.writes((forge.request + 1) * count);
            [forge.waves(count), vec![opened_and_merged]].concat()
        },
    },
    Verb {
        name: "`rollback` until nothing new takes the version",
        groups: |forge, _| vec![forge.writes(1)],
    },
    Verb {
        name: "`rollback` of every repository",
        groups: |forge, count| {
            let reverted = forge.writes(forge.request * count);
            vec![forge.writes(1), look(count), reverted]
        },
    },
];

/// Every repository, 100 in a question.
fn look(count: u64) -> Group {
    let call = call(Api::GraphQl, false);
    let count = count.div_ceil(100);
    Group { call, count }
}

impl Forge {
    fn writes(&self, count: u64) -> Group {
        let call = call(self.api, true);
        Group { call, count }
    }

    /// Four waves: a commit for each, and then its repositories and their runs are looked at.
    fn waves(&self, count: u64) -> Vec<Group> {
        let waves = [count / 100, count / 20, count / 4, count];
        let groups = waves.map(|wave| [self.writes(1), look(wave), look(wave)]);
        groups.concat()
    }

    fn run(&self, work: &Work) -> Spent {
        let (limits, mut server) = match self.api {
            Api::GraphQl => (Limits::GITHUB, Server::github(LATENCY, false)),
            Api::Rest => (Limits::GITLAB, Server::gitlab(LATENCY)),
        };
        let spent = drive(limits, &mut server, work);
        assert_eq!((spent.refused, server.counted()), (0, spent.calls));
        spent
    }
}

#[test]
fn the_costs_are_current() {
    let mut text = String::from("\n");
    table(&mut text, &GITHUB);
    table(&mut text, &GITLAB);
    bounds(&mut text);
    check(&text);
}

fn table(text: &mut String, forge: &Forge) {
    let sizes = SIZES.map(thousands).join(" repositories | ");
    let name = forge.name;
    let _ = write!(
        text,
        "| {name} | {sizes} repositories |\n|---|---|---|---|\n"
    );
    for verb in VERBS {
        let spent = SIZES.map(|size| forge.run(&Work((verb.groups)(forge, size))));
        let cells = spent.map(|spent| cell(forge, &spent)).join(" | ");
        let _ = writeln!(text, "| {} | {cells} |", verb.name);
    }
    text.push('\n');
}

fn cell(forge: &Forge, spent: &Spent) -> String {
    let calls = thousands(spent.calls);
    let ending = if spent.calls == 1 { "" } else { "s" };
    let points = match forge.api {
        Api::GraphQl => format!(" {} points,", thousands(spent.points)),
        Api::Rest => String::new(),
    };
    format!("{calls} call{ending},{points} {}", time(spent.milliseconds))
}

/// The least time that GitHub's limits allow beside ours.
fn bounds(text: &mut String) {
    text.push_str("| enrolments on GitHub | at least | ours | more |\n|---|---|---|---|\n");
    for size in SIZES {
        let spent = GITHUB.run(&Work::enroll_on_github(size));
        let least = least_minutes(size) * 60_000;
        let more = (spent.milliseconds - least) * 1_000 / least;
        let (size, least, ours) = (thousands(size), time(least), time(spent.milliseconds));
        let (whole, tenths) = (more / 10, more % 10);
        let _ = writeln!(text, "| {size} | {least} | {ours} | {whole}.{tenths} % |");
    }
    text.push('\n');
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
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
