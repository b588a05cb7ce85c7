//! What a rule is, and what its page says of it.

use super::{Report, Subject, github, gitlab, kind::Kind, kubernetes, openshell, renovate, runner};
use crate::report::finding;

/// A rule, with everything that its page in `docs/rules/` says.
#[derive(Debug)]
pub struct Rule {
    /// Its name, severity, summary and mend.
    pub about: finding::Rule,
    /// What can happen to whoever does not follow it: paragraphs of Markdown.
    pub why: &'static str,
    /// Files in which it finds something; a test tries each.
    pub bad: &'static [Example],
    /// The same files mended: it finds nothing there, nor does any other rule.
    pub good: &'static [Example],
    /// How it looks.
    pub(super) check: Check,
}

/// A file as people write it.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Where it lies, which decides its kind.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// How a rule looks at the kind of file that it is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    /// Found while the file is read, whatever its kind.
    Reading,
    /// At fullsend.yaml.
    Config(fn(Subject<'_>, &mut Report<'_>)),
    /// At fleet.yaml.
    Fleet(fn(Subject<'_>, &mut Report<'_>)),
    /// At a GitHub workflow.
    Workflow(fn(&github::Workflow<'_>, &mut Report<'_>)),
    /// At an action's metadata.
    Action(fn(&github::Action<'_>, &mut Report<'_>)),
    /// At GitHub's lock of actions.
    Lock(fn(&github::Lock<'_>, &mut Report<'_>)),
    /// At GitLab CI.
    Gitlab(fn(&gitlab::Pipeline<'_>, &mut Report<'_>)),
    /// At the runner's config.toml, by itself or inside Helm values.
    Runner(fn(&runner::RunnerConfig<'_>, &mut Report<'_>)),
    /// At Kubernetes manifests.
    Kubernetes(fn(&kubernetes::Manifests<'_>, &mut Report<'_>)),
    /// At Renovate's configuration.
    Renovate(fn(&renovate::Renovate<'_>, &mut Report<'_>)),
    /// At a policy of `OpenShell`.
    Openshell(fn(&openshell::Policy<'_>, &mut Report<'_>)),
}

impl Rule {
    /// The kind of file that it is about; nothing for every kind.
    pub fn kind(&self) -> Option<Kind> {
        match self.check {
            Check::Reading => None,
            Check::Config(_) => Some(Kind::Config),
            Check::Fleet(_) => Some(Kind::Fleet),
            Check::Workflow(_) => Some(Kind::GithubWorkflow),
            Check::Action(_) => Some(Kind::GithubAction),
            Check::Lock(_) => Some(Kind::ActionsLock),
            Check::Gitlab(_) => Some(Kind::GitlabCi),
            Check::Runner(_) => Some(Kind::RunnerConfig),
            Check::Kubernetes(_) => Some(Kind::Kubernetes),
            Check::Renovate(_) => Some(Kind::Renovate),
            Check::Openshell(_) => Some(Kind::OpenshellPolicy),
        }
    }
}
