//! The certificate authority, and the log of certificates whose promise each certificate carries.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use time::OffsetDateTime;

use super::{
    Flaw, Identity, San, SigningKey,
    der::{children, octets, utf8},
};
use crate::{must, sha256};

const FULCIO: [u64; 8] = [1, 3, 6, 1, 4, 1, 57264, 1];
const SCT_LIST: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];

/// A certificate with the chain above it.
pub(super) struct Issued {
    pub(super) der: Vec<u8>,
    pub(super) chain: Vec<Vec<u8>>,
}

impl Issued {
    /// Returns the signer's certificate in PEM.
    pub(super) fn pem(&self) -> String {
        pem(&self.der)
    }

    /// Returns intermediate and root in PEM, one after the other.
    pub(super) fn chain_pem(&self) -> String {
        self.chain.iter().map(|der| pem(der)).collect()
    }
}

/// A root, and an intermediate that certifies signers, as Fulcio has them.
#[derive(Debug)]
pub(super) struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let root = CertifiedIssuer::self_signed(authority("test root", 1, SIGNING), key());
        let root = must(root, "make a root");
        let intermediate =
            CertifiedIssuer::signed_by(authority("test intermediate", 0, SIGNING), key(), &root);
        let intermediate = must(intermediate, "make an intermediate");
        Self { root, intermediate }
    }

    /// Returns intermediate and root in DER, as a trusted root lists them.
    pub(super) fn chain(&self) -> Vec<Vec<u8>> {
        vec![self.intermediate.der().to_vec(), self.root.der().to_vec()]
    }

    /// Certifies `key` for `identity`; `ct` promises it unless a flaw says otherwise.
    pub(super) fn certify(
        &self,
        key: &SigningKey,
        identity: &Identity,
        ct: &SigningKey,
        flaws: &[Flaw],
    ) -> Issued {
        let mut params = signer(identity, flaws);
        if !flaws.contains(&Flaw::NoSct) {
            let list = self.promise(&self.sign(&params, key), identity, ct, flaws);
            let extension = CustomExtension::from_oid_content(&SCT_LIST, octets(&list));
            params.custom_extensions.push(extension);
        }
        Issued {
            der: self.sign(&params, key),
            chain: self.chain(),
        }
    }

    fn sign(&self, params: &CertificateParams, key: &SigningKey) -> Vec<u8> {
        let certificate = params.signed_by(key.pair(), &self.intermediate);
        must(certificate, "certify a key").der().to_vec()
    }

    /// Makes RFC 6962's list of one promise; what is promised is the certificate without it.
    fn promise(
        &self,
        certificate: &[u8],
        identity: &Identity,
        ct: &SigningKey,
        flaws: &[Flaw],
    ) -> Vec<u8> {
        let tbs = children(certificate)[0];
        let milliseconds = identity.valid_from.unsigned_abs() * 1000;
        let issuer = sha256(&rcgen::PublicKeyData::subject_public_key_info(
            self.intermediate.key(),
        ));
        let mut signed = vec![0, 0];
        signed.extend(milliseconds.to_be_bytes());
        signed.extend([0, 1]);
        signed.extend(issuer);
        signed.extend(&tbs.len().to_be_bytes()[5..]);
        signed.extend(tbs);
        signed.extend([0, 0]);
        if flaws.contains(&Flaw::Sct) {
            signed.push(0);
        }
        let mut promise = vec![0];
        promise.extend(ct.id());
        promise.extend(milliseconds.to_be_bytes());
        promise.extend([0, 0, 4, 3]);
        promise.extend(sized(&ct.sign(&signed)));
        sized(&sized(&promise))
    }
}

/// Prefixes `content` with its length in two bytes.
fn sized(content: &[u8]) -> Vec<u8> {
    [&content.len().to_be_bytes()[6..], content].concat()
}

pub(super) fn key() -> KeyPair {
    must(KeyPair::generate(), "make a key")
}

const SIGNING: &[ExtendedKeyUsagePurpose] = &[ExtendedKeyUsagePurpose::CodeSigning];

pub(super) fn authority(
    name: &str,
    depth: u8,
    usages: &[ExtendedKeyUsagePurpose],
) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "fullsend test kit");
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(depth));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = usages.to_vec();
    params.not_before = moment(super::sigstore::SINCE);
    params.not_after = moment(super::sigstore::UNTIL);
    params
}

fn signer(identity: &Identity, flaws: &[Flaw]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.serial_number = Some(SerialNumber::from(super::log::now().unsigned_abs()));
    params.use_authority_key_identifier_extension = true;
    params.subject_alt_names = vec![alternative_name(&identity.san)];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![if flaws.contains(&Flaw::KeyUsage) {
        ExtendedKeyUsagePurpose::ServerAuth
    } else {
        ExtendedKeyUsagePurpose::CodeSigning
    }];
    params.not_before = moment(identity.valid_from);
    params.not_after = params.not_before + identity.valid_for;
    params.custom_extensions = extensions(identity);
    params
}

/// Lists Fulcio's claims: the issuer in its old form, raw, and in its new one, then the rest.
fn extensions(identity: &Identity) -> Vec<CustomExtension> {
    let extension = |arc: u64, content: Vec<u8>| {
        let oid = [&FULCIO[..], &[arc]].concat();
        CustomExtension::from_oid_content(&oid, content)
    };
    let mut list = vec![
        extension(1, identity.issuer.clone().into_bytes()),
        extension(8, utf8(&identity.issuer)),
    ];
    for (arc, value) in &identity.claims {
        list.push(extension(*arc, utf8(value)));
    }
    list
}

fn alternative_name(san: &San) -> SanType {
    match san {
        San::Uri(text) => SanType::URI(must(text.as_str().try_into(), "write a URI")),
        San::Email(text) => SanType::Rfc822Name(must(text.as_str().try_into(), "write an address")),
    }
}

pub(super) fn moment(seconds: i64) -> OffsetDateTime {
    must(
        OffsetDateTime::from_unix_timestamp(seconds),
        "tell the time",
    )
}

fn pem(der: &[u8]) -> String {
    let text = crate::base64(der);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}
