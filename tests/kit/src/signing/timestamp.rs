//! An RFC 3161 timestamp authority: a CMS signature around a hash and a time.

use rcgen::{CertificateParams, CertifiedIssuer, CustomExtension, KeyUsagePurpose};

use super::{
    Flaw, SigningKey,
    certificate::{authority, key, moment},
    der::{children, encode, explicit, octets, oid, sequence, small},
};
use crate::{must, sha256};

const SHA256: [u64; 9] = [2, 16, 840, 1, 101, 3, 4, 2, 1];
const ECDSA_SHA256: [u64; 7] = [1, 2, 840, 10045, 4, 3, 2];
const SIGNED_DATA: [u64; 7] = [1, 2, 840, 113_549, 1, 7, 2];
const TST_INFO: [u64; 9] = [1, 2, 840, 113_549, 1, 9, 16, 1, 4];
const CONTENT_TYPE: [u64; 7] = [1, 2, 840, 113_549, 1, 9, 3];
const MESSAGE_DIGEST: [u64; 7] = [1, 2, 840, 113_549, 1, 9, 4];
const SIGNING_CERTIFICATE: [u64; 9] = [1, 2, 840, 113_549, 1, 9, 16, 2, 47];
const POLICY: [u64; 8] = [1, 3, 6, 1, 4, 1, 57264, 2];
const KEY_USAGE: [u64; 4] = [2, 5, 29, 37];
const TIME_STAMPING: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 3, 8];

/// A root and the one certificate that stamps.
#[derive(Debug)]
pub(super) struct TimestampAuthority {
    key: SigningKey,
    certificate: Vec<u8>,
    root: Vec<u8>,
}

impl TimestampAuthority {
    pub(super) fn new() -> Self {
        let root = CertifiedIssuer::self_signed(authority("test timestamp root", 0, &[]), key());
        let root = must(root, "make a root");
        let key = SigningKey::p256();
        let certificate = params().signed_by(key.pair(), &root);
        let certificate = must(certificate, "certify a timestamp authority");
        Self {
            key,
            certificate: certificate.der().to_vec(),
            root: root.der().to_vec(),
        }
    }

    /// Returns the stamping certificate and its root in DER.
    pub(super) fn chain(&self) -> Vec<Vec<u8>> {
        vec![self.certificate.clone(), self.root.clone()]
    }

    /// Returns a whole response that says when `signature` was there.
    pub(super) fn stamp(&self, signature: &[u8], flaws: &[Flaw]) -> Vec<u8> {
        let other = flaws.contains(&Flaw::Timestamp);
        let stamped = if other { b"another" } else { signature };
        let time = flaws.iter().find_map(|flaw| match flaw {
            Flaw::TimestampedAt(time) => Some(*time),
            _ => None,
        });
        let info = info(stamped, time.unwrap_or_else(super::log::now));
        let status = sequence(&[&small(0)]);
        let token = sequence(&[&oid(&SIGNED_DATA), &explicit(&self.signed_data(&info))]);
        sequence(&[&status, &token])
    }

    fn signed_data(&self, info: &[u8]) -> Vec<u8> {
        let content = sequence(&[&oid(&TST_INFO), &explicit(&octets(info))]);
        sequence(&[
            &small(3),
            &encode(0x31, &algorithm()),
            &content,
            &explicit(&self.certificate),
            &encode(0x31, &self.signer_info(info)),
        ])
    }

    fn signer_info(&self, info: &[u8]) -> Vec<u8> {
        let to_be_signed = children(&self.certificate)[0];
        let fields = children(to_be_signed);
        let (serial, issuer) = (fields[1], fields[3]);
        let attributes = self.attributes(info);
        // Signed as a set, carried as `[0]`.
        let signature = self.key.sign(&encode(0x31, &attributes));
        sequence(&[
            &small(1),
            &sequence(&[issuer, serial]),
            &algorithm(),
            &encode(0xa0, &attributes),
            &sequence(&[&oid(&ECDSA_SHA256)]),
            &octets(&signature),
        ])
    }

    /// Lists what is signed, in DER's order.
    fn attributes(&self, info: &[u8]) -> Vec<u8> {
        let certificate = sequence(&[&octets(&sha256(&self.certificate))]);
        let certificate = sequence(&[&sequence(&[&certificate])]);
        let mut list = [
            attribute(&CONTENT_TYPE, &oid(&TST_INFO)),
            attribute(&MESSAGE_DIGEST, &octets(&sha256(info))),
            attribute(&SIGNING_CERTIFICATE, &certificate),
        ];
        list.sort();
        list.concat()
    }
}

fn attribute(name: &[u64], value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(name), &encode(0x31, value)])
}

fn algorithm() -> Vec<u8> {
    sequence(&[&oid(&SHA256)])
}

/// Writes the `TSTInfo`.
fn info(stamped: &[u8], time: i64) -> Vec<u8> {
    let time = moment(time);
    let (hour, minute, second) = time.to_hms();
    let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
    let time = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    let imprint = sequence(&[&algorithm(), &octets(&sha256(stamped))]);
    sequence(&[
        &small(1),
        &oid(&POLICY),
        &imprint,
        &small(1),
        &encode(0x18, time.as_bytes()),
    ])
}

/// Describes the stamping certificate; its one usage must be critical, which takes an extension of
/// our own.
fn params() -> CertificateParams {
    let mut params = authority("test timestamp authority", 0, &[]);
    params.is_ca = rcgen::IsCa::NoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let usage = sequence(&[&oid(&TIME_STAMPING)]);
    let mut usage = CustomExtension::from_oid_content(&KEY_USAGE, usage);
    usage.set_criticality(true);
    params.custom_extensions = vec![usage];
    params
}
