//! What both forges answer where something is too much.

use proptest::prelude::*;

use super::*;
use crate::seam::http::header::{HeaderName, HeaderValue};

const NOW: Moment = Moment(1_800_000_000_000);

type Pairs = &'static [(&'static str, &'static str)];

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let pairs = headers.iter().map(|(name, value)| {
        let name: HeaderName = name.parse().unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    });
    Answer {
        status,
        headers: pairs.collect(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

fn verdict(api: Api, status: u16, headers: &[(&str, &str)], body: &str) -> (Verdict, bool) {
    let reading = read(api, &answer(status, headers, body), NOW);
    (reading.told.verdict, reading.in_part)
}

#[test]
fn refusals_for_the_pace_are_told_from_others() {
    use Verdict::{Allowed, Silent, Spent, TooFast};

    const AFTER: (&str, &str) = ("retry-after", "30");
    const SOON: (&str, &str) = ("x-ratelimit-reset", "1800000090");
    const NONE: (&str, &str) = ("x-ratelimit-remaining", "0");
    let secondary = r#"{"message":"You have exceeded a secondary rate limit. Please wait."}"#;
    let rows: &[(u16, Pairs, &str, Verdict)] = &[
        (200, &[], "", Allowed),
        (200, &[NONE, SOON], "", Allowed),
        (404, &[], "rate limit", Allowed),
        (403, &[], "Resource not accessible by integration", Allowed),
        (
            403,
            &[("x-ratelimit-remaining", "4999"), SOON],
            "no",
            Allowed,
        ),
        (403, &[AFTER], "", TooFast(Some(30_000))),
        (403, &[], secondary, TooFast(None)),
        (
            403,
            &[],
            "You have triggered an abuse detection mechanism",
            TooFast(None),
        ),
        (
            403,
            &[("x-ratelimit-remaining", "9"), SOON],
            secondary,
            TooFast(None),
        ),
        (403, &[NONE, SOON], "API rate limit exceeded", Spent(90_000)),
        (429, &[NONE, SOON, AFTER], "", Spent(30_000)),
        (429, &[NONE], "", TooFast(None)),
        (429, &[], "", TooFast(None)),
        (429, &[AFTER], "", TooFast(Some(30_000))),
        (
            429,
            &[
                ("ratelimit-remaining", "0"),
                ("ratelimit-reset", "1800000007"),
            ],
            "",
            Spent(7_000),
        ),
        (502, &[], "", Silent),
        (503, &[AFTER], "", Silent),
    ];
    for (status, headers, body, expected) in rows {
        let row = verdict(Api::Rest, *status, headers, body);
        assert_eq!(row, (*expected, false), "{status} {headers:?} {body}");
    }
}

#[test]
fn refusals_hide_in_answers_of_graphql() {
    let too_fast = Verdict::TooFast(None);
    for (body, expected) in [
        (r#"{"data":{"a":1}}"#, (Verdict::Allowed, false)),
        (
            r#"{"errors":[{"type":"RATE_LIMITED","message":"API rate limit"}]}"#,
            (too_fast, false),
        ),
        (
            r#"{"data":null,"errors":[{"type":"RATE_LIMITED"}]}"#,
            (too_fast, false),
        ),
        (
            r#"{"data":{"a":null},"errors":[{"type":"RATE_LIMITED"}]}"#,
            (too_fast, false),
        ),
        (
            r#"{"data":{"a":{},"b":null},"errors":[{"type":"RATE_LIMITED"}]}"#,
            (too_fast, true),
        ),
        (
            r#"{"errors":[{"message":"You have exceeded a secondary rate limit"}]}"#,
            (too_fast, false),
        ),
        // Somebody's file, and something else that is wrong.
        (
            r#"{"data":{"text":"RATE_LIMITED"}}"#,
            (Verdict::Allowed, false),
        ),
        (
            r#"{"data":{"text":"RATE_LIMITED"},"errors":[{"type":"NOT_FOUND"}]}"#,
            (Verdict::Allowed, false),
        ),
        ("RATE_LIMITED", (Verdict::Allowed, false)),
    ] {
        assert_eq!(verdict(Api::GraphQl, 200, &[], body), expected, "{body}");
        assert_eq!(verdict(Api::Rest, 200, &[], body).0, Verdict::Allowed);
    }
    let spent = [
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1800000060"),
    ];
    let body = r#"{"errors":[{"type":"RATE_LIMITED"}]}"#;
    assert_eq!(
        verdict(Api::GraphQl, 200, &spent, body).0,
        Verdict::Spent(60_000)
    );
}

#[test]
fn what_is_left_is_read_by_the_clock_of_the_forge() {
    let budget =
        |headers: &[(&str, &str)]| read(Api::Rest, &answer(200, headers, ""), NOW).told.budget;
    let left = ("x-ratelimit-remaining", "4321");
    let reset = ("x-ratelimit-reset", "1445412480");
    let expected = |wait| {
        Some(Budget {
            left: 4321,
            resets: NOW.plus(wait),
        })
    };
    let date = ("date", "Wed, 21 Oct 2015 07:27:30 GMT");
    assert_eq!(budget(&[left, reset, date]), expected(30_000));
    assert_eq!(budget(&[left, reset]), expected(0), "by ours it is over");
    let gitlab = [
        ("ratelimit-remaining", "4321"),
        ("ratelimit-reset", "1800000060"),
    ];
    assert_eq!(budget(&gitlab), expected(60_000));
    let core = ("x-ratelimit-resource", "core");
    assert_eq!(budget(&[left, reset, date, core]), expected(30_000));
    let search = ("x-ratelimit-resource", "search");
    assert_eq!(budget(&[left, reset, date, search]), None);
    assert_eq!(budget(&[left]), None);
    assert_eq!(budget(&[left, ("x-ratelimit-reset", "soon")]), None);
}

proptest! {
    #[test]
    fn any_answer_is_read(
        status in 100..600_u16,
        values in prop::collection::vec("[ -~]{0,24}|[0-9]{1,25}", 5),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let names = ["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "date", "ratelimit-reset"];
        let pairs: Vec<_> = names.into_iter().zip(values.iter().map(String::as_str)).collect();
        let mut answer = answer(status, &pairs, "RATE_LIMITED");
        for api in [Api::Rest, Api::GraphQl] {
            read(api, &answer, NOW);
        }
        answer.body = body.into();
        read(Api::GraphQl, &answer, NOW);
    }
}
