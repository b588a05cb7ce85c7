//! Whose signatures are accepted on which images.

use std::{fmt, ops::Range, path::PathBuf, str::FromStr};

use super::{
    attestation::AttestationRequirement,
    checker::{Checker, text},
    diagnostic::Diagnostic,
    identity::{Identity, KeylessRequirement},
    keyless::check_keyless,
    pattern::NamePattern,
    raw,
    value::{ValueError, excerpt},
    yaml::{Field, Located},
};
use crate::model::image::Repository;

/// What is asked of the images whose name matches; the first rule that matches decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which images.
    pub pattern: NamePattern,
    /// Who must have signed them.
    pub requirement: Requirement,
    /// Which attestations they must have besides.
    pub attestations: Vec<AttestationRequirement>,
    /// Which manifests of a multi-platform image must be signed.
    pub coverage: Coverage,
    /// Where the signatures are, if not beside the image.
    pub signature_repository: Option<Repository>,
}

impl Rule {
    /// Asks for signatures by `requirement` and for nothing more.
    pub fn new(pattern: NamePattern, requirement: Requirement) -> Self {
        Self {
            pattern,
            requirement,
            attestations: Vec::new(),
            coverage: Coverage::default(),
            signature_repository: None,
        }
    }
}

/// Which manifests of a multi-platform image must be signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coverage {
    /// The index, which vouches for all that it lists, or the platform's own manifest.
    #[default]
    Either,
    /// The index.
    Index,
    /// The platform's own manifest.
    Manifest,
    /// Both of them.
    Both,
}

/// What a signature must be.
#[expect(
    clippy::large_enum_variant,
    reason = "a policy has a handful of these, and no box in every match is worth more"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// By this key.
    Key(KeyRequirement),
    /// By a certificate with this identity.
    Keyless(KeylessRequirement),
    /// Any one of these; never empty.
    Any(Vec<Self>),
    /// Every one of these; never empty. One signature may serve several.
    All(Vec<Self>),
    /// At least `count` of these, each by a signer of its own: a key or a certificate's subject
    /// counts once, however often it signed.
    Threshold {
        /// How many; from 1 to the length of `of`.
        count: usize,
        /// Keys, certificates, or `any` of such; never empty.
        of: Vec<Self>,
    },
}

impl Requirement {
    /// What is allowed, but probably not meant.
    pub fn warnings(&self) -> Vec<String> {
        match self {
            Self::Keyless(KeylessRequirement {
                identity: Identity::Regexp(regexp),
                ..
            }) => regexp.warning().into_iter().collect(),
            Self::Any(members) | Self::All(members) | Self::Threshold { of: members, .. } => {
                members.iter().flat_map(Self::warnings).collect()
            }
            Self::Key(_) | Self::Keyless(_) => Vec::new(),
        }
    }
}

/// A signature by a lasting key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequirement {
    /// Where the public key is.
    pub source: KeySource,
    /// Whether the signature may be in no transparency log.
    pub insecure_ignore_tlog: bool,
    /// Whose logs are believed; the command's where absent.
    pub trusted_root: Option<RootSource>,
}

/// A Sigstore instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootSource {
    /// The public-good instance, <https://sigstore.dev>.
    PublicGood,
    /// GitHub's own, which signs the attestations of private repositories.
    GitHub,
    /// The `trusted_root.json` of another; where relative, beside fullsend.yaml.
    File(PathBuf),
}

/// Where a public key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A PEM file; where relative, beside fullsend.yaml.
    File(PathBuf),
    /// A variable that holds the PEM text.
    Env(String),
}

impl FromStr for KeySource {
    type Err = ValueError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        const MANAGED: [&str; 7] = [
            "awskms",
            "gcpkms",
            "azurekms",
            "hashivault",
            "k8s",
            "pkcs11",
            "gitlab",
        ];
        let mend = "export the public key to a file (`cosign public-key --key URI`) and name that";
        if written.trim_start().starts_with("-----BEGIN") {
            return Err(ValueError::new("the key itself stands here")
                .mend("name a file that holds it, or `env://NAME`"));
        }
        match written.split_once("://") {
            Some(("env", name)) => {
                let name: super::EnvName = name.parse()?;
                Ok(Self::Env(name.name().to_owned()))
            }
            Some((scheme, _)) if MANAGED.contains(&scheme) => Err(ValueError::new(format!(
                "keys in a key management service (`{scheme}://`) are not supported by this version"
            ))
            .mend(mend)),
            Some(("file", path)) => Err(ValueError::new(
                "a key file is named by its path, not by a URL",
            )
            .mend(format!("write `{}`", excerpt(path)))),
            Some((scheme, _)) => Err(ValueError::new(format!(
                "a key is never fetched (`{}://`): whoever serves it would decide whom to trust",
                excerpt(scheme)
            ))
            .mend("keep the public key in a file beside fullsend.yaml")),
            None if written.starts_with("pkcs11:") => Err(ValueError::new(
                "keys on a PKCS#11 token are not supported by this version",
            )
            .mend(mend)),
            None => Ok(Self::File(PathBuf::from(text(written)?))),
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Env(name) => write!(f, "env://{name}"),
        }
    }
}

pub(super) fn rules(written: &Field<Vec<Located<raw::Rule>>>, checker: &mut Checker) -> Vec<Rule> {
    let Some(list) = written.get() else {
        return Vec::new();
    };
    if list.value.is_empty() {
        checker.report(
            Diagnostic::at(&list.at, "the policy is empty").help(
                "leave out `verify`, or add a rule: an image that no rule matches is refused",
            ),
        );
    }
    list.value
        .iter()
        .filter_map(|rule| check_rule(rule, checker))
        .collect()
}

