//! The risks, beyond the examples of their pages.

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use crate::{
    document::edit,
    model::files::NoFiles,
    report::finding::Severity,
    validate::{Problem, check},
};

pub(super) fn found(path: &str, text: &str) -> Vec<Problem> {
    check(Path::new(path), text.as_bytes(), None, &NoFiles).problems
}

/// The rules that find something in a workflow that `on` starts, with the lines of its job, and
/// what they point at.
pub(super) fn in_job<'t>(
    on: &str,
    job: &str,
    text: &'t mut String,
) -> Vec<(&'static str, &'t str)> {
    *text = format!(
        "on: {on}\npermissions: {{}}\njobs:\n  work:\n    runs-on: ubuntu-24.04\n    \
         timeout-minutes: 10\n{job}"
    );
    let text = &*text;
    let found = found(".github/workflows/a.yml", text);
    let place = |problem: &Problem| {
        let finding = &problem.finding;
        let (line, start) = (finding.line.unwrap(), finding.column.unwrap());
        let line = text.lines().nth(line - 1).unwrap();
        let same_line = finding.line == finding.end_line;
        let end = same_line.then(|| finding.end_column.unwrap() - 1);
        &line[start - 1..end.unwrap_or(line.len())]
    };
    found
        .iter()
        .map(|problem| (problem.finding.rule.id, place(problem)))
        .collect()
}

/// Where the values of a script come from others, and how much that matters.
fn injected(on: &str, script: &str) -> Vec<(String, Severity)> {
    let text = format!(
        "on: {on}\npermissions: {{}}\njobs:\n  work:\n    runs-on: ubuntu-24.04\n    steps:\n      - \
         run: {script}\n"
    );
    let found = found(".github/workflows/a.yml", &text);
    let id = "workflow-template-injection";
    let found = found.iter().filter(|it| it.finding.rule.id == id);
    found
        .map(|it| {
            let (start, end) = (it.finding.column.unwrap(), it.finding.end_column.unwrap());
            let line = text.lines().nth(it.finding.line.unwrap() - 1).unwrap();
            (line[start - 1..end - 1].to_owned(), it.finding.severity)
        })
        .collect()
}

#[test]
fn values_are_followed_through_operators_and_functions() {
    for (script, place) in [
        (
            "echo ${{ github.head_ref || github.sha }}",
            "github.head_ref",
        ),
        (
            "echo ${{ github.sha || GITHUB.Head_Ref }}",
            "GITHUB.Head_Ref",
        ),
        ("echo ${{ true && github.head_ref }}", "github.head_ref"),
        (
            "echo ${{ format('{0}', github['event'].issue['title']) }}",
            "github['event'].issue['title']",
        ),
        (
            "echo ${{ join(github.event.commits.*.message, ' ') }}",
            "github.event.commits.*.message",
        ),
        (
            "echo ${{ github.event.commits[0].message }}",
            "github.event.commits[0].message",
        ),
        ("echo ${{ toJSON(github) }}", "github"),
        (
            "echo ${{ toJson(github.event.pull_request) }}",
            "github.event.pull_request",
        ),
        (
            "echo ${{ fromJSON(toJSON(github.event)).issue.title }}",
            "github.event",
        ),
    ] {
        assert_eq!(
            injected("issues", script),
            [(place.to_owned(), Severity::Error)],
            "{script}"
        );
    }
}

#[test]
fn what_yields_nothing_of_others_is_silent() {
    for script in [
        "echo ${{ github.sha }} ${{ github.event.issue.number }} ${{ github.actor }}",
        "echo ${{ github.head_ref == 'main' && 'a' || 'b' }}",
        "echo ${{ github.head_ref && 'a' }}",
        "echo ${{ contains(github.event.issue.body, 'x') }}",
        "echo ${{ !github.head_ref }}",
        "echo ${{ github.event }}",
        "echo ${{ toJSON(github.event.issue.labels) }}",
        "echo ${{ hashFiles(github.head_ref) }}",
        "echo $TITLE",
    ] {
        assert_eq!(injected("issues", script), [], "{script}");
    }
}

