//! Generated from `proto/`: the messages and services of the event-store protocol, nothing by hand.

#![allow(clippy::all, missing_docs, unreachable_pub)]

/// `event_store.client`
pub mod event_store {
    /// What the services share.
    pub mod client {
        include!(concat!(env!("OUT_DIR"), "/event_store.client.rs"));
        /// Streams of events.
        pub mod streams {
            include!(concat!(env!("OUT_DIR"), "/event_store.client.streams.rs"));
        }
        /// What a server can do.
        pub mod server_features {
            include!(concat!(env!("OUT_DIR"), "/event_store.client.server_features.rs"));
        }
        /// Who else there is.
        pub mod gossip {
            include!(concat!(env!("OUT_DIR"), "/event_store.client.gossip.rs"));
        }
        /// Competing consumers.
        pub mod persistent_subscriptions {
            include!(concat!(env!("OUT_DIR"), "/event_store.client.persistent_subscriptions.rs"));
        }
    }
}

/// `kurrentdb.protocol`
pub mod kurrentdb {
    /// Below `kurrentdb.protocol.v2`.
    pub mod protocol {
        /// Version 2.
        pub mod v2 {
            /// The second way to append.
            pub mod streams {
                include!(concat!(env!("OUT_DIR"), "/kurrentdb.protocol.v2.streams.rs"));
                /// Details of refusals.
                pub mod errors {
                    include!(concat!(env!("OUT_DIR"), "/kurrentdb.protocol.v2.streams.errors.rs"));
                }
            }
        }
    }
}
