//! The published language: generated from `proto/`, nothing by hand.

#![allow(clippy::all, missing_docs, unreachable_pub)]

macro_rules! packages {
    ($($package:ident),*) => {
        $(
            #[doc = concat!("`fenghuo.", stringify!($package), ".v1`")]
            pub mod $package {
                /// Version 1.
                pub mod v1 {
                    include!(concat!(env!("OUT_DIR"), "/fenghuo.", stringify!($package), ".v1.rs"));
                    include!(concat!(env!("OUT_DIR"), "/fenghuo.", stringify!($package), ".v1.serde.rs"));
                }
            }
        )*
    };
}

packages!(envelope, clock, log, dev, hazard, enforcement, investigation, credit, reward, outside, timeline);

/// The encoded descriptors of every package, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));
