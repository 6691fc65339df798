//! Free ports on the loopback address; somebody else may still take it first, so who uses them must be ready to retry.

use std::array;
use std::net::{Ipv4Addr, TcpListener};

use crate::error::{self, Error};

pub(crate) fn free() -> Result<u16, Error> {
    several::<1>().map(|[port]| port)
}

/// Different ones, because all are held until the last is found.
pub(crate) fn several<const N: usize>() -> Result<[u16; N], Error> {
    let find = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        Ok((port, listener))
    };
    let found: Result<Vec<_>, std::io::Error> = (0..N).map(|_| find()).collect();
    let found = found.map_err(error::io("find a free port"))?;
    Ok(array::from_fn(|n| found[n].0))
}
