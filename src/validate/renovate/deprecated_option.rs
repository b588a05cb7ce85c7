//! Options of older versions.

use super::{options::OPTIONS, view::Renovate};
use crate::{
    document::edit::Edit,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-deprecated-option",
        summary: "An option that has another name now",
        help: "Write the option of today.",
        severity: Severity::Warning,
        page: "docs/rules/renovate-deprecated-option.md",
    },
    why: "Renovate still rewrites it for itself while it runs; validators and schemas do not \
          know it, and one day Renovate will not either.",
    bad: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "regexManagers": []}
"#,
    }],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "customManagers": []}
"#,
    }],
    check: Check::Renovate(check),
};

/// Options whose meaning changed with their name, with what to write.
const CHANGED: &[(&str, &str)] = &[
    ("automergeMajor", "`automerge` inside of `major`"),
    ("automergeMinor", "`automerge` inside of `minor`"),
    ("automergePatch", "`automerge` inside of `patch`"),
    ("azureAutoComplete", "`platformAutomerge`"),
    ("baseBranch", "`baseBranchPatterns`, a list"),
    ("baseBranchList", "`matchBaseBranches`"),
    ("compatibility", "`constraints`"),
    ("datasources", "`matchDatasources`"),
    ("depTypeList", "`matchDepTypes`"),
    ("depTypes", "`packageRules` with `matchDepTypes`"),
    (
        "excludeDepNames",
        "`matchDepNames` with `!` before each name",
    ),
    ("excludeDepPatterns", "`matchDepNames` with `!/pattern/`"),
    ("excludeDepPrefixes", "`matchDepNames` with `!prefix**`"),
    (
        "excludePackageNames",
        "`matchPackageNames` with `!` before each name",
    ),
    (
        "excludePackagePatterns",
        "`matchPackageNames` with `!/pattern/`",
    ),
    (
        "excludePackagePrefixes",
        "`matchPackageNames` with `!prefix**`",
    ),
    (
        "excludeRepositories",
        "`matchRepositories` with `!` before each name",
    ),
    ("fetchReleaseNotes", "`fetchChangeLogs`"),
    ("fileMatch", "`managerFilePatterns` with `/pattern/`"),
    ("gitLabAutomerge", "`platformAutomerge`"),
    ("gomodTidy", "`postUpdateOptions` with `gomodTidy`"),
    ("ignoreNodeModules", "`ignorePaths`"),
    ("ignoreNpmrcFile", "`npmrc`"),
    ("includeForks", "`forkProcessing`"),
    ("languages", "`matchCategories`"),
    ("managers", "`matchManagers`"),
    ("matchDepPatterns", "`matchDepNames` with `/pattern/`"),
    ("matchDepPrefixes", "`matchDepNames` with `prefix**`"),
    ("matchFiles", "`matchFileNames`"),
    ("matchLanguages", "`matchCategories`"),
    (
        "matchPackagePatterns",
        "`matchPackageNames` with `/pattern/`",
    ),
    (
        "matchPackagePrefixes",
        "`matchPackageNames` with `prefix**`",
    ),
    ("matchPaths", "`matchFileNames`"),
    (
        "matchSourceUrlPrefixes",
        "`matchSourceUrls` with `prefix**`",
    ),
    ("packageFiles", "`includePaths`"),
    ("packageName", "`matchPackageNames`, a list"),
    ("packageNames", "`matchPackageNames`"),
    ("packagePattern", "`matchPackageNames` with `/pattern/`"),
    ("packagePatterns", "`matchPackageNames` with `/pattern/`"),
    ("packages", "`packageRules`"),
    ("pathRules", "`packageRules`"),
    ("paths", "`matchFileNames`"),
    ("pinVersions", "`rangeStrategy`"),
    ("rebaseConflictedPrs", "`rebaseWhen`"),
    ("rebaseStalePrs", "`rebaseWhen`"),
    ("recreateClosed", "`recreateWhen`"),
    ("renovateFork", "`forkProcessing`"),
    ("requiredStatusChecks", "`ignoreTests`"),
    ("semanticPrefix", "`semanticCommitType`"),
    ("separateMajorReleases", "`separateMajorMinor`"),
    ("sourceUrlPrefixes", "`matchSourceUrls` with `prefix**`"),
    ("stabilityDays", "`minimumReleaseAge`, such as `3 days`"),
    ("unpublishSafe", "`minimumReleaseAge`"),
    ("updateLockFiles", "`skipArtifactsUpdate`"),
    ("updateTypes", "`matchUpdateTypes`"),
    ("upgradeInRange", "`rangeStrategy` with `bump`"),
    ("versionStrategy", "`rangeStrategy`"),
];

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    for (_, entry) in renovate.entries() {
        let at = entry.key.at();
        if let Some(new) = OPTIONS.renamed.get(entry.name) {
            let message = format!("`{}` is called `{new}` now", entry.name);
            let problem = report.at(&RULE, at.clone(), message);
            // What else a custom manager needs today is more than a name.
            if entry.name != "regexManagers" {
                let text = (*new).to_owned();
                problem.fix([Edit { at, text }]);
            }
        } else if let Some(instead) = changed(entry.name) {
            let message = format!("`{}` is an option of older versions", entry.name);
            report
                .at(&RULE, at, message)
                .help(format!("Write {instead}."));
        } else if OPTIONS.gone.contains(&entry.name) {
            let message = format!("`{}` has no effect any more", entry.name);
            report.at(&RULE, at, message).help("Take it away.");
        }
    }
}

fn changed(name: &str) -> Option<&'static str> {
    let found = CHANGED.iter().find(|(old, _)| *old == name);
    found.map(|(_, instead)| *instead)
}

/// Whether older versions had the option `name`.
pub(super) fn knows(name: &str) -> bool {
    OPTIONS.renamed.contains_key(name) || changed(name).is_some() || OPTIONS.gone.contains(&name)
}
