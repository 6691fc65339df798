//! The investigation service as a whole: the case of Wuyi through its policies, its views and its gRPC.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in test functions, not in what they share

mod desk;
mod down;
mod grpc;
mod story;
mod view;
