//! A free port on the loopback address; somebody else may still take it first, so who uses one must be ready to retry.

use std::net::{Ipv4Addr, TcpListener};

use crate::error::{self, Error};

pub(crate) fn free() -> Result<u16, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(error::io("find a free port"))
}
