//! Facts as CloudEvents 1.0 in structured JSON mode: what travels on the bus and through `ReadPublic`.
//!
//! **Invariant**: whoever reads a message learns its source from the stream it came on; a message that claims
//! another source, position, department or type than it may is an error, never a fact.

mod read;
mod strict;
mod write;

pub use read::{Error, Origin, read};
pub use write::{Message, Outgoing, Publish, message, outside};

/// The media type of every message.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";
/// Longest message, in bytes; checked before anything is parsed.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// Deepest nesting of a message's data.
pub const DEPTH_MAX: u8 = 32;

const SPEC_VERSION: &str = "1.0";
const DATA_CONTENT_TYPE: &str = "application/json";

#[cfg(test)]
mod tests;
