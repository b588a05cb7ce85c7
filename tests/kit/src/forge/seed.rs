//! Repositories as an organisation has them: most are plain, some are special in each of the ways
//! that a rollout has to know.

use super::{
    repository::{Repository, Visibility},
    store::Store,
    tree::Edit,
};

const CI: &str = "name: ci\non: [push, pull_request]\npermissions: {}\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n";
const DEPENDABOT: &str = "version: 2\nupdates:\n  - package-ecosystem: github-actions\n    directory: /\n    schedule:\n      interval: weekly\n";
const RENOVATE: &str = "{\n  \"$schema\": \"https://docs.renovatebot.com/renovate-schema.json\",\n  \"extends\": [\"config:recommended\"]\n}\n";
const RENOVATE_JSON5: &str = "// Ours.\n{\n  extends: [\n    'config:recommended', // the usual\n  ],\n  labels: ['dependencies'],\n}\n";
const PACKAGE: &str = "{\n  \"name\": \"web\",\n  \"version\": \"1.0.0\",\n  \"private\": true,\n  \"renovate\": {\n    \"extends\": [\"config:recommended\"]\n  }\n}\n";

/// What a repository's files are about.
const FLAVOURS: [&str; 6] = ["service", "website", "library", "tool", "infra", "docs"];

impl Store {
    /// Adds so many repositories, always the same ones for a number, and returns theirs.
    pub fn populate(&mut self, count: usize) -> Vec<u64> {
        (0..count)
            .map(|number| {
                let (repository, files) = repository(number);
                self.seed(repository, &files)
            })
            .collect()
    }
}

fn repository(number: usize) -> (Repository, Vec<Edit>) {
    let flavour = FLAVOURS[number % FLAVOURS.len()];
    let name = format!("{flavour}-{number:04}");
    let mut files = vec![
        Edit::file("README.md", format!("# {name}\n")),
        Edit::executable("run.sh", "#!/bin/sh\nexec make\n"),
    ];
    files.extend(files_of(flavour, number));
    let mut repository = Repository::new(&name);
    repository.topics = vec![flavour.to_owned()];
    special(&mut repository, number);
    // One in fifty has nothing yet.
    if number % 50 == 17 {
        files.clear();
    }
    (repository, files)
}

fn files_of(flavour: &str, number: usize) -> Vec<Edit> {
    let ci = Edit::file(".github/workflows/ci.yml", CI);
    match flavour {
        "service" => vec![
            ci,
            Edit::file("renovate.json", RENOVATE),
            Edit::file("go.mod", "module acme\n\ngo 1.26\n"),
        ],
        "website" => vec![
            ci,
            Edit::file("package.json", PACKAGE),
            Edit::link("docs/README.md", "../README.md"),
        ],
        "library" => vec![ci, Edit::file(".github/renovate.json5", RENOVATE_JSON5)],
        "tool" => vec![ci, Edit::file(".github/dependabot.yml", DEPENDABOT)],
        "infra" => vec![Edit::file("main.tf", format!("# {number}\n"))],
        _ => Vec::new(),
    }
}

/// What few repositories are.
fn special(repository: &mut Repository, number: usize) {
    repository.visibility = match number % 10 {
        0 => Visibility::Public,
        1 | 2 => Visibility::Internal,
        _ => Visibility::Private,
    };
    repository.archived = number % 40 == 13;
    repository.fork = number % 40 == 23;
    repository.mirror = number % 100 == 33;
    repository.rules.auto_merge = number.is_multiple_of(3);
    repository.rules.deletes_branch = number.is_multiple_of(2);
    if number % 10 == 4 {
        repository.rules.protected = true;
        repository.rules.checks = true;
        repository.rules.auto_merge = true;
    }
    repository.rules.queue = number % 50 == 29;
    repository.rules.signed = number % 20 == 9;
    if number % 25 == 7 {
        "master".clone_into(&mut repository.default_branch);
    }
}
