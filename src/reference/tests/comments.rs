//! The version behind a reference: read, replaced, added and taken out.

use super::*;

const HEAD: &str = "on: push\njobs:\n  a:\n    steps:\n";
const PATH: &str = ".github/workflows/a.yml";

/// The line `uses: a/b@v1` and what follows it; when it is pinned; when its pin is taken out.
const LINES: &[(&str, &str, &str)] = &[
    ("", " # v1.2.3", ""),
    ("  ", " # v1.2.3  ", "  "),
    (" #", " # v1.2.3 #", " #"),
    (" # v4", " # v1.2.3", ""),
    ("\t#v4\t", "\t#v1.2.3\t", "\t"),
    (" # v1 keep this", " # v1.2.3 keep this", " # keep this"),
    (" # v1.0 keep this", " # v1.2.3 keep this", " # keep this"),
    (" # v1.1.0 and why", " # v1.2.3 and why", " # and why"),
    (
        " # v4 keep this",
        " # v1.2.3 # v4 keep this",
        " # v4 keep this",
    ),
    (
        " # v2 is broken",
        " # v1.2.3 # v2 is broken",
        " # v2 is broken",
    ),
    (
        " # v1 is broken",
        " # v1.2.3 # v1 is broken",
        " # v1 is broken",
    ),
    (
        " # v1: do not move to v2",
        " # v1.2.3 # v1: do not move to v2",
        " # v1: do not move to v2",
    ),
    (
        " # pin v1.0.0 (v1.1.0 leaks)",
        " # v1.2.3 # pin v1.0.0 (v1.1.0 leaks)",
        " # pin v1.0.0 (v1.1.0 leaks)",
    ),
    (
        " # v3.6 and later need node 24",
        " # v1.2.3 # v3.6 and later need node 24",
        " # v3.6 and later need node 24",
    ),
    (
        " # v1.0.0 and later need node 24",
        " # v1.2.3 # v1.0.0 and later need node 24",
        " # v1.0.0 and later need node 24",
    ),
    (
        " # 3.6 GB cache",
        " # v1.2.3 # 3.6 GB cache",
        " # 3.6 GB cache",
    ),
    (
        " # 1.6 GB cache",
        " # v1.2.3 # 1.6 GB cache",
        " # 1.6 GB cache",
    ),
    (
        " # v4 zizmor: ignore[x]",
        " # v1.2.3 zizmor: ignore[x]",
        " # zizmor: ignore[x]",
    ),
    (" # keep this", " # v1.2.3 # keep this", " # keep this"),
    (" # 3 retries", " # v1.2.3 # 3 retries", " # 3 retries"),
    (" # 3", " # v1.2.3", ""),
    (" # 3 # retries", " # v1.2.3 # retries", " # retries"),
    (" # 3.1 é", " # v1.2.3 # 3.1 é", " # 3.1 é"),
    (" # 2024-01-01", " # v1.2.3 # 2024-01-01", " # 2024-01-01"),
    (" # 3rd party", " # v1.2.3 # 3rd party", " # 3rd party"),
    (" # v1, because", " # v1.2.3, because", " # , because"),
    (" # pin@v4", " # pin@v1.2.3", ""),
    (" # pin v1 x", " # pin v1.2.3 x", " # x"),
    (" # tag=v4 x", " # tag=v1.2.3 x", " # x"),
    (" # tag = v4", " # tag = v1.2.3", ""),
    (" # renovate: tag=v4", " # renovate: tag=v1.2.3", ""),
    (" # ratchet:a/b@v4", " # ratchet:a/b@v1.2.3", ""),
    (
        " # ratchet:exclude",
        " # v1.2.3 # ratchet:exclude",
        " # ratchet:exclude",
    ),
    (" # @v4", " # @v1.2.3", ""),
    (" # a/b/v4.0", " # v1.2.3", ""),
    (" # codeql-bundle-v2.1.0", " # v1.2.3", ""),
    (
        " # step-2 of 3",
        " # v1.2.3 # step-2 of 3",
        " # step-2 of 3",
    ),
    (" # 1/2 done", " # v1.2.3 # 1/2 done", " # 1/2 done"),
    (
        " # v4 # zizmor: ignore[x]",
        " # v1.2.3 # zizmor: ignore[x]",
        " # zizmor: ignore[x]",
    ),
    (
        "   # zizmor: ignore[x]",
        " # v1.2.3   # zizmor: ignore[x]",
        "   # zizmor: ignore[x]",
    ),
    (
        " # fullsend: ignore[x] v4",
        " # v1.2.3 # fullsend: ignore[x] v4",
        " # fullsend: ignore[x] v4",
    ),
];

