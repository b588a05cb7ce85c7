//! Every place by the kind of its file: found, shown and pinned, or left alone with a reason.

use super::*;

const WORKFLOW: &str = ".github/workflows/a.yml";
const ACTION: &str = "sub/action.yml";
const PIPELINE: &str = ".gitlab-ci.yml";
const RUNNER: &str = "etc/config.toml";

struct Row {
    path: &'static str,
    /// What comes before the part that is told.
    head: &'static str,
    before: &'static str,
    /// After the pin; empty where nothing changes.
    after: &'static str,
    /// `Place written`, and behind `!` why it cannot be edited.
    found: &'static [&'static str],
}

/// Every place.
pub(super) const PLACES: [Place; 23] = [
    Place::GithubContainer,
    Place::GithubService,
    Place::GithubStepImage,
    Place::GithubActionImage,
    Place::GithubStep,
    Place::GithubWorkflow,
    Place::GitlabImage,
    Place::GitlabService,
    Place::GitlabComponent,
    Place::GitlabProject,
    Place::GitlabRemote,
    Place::GitlabLocal,
    Place::DockerfileFrom,
    Place::DockerfileCopy,
    Place::DockerfileSyntax,
    Place::Kubernetes,
    Place::Helm,
    Place::RunnerImage,
    Place::RunnerHelper,
    Place::RunnerService,
    Place::RunnerAllowed,
    Place::FullsendImage,
    Place::FullsendAction,
];

const STEPS: &str = "on: push\njobs:\n  a:\n    steps:\n";
const COMPOSITE: &str = "runs:\n  using: composite\n  steps:\n";
const DOCKER: &str = "[[runners]]\n[runners.docker]\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nspec:\n";

