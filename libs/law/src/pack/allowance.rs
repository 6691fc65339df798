//! A signed allowance: a jurist names the unverified rows of one pack that may be used, and answers for them.
//!
//! **Invariant:** an allowance is for the exact rows of one pack. Another pack needs another signature.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey, pkcs8::DecodePrivateKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::Date;

use super::RulePack;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// What is signed begins with this, so that no other signed text can pass for an allowance.
const DOMAIN: &[u8] = b"fenghuo law allowance 1\n";
/// Characters of a public key that name it, as in tokens.
const KEY_ID_CHARS: usize = 12;

/// What is allowed, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The version of the pack without allowances: `CN-2026-11-22@1a2b3c4d`.
    pub pack: String,
    /// The rows, sorted and once each.
    pub rows: BTreeSet<String>,
    pub reason: String,
    /// Who answers for it; a reference, never a name.
    pub by: String,
    /// The last day on which it holds.
    #[serde(with = "iso_date")]
    pub until: Date,
}

/// A statement with its signature, as the file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    pub statement: Statement,
    /// Which key signed.
    pub key: String,
    /// Ed25519 (RFC 8032), in base64url.
    pub signature: String,
}

/// Why an allowance is not accepted.
#[derive(Debug, Error)]
pub enum AllowanceError {
    #[error("read a signed allowance")]
    Unreadable(#[source] serde_json::Error),
    #[error("read a key: {reason}")]
    BadKey { reason: String },
    #[error("the key {key} that signed the allowance is not known")]
    UnknownKey { key: String },
    #[error("the signature does not fit the allowance")]
    BadSignature,
    #[error("the allowance is for the pack {pack}, not for {found}")]
    OtherPack { pack: String, found: String },
    #[error("the allowance ended on {until}")]
    Ended { until: Date },
    #[error("the allowance has no {field}")]
    Blank { field: &'static str },
    #[error("row {id} is not in the pack, or needs no allowance")]
    NotUnverified { id: String },
}

impl AllowanceError {
    /// 中文
    pub fn zh(&self) -> String {
        match self {
            Self::Unreadable(error) => format!("读取签名许可：{error}"),
            Self::BadKey { reason } => format!("读取密钥：{reason}"),
            Self::UnknownKey { key } => format!("不认识签署许可的密钥 {key}"),
            Self::BadSignature => "签名与许可内容不符".to_owned(),
            Self::OtherPack { pack, found } => format!("许可针对规则包 {pack}，而非 {found}"),
            Self::Ended { until } => format!("许可已于 {until} 到期"),
            Self::Blank { field } => format!("许可缺少 {field}"),
            Self::NotUnverified { id } => format!("规则 {id} 不在规则包中，或无需许可"),
        }
    }
}

/// A private key that signs allowances.
pub struct Signer(SigningKey);

/// The public keys whose allowances are accepted: a JWK Set (RFC 7517) of Ed25519 keys.
#[derive(Clone, Debug)]
pub struct Keys(Vec<VerifyingKey>);

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
}

impl Signer {
    /// Reads PKCS#8 PEM, as `fenghuo keys generate` writes it.
    pub fn from_pem(pem: &str) -> Result<Self, AllowanceError> {
        let bad = |error: ed25519_dalek::pkcs8::Error| AllowanceError::BadKey { reason: error.to_string() };
        SigningKey::from_pkcs8_pem(pem).map(Self).map_err(bad)
    }

    /// Signs a statement.
    pub fn sign(&self, statement: Statement) -> Allowance {
        let signature = self.0.sign(&signed_bytes(&statement));
        let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
        Allowance { statement, key: key_id(&self.0.verifying_key()), signature }
    }
}

impl Keys {
    /// Reads a JWK Set; keys of other kinds are passed over.
    pub fn from_jwks(json: &str) -> Result<Self, AllowanceError> {
        let bad = |reason: String| AllowanceError::BadKey { reason };
        let Jwks { keys } = serde_json::from_str(json).map_err(|error| bad(error.to_string()))?;
        let ours = keys.into_iter().filter(|jwk| jwk.kty == "OKP" && jwk.crv == "Ed25519");
        let read = ours.map(|jwk| {
            let bytes = URL_SAFE_NO_PAD.decode(&jwk.x).map_err(|error| bad(error.to_string()))?;
            let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| bad(format!("{} is no key", jwk.x)))?;
            VerifyingKey::from_bytes(&bytes).map_err(|error| bad(error.to_string()))
        });
        read.collect::<Result<_, _>>().map(Self)
    }
}

impl Allowance {
    /// Reads the file of an allowance. Nothing is believed before `RulePack::allow`.
    pub fn parse(text: &str) -> Result<Self, AllowanceError> {
        serde_json::from_str(text).map_err(AllowanceError::Unreadable)
    }

    fn verify(&self, keys: &Keys) -> Result<&Statement, AllowanceError> {
        let key = keys.0.iter().find(|key| key_id(key) == self.key);
        let key = key.ok_or_else(|| AllowanceError::UnknownKey { key: self.key.clone() })?;
        let bytes = URL_SAFE_NO_PAD.decode(&self.signature).map_err(|_| AllowanceError::BadSignature)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| AllowanceError::BadSignature)?;
        key.verify_strict(&signed_bytes(&self.statement), &signature)
            .map_err(|_| AllowanceError::BadSignature)?;
        Ok(&self.statement)
    }
}

impl RulePack {
    /// The same rows with those allowed that a signed statement names, on this day.
    pub fn allow(&self, allowance: &Allowance, keys: &Keys, on: Date) -> Result<Self, AllowanceError> {
        let Statement { pack, rows, reason, by, until } = allowance.verify(keys)?;
        if *pack != self.base {
            return Err(AllowanceError::OtherPack { pack: pack.clone(), found: self.base.clone() });
        }
        if *until < on {
            return Err(AllowanceError::Ended { until: *until });
        }
        for (field, text) in [("reason", reason), ("by", by)] {
            if text.trim().is_empty() {
                return Err(AllowanceError::Blank { field });
            }
        }
        if rows.is_empty() {
            return Err(AllowanceError::Blank { field: "rows" });
        }
        if let Some(id) = rows.iter().find(|id| !self.is_unverified(id)) {
            return Err(AllowanceError::NotUnverified { id: id.clone() });
        }
        Ok(self.allowing(rows.iter().cloned()))
    }

    /// The version without allowances: what an allowance is signed for.
    pub fn base_version(&self) -> &str {
        &self.base
    }
}

/// The fields of a struct are written in their order and the rows are sorted: equal statements, equal bytes.
fn signed_bytes(statement: &Statement) -> Vec<u8> {
    let json = serde_json::to_vec(statement).expect("a statement holds texts only");
    [DOMAIN, &json].concat()
}

/// The first characters of the public key, as the key set of tokens names it.
fn key_id(key: &VerifyingKey) -> String {
    URL_SAFE_NO_PAD.encode(key.as_bytes()).chars().take(KEY_ID_CHARS).collect()
}
