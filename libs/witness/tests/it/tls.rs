//! https: an authority that is trusted vouches for the server, and no other.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};
use witness::http::{Client, HttpError};

use crate::support::SOON;

/// Answers one request after the other with a word, behind a certificate for this name.
async fn serve(name: &str) -> (String, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
            let _ = stream.shutdown().await;
        }
    });
    (format!("https://localhost:{port}/a?b"), certificate)
}

#[tokio::test]
async fn a_server_is_believed_when_a_trusted_authority_vouches_for_its_name() {
    let (url, certificate) = serve("localhost").await;
    let answer = Client::with_roots(SOON, vec![certificate]).get(&url).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"hello"[..]));
    let stranger = Client::new(SOON).get(&url).await;
    assert!(matches!(stranger, Err(HttpError::Tls { .. })), "{stranger:?}");
    let (url, certificate) = serve("elsewhere").await;
    let other_name = Client::with_roots(SOON, vec![certificate]).get(&url).await;
    assert!(matches!(other_name, Err(HttpError::Tls { .. })), "{other_name:?}");
}