#[test]
fn it_matters_as_much_as_those_who_can_start_it() {
    let script = "echo ${{ github.event.pull_request.title }}";
    let of = |on: &str| injected(on, script)[0].1;
    assert_eq!(of("pull_request_target"), Severity::Error);
    assert_eq!(of("[push, workflow_run]"), Severity::Error);
    assert_eq!(of("pull_request"), Severity::Warning);
    assert_eq!(of("{issues: {types: [labeled]}}"), Severity::Warning);
    assert_eq!(of("{issues: {types: [labeled, opened]}}"), Severity::Error);
}

#[test]
fn inputs_are_judged_by_their_types_and_by_who_gives_them() {
    let of = |on: &str| {
        let found = injected(on, "echo ${{ inputs.who }}");
        found.first().map(|(_, severity)| *severity)
    };
    let typed =
        |event: &str, kind: &str| format!("{{{event}: {{inputs: {{WHO: {{type: {kind}}}}}}}}}");
    assert_eq!(
        of(&typed("workflow_call", "string")),
        Some(Severity::Warning)
    );
    assert_eq!(of(&typed("workflow_call", "boolean")), None);
    assert_eq!(
        of(&typed("workflow_dispatch", "string")),
        Some(Severity::Note)
    );
    assert_eq!(of(&typed("workflow_dispatch", "choice")), None);
    assert_eq!(
        of("{workflow_dispatch: {inputs: {who: }}}"),
        Some(Severity::Note)
    );
}

#[test]
fn a_value_is_followed_through_env_outputs_and_known_actions() {
    let text = &mut String::new();
    let injection = "workflow-template-injection";
    let env = "    env:\n      TITLE: x ${{ github.event.issue.title }}\n    steps:\n      - run: \
               echo ${{ env.title }} \"$TITLE\"\n";
    assert_eq!(in_job("issues", env, text), [(injection, "env.title")]);
    let output = "    outputs:\n      a: ${{ github.head_ref }}\n    steps:\n      - run: true\n  \
                  next:\n    needs: work\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo \
                  ${{ needs.work.outputs.a }}\n";
    assert_eq!(
        in_job("pull_request", output, text),
        [(injection, "needs.work.outputs.a")]
    );
    let files = "    steps:\n      - id: changed\n        uses: \
                 tj-actions/changed-files@9f698171ed81b15d1823a05fc7211befd50c8ae0\n      - run: \
                 ls ${{ steps.changed.outputs.all_changed_files }} ${{ \
                 steps.changed.outputs.any_changed }}\n";
    assert_eq!(
        in_job("pull_request", files, text),
        [(injection, "steps.changed.outputs.all_changed_files")]
    );
}

fn mended(text: &str) -> String {
    let found = found(".github/workflows/a.yml", text);
    let edits: Vec<_> = found.into_iter().flat_map(|it| it.fix).collect();
    edit::apply(text, &edits).unwrap()
}

#[test]
fn a_value_in_double_quotes_moves_into_env() {
    let head = "on: issues\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n";
    let before = format!(
        "{head}      - run: |\n          # it's\n          echo \"a ${{{{ github.head_ref }}}} \
         ${{{{ github.event.issue.title }}}}\" '${{{{ github.head_ref }}}}'\n          echo \
         ${{{{ github.head_ref }}}}\n"
    );
    let after = format!(
        "{head}      - env:\n          EVENT: x\n        run: |\n          # it's\n          echo \
         \"a ${{HEAD_REF}} ${{ISSUE_TITLE}}\" '${{{{ github.head_ref }}}}'\n          echo ${{{{ \
         github.head_ref }}}}\n"
    )
    .replace(
        "EVENT: x",
        "HEAD_REF: ${{ github.head_ref }}\n          ISSUE_TITLE: ${{ github.event.issue.title }}",
    );
    assert_eq!(mended(&before), after);
    let crlf = before.replace('\n', "\r\n");
    assert_eq!(mended(&crlf), after.replace('\n', "\r\n"));
}

#[test]
fn a_mend_joins_the_variables_that_are_there() {
    let text = "on: issues\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      \
                - name: Say\n        run: echo \"${{ github.head_ref }} ${{ env.TITLE }}\"\n        \
                env:\n          TITLE: ${{ github.event.issue.title }}\n";
    let after = mended(text);
    assert!(after.contains("echo \"${HEAD_REF} ${TITLE}\"\n"), "{after}");
    // The shell tells large letters from small ones.
    let small = text.replace("env.TITLE", "env.title");
    assert!(mended(&small).contains("${{ env.title }}"));
    let env = "env:\n          HEAD_REF: ${{ github.head_ref }}\n          TITLE: ${{";
    assert!(after.contains(env), "{after}");
}