const ROWS: &[Row] = &[
    // GitHub: workflows.
    Row {
        path: WORKFLOW,
        head: STEPS,
        before: "    - uses: a/b@v1\n",
        after: "    - uses: a/b@C # v1.2.3\n",
        found: &["GithubStep a/b@v1"],
    },
    Row {
        path: WORKFLOW,
        head: STEPS,
        before: "    - parallel:\n      - uses: a/b@v1\n",
        after: "    - parallel:\n      - uses: a/b@C # v1.2.3\n",
        found: &["GithubStep a/b@v1"],
    },
    Row {
        path: WORKFLOW,
        head: STEPS,
        before: "    - uses: 'a/b/sub/dir@C'  # v1\n      with: {uses: x/y@v1}\n",
        after: "    - uses: 'a/b/sub/dir@C'  # v1.2.3\n      with: {uses: x/y@v1}\n",
        found: &["GithubStep a/b/sub/dir@C"],
    },
    Row {
        path: WORKFLOW,
        head: STEPS,
        before: "    - uses: docker://alpine:3\n    - uses: \"docker://[::1]:5000/a\"\n",
        after: "    - uses: docker://alpine:1.2.3@D\n    - uses: \"docker://[::1]:5000/a:1.2.3@D\"\n",
        found: &["GithubStepImage alpine:3", "GithubStepImage [::1]:5000/a"],
    },
    Row {
        path: WORKFLOW,
        head: "on: push\njobs:\n  a:\n",
        before: "    uses: o/r/.github/workflows/w.yml@main\n",
        after: "    uses: o/r/.github/workflows/w.yml@C # v1.2.3\n",
        found: &["GithubWorkflow o/r/.github/workflows/w.yml@main"],
    },
    Row {
        path: WORKFLOW,
        head: "on: push\njobs:\n  a:\n",
        before: "    container: node:22\n    services: {db: {image: 'r.example/db:1@D'}, q: redis}\n",
        after: "    container: node:1.2.3@D\n    \
                services: {db: {image: 'r.example/db:1.2.3@D'}, q: redis:1.2.3@D}\n",
        found: &[
            "GithubContainer node:22",
            "GithubService r.example/db:1@D",
            "GithubService redis",
        ],
    },
    Row {
        path: WORKFLOW,
        head: STEPS,
        before: "    - uses: ./local\n    - uses: $/x\n    - uses: a/b@${{ x }}\n    - uses: a/b\n    \
                 - uses: a@v1\n    - run: |\n        uses: a/b@v1\n",
        after: "",
        found: &[
            "GithubStep ./local ! there is nothing to pin",
            "GithubStep $/x ! there is nothing to pin",
            "GithubStep a/b@${{ x }} ! there is nothing to pin",
            "GithubStep a/b ! there is nothing to pin",
            "GithubStep a@v1 ! there is nothing to pin",
        ],
    },
    // GitHub: actions.
    Row {
        path: ACTION,
        head: COMPOSITE,
        before: "  - uses: a/b@v1 # keep this\n  - {uses: docker://a:1}\n",
        after: "  - uses: a/b@C # v1.2.3 # keep this\n  - {uses: docker://a:1.2.3@D}\n",
        found: &["GithubStep a/b@v1", "GithubStepImage a:1"],
    },
    Row {
        path: ACTION,
        head: "runs:\n  using: docker\n",
        before: "  image: docker://ghcr.io/a/b:1\n",
        after: "  image: docker://ghcr.io/a/b:1.2.3@D\n",
        found: &["GithubActionImage ghcr.io/a/b:1"],
    },
    Row {
        path: ACTION,
        head: "runs:\n  using: docker\n",
        before: "  image: sub\\Dockerfile\n",
        after: "",
        found: &["GithubActionImage sub\\Dockerfile ! there is nothing to pin"],
    },
    // GitLab.
    Row {
        path: PIPELINE,
        head: "",
        before: "image: ruby:3.3\ndefault:\n  image: {name: a/b, entrypoint: ['']}\n\
                 services: [{name: docker:28-dind}, redis:7]\n.hidden:\n  image:\n    name: \"$X:1\"\nj:\n  services: !reference [.db, services]\n",
        after: "image: ruby:1.2.3@D\ndefault:\n  image: {name: a/b:1.2.3@D, entrypoint: ['']}\n\
                services: [{name: docker:1.2.3@D}, redis:1.2.3@D]\n.hidden:\n  image:\n    name: \"$X:1\"\nj:\n  services: !reference [.db, services]\n",
        found: &[
            "GitlabImage ruby:3.3",
            "GitlabImage a/b",
            "GitlabService docker:28-dind",
            "GitlabService redis:7",
            "GitlabImage $X:1 ! there is nothing to pin",
        ],
    },
    Row {
        path: "templates/scan.yml",
        head: "spec:\n  inputs:\n    image: {default: 'alpine:3'}\n---\n",
        before: "scan:\n  image: alpine:3\n",
        after: "scan:\n  image: alpine:1.2.3@D\n",
        found: &["GitlabImage alpine:3"],
    },
    Row {
        path: PIPELINE,
        head: "",
        before: "include:\n- - component: h.example/a/b/c@1\n- !reference [.a, include]\n",
        after: "include:\n- - component: h.example/a/b/c@C # v1.2.3\n- !reference [.a, include]\n",
        found: &["GitlabComponent h.example/a/b/c@1"],
    },
    Row {
        path: PIPELINE,
        head: "",
        before: "include:\n- component: $CI_SERVER_FQDN/g/p/c@1.2 # 1.2.0\n  inputs: {image: 'a:1'}\n\
                 - {component: gitlab.com/g/h/p/c@~latest}\n- component: $X/g/p/c@1\n",
        after: "include:\n- component: $CI_SERVER_FQDN/g/p/c@C # v1.2.3\n  inputs: {image: 'a:1'}\n\
                - {component: gitlab.com/g/h/p/c@C} # v1.2.3\n- component: $X/g/p/c@1\n",
        found: &[
            "GitlabComponent $CI_SERVER_FQDN/g/p/c@1.2",
            "GitlabComponent gitlab.com/g/h/p/c@~latest",
            "GitlabComponent $X/g/p/c@1 ! there is nothing to pin",
        ],
    },
    Row {
        path: PIPELINE,
        head: "",
        before: "include:\n- project: g/p\n  ref: main\n  file: x.yml\n- project: g/q\n  file: y.yml\n\
                 - project: $G/p\n  ref: 'v1'\n- {project: g/r, ref: v2, file: z.yml}\n\
                 - project: g/s\n  ref:\n  file: y.yml\n",
        after: "include:\n- project: g/p\n  ref: C # v1.2.3\n  file: x.yml\n- project: g/q\n  file: y.yml\n\
                - project: $G/p\n  ref: 'v1'\n- {project: g/r, ref: C, file: z.yml}\n\
                - project: g/s\n  ref: C # v1.2.3\n  file: y.yml\n",
        found: &[
            "GitlabProject g/p@main",
            "GitlabProject g/q ! the include has no `ref`: add the key",
            "GitlabProject $G/p@v1 ! there is nothing to pin",
            "GitlabProject g/r@v2",
            "GitlabProject g/s",
        ],
    },
    Row {
        path: PIPELINE,
        head: "",
        before: "include:\n  - remote: 'https://a.example/x.yml' # why\n  \
                 - remote: https://a.example/y.yml\n    integrity: 'sha256-old='\n",
        after: "include:\n  - remote: 'https://a.example/x.yml' # why\n    integrity: sha256-abc=\n  \
                - remote: https://a.example/y.yml\n    integrity: 'sha256-abc='\n",
        found: &[
            "GitlabRemote https://a.example/x.yml",
            "GitlabRemote https://a.example/y.yml",
        ],
    },
    Row {
        path: PIPELINE,
        head: "",
        before: "include:\n  - https://a.example/x.yml\n  - {remote: 'https://a.example/y.yml'}\n  \
                 - remote: https://$HOST/z.yml\n  - local: a.yml\n  - /b.yml\n  - template: T.yml\n",
        after: "",
        found: &[
            "GitlabRemote https://a.example/x.yml ! `integrity` has no room here: write `remote:` on \
             a line of its own",
            "GitlabRemote https://a.example/y.yml ! `integrity` has no room here: write `remote:` on \
             a line of its own",
            "GitlabRemote https://$HOST/z.yml ! there is nothing to pin",
            "GitlabLocal a.yml ! there is nothing to pin",
            "GitlabLocal /b.yml ! there is nothing to pin",
        ],
    },
    Row {
        path: PIPELINE,
        head: "",
        before: "include: 'https://a.example/x.yml'\n",
        after: "",
        found: &[
            "GitlabRemote https://a.example/x.yml ! `integrity` has no room here: write \
                  `remote:` on a line of its own",
        ],
    },
    // GitLab runner.
    Row {
        path: RUNNER,
        head: DOCKER,
        before: "image = \"alpine:3\"\nHelper_Image = 'a/b'\nallowed_images = [\"a/*:*\"]\n\
                 allowed_services = ['b:1']\n[[runners.docker.services]]\nname = 'c:1'\n",
        after: "image = \"alpine:1.2.3@D\"\nHelper_Image = 'a/b:1.2.3@D'\nallowed_images = [\"a/*:*\"]\n\
                allowed_services = ['b:1']\n[[runners.docker.services]]\nname = 'c:1.2.3@D'\n",
        found: &[
            "RunnerImage alpine:3",
            "RunnerHelper a/b",
            "RunnerAllowed a/*:* ! there is nothing to pin",
            "RunnerAllowed b:1 ! there is nothing to pin",
            "RunnerService c:1",
        ],
    },
    Row {
        path: "other.toml",
        head: "[[runners]]\n",
        before: "[runners.kubernetes]\nimage = \"a\\u003a1\"\n[runners.kubernetes.x]\nimage = 'b:1'\n",
        after: "",
        found: &[
            "RunnerImage a:1 ! it is written with escapes or over several lines: write it \
                  plainly on one line",
        ],
    },
    // Dockerfiles.
    Row {
        path: "Dockerfile",
        head: "",
        before: "# syntax=docker/dockerfile:1\nARG BASE=\"debian:12\"\nARG T=1\n\
                 FROM --platform=$P ${BASE} AS Build\nFROM golang:$T\nFROM \"x/a\"\nFROM $NO\nFROM build\n\
                 RUN --mount=type=bind,from=y:1,target=/y <<E\nFROM z:1\nE\nCOPY --from=w:1 a b\n\
                 COPY --from=build a b\nCOPY --from=0 a b\nFROM scratch\n",
        after: "# syntax=docker/dockerfile:1.2.3@D\nARG BASE=\"debian:1.2.3@D\"\nARG T=1\n\
                FROM --platform=$P ${BASE} AS Build\nFROM golang:$T\nFROM \"x/a:1.2.3@D\"\nFROM $NO\nFROM build\n\
                RUN --mount=type=bind,from=y:1.2.3@D,target=/y <<E\nFROM z:1\nE\nCOPY --from=w:1.2.3@D a b\n\
                COPY --from=build a b\nCOPY --from=0 a b\nFROM scratch\n",
        found: &[
            "DockerfileSyntax docker/dockerfile:1",
            "DockerfileFrom debian:12",
            "DockerfileFrom golang:$T ! it is put together from variables: write it as one text, or \
             as the whole default of one `ARG`",
            "DockerfileFrom x/a",
            "DockerfileFrom $NO ! there is nothing to pin",
            "DockerfileCopy y:1",
            "DockerfileCopy w:1",
        ],
    },
    Row {
        path: "Dockerfile",
        head: "",
        before: "ARG A=alpine:3 B=$A\nFROM $A\nFROM $A-x\nFROM ${B}\nFROM al\\\npine:3\n",
        after: "",
        found: &[
            "DockerfileFrom $A ! it is put together from variables: write it as one text, or as the \
             whole default of one `ARG`",
            "DockerfileFrom $A-x ! it is put together from variables: write it as one text, or as \
             the whole default of one `ARG`",
            "DockerfileFrom ${B} ! it is put together from variables: write it as one text, or as \
             the whole default of one `ARG`",
            "DockerfileFrom alpine:3 ! it is written with escapes or over several lines: write it \
             plainly on one line",
        ],
    },
    // Kubernetes.
    Row {
        path: "deploy/pod.yaml",
        head: POD,
        before: "  initContainers: [{image: a}]\n  containers:\n  - image: b:1\t# why\n  volumes:\n  \
                 - image: {reference: c:1}\n",
        after: "  initContainers: [{image: a:1.2.3@D}]\n  containers:\n  - image: b:1.2.3@D\t# why\n  \
                volumes:\n  - image: {reference: c:1.2.3@D}\n",
        found: &["Kubernetes a", "Kubernetes b:1", "Kubernetes c:1"],
    },
    // Helm.
    Row {
        path: "chart/values.yaml",
        head: "",
        before: "a:\n  image: x:1\nimage:\n  repository: a/b\n  tag: 1.10\n",
        after: "a:\n  image: x:1.2.3@D\nimage:\n  repository: a/b\n  tag: 1.2.3@D\n",
        found: &["Helm x:1", "Helm a/b:1.10"],
    },
    Row {
        path: "values.yaml",
        head: "",
        before: "a: {registry: r.example, image: b, tag: '1', digest: ''}\n\
                 bImage:\n  repository: c\n  digest:  # none\n  tag: 2\n\
                 c:\n  registry: r.example\n  repository: d\n  tag: \"1@D\"\n  digest: ''\n",
        after: "a: {registry: r.example, image: b, tag: '1.2.3', digest: 'D'}\n\
                bImage:\n  repository: c\n  digest: D  # none\n  tag: 1.2.3\n\
                c:\n  registry: r.example\n  repository: d\n  tag: \"1.2.3@D\"\n  digest: ''\n",
        found: &["Helm r.example/b:1", "Helm c:2", "Helm r.example/d:1@D"],
    },
    Row {
        path: "values.yaml",
        head: "",
        before: "x: &x {tag: '1', pullPolicy: Always}\na: {<<: *x, repository: a}\nb: {<<: *x, repository: b}\n\
                 cImage: {repository: c/d}\nd: {repository: 'https://charts.example', tag: 1}\n",
        after: "",
        found: &[
            "Helm a:1 ! its tag or digest is that of another image as well: write one for each",
            "Helm b:1 ! its tag or digest is that of another image as well: write one for each",
            "Helm c/d ! neither `tag` nor `digest` stands beside the repository: add the key `tag`",
        ],
    },
    Row {
        path: "values.yaml",
        head: "",
        before: "image: {repository: x, tag: \"\"}\nbImage: {repository: y, digest: ''}\n\
                 c: {repository: ghcr.io/z, tag: ~}\n",
        after: "",
        found: &[
            "Helm x ! the tag is empty, so that the chart's own version decides: write one to have it pinned",
            "Helm y ! the tag is empty, so that the chart's own version decides: write one to have it pinned",
            "Helm ghcr.io/z ! the tag is empty, so that the chart's own version decides: write one to have it pinned",
        ],
    },
    Row {
        path: "values.yaml",
        head: "",
        before: "git: {repository: t/norm, tag: v1, branch: x}\n\
                 backup: {repository: mybucket, tag: prod}\n\
                 source: {repository: ghcr.io/t/norm, tag: v1, path: charts}\n\
                 controller: {image: {repository: a, tag: v1}}\n\
                 proxy: {repository: localhost:5000/b, tag: v1}\n\
                 agent: {repository: c/d, tag: v1, pullPolicy: Always}\n\
                 images: {e: {repository: e, tag: v1}}\n\
                 images2:\n- repository: ./charts/x\n  tag: v1\n",
        after: "git: {repository: t/norm, tag: v1, branch: x}\n\
                backup: {repository: mybucket, tag: prod}\n\
                source: {repository: ghcr.io/t/norm, tag: v1, path: charts}\n\
                controller: {image: {repository: a, tag: 1.2.3@D}}\n\
                proxy: {repository: localhost:5000/b, tag: 1.2.3@D}\n\
                agent: {repository: c/d, tag: 1.2.3@D, pullPolicy: Always}\n\
                images: {e: {repository: e, tag: 1.2.3@D}}\n\
                images2:\n- repository: ./charts/x\n  tag: v1\n",
        found: &[
            "Helm a:v1",
            "Helm localhost:5000/b:v1",
            "Helm c/d:v1",
            "Helm e:v1",
        ],
    },
    // Our own.
    Row {
        path: "fleet.yaml",
        head: "version: 1\n",
        before: "action: fullsend-ai/sandbox@C # v1.4.0\nimage: ghcr.io/a/b:1\nagents: {x: {image: c:1}}\n",
        after: "action: fullsend-ai/sandbox@C # v1.2.3\nimage: ghcr.io/a/b:1.2.3@D\n\
                agents: {x: {image: c:1.2.3@D}}\n",
        found: &[
            "FullsendAction fullsend-ai/sandbox@C",
            "FullsendImage ghcr.io/a/b:1",
            "FullsendImage c:1",
        ],
    },
];

