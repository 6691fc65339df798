//! As much HTTP/1.1 as witnesses, monitors and stores of tiles need: one request, one bounded answer.

mod client;
mod server;
mod session;
mod tls;

pub use hyper::{Method, body::Bytes, header};

pub use client::{Client, HttpError, Response};
pub use server::{Handler, Reply, Request, serve};
pub use session::{Answer, Question, Session};
