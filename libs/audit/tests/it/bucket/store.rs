//! What a bucket does with single files, and what it says when it cannot.

use std::sync::Arc;

use audit::Conflict;
use merkle::Tile;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use witness::http::{Handler, Reply, Request, header, serve};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn partial_tiles_are_collected_page_by_page_and_nothing_else() {
    let tiles = At::common().site(&format!("s3://{BUCKET}/collect-{}", std::process::id())).open();
    let partial = |width: usize| (format!("tile/0/000.p/{width}"), vec![7; 32 * width]);
    let mut files: Vec<_> = (1..=230).map(partial).collect();
    let others = ["tile/0/000", "tile/0/001.p/5", "tile/1/000.p/1", "checkpoint"];
    files.extend(others.map(|name| (name.to_owned(), name.as_bytes().to_vec())));
    tiles.0.write(&files).unwrap();
    assert_eq!(tiles.0.list("tile/0/000.p").unwrap().len(), 230);
    tiles.0.collect("tile/0/000".parse::<Tile>().unwrap()).unwrap();
    assert_eq!(tiles.0.list("tile/0/000.p").unwrap(), Vec::<String>::new());
    for name in others {
        assert_eq!(tiles.0.read(name).unwrap().unwrap(), name.as_bytes(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_the_key_and_what_the_store_says_and_no_secret() {
    let at = At { secret: "not-the-secret".to_owned(), ..At::common() };
    let said = |text: &str, at: &At| at.site(text).open().checkpoint().unwrap_err().to_string();
    let wrong = said(&format!("s3://{BUCKET}/logs/hazard"), &at);
    assert_eq!(wrong, "GET logs/hazard/checkpoint: the store answered 403 SignatureDoesNotMatch");
    let none = said("s3://no-such-bucket/hazard", &At::common());
    assert_eq!(none, "GET hazard/checkpoint: the store answered 404 NoSuchBucket");
}

/// A web server that takes every file, whatever the conditions: what some stores do with headers they do not know.
struct Heedless;

impl Handler for Heedless {
    const BODY_BYTES_MAX: usize = 1 << 20;

    fn answer(&self, request: Request) -> Reply {
        let missing = "<Error><Code>NoSuchKey</Code></Error>";
        let mut reply = match request.method.as_str() {
            "PUT" => Reply::text(200, ""),
            _ => Reply::text(404, missing),
        };
        reply.headers.push((header::ETAG, "\"1\"".to_owned()));
        reply
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_heeds_no_conditions_is_not_written() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = At { url: format!("http://{}", listener.local_addr().unwrap()), ..At::common() };
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, Arc::new(Heedless), stop.clone()));
    let place = Place::new().await;
    place.fill(10).await;
    let mut running =
        Running::start(place.log.clone(), Sealing { site: at.site("s3://tiles/x"), ..place.sealing() });
    assert!(running.refusal().await.contains(&Conflict::Unconditional.to_string()));
    running.stop().await;
    stop.cancel();
    serving.await.unwrap();
}
