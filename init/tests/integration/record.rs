//! The record's text form: whatever is written is read back, and nothing else is accepted.

use std::time::Duration;

use fullsend_init::{
    Decoder, Ending, Event, ExecFailure, KilledBy, RECORD_LIMIT, Record, RecordError, Stage,
    WaitStatus,
};

/// A small generator (splitmix64), so that a failure repeats.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn maybe<T>(&mut self, make: impl FnOnce(u64) -> T) -> Option<T> {
        let value = self.roll();
        (value & 1 == 0).then(|| make(value >> 1))
    }

    fn int(&mut self) -> i32 {
        i32::from_le_bytes(self.roll().to_le_bytes()[..4].try_into().unwrap())
    }

    fn ending(&mut self) -> Ending {
        let stages = [
            Stage::Fork,
            Stage::Setsid,
            Stage::Lookup,
            Stage::Exec,
            Stage::Interpreter,
        ];
        match self.roll() % 3 {
            0 => Ending::Waited(WaitStatus(self.int())),
            1 => Ending::NotStarted(ExecFailure {
                stage: stages[usize::try_from(self.roll() % 5).unwrap()],
                errno: self.int(),
            }),
            _ => Ending::Unreaped,
        }
    }

    fn record(&mut self) -> Record {
        let killers = [
            KilledBy::Nobody,
            KilledBy::Timeout,
            KilledBy::CliGone,
            KilledBy::Kill,
        ];
        Record {
            nonce: self.maybe(|value| format!("{value:x}")),
            ending: self.ending(),
            killed_by: match self.roll() % 5 {
                4 => KilledBy::Terminate(self.int()),
                other => killers[usize::try_from(other).unwrap()],
            },
            agent_oom: self.maybe(|value| value % 2 == 0),
            wall: Duration::from_millis(self.roll()),
            cpu_user: self.maybe(Duration::from_micros),
            cpu_system: self.maybe(Duration::from_micros),
            memory_peak_bytes: self.maybe(|value| value),
            oom_kills: self.maybe(|value| value),
            pids_limit_hits: self.maybe(|value| value),
        }
    }
}

#[test]
fn every_record_survives_the_wire() {
    let mut dice = Dice(1);
    for _ in 0..5000 {
        let record = dice.record();
        let text = record.encode();
        assert!(text.len() <= RECORD_LIMIT);
        assert_eq!(Record::parse(text.as_bytes()), Ok(record), "{text}");
    }
}

#[test]
fn a_record_cut_anywhere_is_refused() {
    let mut dice = Dice(2);
    for _ in 0..200 {
        let text = dice.record().encode();
        for end in 0..text.len() {
            assert!(
                Record::parse(&text.as_bytes()[..end]).is_err(),
                "{:?}",
                &text[..end]
            );
        }
    }
}

#[test]
fn a_record_with_a_line_lost_or_doubled_is_refused() {
    let text = Dice(3).record().encode();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for index in 0..lines.len() {
        let without: String = lines
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != index)
            .map(|(_, l)| *l)
            .collect();
        assert!(Record::parse(without.as_bytes()).is_err(), "{without}");
        let mut doubled = lines.clone();
        doubled.insert(index, lines[index]);
        assert!(Record::parse(doubled.concat().as_bytes()).is_err());
    }
}

#[test]
fn a_changed_byte_is_never_the_same_record() {
    let record = Dice(4).record();
    let bytes = record.encode().into_bytes();
    for index in 0..bytes.len() {
        for change in [1, 2, 4, 0x20, 0x80] {
            let mut changed = bytes.clone();
            changed[index] ^= change;
            assert_ne!(Record::parse(&changed), Ok(record.clone()));
        }
    }
}

#[test]
fn other_spellings_are_refused() {
    let good = "record 1\nending waited 1792\nkilled_by none\nwall_ms 5\nend 4\n";
    assert!(Record::parse(good.as_bytes()).is_ok());
    for (from, to) in [
        ("1792", "+1792"),
        ("1792", "01792"),
        ("end 4", "end 5"),
        ("\nwall_ms 5", "\nwall_ms 5\nextra 1"),
        ("killed_by none\nwall_ms 5", "wall_ms 5\nkilled_by none"),
        ("none", "none "),
        ("waited", "waited  "),
    ] {
        let bad = good.replace(from, to);
        assert_eq!(
            Record::parse(bad.as_bytes()),
            Err(RecordError::Malformed),
            "{bad}"
        );
    }
    let newer = good.replace("record 1", "record 2");
    assert_eq!(Record::parse(newer.as_bytes()), Err(RecordError::Version));
    assert_eq!(
        Record::parse(&[b'a'; RECORD_LIMIT + 1]),
        Err(RecordError::TooLong)
    );
}

#[test]
fn wait_statuses_are_told_apart() {
    assert_eq!(
        (WaitStatus(137 << 8).code(), WaitStatus(137 << 8).signal()),
        (Some(137), None)
    );
    assert_eq!(
        (WaitStatus(9).code(), WaitStatus(9).signal()),
        (None, Some(9))
    );
    assert_eq!(WaitStatus(0x8b).signal(), Some(11));
    assert_eq!(WaitStatus(40).signal(), Some(40));
    assert_eq!(
        (WaitStatus(0x137f).code(), WaitStatus(0x137f).signal()),
        (None, None)
    );
}

#[test]
fn a_connection_decodes_in_any_pieces() {
    let events = [
        Event::Hello,
        Event::Started,
        Event::Record(Dice(5).record()),
    ];
    let wire: String = events.iter().map(Event::encode).collect();
    for size in 1..wire.len() {
        let mut decoder = Decoder::default();
        let mut seen = Vec::new();
        for piece in wire.as_bytes().chunks(size) {
            assert!(!decoder.is_finished());
            seen.extend(decoder.push(piece).unwrap());
        }
        assert_eq!(seen, events);
        assert!(decoder.is_finished());
        assert!(decoder.push(b"x").is_err());
    }
}

#[test]
fn a_connection_out_of_order_is_refused() {
    let record = Event::Record(Dice(6).record()).encode();
    assert!(Decoder::default().push(record.as_bytes()).is_err());
    assert!(Decoder::default().push(b"started\n").is_err());
    assert_eq!(
        Decoder::default().push(b"hello 2\n"),
        Err(RecordError::Version)
    );
    let twice = format!("hello 1\n{record}{record}");
    assert!(Decoder::default().push(twice.as_bytes()).is_err());
    let mut flooded = Decoder::default();
    assert!((0..100).any(|_| flooded.push(&[b'h'; 100]).is_err()));
}
