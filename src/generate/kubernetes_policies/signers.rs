//! Who must have signed, in the words that the three policy languages share.

use super::{Limit, patterns};
use crate::{
    config::{
        Identity, KeyRequirement, KeySource, KeylessRequirement, Requirement, RootSource, Rule,
    },
    document::quote,
    template::kubernetes_policies::Signer,
};

/// One key or certificate that a rule names, as its policy has it.
pub(super) fn signer(requirement: &Requirement, name: String) -> Result<Signer, Limit> {
    match requirement {
        Requirement::Key(key) => of_key(key, name),
        Requirement::Keyless(keyless) => of_keyless(keyless, name),
        Requirement::Any(_) | Requirement::All(_) | Requirement::Threshold { .. } => Err(
            Limit::new("nests signers deeper than this policy language does"),
        ),
    }
}

fn of_key(key: &KeyRequirement, name: String) -> Result<Signer, Limit> {
    public_good(key.trusted_root.as_ref())?;
    Ok(Signer {
        name,
        secret: Some(secret_of(&key.source)),
        issuer: None,
        subject: None,
        subject_regexp: None,
        claims: Vec::new(),
        ignore_tlog: key.insecure_ignore_tlog,
    })
}

fn of_keyless(keyless: &KeylessRequirement, name: String) -> Result<Signer, Limit> {
    public_good(keyless.trusted_root.as_ref())?;
    let (subject, subject_regexp) = subject(keyless);
    Ok(Signer {
        name,
        secret: None,
        issuer: Some(keyless.issuer().to_owned()),
        subject,
        subject_regexp,
        claims: claims(keyless)?,
        ignore_tlog: false,
    })
}

/// Trust roots are the cluster's own setting in all three.
fn public_good(root: Option<&RootSource>) -> Result<(), Limit> {
    match root {
        None | Some(RootSource::PublicGood) => Ok(()),
        Some(RootSource::GitHub | RootSource::File(_)) => Err(Limit::new(
            "has a `trusted_root` of its own, which is the cluster's to configure",
        )),
    }
}

/// The certificate's subject: exactly, or by an expression that covers all of it.
fn subject(keyless: &KeylessRequirement) -> (Option<String>, Option<String>) {
    let host = keyless.host().unwrap_or_default();
    let reference = |glob: &Option<crate::config::Glob>| {
        let text = glob.as_ref().map_or("**", |glob| glob.as_str());
        patterns::subject_regexp(text)
    };
    let body = match keyless.identity() {
        Identity::Exact(subject) => return (Some(subject.clone()), None),
        Identity::Regexp(regexp) => format!("(?:{})", regexp.as_str()),
        Identity::GitHub {
            repository,
            workflow,
            r#ref,
        } => {
            let file = match workflow {
                Some(workflow) => regex::escape(workflow),
                None => r"\.github/workflows/[^/@]+\.ya?ml".to_owned(),
            };
            let start = regex::escape(&format!("https://{host}/{repository}/"));
            format!("{start}{file}@{}", reference(r#ref))
        }
        Identity::GitLab {
            project,
            config,
            r#ref,
        } => {
            let start = regex::escape(&format!("https://{host}/{project}//{config}@"));
            format!("{start}{}", reference(r#ref))
        }
    };
    (None, Some(format!("^{body}$")))
}

/// What the certificate must say of who called the workflow, by the names that cosign has.
fn claims(keyless: &KeylessRequirement) -> Result<Vec<(&'static str, String)>, Limit> {
    let source = keyless.source();
    let mut claims = Vec::new();
    if let Some(repository) = &source.repository {
        claims.push(("githubWorkflowRepository", repository.clone()));
    }
    if let Some(reference) = &source.r#ref {
        if reference.as_str().contains('*') {
            return Err(Limit::new(
                "has a `source_ref` with stars, where these languages compare exactly",
            ));
        }
        claims.push(("githubWorkflowRef", reference.as_str().to_owned()));
    }
    if let Some(trigger) = &source.trigger {
        claims.push(("githubWorkflowTrigger", trigger.clone()));
    }
    let is_github = keyless.issuer() == "https://token.actions.githubusercontent.com";
    if !claims.is_empty() && !is_github {
        return Err(Limit::new(
            "asks for claims of the source, which these languages know for GitHub alone",
        ));
    }
    Ok(claims)
}

/// The secret that is to hold a public key: a name that Kubernetes allows.
pub(super) fn secret_of(source: &KeySource) -> String {
    let written = match source {
        KeySource::File(path) => path.to_string_lossy().into_owned(),
        KeySource::Env(name) => name.clone(),
    };
    let lower = written.to_ascii_lowercase();
    let plain: String = lower
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let short: String = plain.trim_matches('-').chars().take(40).collect();
    // Two keys whose names differ in other characters only are two secrets.
    let hash = crate::model::digest::Digest::of(written.as_bytes());
    let short = short.trim_end_matches('-');
    format!("fullsend-{short}-{}", &hash.hex()[..8])
}

/// The keys of `rules`, each with the secret that is to hold it and how it is made.
pub(super) fn secrets(rules: &[Rule], namespace: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut add = |source: &KeySource| {
        let secret = secret_of(source);
        let file = match source {
            KeySource::File(path) => quote::shell_word(&path.to_string_lossy()),
            KeySource::Env(name) => Ok(format!("<(printenv {name})")),
        };
        let Ok(file) = file else { return };
        let note = format!(
            "Make the secret {secret} of the public key: kubectl -n {namespace} create secret \
             generic {secret} --from-file=cosign.pub={file}"
        );
        if !commands.contains(&note) {
            commands.push(note);
        }
    };
    for rule in rules {
        each_key(&rule.requirement, &mut add);
    }
    commands
}

fn each_key(requirement: &Requirement, visit: &mut impl FnMut(&KeySource)) {
    match requirement {
        Requirement::Key(key) => visit(&key.source),
        Requirement::Keyless(_) => {}
        Requirement::Any(members)
        | Requirement::All(members)
        | Requirement::Threshold { of: members, .. } => {
            for member in members {
                each_key(member, visit);
            }
        }
    }
}

/// Whether each of `members` stands for signers that no other of them does.
///
/// Our thresholds count signers, those of others count entries: the same only where no signature
/// can serve two.
pub(super) fn are_distinct(members: &[Requirement]) -> bool {
    let exact = |member: &Requirement| match member {
        Requirement::Key(key) => Some(secret_of(&key.source)),
        Requirement::Keyless(keyless) => match keyless.identity() {
            Identity::Exact(subject) => Some(format!("{} {subject}", keyless.issuer())),
            _ => None,
        },
        _ => None,
    };
    let names: Option<std::collections::BTreeSet<String>> = members.iter().map(exact).collect();
    names.is_some_and(|names| names.len() == members.len())
}
