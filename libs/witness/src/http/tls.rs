//! Whom https believes.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};

/// The authorities that may vouch for a server; those of the machine are read at the first use and kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Tls {
    /// None means those of the machine.
    given: Option<Vec<CertificateDer<'static>>>,
    config: Arc<OnceLock<Arc<ClientConfig>>>,
}

impl Tls {
    pub(super) fn with_roots(roots: Vec<CertificateDer<'static>>) -> Self {
        Self { given: Some(roots), ..Self::default() }
    }

    pub(super) async fn connect(&self, name: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(self.config()?).connect(name, stream).await
    }

    fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let made = Arc::new(self.make()?);
        Ok(Arc::clone(self.config.get_or_init(|| made)))
    }

    fn make(&self) -> io::Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        match &self.given {
            None => roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
            Some(given) => roots.add_parsable_certificates(given.iter().cloned()),
        };
        // The provider is named because the process may have chosen none, or another.
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }
}
