//! nats-server: what JetStream keeps, what a wipe loses, and that further configuration is in force.

use std::path::Path;

use async_nats::jetstream;
use servers::{Nats, NatsOptions, Scratch};

const STREAM: &str = "KEPT";

async fn start(folder: &Path) -> Nats {
    Nats::start(folder, NatsOptions::default()).await.unwrap()
}

async fn bus(nats: &Nats) -> jetstream::Context {
    jetstream::new(async_nats::connect(nats.url()).await.unwrap())
}

async fn publish_one(nats: &Nats) {
    let bus = bus(nats).await;
    let config = jetstream::stream::Config {
        name: STREAM.to_owned(),
        subjects: vec!["kept".to_owned()],
        ..Default::default()
    };
    bus.get_or_create_stream(config).await.unwrap();
    bus.publish("kept", "one".into()).await.unwrap().await.unwrap();
}

async fn count(nats: &Nats) -> Option<u64> {
    let stream = bus(nats).await.get_stream(STREAM).await.ok()?;
    Some(stream.get_info().await.unwrap().state.messages)
}

#[tokio::test]
async fn messages_survive_stop_restart_kill_and_a_second_start() {
    let scratch = Scratch::new().unwrap();
    let mut nats = start(scratch.path()).await;
    let url = nats.url();
    publish_one(&nats).await;
    nats.restart().await.unwrap();
    publish_one(&nats).await;
    assert_eq!(nats.url(), url, "a restart keeps the port");

    nats.kill();
    assert_eq!(nats.pid(), None);
    nats.restart().await.unwrap();
    assert_eq!(count(&nats).await, Some(2));

    nats.stop().await;
    drop(nats);
    assert_eq!(count(&start(scratch.path()).await).await, Some(2));
}

#[tokio::test]
async fn a_wipe_loses_every_stream_and_keeps_the_address() {
    let scratch = Scratch::new().unwrap();
    let mut nats = start(scratch.path()).await;
    let url = nats.url();
    publish_one(&nats).await;
    nats.wipe().await.unwrap();
    assert_eq!(count(&nats).await, None);
    assert_eq!(nats.url(), url);
    publish_one(&nats).await;
}

#[tokio::test]
async fn permissions_from_further_configuration_are_in_force() {
    let scratch = Scratch::new().unwrap();
    let configuration = r#"authorization { users = [
        { user: police, password: secret, permissions: { publish: "fenghuo.police.>" } }
    ] }"#;
    let options = NatsOptions { configuration: configuration.to_owned(), ..Default::default() };
    let nats = Nats::start(scratch.path(), options).await.unwrap();
    async_nats::connect(nats.url()).await.unwrap_err();
    let police = async_nats::ConnectOptions::with_user_and_password("police".into(), "secret".into());
    police.connect(nats.url()).await.unwrap();
}

#[tokio::test]
async fn wrong_configuration_is_told_in_the_servers_own_words() {
    let scratch = Scratch::new().unwrap();
    let options = NatsOptions { configuration: "no_such_field: 1".to_owned(), ..Default::default() };
    let said = Nats::start(scratch.path(), options).await.unwrap_err().to_string();
    assert!(said.contains("no_such_field"), "{said}");
}

#[tokio::test]
async fn two_servers_at_once_do_not_disturb_each_other() {
    let (one, two) = (Scratch::new().unwrap(), Scratch::new().unwrap());
    let (one, two) = tokio::join!(start(one.path()), start(two.path()));
    publish_one(&one).await;
    assert_eq!(count(&two).await, None);
}