#[test]
fn what_a_mend_could_change_is_left() {
    let value = "${{ github.head_ref }}";
    for (job, script) in [
        ("runs-on: windows-2025", format!("echo \"{value}\"")),
        ("runs-on: ${{ matrix.os }}", format!("echo \"{value}\"")),
        ("runs-on: ubuntu-24.04", format!("echo {value}")),
        (
            "runs-on: ubuntu-24.04",
            format!("echo \"$(ls \"{value}\")\""),
        ),
        ("runs-on: ubuntu-24.04", format!("bash -c \"ls {value}\"")),
        (
            "runs-on: ubuntu-24.04",
            format!("cat <<E\n          \"{value}\"\n          E"),
        ),
        (
            "runs-on: ubuntu-24.04",
            format!("HEAD_REF=x; echo \"{value}\""),
        ),
        (
            "defaults: {run: {shell: pwsh}}\n    runs-on: ubuntu-24.04",
            format!("echo \"{value}\""),
        ),
    ] {
        let text = format!(
            "on: issues\npermissions: {{}}\njobs:\n  a:\n    {job}\n    steps:\n      - run: |\n          \
             {script}\n"
        );
        assert_eq!(mended(&text), text);
    }
    let flow = "on: issues\npermissions: {}\njobs: {a: {runs-on: ubuntu-24.04, steps: [{run: 'echo \
                \"${{ github.head_ref }}\"'}]}}\n";
    assert_eq!(mended(flow), flow);
}

#[test]
fn only_plain_commands_are_mended() {
    let value = "${{ github.event.issue.title }}";
    let is_mended = |script: &str| {
        let text = format!(
            "on: issues\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      \
             - run: |\n          {}\n",
            script.replace('@', value).replace('\n', "\n          ")
        );
        mended(&text) != text
    };
    for script in [
        r#"echo "@""#,
        r#"if [[ -n "@" ]]; then printf '%s' "@"; fi"#,
        r#"A="@""#,
        r#"export A="x @""#,
        "gh issue comment \\\n  --body \"@\"",
        "# it's\ngit commit -m \"@\"",
        r#"true && echo >&2 "@""#,
    ] {
        assert!(is_mended(script), "{script}");
    }
    for script in [
        r#"bash -lc "echo @""#,
        r#"node -e "x('@')""#,
        r#"jq -n "@""#,
        r#"gh api graphql -f query="@""#,
        r#"gh api x -f query="@""#,
        r#"A=1 make "@""#,
        r#"A="x" make "@""#,
        r#"echo "@" | bash"#,
        r#"echo "\"@\"""#,
        r#"trap "echo @" EXIT"#,
        r#"[[ "@" -eq 1 ]]"#,
        r#"ls "@""#,
        r#"x=$(ls "@")"#,
        r#""@" x"#,
        "# echo\nls \"@\"",
    ] {
        assert!(!is_mended(script), "{script}");
    }
}

#[test]
fn mappings_in_braces_are_left() {
    for text in [
        "      - run: echo \"${{ github.head_ref }}\"\n        env: {\n          A: b\n        }\n",
        "      - {\n        run: 'echo \"${{ github.head_ref }}\"'\n        }\n",
        "      - uses: actions/checkout@v6\n        with: {\n          fetch-depth: 0\n        }\n      \
         - run: fullsend exec triage\n",
    ] {
        let text = format!(
            "on: issues\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n{text}"
        );
        assert!(!found(".github/workflows/a.yml", &text).is_empty());
        assert_eq!(mended(&text), text);
    }
}

#[test]
fn a_step_of_many_values_is_mended_in_part() {
    let echo = "          echo \"${{ github.head_ref }}\"\n".repeat(20_000);
    let text = format!(
        "on: issues\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - \
         run: |\n{echo}"
    );
    assert_eq!(mended(&text).matches("\"${HEAD_REF}\"").count(), 100);
}

