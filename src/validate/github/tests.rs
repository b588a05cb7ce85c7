//! Workflows, actions and locks as people write them.

use std::path::Path;

use proptest::prelude::*;

use crate::{
    model::files::NoFiles,
    validate::{Kind, check},
};

/// What is found in the workflow `text`: the rule without its kind, the line, what stands there.
fn found(text: &str) -> Vec<String> {
    found_as(Kind::GithubWorkflow, text)
}

fn found_as(kind: Kind, text: &str) -> Vec<String> {
    let problems = check(Path::new("a.yml"), text.as_bytes(), Some(kind), &NoFiles).problems;
    let line = |problem: crate::validate::Problem| {
        let finding = &problem.finding;
        let line = finding.line.unwrap_or_default();
        let shown = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let column = finding.column.unwrap_or(1) - 1;
        let mut width = finding.end_column.unwrap_or(1).saturating_sub(column + 1);
        if finding.end_line != finding.line {
            width = usize::MAX;
        }
        let shown: String = shown.chars().skip(column).take(width).collect();
        let rule = finding.rule.id.split_once('-').map_or("", |(_, rule)| rule);
        format!("{rule} {line} {shown}")
    };
    // The risks have tests of their own.
    let is_risk = |problem: &crate::validate::Problem| {
        let mut risks = super::RISKS.iter();
        risks.any(|rule| rule.about.id == problem.finding.rule.id)
    };
    let others = problems.into_iter().filter(|problem| !is_risk(problem));
    others.map(line).collect()
}

/// A workflow with one job of these lines.
fn job(lines: &str) -> String {
    format!(
        "on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: x\n    timeout-minutes: 5\n{lines}"
    )
}

fn step(lines: &str) -> String {
    job(&format!("    steps:\n{lines}"))
}

#[test]
fn places_are_those_of_the_file() {
    let text = step(concat!(
        "      - run: |\n          echo \"${{ steps.a.outputs.b }}\"\n          ${{ secret.X }}\n",
        "      - name: 'it''s ${{ gihub.ref }}'\n        run: \"\\t${{ nope( }}\"\n",
    ));
    assert_eq!(
        found(&text),
        [
            "undefined-step 9 a",
            "unknown-context 10 secret",
            "unknown-context 11 gihub",
            "expression-syntax 12 }"
        ]
        .map(|it| it.replace("12 }", "12 "))
    );
}

#[test]
fn keys_are_told_by_what_they_belong_to() {
    assert_eq!(
        found(&job(
            "    step: []\n    steps: [{run: x, with: {}}]\n    shell: sh\n"
        )),
        [
            "unknown-key 7 step",
            "step-shape 8 with",
            "unknown-key 9 shell"
        ]
    );
    assert_eq!(
        found(&job("    steps: [{run: x}]\n    STEPS: []\n")),
        ["unknown-key 8 STEPS", "duplicate-key 8 STEPS"]
    );
    // What may be newer is no error.
    let newer = check(
        Path::new("a.yml"),
        job("    steps: [{run: x}]\n    flavour: mild\n").as_bytes(),
        Some(Kind::GithubWorkflow),
        &NoFiles,
    )
    .problems;
    assert_eq!(newer.len(), 1);
    assert_eq!(newer[0].finding.severity.as_str(), "note");
}

#[test]
fn an_expression_stands_for_any_form_where_expressions_are_evaluated() {
    for lines in [
        "    strategy: ${{ fromJSON(inputs.x) }}\n    steps: [{run: x}]\n",
        "    strategy: {matrix: \"${{ fromJSON('{}') }}\", max-parallel: \"${{ 1 }}\"}\n    steps: [{run: x}]\n",
        "    container: ${{ matrix.image }}\n    strategy: {matrix: {image: [a]}}\n    steps: [{run: x}]\n",
        "    env: ${{ fromJSON('{}') }}\n    steps: [{run: x, continue-on-error: \"${{ true }}\"}]\n",
    ] {
        let found = found(&job(lines));
        let rest: Vec<_> = found
            .iter()
            .filter(|it| !it.starts_with("undefined-input"))
            .collect();
        assert!(rest.is_empty(), "{lines}: {rest:?}");
    }
    assert_eq!(
        found(&job(
            "    needs: ${{ fromJSON('[]') }}\n    steps: [{run: x}]\n"
        )),
        ["expression-not-allowed 7 ${{ fromJSON('[]') }}"]
    );
}