/// `C` is a commit and `D` a digest where they stand behind an `@`, a quote or a blank.
fn filled(text: &str) -> String {
    let pins = Pins::fixed();
    let mut filled = text.to_owned();
    for before in ["@", "'", " "] {
        for (letter, pin) in [("C", &pins.commit), ("D", &pins.digest.to_string())] {
            for after in ["\n", "\t", " ", "'", "\"", "}", "]", ","] {
                let short = format!("{before}{letter}{after}");
                filled = filled.replace(&short, &format!("{before}{pin}{after}"));
            }
            if let Some(start) = filled.strip_suffix(&format!("{before}{letter}")) {
                filled = format!("{start}{before}{pin}");
            }
        }
    }
    filled
}

#[test]
fn every_place_is_found_and_pinned() {
    for row in ROWS {
        let text = filled(&format!("{}{}", row.head, row.before));
        let wanted: Vec<String> = row.found.iter().map(|found| filled(found)).collect();
        let shown = |found: &Reference| {
            let reason = found.obstacle().map(|reason| format!(" ! {reason}"));
            format!(
                "{:?} {}{}",
                found.place,
                found.written,
                reason.unwrap_or_default()
            )
        };
        let shown: Vec<String> = found(row.path, &text).iter().map(shown).collect();
        assert_eq!(shown, wanted, "{text}");
        let after = match row.after {
            "" => text.clone(),
            after => filled(&format!("{}{after}", row.head)),
        };
        let edited = pinned(row.path, &text);
        assert!(edited == after, "{edited}\nis not\n{after}");
        assert_eq!(pinned(row.path, &edited), edited);
    }
}

