//! The verdict for people: what was decided, who signed, and why the others did not count.

use super::{
    style::Style,
    verification::{PlatformVerdict, Signature, Verification},
};
use crate::model::{
    signature::{Format, Method},
    text::printable,
    verdict::Verdict,
};

/// The text of `verification`, with a final newline.
pub fn text(verification: &Verification, style: Style) -> String {
    let image = printable(&verification.image);
    let verdict = style.verdict(verification.verdict, 0);
    let mut table = Table {
        text: format!("{image}: {verdict}\n"),
        style,
        verification,
    };
    table.image();
    table.policy();
    let rows = verification.signatures.iter();
    let rows: Vec<_> = rows.chain(&verification.attestations).collect();
    let counts = |row: &&Signature| row.verdict == Verdict::Verified;
    for row in rows.iter().filter(|row| counts(row)) {
        table.signature(row);
    }
    for row in rows.iter().filter(|row| !counts(row)) {
        table.signature(row);
    }
    table.manifests();
    table.text
}

struct Table<'a> {
    text: String,
    style: Style,
    verification: &'a Verification,
}

impl Table<'_> {
    fn row(&mut self, depth: usize, name: &str, value: impl AsRef<str>) {
        self.style.row(&mut self.text, depth, name, value.as_ref());
    }

    fn row_of(&mut self, depth: usize, name: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.row(depth, name, value);
        }
    }

    fn image(&mut self) {
        let Verification {
            digest,
            manifest_digest,
            proven_digests,
            ..
        } = self.verification;
        self.row_of(1, "reason", self.verification.reason.as_ref());
        self.row_of(1, "digest", digest.as_ref());
        if self.is_in_index() {
            self.row_of(1, "manifest", manifest_digest.as_ref());
        }
        if self.verification.manifests.is_empty() {
            self.row_of(1, "platform", self.verification.platform.as_ref());
        }
        let whole = digest
            .as_ref()
            .is_none_or(|digest| proven_digests.contains(digest));
        if !proven_digests.is_empty() && !whole {
            let proven = proven_digests.join(" ");
            self.row(1, "proven", format!("{proven} alone, not its index"));
        }
    }

    fn policy(&mut self) {
        let policy = &self.verification.policy;
        let place = match (&policy.path, &policy.r#ref) {
            (Some(path), Some(revision)) => format!("{path}, of {revision}"),
            (Some(path), None) => path.clone(),
            (None, _) => "the command line".to_owned(),
        };
        let value = match self.verification.rule {
            Some(rule) => format!("rule {rule} of {place}"),
            None => place,
        };
        self.row(1, "policy", value);
    }

    fn signature(&mut self, signature: &Signature) {
        let name = match signature.predicate_type {
            Some(_) => "attestation",
            None => "signature",
        };
        let heading = format!("{} ({})", signature.verdict, self.kind(signature));
        self.row(1, name, heading);
        self.row_of(2, "predicate", signature.predicate_type.as_ref());
        self.signer(signature);
        let claim = |name: &str| signature.claims.get(name);
        self.row_of(2, "commit", claim("source_repository_digest"));
        let logged = signature.log.as_ref().map(|log| match &log.logged_at {
            Some(at) => format!("{at}, entry {}", log.index),
            None => format!("entry {}, at a time that is not proven", log.index),
        });
        self.row_of(2, "logged", logged);
        self.row_of(2, "reason", signature.reason.as_ref());
    }

    /// What made it, how it is stored, and on which of two manifests.
    fn kind(&self, signature: &Signature) -> String {
        let method = match signature.method {
            Some(Method::Key) => "key",
            Some(Method::Keyless) => "keyless",
            None => "unreadable",
        };
        let format = match signature.format {
            Format::Bundle => "bundle",
            Format::Legacy => "legacy",
        };
        let subject = Some(&signature.subject);
        let on = match self.is_in_index() {
            true if subject == self.verification.digest.as_ref() => ", on the index",
            true if subject == self.verification.manifest_digest.as_ref() => ", on the manifest",
            _ => "",
        };
        format!("{method}, {format}{on}")
    }

    fn signer(&mut self, signature: &Signature) {
        let Some(identity) = &signature.identity else {
            return;
        };
        if signature.method != Some(Method::Keyless) {
            return self.row(2, "key", format!("SHA-256 {identity}"));
        }
        let Some(workflow) = Workflow::of(identity) else {
            self.row(2, "signer", identity);
            return self.row_of(2, "issuer", signature.issuer.as_ref());
        };
        self.row(2, "repository", &workflow.repository);
        self.row(2, "workflow", workflow.file);
        self.row(2, "ref", workflow.r#ref);
        // Of a reusable workflow: who called it.
        let source = signature.claims.get("source_repository_uri");
        let source = source.filter(|source| **source != workflow.repository);
        self.row_of(2, "source", source);
        self.row_of(2, "issuer", signature.issuer.as_ref());
    }

    fn manifests(&mut self) {
        for manifest in &self.verification.manifests {
            let PlatformVerdict {
                digest, platform, ..
            } = manifest;
            let name = platform.as_deref().unwrap_or("not known");
            let verdict = self.style.verdict(manifest.verdict, 0);
            let line = format!("  platform    {}: {verdict}\n", printable(name));
            self.text.push_str(&line);
            self.row(2, "digest", digest);
            self.row_of(2, "reason", manifest.reason.as_ref());
        }
    }

    /// Whether the image's name stands for an index, of which one manifest is meant.
    fn is_in_index(&self) -> bool {
        let manifest = self.verification.manifest_digest.as_ref();
        manifest.is_some_and(|manifest| Some(manifest) != self.verification.digest.as_ref())
    }
}

/// What signed, as the certificates of GitHub and GitLab name it.
struct Workflow<'a> {
    /// With the forge's host, as another forge's repository may have the same path.
    repository: String,
    file: &'a str,
    r#ref: &'a str,
}

impl<'a> Workflow<'a> {
    /// Reads `https://HOST/OWNER/NAME/.github/workflows/FILE@REF`, and `https://HOST/PATH//FILE@REF`.
    fn of(identity: &'a str) -> Option<Self> {
        let rest = identity.strip_prefix("https://")?;
        let of_github = || {
            let at = rest.find("/.github/workflows/")?;
            Some((&rest[..at], &rest[at + 1..]))
        };
        let (repository, file) = rest.split_once("//").or_else(of_github)?;
        let at = file.find("@refs/").or_else(|| file.rfind('@'))?;
        Some(Self {
            repository: format!("https://{repository}"),
            file: &file[..at],
            r#ref: &file[at + 1..],
        })
    }
}