#[test]
fn only_the_version_of_a_comment_changes() {
    for (behind, pinned_behind, masked) in LINES {
        for (quote, end) in [("", "\n"), ("'", "\r\n"), ("\"", "")] {
            let line = |reference: &str, behind: &str| {
                let uses = format!(
                    "{HEAD}    - name: x\n      uses: {quote}a/b{reference}{quote}{behind}{end}"
                );
                if end == "\r\n" {
                    uses.replace("\r\n", "\n").replace('\n', "\r\n")
                } else {
                    uses
                }
            };
            let text = line("@v1", behind);
            let commit = format!("@{}", "c".repeat(40));
            assert_eq!(
                pinned(PATH, &text),
                line(&commit, pinned_behind),
                "{behind:?}"
            );
            assert_eq!(
                mask(Path::new(PATH), &text).text,
                line("", masked),
                "{behind:?}"
            );
        }
    }
}

#[test]
fn behind_a_commit_only_what_is_plainly_its_version_changes() {
    let uses = format!("{HEAD}    - uses: a/b@{}", "c".repeat(40));
    for (before, after) in [
        (" # v4", " # v1.2.3"),
        (" # v4 # x", " # v1.2.3 # x"),
        (" # v4.3.0 keep this", " # v1.2.3 keep this"),
        (" # v4.3.0 and why", " # v1.2.3 and why"),
        (" # v4 (latest)", " # v1.2.3 (latest)"),
        (" # v4 - node", " # v1.2.3 - node"),
        (" # v4, node", " # v1.2.3, node"),
        (" # v4 keep this", " # v1.2.3 # v4 keep this"),
        (" # v2 is broken", " # v1.2.3 # v2 is broken"),
        (" # v2.0.0 is broken", " # v1.2.3 # v2.0.0 is broken"),
        (" # v2.0.0: broken", " # v1.2.3 # v2.0.0: broken"),
        (
            " # v2.0.0 (v2.1.0 leaks)",
            " # v1.2.3 # v2.0.0 (v2.1.0 leaks)",
        ),
        (" # v2, v3 leak", " # v1.2.3 # v2, v3 leak"),
        (" # 3.6 GB cache", " # v1.2.3 # 3.6 GB cache"),
    ] {
        let wanted = format!("{uses}{after}\n");
        assert_eq!(pinned(PATH, &format!("{uses}{before}\n")), wanted);
        assert_eq!(pinned(PATH, &wanted), wanted);
    }
}