#[test]
fn every_place_has_a_row() {
    let places: Vec<Place> = ROWS
        .iter()
        .flat_map(|row| found(row.path, &filled(&format!("{}{}", row.head, row.before))))
        .map(|found| found.place)
        .collect();
    for place in PLACES {
        assert!(places.contains(&place), "{place:?}");
    }
}

#[test]
fn what_is_broken_is_told_only_of_our_files() {
    let broken = |path: &str, text: &str| references(Path::new(path), text.as_bytes()).is_err();
    assert!(broken("config.toml", "[[runners]]\nimage = \n"));
    assert!(broken("runners/a.toml", "[[runners]]\nimage = \n"));
    for path in ["Cargo.toml", "config.toml", ".cargo/config.toml"] {
        assert!(
            !broken(path, "[package]\nkeywords = ['runners', 'image'\n"),
            "{path}"
        );
    }
}

#[test]
fn targets_are_told_apart() {
    let target = |uses: &str| {
        found(WORKFLOW, &format!("{STEPS}    - uses: {uses}\n"))[0]
            .target
            .clone()
    };
    assert_eq!(
        target("a/b/c/d@releases/v1"),
        Target::Action {
            repository: "a/b".to_owned(),
            path: Some("c/d".to_owned()),
            reference: "releases/v1".to_owned(),
        }
    );
    for bad in [
        "a/b/../c@v1",
        "a//b@v1",
        "/a/b@v1",
        "https://h.example/a/b@v1",
        "a/b@v1@v2",
        "a/b@v 1",
    ] {
        assert!(
            matches!(target(bad), Target::Malformed(Malformed::Action)),
            "{bad}"
        );
    }
    let include = |text: &str| {
        found(PIPELINE, &format!("include:\n- component: {text}\n"))[0]
            .target
            .clone()
    };
    assert_eq!(
        include("$CI_SERVER_HOST/a/b/c@1"),
        Target::Component {
            host: "$CI_SERVER_HOST".to_owned(),
            project: "a/b".to_owned(),
            component: "c".to_owned(),
            reference: "1".to_owned(),
        }
    );
    assert_eq!(include("h/a/b"), Target::Malformed(Malformed::NoReference));
    assert_eq!(include("h/a@1"), Target::Malformed(Malformed::Component));
    assert_eq!(include("h/a/$CI/c@1"), Target::Variable);
}

#[test]
fn what_only_the_case_spoils_is_told_so() {
    let text = format!("{STEPS}    - uses: Docker://alpine:3\n");
    let target = &found(WORKFLOW, &text)[0].target;
    assert_eq!(target, &Target::Malformed(Malformed::DockerCase));
}