#[test]
fn names_are_looked_up_where_they_are_known() {
    let ok = "on:\n  workflow_call:\n    inputs: {A: {type: string}}\npermissions: {}\njobs:\n  one:\n    runs-on: x\n    outputs: {o: \"${{ steps.s.outputs.x }}\"}\n    strategy: {matrix: {k: [1], include: [{l: 2}]}}\n    steps:\n      - {id: s, run: x}\n      - run: ${{ inputs.a }} ${{ matrix.K }} ${{ matrix.l }} ${{ STEPS.S.outcome }}\n  two:\n    needs: [one]\n    runs-on: x\n    steps:\n      - run: ${{ needs.ONE.outputs.O }} ${{ needs.one.result }} ${{ needs['one'].outputs['o'] }}\n";
    assert_eq!(found(ok), [""; 0]);
    let wrong = ok
        .replace("inputs.a ", "inputs.b ")
        .replace("matrix.l ", "matrix.m ")
        .replace("STEPS.S.outcome", "steps.s.status")
        .replace("outputs.O ", "outputs.p ");
    assert_eq!(
        found(&wrong),
        [
            "undefined-input 12 b",
            "undefined-matrix-key 12 m",
            "undefined-property 12 status",
            "undefined-need 17 p"
        ]
    );
    // What is computed could hold anything.
    for open in [
        (
            "{matrix: {k: [1], include: [{l: 2}]}}",
            "${{ fromJSON(inputs.A) }}",
        ),
        (
            "include: [{l: 2}]",
            "include: \"${{ fromJSON(inputs.A) }}\"",
        ),
    ] {
        assert_eq!(
            found(&ok.replace(open.0, open.1).replace("matrix.l ", "matrix.m ")),
            [""; 0]
        );
    }
}

#[test]
fn anchors_are_read_and_told_once() {
    let text = step(concat!(
        "      - &step\n        run: ${{ gihub.ref }}\n",
        "      - *step\n      - *step\n",
    ));
    assert_eq!(found(&text), ["unknown-context 9 gihub"]);
}

#[test]
fn long_scripts_hold_no_expression() {
    let script = |length: usize, end: &str| {
        step(&format!(
            "      - run: |\n          {}\n          {end}\n",
            "x".repeat(length)
        ))
    };
    assert_eq!(found(&script(30_000, "y")), [""; 0]);
    assert_eq!(found(&script(20_000, "${{ github.ref }}")), [""; 0]);
    assert_eq!(
        found(&script(21_000, "${{ github.ref }}")),
        ["expression-syntax 10 ${{ github.ref }}"]
    );
}

#[test]
fn cycles_are_told_once_each() {
    let waits = |needs: &[(&str, &str)]| {
        let jobs = needs.iter().map(|(id, needs)| {
            format!("  {id}: {{needs: [{needs}], runs-on: x, timeout-minutes: 5, steps: [{{run: x}}]}}\n")
        });
        found(&format!(
            "on: push\npermissions: {{}}\njobs:\n{}",
            jobs.collect::<String>()
        ))
    };
    assert_eq!(waits(&[("a", "a")]), ["needs-cycle 4 a"]);
    assert_eq!(
        waits(&[
            ("a", "b"),
            ("b", "a"),
            ("c", "a"),
            ("d", "e"),
            ("e", "f"),
            ("f", "d")
        ])
        .len(),
        2
    );
    assert_eq!(waits(&[("a", ""), ("b", "a"), ("c", "a, b")]), [""; 0]);
}

#[test]
fn empty_and_foreign_files_are_no_reason_to_panic() {
    for text in [
        "",
        "# nothing",
        "[]",
        "on",
        "on: push",
        "jobs: 1",
        "on: {}\njobs: {a: }",
        "? [a]\n: b",
    ] {
        for kind in [Kind::GithubWorkflow, Kind::GithubAction, Kind::ActionsLock] {
            found_as(kind, text);
        }
    }
}

#[test]
fn a_megabyte_is_looked_at_in_time() {
    let many = |line: &dyn Fn(usize) -> String| {
        let mut text = String::new();
        for index in 0.. {
            text.push_str(&line(index));
            if text.len() > 1_000_000 {
                return text;
            }
        }
        text
    };
    let jobs = |text: String| format!("on: push\njobs:\n{text}");
    for text in [
        jobs(many(&|i| {
            format!(
                "  j{i}: {{needs: j{}, runs-on: x, steps: [{{run: x}}]}}\n",
                i + 1
            )
        })),
        jobs(many(&|i| {
            format!("  j{i}: {{needs: nope{i}, runs-on: x, setps: [{{run: x}}]}}\n")
        })),
        step(&many(&|i| {
            format!("      - {{id: s{i}, run: \"${{{{ steps.t{i}.outputs.x }}}}\"}}\n")
        })),
        step(&format!(
            "      - run: |\n{}",
            many(&|_| "          ${{ steps.x.y }}\n".to_owned())
        )),
        step(&format!(
            "      - run: ${{{{ {} a }}}}\n",
            many(&|_| "a ||".to_owned())
        )),
        step(&format!(
            "      - run: \"{}\"\n",
            many(&|_| "${{".to_owned())
        )),
        job(&format!(
            "    strategy:\n      matrix:\n{}",
            many(&|i| format!("        k{i}: []\n"))
        )),
    ] {
        let text = &text[..text.len().min(1 << 20)];
        // Whatever is quadratic here runs into the test runner's own limit.
        found(text);
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in r#"((on|jobs|a|steps|run|uses|with|needs|if|strategy|matrix|include|env|permissions|runs|using|inputs|version|workflows|dependencies)?(: |:\n +|\n|- | |\$\{\{ |[a-z.']{1,5}| \}\}|\[|\]|\{|\}|"|\||&x|\*x|<<: )){0,40}"#) {
        for kind in [Kind::GithubWorkflow, Kind::GithubAction, Kind::ActionsLock] {
            found_as(kind, &text);
        }
    }
}
