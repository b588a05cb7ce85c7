//! Reads `keyless`: an issuer, exactly one form of identity, and what belongs to that form.

use super::{
    checker::{Checker, text},
    diagnostic::Diagnostic,
    forge::{
        parse_github_repository, parse_gitlab_config, parse_gitlab_project, parse_host,
        parse_issuer, parse_workflow,
    },
    identity::{Identity, KeylessRequirement, SourceClaims},
    pattern::Glob,
    raw,
    value::{ValueError, excerpt},
    yaml::{Field, Located},
};

pub(super) fn check_keyless(
    written: &Located<raw::Keyless>,
    checker: &mut Checker,
) -> Option<KeylessRequirement> {
    let raw = &written.value;
    if raw.issuer.get().is_none() {
        let mend = "say who vouches: `issuer: https://token.actions.githubusercontent.com`";
        checker.missing(&written.at, "issuer", mend);
    }
    let issuer = checker.field(&raw.issuer, parse_issuer);
    let named_host = checker.field(&raw.host, parse_host);
    let source = SourceClaims {
        repository: checker.field(&raw.source_repository, parse_github_repository),
        r#ref: checker.parse(&raw.source_ref),
        trigger: checker.field(&raw.trigger, text),
    };
    let form = form(written, checker)?;
    refuse_strangers(raw, form, checker);
    let identity = identity(written, form, checker);
    let trusted_root = checker.parse(&raw.trusted_root);
    // A host that was refused is none that was left out.
    if raw.host.get().is_some() && named_host.is_none() {
        return None;
    }
    match KeylessRequirement::new(issuer?, named_host, identity?, source) {
        Ok(mut requirement) => {
            requirement.trusted_root = trusted_root;
            Some(requirement)
        }
        Err(error) => {
            let at = raw.issuer.get().map_or(&written.at, |issuer| &issuer.at);
            checker.report(Diagnostic::of_value(at, &error));
            None
        }
    }
}

/// The four ways to name a signer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Exact,
    Regexp,
    GitHub,
    GitLab,
}

impl Form {
    fn key(self) -> &'static str {
        match self {
            Self::Exact => "identity",
            Self::Regexp => "identity_regexp",
            Self::GitHub => "repository",
            Self::GitLab => "gitlab_project",
        }
    }
}

fn form(written: &Located<raw::Keyless>, checker: &mut Checker) -> Option<Form> {
    let raw = &written.value;
    let forms: Vec<_> = [
        (Form::Exact, &raw.identity),
        (Form::Regexp, &raw.identity_regexp),
        (Form::GitHub, &raw.repository),
        (Form::GitLab, &raw.gitlab_project),
    ]
    .into_iter()
    .filter_map(|(form, field)| Some((form, &field.get()?.at)))
    .collect();
    match forms[..] {
        [(form, _)] => Some(form),
        [] => {
            checker.report(
                Diagnostic::about(&written.at, "the signer is not named: anyone could sign")
                    .help("add `repository`, `workflow` and `ref`, or `gitlab_project`, `identity` or `identity_regexp`"),
            );
            None
        }
        [(first, first_at), (second, second_at), ..] => {
            let message = format!(
                "the signer is named twice, by `{}` and `{}`",
                first.key(),
                second.key()
            );
            checker.report(
                Diagnostic::about(second_at, message)
                    .related(first_at.clone(), "first here")
                    .help("keep one of the two"),
            );
            None
        }
    }
}

/// A key that its form does not know would be silently without effect.
fn refuse_strangers(raw: &raw::Keyless, form: Form, checker: &mut Checker) {
    let structured: &[Form] = &[Form::GitHub, Form::GitLab];
    for (key, field, forms) in [
        ("host", &raw.host, structured),
        ("workflow", &raw.workflow, &[Form::GitHub]),
        ("config", &raw.config, &[Form::GitLab]),
        ("ref", &raw.r#ref, structured),
    ] {
        if let Some(written) = field.get()
            && !forms.contains(&form)
        {
            let owners: Vec<String> = forms
                .iter()
                .map(|form| format!("`{}`", form.key()))
                .collect();
            let message = format!("`{key}` has no meaning beside `{}`", form.key());
            let help = format!("it belongs to {}", owners.join(" or "));
            checker.report(Diagnostic::about(&written.at, message).help(help));
        }
    }
}

fn identity(
    written: &Located<raw::Keyless>,
    form: Form,
    checker: &mut Checker,
) -> Option<Identity> {
    let raw = &written.value;
    match form {
        Form::Exact => checker.field(&raw.identity, text).map(Identity::Exact),
        Form::Regexp => checker.parse(&raw.identity_regexp).map(Identity::Regexp),
        Form::GitHub => {
            let repository = checker.field(&raw.repository, parse_github_repository);
            for (key, field, mend) in [
                (
                    "workflow",
                    &raw.workflow,
                    "name it: `workflow: .github/workflows/release.yml`",
                ),
                (
                    "ref",
                    &raw.r#ref,
                    "name the tags or branches: `ref: refs/tags/v*`",
                ),
            ] {
                if field.get().is_none() {
                    checker.missing(&written.at, key, mend);
                }
            }
            let workflow = checker.field(&raw.workflow, parse_workflow);
            let r#ref = git_ref(&raw.r#ref, checker);
            Some(Identity::GitHub {
                repository: repository?,
                workflow: Some(workflow?),
                r#ref: Some(r#ref?),
            })
        }
        Form::GitLab => {
            let project = checker.field(&raw.gitlab_project, parse_gitlab_project);
            if raw.r#ref.get().is_none() {
                let mend = "name the tags or branches: `ref: refs/tags/v*`";
                checker.missing(&written.at, "ref", mend);
            }
            let config = match raw.config.get() {
                Some(config) => checker.value(config, parse_gitlab_config),
                None => Some(Identity::GITLAB_CONFIG.to_owned()),
            };
            let r#ref = git_ref(&raw.r#ref, checker);
            Some(Identity::GitLab {
                project: project?,
                config: config?,
                r#ref: Some(r#ref?),
            })
        }
    }
}

fn git_ref(field: &Field<String>, checker: &mut Checker) -> Option<Glob> {
    checker.field(field, parse_git_ref)
}

/// Reads a pattern over git references, which are always written in full.
pub fn parse_git_ref(text: &str) -> Result<Glob, ValueError> {
    let glob: Glob = text.parse()?;
    let commit = text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if text.starts_with("refs/") || text.starts_with('*') || commit {
        return Ok(glob);
    }
    let shown = excerpt(text);
    Err(
        ValueError::new(format!("`{shown}` can match no git reference"))
            .mend(format!("write `refs/tags/{shown}` or `refs/heads/{shown}`")),
    )
}
