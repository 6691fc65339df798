//! A certificate for a store that has none: of an authority of its own, whose certificate clients are given.
//!
//! **Invariant**: what was generated is kept: clients go on trusting the same authority.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tonic::transport::Identity;

use crate::{
    doorway,
    error::{Because, Error},
    keys,
};

/// Whom the certificate is for, beside the host that clients call.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The authority's certificate.
pub(super) fn ca_file(data: &Path) -> PathBuf {
    folder(data).join("ca.pem")
}

/// The store's certificate, generated at the first call.
pub(super) fn load_or_generate(data: &Path, host: &str) -> Result<Identity, Error> {
    let folder = folder(data);
    let (certificate, key) = (folder.join("server.pem"), folder.join("server-key.pem"));
    if !certificate.exists() {
        generate(&folder, host, &certificate, &key)?;
    }
    doorway::identity(&certificate, &key)
}

fn folder(data: &Path) -> PathBuf {
    data.join("tls")
}

fn generate(folder: &Path, host: &str, certificate: &Path, key: &Path) -> Result<(), Error> {
    let (zh, en) = ("生成证书", "generate a certificate");
    // Left behind by a process that was killed: the three belong together, and the last one was missing.
    if folder.exists() {
        fs::remove_dir_all(folder).because(zh, en)?;
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder).because(zh, en)?;
    let (ca, server, server_key) = issue(host).because(zh, en)?;
    keys::create(&folder.join("ca.pem"), &ca, 0o644)?;
    keys::create(key, &server_key, 0o600)?;
    keys::create(certificate, &server, 0o644)
}

/// The authority's certificate, the store's, and the store's key, as PEM. The authority's key is not kept.
fn issue(host: &str) -> Result<(String, String, String), rcgen::Error> {
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "fenghuo eventstore");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca = authority.self_signed(&authority_key)?.pem();
    let key = KeyPair::generate()?;
    let mut hosts = HOSTS.map(str::to_owned).to_vec();
    if !hosts.iter().any(|known| known == host) {
        hosts.push(host.to_owned());
    }
    let mut server = CertificateParams::new(hosts)?;
    server.distinguished_name.push(DnType::CommonName, host);
    let certificate = server.signed_by(&key, &Issuer::new(authority, authority_key))?;
    Ok((ca, certificate.pem(), key.serialize_pem()))
}
