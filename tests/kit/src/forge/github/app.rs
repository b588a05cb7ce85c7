//! An App: its key, the JWT by which it speaks, and its installation.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::{base64, forge::Actor, must};

/// An App with one installation, at the owner.
#[derive(Clone, Debug)]
pub struct App {
    /// The App's number.
    pub id: u64,
    /// Its name in URLs.
    pub slug: String,
    /// Its installation's number.
    pub installation: u64,
    /// Whom its tokens stand for.
    pub actor: Actor,
    /// So many seconds is a token good.
    pub lifetime: i64,
    /// The private key, in PEM.
    pub private_key: String,
    public_key: Vec<u8>,
}

impl App {
    /// An App with a new key.
    pub fn new(slug: &str) -> Self {
        let key = must(KeyPair::generate(KeySize::Rsa2048), "make a key");
        let private: Pkcs8V1Der<'_> = must(key.as_der(), "encode a key");
        let public: PublicKeyX509Der<'_> = must(key.public_key().as_der(), "encode a key");
        Self {
            id: 4711,
            slug: slug.to_owned(),
            installation: 815,
            actor: Actor::app(slug),
            lifetime: 3600,
            private_key: pem(private.as_ref()),
            public_key: public.as_ref().to_vec(),
        }
    }

    /// A JWT of the App's, issued at a time and good for nine minutes.
    pub fn jwt(&self, issued: i64) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "iat": issued - 60, "exp": issued + 540, "iss": self.id.to_string() });
        let signed = format!(
            "{}.{}",
            part(json!({ "alg": "RS256", "typ": "JWT" })),
            part(claims)
        );
        let der = must(
            STANDARD.decode(
                self.private_key
                    .lines()
                    .filter(|it| !it.starts_with('-'))
                    .collect::<String>(),
            ),
            "read a key",
        );
        let key = must(KeyPair::from_pkcs8(&der), "read a key");
        let mut signature = vec![0; key.public_modulus_len()];
        let random = SystemRandom::new();
        must(
            key.sign(
                &RSA_PKCS1_SHA256,
                &random,
                signed.as_bytes(),
                &mut signature,
            ),
            "sign",
        );
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Whether a JWT is the App's and good at a time, in seconds since 1970; else what GitHub says.
    pub(super) fn verify(&self, token: &str, now: i64) -> Result<(), &'static str> {
        const MALFORMED: &str = "A JSON web token could not be decoded";
        let (signed, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, claims) = signed.split_once('.').ok_or(MALFORMED)?;
        let header = part(header).ok_or(MALFORMED)?;
        let claims = part(claims).ok_or(MALFORMED)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| MALFORMED)?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key);
        let verified = key.verify(signed.as_bytes(), &signature);
        if header["alg"] != "RS256" || verified.is_err() {
            return Err(MALFORMED);
        }
        let issuer = &claims["iss"];
        if issuer.as_u64() != Some(self.id) && issuer.as_str() != Some(&self.id.to_string()) {
            return Err("Integration not found");
        }
        let time = |name: &str| claims[name].as_i64();
        match (time("iat"), time("exp")) {
            (Some(issued), _) if issued > now + 60 => Err(
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            ),
            (_, Some(expires)) if expires <= now => Err(
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
            ),
            (Some(_), Some(expires)) if expires > now + 600 => {
                Err("'Expiration time' claim ('exp') is too far in the future")
            }
            (Some(_), Some(_)) => Ok(()),
            _ => Err(MALFORMED),
        }
    }
}

fn part(text: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

fn pem(der: &[u8]) -> String {
    let text = base64(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| str::from_utf8(line).ok())
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n")
}