fn check_rule(written: &Located<raw::Rule>, checker: &mut Checker) -> Option<Rule> {
    let raw = &written.value;
    if raw.r#match.get().is_none() {
        let mend = "name the images: `match: ghcr.io/OWNER/**`";
        checker.missing(&written.at, "match", mend);
    }
    let pattern = checker.parse(&raw.r#match);
    let requirement = check_requirement(&written.at, &Parts::from(raw), 0, checker);
    Some(Rule::new(pattern?, requirement?))
}

/// The keys that a rule and a member of `any` have in common.
struct Parts<'a> {
    key: &'a Field<String>,
    insecure_ignore_tlog: &'a Field<bool>,
    keyless: &'a Field<raw::Keyless>,
    any: &'a Field<Vec<Located<raw::Requirement>>>,
    unsupported: [(&'static str, Option<&'a Range<usize>>); 3],
}

macro_rules! parts_from {
    ($raw:ty) => {
        impl<'a> From<&'a $raw> for Parts<'a> {
            fn from(raw: &'a $raw) -> Self {
                Self {
                    key: &raw.key,
                    insecure_ignore_tlog: &raw.insecure_ignore_tlog,
                    keyless: &raw.keyless,
                    any: &raw.any,
                    unsupported: [
                        ("all", raw.all.get().map(|all| &all.at)),
                        (
                            "threshold",
                            raw.threshold.get().map(|threshold| &threshold.at),
                        ),
                        ("attestations", raw.attestations.get().map(|list| &list.at)),
                    ],
                }
            }
        }
    };
}

parts_from!(raw::Rule);
parts_from!(raw::Requirement);

/// Deeper nesting says nothing that one level does not.
const MAX_NESTING: usize = 4;

fn check_requirement(
    at: &Range<usize>,
    parts: &Parts<'_>,
    depth: usize,
    checker: &mut Checker,
) -> Option<Requirement> {
    let mut refused = false;
    for (key, at) in parts.unsupported {
        if let Some(at) = at {
            refused = true;
            checker.report(
                Diagnostic::at(at, format!("`{key}` is not supported yet by this version"))
                    .help("it is refused rather than ignored: the rule would accept too much"),
            );
        }
    }
    let key = parts.key.get().map(|key| ("key", &key.at));
    let keyless = parts.keyless.get().map(|keyless| ("keyless", &keyless.at));
    let any = parts.any.get().map(|any| ("any", &any.at));
    let methods: Vec<_> = [key, keyless, any].into_iter().flatten().collect();
    match methods[..] {
        [] if refused => return None,
        [] => {
            checker.report(
                Diagnostic::at(at, "the rule does not say whose signature it accepts")
                    .help("add exactly one of `key`, `keyless` or `any`"),
            );
            return None;
        }
        [_] => {}
        [(first, first_at), (second, second_at), ..] => {
            checker.report(
                Diagnostic::at(
                    second_at,
                    format!("the rule has both `{first}` and `{second}`"),
                )
                .related(first_at.clone(), format!("`{first}` stands here"))
                .help("to accept either, write `any: [{key: …}, {keyless: …}]`"),
            );
            return None;
        }
    }
    let requirement = check_method(parts, depth, checker);
    requirement.filter(|_| !refused)
}

fn check_method(parts: &Parts<'_>, depth: usize, checker: &mut Checker) -> Option<Requirement> {
    if let Some(flag) = parts.insecure_ignore_tlog.get()
        && parts.key.get().is_none()
    {
        checker.report(
            Diagnostic::at(&flag.at, "`insecure_ignore_tlog` belongs to a `key`").help(
                "a certificate lives for minutes: only the log proves that it signed in time",
            ),
        );
    }
    if let Some(keyless) = parts.keyless.get() {
        return check_keyless(keyless, checker).map(Requirement::Keyless);
    }
    if let Some(any) = parts.any.get() {
        return check_any(any, depth, checker);
    }
    let source = checker.parse(parts.key)?;
    let flag = parts.insecure_ignore_tlog.get();
    Some(Requirement::Key(KeyRequirement {
        source,
        insecure_ignore_tlog: flag.is_some_and(|flag| flag.value),
        trusted_root: None,
    }))
}

fn check_any(
    any: &Located<Vec<Located<raw::Requirement>>>,
    depth: usize,
    checker: &mut Checker,
) -> Option<Requirement> {
    if any.value.is_empty() {
        checker.report(
            Diagnostic::at(&any.at, "`any` of nothing accepts no signature")
                .help("add a `key` or a `keyless` to the list"),
        );
        return None;
    }
    if depth >= MAX_NESTING {
        checker.report(Diagnostic::at(&any.at, "`any` is nested too deeply"));
        return None;
    }
    let members: Vec<_> = any
        .value
        .iter()
        .map(|member| {
            check_requirement(&member.at, &Parts::from(&member.value), depth + 1, checker)
        })
        .collect();
    members
        .into_iter()
        .collect::<Option<_>>()
        .map(Requirement::Any)
}

/// The first rule that matches `repository`, and its number.
pub fn rule_for<'a>(rules: &'a [Rule], repository: &Repository) -> Option<(usize, &'a Rule)> {
    let mut rules = rules.iter().enumerate();
    rules.find(|(_, rule)| rule.pattern.matches(repository))
}
