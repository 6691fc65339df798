//! A witness over real connections: what it answers, what it remembers, and what it does not take.

// A test binary has no public face; `pub` here means "shared between modules". Helpers of tests may unwrap too.
#![allow(unreachable_pub, clippy::unwrap_used)]

mod client;
mod crash;
mod protocol;
mod support;
mod tls;
