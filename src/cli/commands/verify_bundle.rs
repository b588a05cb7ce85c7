//! `fullsend verify-bundle`: the command-line protocol of sigstore-conformance.
//!
//! Source: its `docs/cli_protocol.md`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure},
    model::digest::Digest,
    report::bundle_verification,
    seam::files,
    signature::{
        self, BUNDLE_BYTES, BundleArtifact, BundleError, BundleRequest, BundleSigner, PublicKey,
        TRUST_FILE_BYTES, TrustMaterial,
    },
};

/// The options of `fullsend verify-bundle`.
#[derive(Debug, Args)]
pub struct VerifyBundleArgs {
    /// Believe Sigstore's staging instance instead of the public one
    #[arg(long)]
    staging: bool,
    /// The Sigstore bundle
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// The subject that the certificate must have, exactly
    #[arg(
        long,
        value_name = "IDENTITY",
        required_unless_present = "key",
        requires = "certificate_oidc_issuer"
    )]
    certificate_identity: Option<String>,
    /// Who must have vouched for that subject, exactly
    #[arg(long, value_name = "URL", requires = "certificate_identity")]
    certificate_oidc_issuer: Option<String>,
    /// The public key that must have signed: a PEM file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["certificate_identity", "certificate_oidc_issuer"])]
    key: Option<PathBuf>,
    /// A `trusted_root.json` to believe instead of any instance
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// The signed file, or its digest: `sha256:` and 64 hexadecimal digits, unless a file has
    /// that name
    #[arg(value_name = "FILE_OR_DIGEST")]
    artifact: PathBuf,
}

/// Verifies the bundle for the artifact and prints the verdict.
pub(super) fn run(args: &VerifyBundleArgs, context: &Context) -> Outcome {
    let bundle = files::read(&args.bundle, BUNDLE_BYTES)?;
    let verified = signature::verify_bundle(&BundleRequest {
        bundle: &bundle,
        artifact: &artifact(&args.artifact)?,
        signer: &signer(args)?,
        trust: &trust(args)?,
    });
    let mut verification = verified.map_err(|error| failure(error, args))?;
    verification.bundle = args.bundle.display().to_string();
    verification.artifact = args.artifact.display().to_string();
    Terminal::print_document(context.global.format, &verification, || {
        bundle_verification::text(&verification)
    })?;
    Ok(verification.verdict.exit_code())
}

/// What has the form of a digest is one, unless a file has that name.
fn artifact(named: &Path) -> Result<BundleArtifact, CliFailure> {
    let digest = named.to_str().and_then(digest);
    match (files::open(named), digest) {
        (Ok(file), _) => Ok(BundleArtifact::File(file)),
        (Err(error), Some(digest)) if error.is_not_found() => Ok(BundleArtifact::Digest(digest)),
        (Err(error), _) => Err(error.into()),
    }
}

/// The protocol counts the digits and leaves their case open.
fn digest(text: &str) -> Option<Digest> {
    let hex = text.strip_prefix("sha256:")?;
    format!("sha256:{}", hex.to_ascii_lowercase()).parse().ok()
}

fn signer(args: &VerifyBundleArgs) -> Result<BundleSigner, CliFailure> {
    if let Some(path) = &args.key {
        let pem = files::read(path, TRUST_FILE_BYTES)?;
        let key = PublicKey::from_pem(&String::from_utf8_lossy(&pem));
        let unusable = |error| CliFailure::usage(format!("{}: {error}", path.display()));
        return key.map(BundleSigner::Key).map_err(unusable);
    }
    match (&args.certificate_identity, &args.certificate_oidc_issuer) {
        (Some(identity), Some(issuer)) if !identity.is_empty() && !issuer.is_empty() => {
            Ok(BundleSigner::Certificate {
                identity: identity.clone(),
                issuer: issuer.clone(),
            })
        }
        _ => Err(CliFailure::usage_with(
            "an empty name accepts nobody",
            "name the signer with --certificate-identity and --certificate-oidc-issuer",
        )),
    }
}

fn trust(args: &VerifyBundleArgs) -> Result<TrustMaterial, CliFailure> {
    match &args.trusted_root {
        Some(path) => {
            let json = files::read(path, TRUST_FILE_BYTES)?;
            Ok(TrustMaterial::from_json(&String::from_utf8_lossy(&json))?)
        }
        None if args.staging => Ok(TrustMaterial::staging()),
        None => Ok(TrustMaterial::public_good()),
    }
}

fn failure(error: BundleError, args: &VerifyBundleArgs) -> CliFailure {
    let file = args.artifact.display();
    match error {
        BundleError::Read(error) => CliFailure::System("read the file to its end", error),
        BundleError::NeedsFile => {
            CliFailure::usage_with(error.to_string(), "name the file instead of its digest")
        }
        BundleError::TooLarge(_) => CliFailure::usage(format!("{file}: {error}")),
    }
}