#[test]
fn an_aliased_step_is_mended_once() {
    let text = "on: issues\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps: \
                &steps\n      - run: echo \"${{ github.head_ref }}\"\n  b:\n    runs-on: \
                ubuntu-24.04\n    steps: *steps\n";
    let after = mended(text);
    assert_eq!(after.matches("HEAD_REF: ${{").count(), 1, "{after}");
}

#[test]
fn agents_that_ask_for_themselves_need_no_gate() {
    let text = &mut String::new();
    let rule = "workflow-untrusted-trigger";
    let sha = "9f698171ed81b15d1823a05fc7211befd50c8ae0";
    let has = |on: &str, job: &str, text: &mut String| {
        in_job(on, job, text).iter().any(|(id, _)| *id == rule)
    };
    let claude = format!("    steps:\n      - uses: anthropics/claude-code-action@{sha}\n");
    assert!(!has("issues", &claude, text));
    let open = format!("{claude}        with:\n          allowed_non_write_users: '*'\n");
    assert!(has("issues", &open, text));
    let gemini = format!("    steps:\n      - uses: google-github-actions/run-gemini-cli@{sha}\n");
    assert!(has("issue_comment", &gemini, text));
    assert!(!has("workflow_dispatch", &gemini, text));
    assert!(!has("{issues: {types: [labeled]}}", &gemini, text));
    let asked = format!(
        "    needs: who\n{gemini}  who:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: gh api \
         \"repos/$R/collaborators/$A/permission\"\n"
    );
    assert!(!has("issue_comment", &asked, text));
    let verify = format!(
        "    steps:\n      - uses: fullsend-ai/sandbox@{sha}\n        with: {{mode: verify}}\n"
    );
    assert!(!has("issues", &verify, text));
}

#[test]
fn a_change_that_is_only_read_is_no_risk() {
    let text = &mut String::new();
    let rule = "workflow-pull-request-target-checkout";
    let head = "    steps:\n      - uses: \
                actions/checkout@9f698171ed81b15d1823a05fc7211befd50c8ae0\n        with:\n          \
                path: head\n          ref: ${{ github.event.pull_request.head.sha }}\n";
    let has = |rest: &str, text: &mut String| {
        let found = in_job("pull_request_target", &format!("{head}{rest}"), text);
        found.iter().any(|(id, _)| *id == rule)
    };
    assert!(!has("      - run: grep -r TODO head\n", text));
    assert!(!has("      - run: make test\n", text));
    assert!(has("      - run: make -C head test\n", text));
    assert!(has(
        "      - run: npm test\n        working-directory: head\n",
        text
    ));
    assert!(has("      - uses: ./head/action\n", text));
    let run = "    steps:\n      - uses: \
               actions/checkout@9f698171ed81b15d1823a05fc7211befd50c8ae0\n        with:\n          \
               ref: ${{ github.event.workflow_run.head_sha }}\n      - run: make\n";
    for (condition, is_risk) in [
        ("conclusion == 'failure'", true),
        ("event == 'push'", false),
    ] {
        let job = format!("    if: github.event.workflow_run.{condition}\n{run}");
        let found = in_job("workflow_run", &job, text);
        assert_eq!(
            found.iter().any(|(id, _)| *id == rule),
            is_risk,
            "{found:?}"
        );
    }
}

#[test]
fn an_image_that_the_job_builds_or_proves_may_be_started() {
    let text = &mut String::new();
    let run = "      - run: |\n          docker run --rm \\\n            --memory 2g --pids-limit \
               512 agent-sandbox:test true\n";
    let mut ids = |before: &str| -> Vec<_> {
        let job = format!("    steps:\n{before}{run}");
        let found = in_job("workflow_dispatch", &job, text);
        found.iter().map(|(id, at)| format!("{id} {at}")).collect()
    };
    let unverified = "workflow-agent-unverified docker run --rm \\";
    assert_eq!(ids(""), [unverified]);
    assert!(ids("      - run: cosign verify agent-sandbox:test\n").is_empty());
    assert!(ids("      - run: docker build -t agent-sandbox:test .\n").is_empty());
}

