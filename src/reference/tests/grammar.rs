//! Files as people write them: every kind, every form of a reference, every way to write a value.

use proptest::{collection::vec, option, prelude::*, sample::select};

/// A file's path and its text.
pub(super) type File = (&'static str, String);

/// A file of any kind that its platform would read.
pub(super) fn file() -> BoxedStrategy<File> {
    let kinds = prop_oneof![
        named(".github/workflows/a.yml", workflow()),
        named("action.yml", action()),
        named(".gitlab-ci.yml", pipeline()),
        named("templates/part.yml", part()),
        named("Dockerfile", dockerfile()),
        named("chart/values.yaml", values()),
        named("deploy/pod.yaml", manifests()),
        named("etc/config.toml", runner()),
        named("fleet.yaml", fleet()),
    ];
    (kinds, any::<bool>(), any::<bool>(), any::<bool>())
        .prop_map(|((path, mut text), crlf, mark, end)| {
            if !end {
                text.truncate(text.trim_end_matches('\n').len());
            }
            if crlf {
                text = text.replace('\n', "\r\n");
            }
            (
                path,
                if mark {
                    format!("\u{feff}{text}")
                } else {
                    text
                },
            )
        })
        .boxed()
}

/// Pieces of every language in any order.
pub(super) fn soup() -> BoxedStrategy<File> {
    let paths = select(&[
        ".github/workflows/a.yml",
        "action.yml",
        ".gitlab-ci.yml",
        "config.toml",
        "Dockerfile",
        "values.yaml",
        "fleet.yaml",
    ]);
    let pieces = "(on: x\njobs:\n|  a:\n|    steps:\n|uses: |- |\\{|\\}|\\[|\\]|, |a/b@|v1|a:1|@sha256:|\
                  (aa){32}|c{40}| # |#|v1.2|tag=|pin |pin@|image: |container: |include:\n|component: |\
                  h/p/c@|project: |ref: |remote: |https://x|integrity: |repository: |tag: |digest: |\
                  registry: |FROM |ARG A=|\\$A|COPY --from=|AS b|\\[\\[runners\\]\\]\n|\\[runners.docker\\]\n|\
                  image = \"|services = \\[|action: |\n|\r\n|  |    |\t|'|\"|&a |\\*a|<<: |!t |>-\n|\\||\\\\|é|~|,){0,40}";
    (paths, pieces).boxed()
}

fn named(path: &'static str, text: BoxedStrategy<String>) -> BoxedStrategy<File> {
    text.prop_map(move |text| (path, text)).boxed()
}

fn image() -> BoxedStrategy<String> {
    let name =
        "([a-z]{1,4}\\.io(:5000)?/|localhost/)?[a-z][a-z0-9]{0,4}(/[a-z]{1,3}([._-][a-z]{1,2})?)?";
    let pin = prop_oneof![
        4 => "(:[a-zA-Z0-9_][a-zA-Z0-9._-]{0,6})?",
        2 => "(:[0-9]\\.[0-9]{1,2})?@sha256:[0-9a-f]{64}",
    ];
    let odd = select(
        &[
            "${{ matrix.image }}",
            "$CI/x:1",
            "${V:-x}",
            "A/B:1",
            "a:1@sha256:00",
            "x y:1",
        ][..],
    );
    prop_oneof![
        9 => (name, pin).prop_map(|(name, pin)| format!("{name}{pin}")),
        1 => odd.prop_map(str::to_owned),
    ]
    .boxed()
}

fn revision() -> BoxedStrategy<String> {
    prop_oneof![
        "v[0-9]{1,2}(\\.[0-9]{1,2}){0,2}",
        "[0-9a-f]{40}",
        "[a-z][a-z0-9./-]{0,6}",
    ]
    .boxed()
}

fn uses() -> BoxedStrategy<String> {
    let odd = select(&["./a", "$/b", "a/b", "a@v1", "a/b@${{ x }}", "a/b@v1 x"][..]);
    prop_oneof![
        7 => ("[a-z]{1,4}/[A-Za-z.-]{1,5}(/[a-z_.]{1,4}){0,2}", revision())
            .prop_map(|(name, revision)| format!("{name}@{revision}")),
        2 => image().prop_map(|image| format!("docker://{image}")),
        1 => odd.prop_map(str::to_owned),
    ]
    .boxed()
}

fn component() -> BoxedStrategy<String> {
    let host = select(
        &[
            "gitlab.com",
            "$CI_SERVER_FQDN",
            "$CI_SERVER_HOST",
            "$X",
            "h.example:8443",
        ][..],
    );
    (
        host,
        "(/[a-z]{1,4}){1,3}",
        prop_oneof![
            revision(),
            select(&["~latest", "1", "1.2"][..]).prop_map(str::to_owned)
        ],
    )
        .prop_map(|(host, path, revision)| format!("{host}{path}@{revision}"))
        .boxed()
}

/// A value as YAML writes it on one line, where a flow collection may be around it.
fn styled(value: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let style = select(&["", "", "", "'", "\"", "&n ", "!!str ", "&n '", "\\"][..]);
    (value, style)
        .prop_map(|(value, style)| match style {
            "\\" => format!("\"{}\"", value.replacen('/', "\\/", 1)),
            // An anchor must not end in the value.
            _ if style.ends_with(['\'', '"']) => {
                format!("{style}{value}{}", &style[style.len() - 1..])
            }
            _ if value.contains(['{', ' ']) => format!("'{value}'"),
            _ => format!("{style}{value}"),
        })
        .boxed()
}

/// What stands behind a value on its line.
fn tail() -> BoxedStrategy<String> {
    let known = select(
        &[
            "",
            "  ",
            "\t",
            " #",
            " # v4",
            "   # v4.1 why",
            " #v4\t",
            " # tag=v4 # x",
            " # pin@v4",
            " # pin v4 keep",
            " # 3 retries",
            " # 3",
            " # zizmor: ignore[x]",
            " # renovate: tag=v1",
            " # ratchet:a/b@v1",
            " # é v4",
            " # v4, x",
            " # a:1@sha256:bb",
            " # v1 # v2 # v3",
        ][..],
    );
    prop_oneof![
        3 => Just(String::new()),
        4 => known.prop_map(str::to_owned),
        2 => " {1,2}#[ a-c0-3é.,v=@#:\\[-]{0,9}",
    ]
    .boxed()
}

/// Each of `parts` with its number in the place of `%`, so that no key stands twice.
fn joined(head: &'static str, parts: BoxedStrategy<String>) -> BoxedStrategy<String> {
    vec(parts, 0..4)
        .prop_map(move |parts| {
            let mut text = head.to_owned();
            for (number, part) in parts.iter().enumerate() {
                text.push_str(&part.replace('%', &number.to_string()));
            }
            text
        })
        .boxed()
}

fn step() -> BoxedStrategy<String> {
    let form = select(
        &[
            "- uses: @@\n",
            "-   uses:   @@\n    with: {uses: 'a/b@v1', image: \"x:1\"}\n",
            "- name: é\n  uses: @@\n  env: {}\n",
            "- {uses: @@}\n",
            "- { uses: @@ , name: x}\n",
            "- [{uses: @@}]\n",
            "- {\n  uses: @@,\n  name: y\n  }\n",
            "- ? uses\n  : @@\n",
            "- \"uses\":\n    @@\n",
            "- run: |\n    uses: a/b@v1 # v1\n    docker run a:1@sha256:bb\n",
            "- uses: >-\n    a/b@v1\n",
            "# uses: a/b@v1 # v1\n- uses: &s% a/b@v2\n- uses: *s%\n",
        ][..],
    );
    filled(form, styled(uses()))
}

/// `form` with a value for the mark, and what may stand behind it on its line.
fn filled(
    form: impl Strategy<Value = &'static str> + 'static,
    value: BoxedStrategy<String>,
) -> BoxedStrategy<String> {
    (form, value, tail())
        .prop_map(|(form, value, tail)| {
            // A node has one anchor.
            let value = match value.strip_prefix("&n ") {
                Some(rest) if form.contains("&i% @@") => rest.to_owned(),
                _ => value,
            };
            let text = form.replace("@@", &value);
            let ends = form.trim_end_matches(['}', ']', '\n', ',']).ends_with("@@");
            match text.split_once('\n') {
                _ if !ends && !form.contains("@@\n") => text,
                Some((first, rest))
                    if form.lines().next().is_some_and(|line| line.contains("@@")) =>
                {
                    format!("{first}{tail}\n{rest}")
                }
                _ if form.ends_with("@@\n") => format!("{}{tail}\n", text.trim_end_matches('\n')),
                _ => text,
            }
        })
        .boxed()
}

fn indented(text: &str, by: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.flat_map(|line| [by, line]).collect()
}

fn workflow() -> BoxedStrategy<String> {
    let job = prop_oneof![
        filled(Just("  j%:\n    uses: @@\n"), styled(uses())),
        (
            option::of(filled(
                select(
                    &[
                        "container: @@\n",
                        "container:\n  image: @@\n",
                        "container: {env: {image: 'x:1'}, image: @@}\n",
                    ][..]
                ),
                styled(image()),
            )),
            option::of(filled(
                select(
                    &[
                        "services: {a: @@}\n",
                        "services:\n  a: {image: @@}\n  b: redis\n"
                    ][..]
                ),
                styled(image()),
            )),
            vec(step(), 0..4),
        )
            .prop_map(|(container, services, steps)| {
                let mut text = "  j%:\n".to_owned();
                for part in [container, services].iter().flatten() {
                    text.push_str(&indented(part, "    "));
                }
                text.push_str("    steps:\n");
                for (number, step) in steps.iter().enumerate() {
                    text.push_str(&indented(
                        &step.replace('%', &format!("%x{number}")),
                        "      ",
                    ));
                }
                text
            }),
    ];
    joined("# é\nname: x\non: push\njobs:\n", job.boxed())
}

fn action() -> BoxedStrategy<String> {
    prop_oneof![
        joined(
            "runs:\n  using: composite\n  steps:\n",
            step().prop_map(|step| indented(&step, "  ")).boxed()
        ),
        filled(
            Just("runs:\n  using: docker\n  image: @@\n"),
            styled(
                prop_oneof![
                    image(),
                    image().prop_map(|image| format!("docker://{image}"))
                ]
                .boxed()
            ),
        ),
    ]
    .boxed()
}

fn include() -> BoxedStrategy<String> {
    let hash = || option::of("sha256-[A-Za-z0-9+/]{4}=");
    prop_oneof![
        filled(
            select(
                &[
                    "- component: @@\n",
                    "- {component: @@}\n",
                    "- component: @@\n  inputs: {image: 'a:1'}\n"
                ][..]
            ),
            styled(component()),
        ),
        filled(
            select(
                &[
                    "- project: g/p\n  ref: @@\n  file: x.yml\n",
                    "- {project: g/p, ref: @@}\n",
                    "- ref: @@\n  project: $X\n",
                    "- project: 'g/h/p'\n",
                    "- project: g/p\n  ref:\n",
                    "- project: g/p\n  ref: # x\n",
                ][..]
            ),
            styled(revision()),
        ),
        (
            hash(),
            tail(),
            select(&["", "'", "\""][..]),
            select(&["https://a.example/b.yml", "https://$X/b"][..])
        )
            .prop_map(|(hash, tail, quote, url)| {
                let hash = hash.map(|hash| format!("  integrity: {quote}{hash}{quote}\n"));
                format!(
                    "- remote: {quote}{url}{quote}{tail}\n{}",
                    hash.unwrap_or_default()
                )
            }),
        select(
            &[
                "- {remote: 'https://a.example'}\n",
                "- https://a.example/x\n",
                "- local: a.yml\n",
                "- integrity: sha256-a\n  remote: https://a.example/x\n",
                "- remote: https://a.example/x\n  integrity:\n",
            ][..]
        )
        .prop_map(str::to_owned),
    ]
    .boxed()
}

fn gitlab_job() -> BoxedStrategy<String> {
    filled(
        select(
            &[
                "j%:\n  image: @@\n  script: [x]\n",
                ".j%:\n  image: {name: @@, entrypoint: ['']}\n",
                "j%:\n  services: [@@]\n  script: [docker run a:1]\n",
                "j%: &j%\n  services:\n    - name: @@\n  script: x\nk%: *j%\n",
                "j%:\n  image: &i% @@\nl%: {image: *i%}\n",
            ][..],
        ),
        styled(image()),
    )
}

fn pipeline() -> BoxedStrategy<String> {
    (
        joined("include:\n", include()),
        joined("default: {image: 'a:1'}\n", gitlab_job()),
    )
        .prop_map(|(includes, jobs)| format!("{includes}{jobs}"))
        .boxed()
}

fn part() -> BoxedStrategy<String> {
    joined(
        "spec:\n  inputs:\n    image: {default: 'a:1'}\n---\nx: {script: y}\n",
        gitlab_job(),
    )
}

fn dockerfile() -> BoxedStrategy<String> {
    let quote = select(&["", "", "\"", "'"][..]);
    let form = select(
        &[
            "FROM @@\n",
            "FROM --platform=$P @@ AS b%\n",
            "from @@ as B%\nFROM b%\n",
            "COPY --from=@@ a b\n",
            "RUN --mount=type=bind,from=@@,target=/x y\n",
            "RUN <<E\nFROM a:1\nE\n",
            "FROM \\\n  # why\n  @@ \\\n  AS c%\n",
            "FROM $A%\n",
            "FROM x:$A%\n",
        ][..],
    );
    let later = (form, image(), quote.clone())
        .prop_map(|(form, image, quote)| form.replace("@@", &format!("{quote}{image}{quote}")));
    let argument =
        (image(), quote).prop_map(|(image, quote)| format!("ARG A%={quote}{image}{quote}\n"));
    let later = joined("FROM a:1 AS base\n", later.boxed());
    (any::<bool>(), image(), joined("", argument.boxed()), later)
        .prop_map(|(syntax, image, arguments, later)| {
            let syntax = if syntax {
                format!("# syntax={image}\n")
            } else {
                String::new()
            };
            format!("{syntax}{arguments}{later}")
        })
        .boxed()
}

fn values() -> BoxedStrategy<String> {
    let part = |text: &'static str| styled(text.boxed());
    let tag = option::of(prop_oneof![
        part("[a-zA-Z0-9][a-z0-9.-]{0,5}"),
        Just(String::new()),
        Just("~ # x".to_owned()),
        Just("''".to_owned())
    ]);
    let digest = option::of(prop_oneof![
        part("sha256:[0-9a-f]{64}"),
        Just(String::new()),
        Just("\"\"".to_owned()),
        Just("null".to_owned())
    ]);
    let triple = (
        option::of(part("[a-z]{1,3}\\.io")),
        part("[a-z]{1,4}(/[a-z]{1,3})?"),
        tag,
        digest,
    )
        .prop_map(|(registry, repository, tag, digest)| {
            let mut text = "a%:\n  image:\n".to_owned();
            let keys = [
                ("registry", registry),
                ("repository", Some(repository)),
                ("tag", tag),
                ("digest", digest),
            ];
            for (key, value) in keys {
                if let Some(value) = value {
                    text.extend(["    ", key, ": ", &value, "\n"]);
                }
            }
            text
        });
    let whole = filled(
        select(
            &[
                "b%:\n  image: @@\n",
                "c%: [{image: @@}]\n",
                "d%: {repository: 'https://x', tag: 1, image: @@}\n",
            ][..],
        ),
        styled(image()),
    );
    joined("# values\n", prop_oneof![triple, whole].boxed())
}

fn manifests() -> BoxedStrategy<String> {
    let pod = filled(
        select(
            &[
                "---\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: @@\n",
                "---\nkind: X\napiVersion: v1\nspec: {template: {spec: {initContainers: [{image: @@}]}}}\n",
                "---\napiVersion: v1\nkind: Pod\nspec:\n  volumes:\n  - image:\n      reference: @@\n",
                "---\napiVersion: v1\nkind: ConfigMap\ndata:\n  x: |\n    image: a:1\n",
            ][..],
        ),
        styled(image()),
    );
    joined("# é\n", pod)
}

fn runner() -> BoxedStrategy<String> {
    let form = select(
        &[
            "[[runners]]\n[runners.docker]\nimage = @@ # v1\n",
            "[[runners]]\n  [runners.kubernetes]\n\thelper_image=@@\n",
            "[[runners]]\ndocker = {image = @@, allowed_images = ['x/*', \"a:1\"]}\n",
            "[[runners]]\n[[runners.docker.services]]\nname = @@\n",
        ][..],
    );
    let quote = select(&["\"", "'", "\"\"\"", "'''"][..]);
    let part = (form, image(), quote)
        .prop_map(|(form, image, quote)| form.replace("@@", &format!("{quote}{image}{quote}")));
    joined("concurrent = 1\n", part.boxed())
}

fn fleet() -> BoxedStrategy<String> {
    (
        filled(Just("action: @@\n"), styled(uses())),
        filled(Just("image: @@\n"), styled(image())),
        joined(
            "agents:\n",
            filled(
                select(&["  a%: {image: @@}\n", "  b%:\n    image: @@\n"][..]),
                styled(image()),
            ),
        ),
    )
        .prop_map(|(action, image, agents)| format!("version: 1\n{action}{image}{agents}"))
        .boxed()
}
