//! The object store: it answers where it says, keeps its place over a restart, and is gone when it is stopped.

use servers::{Objects, Scratch};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What it says to a stranger; nothing where nobody listens.
async fn greeting(objects: &Objects) -> Option<String> {
    let mut connection = TcpStream::connect(objects.url().strip_prefix("http://").unwrap()).await.ok()?;
    let question = "GET /bucket HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    connection.write_all(question.as_bytes()).await.unwrap();
    let mut said = String::new();
    connection.read_to_string(&mut said).await.unwrap();
    Some(said)
}

#[tokio::test]
async fn it_asks_for_a_signature_and_keeps_its_place_and_its_keys_over_a_restart() {
    let (one, other) = (Scratch::new().unwrap(), Scratch::new().unwrap());
    let (one, other) = tokio::join!(Objects::start(one.path()), Objects::start(other.path()));
    let (mut one, other) = (one.unwrap(), other.unwrap());
    let told = |objects: &Objects| (objects.url(), objects.credentials().0.to_owned());
    assert_ne!(told(&one), told(&other));
    let before = told(&one);
    assert!(greeting(&one).await.unwrap().contains("AccessDenied"));
    one.stop().await;
    assert_eq!(greeting(&one).await, None);
    one.restart().await.unwrap();
    assert_eq!(told(&one), before);
    assert!(greeting(&one).await.unwrap().contains("AccessDenied"));
    assert!(greeting(&other).await.is_some());
}
