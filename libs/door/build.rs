//! Compiles `proto/` of this library without protoc: the messages and both sides of the event-store protocol.

use std::{env, error::Error, path::PathBuf};

const FILES: [&str; 7] = [
    "event_store/client/shared.proto",
    "event_store/client/streams/streams.proto",
    "event_store/client/server_features/server_features.proto",
    "event_store/client/gossip/gossip.proto",
    "event_store/client/persistent_subscriptions/persistent_subscriptions.proto",
    "kurrentdb/protocol/v2/streams/streams.proto",
    "kurrentdb/protocol/v2/streams/errors/errors.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let descriptors = protox::compile(FILES.map(|file| root.join(file)), [&root])?;
    let mut config = prost_build::Config::new();
    config.enable_type_names().bytes(["."]);
    tonic_prost_build::configure().compile_fds_with_config(descriptors, config)?;
    Ok(())
}