#[test]
fn only_hidden_files_of_old_checkouts_hold_the_token() {
    let text = &mut String::new();
    let mut finds = |checkout: &str, upload: &str, hidden: bool| {
        let hidden = if hidden {
            "          include-hidden-files: true\n"
        } else {
            ""
        };
        let job = format!(
            "    steps:\n      - uses: actions/checkout@{checkout}\n      - uses: \
             actions/upload-artifact@{upload}\n        with:\n          path: .\n{hidden}"
        );
        let found = in_job("push", &job, text);
        found
            .iter()
            .any(|(id, _)| *id == "workflow-persisted-credentials")
    };
    let sha = "9f698171ed81b15d1823a05fc7211befd50c8ae0";
    for old in [sha, "v5", "v4.2.2", &format!("{sha} # v5.0.0")] {
        assert!(finds(old, "v5", true), "{old}");
    }
    for new in ["v6", "v10.1", &format!("{sha} # v6.0.3")] {
        assert!(!finds(new, "v5", true), "{new}");
    }
    for hides in ["v4", "v4.4.0", "v10", &format!("{sha} # v4.6.2"), sha] {
        assert!(!finds("v5", hides, false), "{hides}");
    }
    for shows in ["v1", "v3.1", "v4.3.6", &format!("{sha} # v3.2.1")] {
        assert!(finds("v5", shows, false), "{shows}");
    }
}

#[test]
fn locked_workflows_have_their_commits_elsewhere() {
    let lock = "version: 'v0.0.2'\nworkflows:\n  .github/workflows/a.yml:\n    - \
                'docker/login-action@v4'\n";
    let place = PathBuf::from(".github/workflows/actions.lock");
    let locked = BTreeMap::from([(place, lock)]);
    let text = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - \
                uses: docker/login-action@v4\n";
    let unpinned = |path: &str| {
        let found = check(Path::new(path), text.as_bytes(), None, &locked).problems;
        found
            .iter()
            .any(|it| it.finding.rule.id == "workflow-unpinned-action")
    };
    assert!(!unpinned(".github/workflows/a.yml"));
    assert!(unpinned(".github/workflows/b.yml"));
}

#[test]
fn many_jobs_take_no_more_than_their_share() {
    let mut text = "on: [issues, pull_request_target]\njobs:\n".to_owned();
    for job in 0..4_000 {
        let need = if job > 0 { job - 1 } else { 0 };
        writeln!(
            text,
            "  j{job}:\n    needs: [j{need}]\n    steps:\n      - run: fullsend exec a \"${{{{ \
             github.head_ref }}}}\"; docker run agent-sandbox"
        )
        .unwrap();
    }
    // Whatever is quadratic here runs into the test runner's own limit.
    assert!(found(".github/workflows/a.yml", &text).len() >= 1_000);
}

/// Lines of workflows, of which any may follow any.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("      - run: echo \"${{ github.head_ref }}\" '".to_owned()),
        Just("      - run: |".to_owned()),
        Just("          echo \"é ${{ github.event.issue.title }} ${X\"".to_owned()),
        Just("          docker run --privileged \\".to_owned()),
        Just("            agent-sandbox --insecure-é".to_owned()),
        Just("      - uses: actions/checkout@é".to_owned()),
        Just("        with: &a {ref: 'refs/pull/1', args: --insecure-é, path: é}".to_owned()),
        Just("        env: {A: '${{ toJSON(github.event) }}'}".to_owned()),
        Just("      - uses: fullsend-ai/sandbox@".to_owned()),
        Just("        with: *a".to_owned()),
        Just("    container: 'docker://é:latest'".to_owned()),
        Just("        run: \"echo \\\"\\u00e9${{ github.head_ref }}\\\" && make\"".to_owned()),
        "[ -]{0,8}[a-z\"'${}é:&*#\\\\|]{0,12}",
    ];
    proptest::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn nothing_panics_and_every_mend_can_be_made(lines in lines()) {
        let workflow = format!(
            "on: [issues, pull_request_target]\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    \
             steps:\n{lines}\n"
        );
        let action = format!("name: a\nruns:\n    using: composite\n    steps:\n{lines}\n");
        for (path, text) in [(".github/workflows/a.yml", workflow), ("action.yml", action)] {
            let edits: Vec<_> = found(path, &text).into_iter().flat_map(|it| it.fix).collect();
            prop_assert!(edit::apply(&text, &edits).is_ok(), "{}", text);
        }
    }
}