#[test]
fn a_comment_is_put_only_where_it_belongs_to_the_reference() {
    let commit = "c".repeat(40);
    for (before, after) in [
        ("- {uses: a/b@v1}", "- {uses: a/b@C} # v1.2.3"),
        ("- {uses: a/b@v1} # v1", "- {uses: a/b@C} # v1.2.3"),
        (
            "- {uses: a/b@v1, } # why",
            "- {uses: a/b@C, } # v1.2.3 # why",
        ),
        (
            "- {uses: a/b@v1, with: {x: y}} # v1",
            "- {uses: a/b@C, with: {x: y}} # v1",
        ),
        (
            "- {\n      uses: a/b@v1\n      }",
            "- {\n      uses: a/b@C # v1.2.3\n      }",
        ),
        (
            "- {\n      uses: a/b@v1,\n      }",
            "- {\n      uses: a/b@C, # v1.2.3\n      }",
        ),
        (
            "- uses: &x a/b@v1\n    - uses: *x",
            "- uses: &x a/b@C # v1.2.3\n    - uses: *x",
        ),
        (
            "- &y {uses: a/b@v1}\n    - *y",
            "- &y {uses: a/b@C} # v1.2.3\n    - *y",
        ),
        ("- uses: !!str a/b@v1", "- uses: !!str a/b@C # v1.2.3"),
        ("- uses: >-\n        a/b@v1", "- uses: >-\n        a/b@C"),
        ("- uses: \"a\\/b@v1\" # v1", "- uses: \"a\\/b@v1\" # v1"),
        (
            "- uses:\n        a/b@v1\n      name: x",
            "- uses:\n        a/b@C # v1.2.3\n      name: x",
        ),
        (
            "- ? uses\n      : a/b@v1",
            "- ? uses\n      : a/b@C # v1.2.3",
        ),
    ] {
        let text = format!("{HEAD}    {before}\n");
        let wanted = format!("{HEAD}    {}\n", after.replace('C', &commit));
        assert_eq!(pinned(PATH, &text), wanted);
        assert_eq!(pinned(PATH, &wanted), wanted);
    }
    let two = "on: push\njobs: {a: {steps: [{uses: a/b@v1}, {uses: c/d@v1}]}} # v1\n";
    let pinned = pinned(PATH, two);
    assert_eq!(pinned, two.replace("@v1", &format!("@{commit}")));
}

#[test]
fn other_pins_than_a_commit_with_its_version() {
    let of = |line: &str, to: &Pinned<'_>| {
        let text = format!("{HEAD}    - uses: {line}\n");
        let found = found(PATH, &text);
        let edited = edit::apply(&text, &found[0].edits(to).unwrap()).unwrap();
        edited
            .trim_end()
            .rsplit_once("uses: ")
            .unwrap()
            .1
            .to_owned()
    };
    assert_eq!(of("a/b@v1", &Pinned::Ref("v1.2.3")), "a/b@v1.2.3");
    assert_eq!(
        of("a/b@x # v1.0.0 y", &Pinned::Ref("v1.2.3")),
        "a/b@v1.2.3 # v1.2.3 y"
    );
    let commit = |version| Pinned::Commit {
        commit: "0a",
        version,
    };
    assert_eq!(of("a/b@v1 # v1", &commit(None)), "a/b@0a # v1");
    // What no one could tell from other words is marked.
    assert_eq!(
        of("a/b@v1", &commit(Some("nightly"))),
        "a/b@0a # tag=nightly"
    );
    assert_eq!(of("a/b@v1 # v1 x", &commit(Some("4"))), "a/b@0a # tag=4 x");
    assert_eq!(
        of("a/b@v1 # pin v1", &commit(Some("x"))),
        "a/b@0a # pin tag=x"
    );
    assert_eq!(of("a/b@v1 # pin@v1", &commit(Some("x"))), "a/b@0a # pin@x");
}

#[test]
fn a_pin_that_does_not_fit_is_refused() {
    let text = format!("{HEAD}    - uses: a/b@v1\n    - uses: docker://a:1\n");
    let found = found(PATH, &text);
    let pins = Pins::fixed();
    let image = |tag| Pinned::Image {
        tag,
        digest: &pins.digest,
    };
    let commit = |commit, version| Pinned::Commit { commit, version };
    for to in [
        image("1"),
        Pinned::Integrity("sha256-a"),
        Pinned::Ref(""),
        Pinned::Ref("v1 # x"),
        Pinned::Ref("a\nb"),
        Pinned::Ref("a'b"),
        commit("", None),
        commit("abc", Some("v1\n- run: evil")),
        commit("abc", Some("v1.")),
    ] {
        assert_eq!(found[0].edits(&to), Err(NotEditable::Unfit), "{to:?}");
    }
    assert_eq!(found[1].edits(&image("a b")), Err(NotEditable::Unfit));
    assert_eq!(found[1].edits(&Pinned::Ref("v1")), Err(NotEditable::Unfit));
    let text = "image: {repository: a, tag: 17, digest: ''}\n";
    let tag = &super::found("values.yaml", text)[0];
    assert_eq!(
        tag.edits(&image("17.20")),
        Err(NotEditable::NoText("17.20".to_owned()))
    );
    assert_eq!(tag.edits(&image("17")).unwrap().len(), 1);
}
