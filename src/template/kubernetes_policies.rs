//! What a cluster needs for agents' pods: their namespace, and whose images may run there.

use serde::Serialize;

use super::{Context, Template};

/// The namespace of agents and its limits.
#[derive(Clone, Debug, Serialize)]
pub struct AgentsNamespace {
    /// Its name.
    pub namespace: String,
    /// The level of Pod Security that is enforced.
    pub pod_security: String,
    /// How many pods run at once.
    pub pods: u32,
    /// What the largest agent gets.
    pub cpu: String,
    /// What the largest agent gets.
    pub memory: String,
    /// What all of them get together.
    pub all_cpu: String,
    /// What all of them get together.
    pub all_memory: String,
    /// The networks that agents may reach.
    pub egress: Vec<String>,
    /// The networks that they may not reach where they may reach all.
    pub except: Vec<&'static str>,
    /// The ports there.
    pub ports: Vec<u32>,
}

/// A class of runtime.
#[derive(Clone, Debug, Serialize)]
pub struct RuntimeClassRef {
    /// The name of the object.
    pub name: &'static str,
    /// What the node's container runtime calls it.
    pub handler: &'static str,
    /// What the sandbox itself takes, beside its containers.
    pub overhead_memory: &'static str,
}

/// Kyverno's policy of the kind that is deprecated.
#[derive(Clone, Debug, Serialize)]
pub struct KyvernoClusterPolicy {
    /// Where it applies.
    pub namespace: String,
    /// The format of signatures: `SigstoreBundle` or `Cosign`.
    pub format: &'static str,
    /// In the order of fullsend.yaml.
    pub rules: Vec<WildcardRule>,
    /// The pattern of images that any rule is about.
    pub known: String,
    /// The rules that the policy language cannot say, in comments.
    pub notes: Vec<String>,
}

/// A rule whose images are told by wildcards that cross slashes.
#[derive(Clone, Debug, Serialize)]
pub struct WildcardRule {
    /// The rule's pattern in fullsend.yaml.
    pub pattern: String,
    /// Which images.
    pub include: Vec<String>,
    /// Which of them not.
    pub exclude: Vec<String>,
    /// Where signatures are, if not beside the image.
    pub repository: Option<String>,
    /// All of these must be met.
    pub sets: Vec<SignerSet>,
}

/// Signers of which a number must have signed.
#[derive(Clone, Debug, Serialize)]
pub struct SignerSet {
    /// How many; all of them where absent.
    pub count: Option<usize>,
    /// Who.
    pub signers: Vec<Signer>,
}

/// Whose signature counts.
#[derive(Clone, Debug, Serialize)]
pub struct Signer {
    /// What the policy calls it.
    pub name: String,
    /// The secret with the public key, for a signer with a key.
    pub secret: Option<String>,
    /// Who vouches, for a signer with a certificate.
    pub issuer: Option<String>,
    /// The certificate's subject.
    pub subject: Option<String>,
    /// The certificate's subject, by an anchored expression.
    pub subject_regexp: Option<String>,
    /// What the certificate must say besides: names of Fulcio's extensions, and their values.
    pub claims: Vec<(&'static str, String)>,
    /// Whether the signature may be in no transparency log.
    pub ignore_tlog: bool,
}

/// Kyverno's policy about images.
#[derive(Clone, Debug, Serialize)]
pub struct KyvernoImagePolicy {
    /// Where it applies.
    pub namespace: String,
    /// Every signer that any rule names.
    pub attestors: Vec<Signer>,
    /// Where each signer's signatures are, if not beside the image.
    pub repositories: Vec<Option<String>>,
    /// What holds of an image, line by line.
    pub expression: Vec<String>,
    /// What the policy language cannot say, in comments.
    pub notes: Vec<String>,
}

/// The policies of Sigstore's policy-controller.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterImagePolicies {
    /// `bundle` or `legacy`.
    pub format: &'static str,
    /// Every one that an image matches must be met.
    pub policies: Vec<ClusterImagePolicy>,
    /// What the policy language cannot say, in comments.
    pub notes: Vec<String>,
}

/// One policy of Sigstore's policy-controller.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterImagePolicy {
    /// Its name.
    pub name: String,
    /// The rule's pattern in fullsend.yaml.
    pub pattern: String,
    /// Which images.
    pub globs: Vec<String>,
    /// Any one of these.
    pub signers: Vec<Signer>,
    /// Where signatures are, if not beside the image.
    pub repository: Option<String>,
}

/// A class of runtime, as an object.
#[derive(Clone, Debug, Serialize)]
pub struct RuntimeClass {
    /// The class.
    pub class: RuntimeClassRef,
}

macro_rules! context {
    ($context:ty, $file:literal, $revision:literal) => {
        impl Context for $context {
            const TEMPLATE: Template = Template {
                name: concat!("kubernetes/", $file),
                source: include_str!(concat!("../../templates/kubernetes/", $file)),
                revision: $revision,
            };
        }
    };
}

context!(AgentsNamespace, "namespace.yaml.j2", 2);
context!(RuntimeClass, "runtime-class.yaml.j2", 1);
context!(KyvernoClusterPolicy, "kyverno-cluster-policy.yaml.j2", 1);
context!(KyvernoImagePolicy, "kyverno-image-policy.yaml.j2", 2);
context!(ClusterImagePolicies, "cluster-image-policies.yaml.j2", 1);
