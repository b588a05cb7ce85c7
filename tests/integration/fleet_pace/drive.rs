//! Work done at our pace before a simulated forge.

use std::{cmp::Reverse, collections::BinaryHeap};

use fullsend::forge::{Api, Call, Cost, Limits, Moment, Pace, Told, Verdict};

use super::server::Server;

const START: Moment = Moment(1_800_000_000_000);
/// Reads that are made at once.
const READERS: usize = 10;

/// So many calls of one kind; one group is finished before the next.
#[derive(Clone, Copy)]
pub(crate) struct Group {
    pub(crate) call: Call,
    pub(crate) count: u64,
}

/// The calls of a verb, in order.
pub(crate) struct Work(pub(crate) Vec<Group>);

pub(crate) const fn call(api: Api, writes: bool) -> Call {
    let cost = if writes { Cost::WRITE } else { Cost::READ };
    Call { api, cost, writes }
}

impl Work {
    /// Every repository is looked at, 100 in a question; then one write for each.
    pub(crate) fn enroll_on_github(repositories: u64) -> Self {
        let look = repositories.div_ceil(100);
        Self(vec![
            Group {
                call: call(Api::GraphQl, false),
                count: look,
            },
            Group {
                call: call(Api::GraphQl, true),
                count: repositories,
            },
        ])
    }

    pub(crate) fn reads(count: u64) -> Self {
        let call = call(Api::GraphQl, false);
        Self(vec![Group { call, count }])
    }
}

/// What the work took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) calls: u64,
    pub(crate) writes: u64,
    pub(crate) refused: u64,
    pub(crate) points: u64,
    pub(crate) milliseconds: u64,
}

/// One of those who make calls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Answered { sent: Moment, turn: u64 },
    Ready,
}

/// Does `work` to its end; what is refused is done again.
pub(crate) fn drive(limits: Limits, server: &mut Server, work: &Work) -> Spent {
    let mut pace = Pace::new(limits);
    let (mut spent, mut now) = (Spent::default(), START);
    for group in &work.0 {
        now = finish(&mut pace, server, *group, now, &mut spent);
    }
    spent.milliseconds = now.0 - START.0;
    spent
}

/// Makes the calls of one group; when the last one is answered.
fn finish(
    pace: &mut Pace,
    server: &mut Server,
    group: Group,
    begin: Moment,
    spent: &mut Spent,
) -> Moment {
    let Group { call, mut count } = group;
    let lanes = if call.writes { 1 } else { READERS };
    let mut events: BinaryHeap<Reverse<(Moment, Event)>> = BinaryHeap::new();
    events.extend((0..lanes).map(|_| Reverse((begin, Event::Ready))));
    let mut told: Vec<Told> = Vec::new();
    let mut end = begin;
    while let Some(Reverse((now, event))) = events.pop() {
        match event {
            Event::Ready if count == 0 => {}
            Event::Ready => {
                let at = pace.when(now, &call);
                if at > now {
                    events.push(Reverse((at, Event::Ready)));
                    continue;
                }
                pace.begin(now, &call);
                (count, spent.calls) = (count - 1, spent.calls + 1);
                spent.writes += u64::from(call.writes);
                spent.points += u64::from(call.cost.points);
                let turn = told.len() as u64;
                told.push(server.answer(now, &call));
                let answered = now.plus(server.latency);
                events.push(Reverse((answered, Event::Answered { sent: now, turn })));
            }
            Event::Answered { sent, turn } => {
                let told = told[usize::try_from(turn).unwrap()];
                pace.note(now, sent, &call, told, 0.5);
                if told.verdict != Verdict::Allowed {
                    (count, spent.refused) = (count + 1, spent.refused + 1);
                }
                end = now;
                events.push(Reverse((now, Event::Ready)));
            }
        }
    }
    end
}
