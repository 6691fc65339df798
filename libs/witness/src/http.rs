//! As much HTTP/1.1 as witnesses, monitors and static tiles need: one request, one bounded answer.

mod client;
mod server;
mod tls;

pub use hyper::header;

pub use client::{Client, HttpError, Response};
pub use server::{Handler, Reply, Request, serve};
