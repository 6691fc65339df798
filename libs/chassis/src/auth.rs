//! Who is calling: Ed25519 JSON Web Tokens against a configured key set (RFC 7519, RFC 8037).
//!
//! **Invariant**: an actor comes from a verified token and from nowhere else.

use std::{fs, io, path::Path};

use decider::{Actor, ActorKind, Department, Id, Role};
use ed25519_dalek::{
    SigningKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, spki::der::pem::LineEnding},
};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    jwk::{Jwk, JwkSet},
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

const ISSUER: &str = "fenghuo";
const AUDIENCE: &str = "fenghuo";

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("read key file {path}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file's content is not a key or key set.
    #[error("parse key file {path}: {reason}")]
    Malformed {
        /// Which file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A token cannot be signed.
    #[error("sign a token")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

/// Why a token is not accepted. The text says enough for an operator and nothing for a forger.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("no bearer token in the authorization header")]
    Missing,
    /// Its key is not in the key set.
    #[error("the token is signed with a key that is not in the key set")]
    UnknownKey,
    /// Signature, issuer, audience or time are wrong.
    #[error("the token is not valid: {0}")]
    Invalid(#[source] jsonwebtoken::errors::Error),
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Id,
    iat: i64,
    exp: i64,
    kind: ActorKind,
    department: Department,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<Id>,
}

/// A private key that issues tokens: development tokens, and a service's own.
#[derive(Clone)]
pub struct Signer {
    key: EncodingKey,
    public: Jwk,
    pem: String,
}

impl Signer {
    /// A new key from the operating system's randomness.
    pub fn generate() -> Self {
        Self::of(&SigningKey::from_bytes(&rand::random()))
    }

    /// Reads a PKCS#8 PEM file.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let pem = read(path)?;
        let key = SigningKey::from_pkcs8_pem(&pem).map_err(|error| malformed(path, error))?;
        Ok(Self::of(&key))
    }

    /// Reads PKCS#8 PEM.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = SigningKey::from_pkcs8_pem(pem).map_err(|error| malformed(Path::new("-"), error))?;
        Ok(Self::of(&key))
    }

    /// The private key as PKCS#8 PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The key set that verifies this key's tokens.
    pub fn key_set(&self) -> KeySet {
        KeySet(JwkSet { keys: vec![self.public.clone()] })
    }

    /// Issues a token.
    pub fn issue(&self, actor: &Actor, lifetime: Duration) -> Result<String, KeyError> {
        let now = OffsetDateTime::now_utc();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: actor.id.clone(),
            iat: now.unix_timestamp(),
            exp: (now + lifetime).unix_timestamp(),
            kind: actor.kind,
            department: actor.department.clone(),
            roles: actor.roles.clone(),
            certificate: actor.certificate.clone(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid.clone_from(&self.public.common.key_id);
        encode(&header, &claims, &self.key).map_err(KeyError::Sign)
    }

    fn of(key: &SigningKey) -> Self {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let der = key.to_pkcs8_der().expect("an Ed25519 key has a PKCS#8 form");
        let pem = key.to_pkcs8_pem(LineEnding::LF).expect("an Ed25519 key has a PEM form").to_string();
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        let kid = x.chars().take(12).collect::<String>();
        let public = serde_json::json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x});
        let public = serde_json::from_value(public).expect("a literal JWK");
        Self { key: EncodingKey::from_ed_der(der.as_bytes()), public, pem }
    }
}

/// The public keys whose tokens are accepted (a JWK Set, RFC 7517).
#[derive(Clone, Debug)]
pub struct KeySet(JwkSet);

impl KeySet {
    /// Reads a JWK Set file.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        serde_json::from_str(&read(path)?).map(Self).map_err(|error| malformed(path, error))
    }

    /// The JWK Set as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.0).expect("a JWK Set has string keys only")
    }

    /// Verifies a token and tells who holds it.
    pub fn verify(&self, token: &str) -> Result<Actor, TokenError> {
        let header = decode_header(token).map_err(TokenError::Invalid)?;
        let jwk = header.kid.and_then(|kid| self.0.find(&kid).cloned()).ok_or(TokenError::UnknownKey)?;
        let key = DecodingKey::from_jwk(&jwk).map_err(TokenError::Invalid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = decode::<Claims>(token, &key, &validation).map_err(TokenError::Invalid)?.claims;
        Ok(Actor {
            kind: claims.kind,
            id: claims.sub,
            department: claims.department,
            roles: claims.roles,
            certificate: claims.certificate,
        })
    }
}

fn read(path: &Path) -> Result<String, KeyError> {
    fs::read_to_string(path).map_err(|source| KeyError::File { path: path.display().to_string(), source })
}

fn malformed(path: &Path, error: impl ToString) -> KeyError {
    KeyError::Malformed { path: path.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use decider::{DepartmentKind, harness::actor};

    use super::*;

    #[test]
    fn a_token_tells_who_holds_it() {
        let signer = Signer::generate();
        let head = actor(DepartmentKind::Fire, "330723", &[Role::Head]);
        let token = signer.issue(&head, Duration::minutes(5)).unwrap();
        assert_eq!(signer.key_set().verify(&token).unwrap(), head);
    }

    #[test]
    fn a_token_of_another_key_is_not_accepted() {
        let clerk = actor(DepartmentKind::Hotline, "330723", &[Role::Clerk]);
        let token = Signer::generate().issue(&clerk, Duration::minutes(5)).unwrap();
        assert!(matches!(Signer::generate().key_set().verify(&token), Err(TokenError::UnknownKey)));
    }

    #[test]
    fn an_expired_or_changed_token_is_not_accepted() {
        let signer = Signer::generate();
        let clerk = actor(DepartmentKind::Hotline, "330723", &[Role::Clerk]);
        let expired = signer.issue(&clerk, Duration::minutes(-5)).unwrap();
        assert!(matches!(signer.key_set().verify(&expired), Err(TokenError::Invalid(_))));
        let token = signer.issue(&clerk, Duration::minutes(5)).unwrap();
        let mut parts = token.split('.').map(str::to_owned).collect::<Vec<_>>();
        parts[1] = signer
            .issue(&actor(DepartmentKind::Fire, "33", &[Role::Head]), Duration::minutes(5))
            .unwrap()
            .split('.')
            .nth(1)
            .unwrap()
            .to_owned();
        assert!(signer.key_set().verify(&parts.join(".")).is_err());
    }

    #[test]
    fn a_key_survives_its_file() {
        let signer = Signer::generate();
        let path = std::env::temp_dir().join(format!("fenghuo-key-{}", uuid::Uuid::new_v4()));
        fs::write(&path, signer.pem()).unwrap();
        let again = Signer::load(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(again.key_set().to_json(), signer.key_set().to_json());
    }
}
