//! The listeners of a system: all bound before anything starts, so that everybody's address is known to everybody.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::net::TcpListener;

use crate::error::{Because, Error};

/// The bound listeners by name.
pub(super) struct Addresses {
    bound: Vec<(&'static str, TcpListener, SocketAddr)>,
    base: Option<u16>,
}

/// Binds a listener for each name: on the ports from `base` on, or on free ones.
pub(super) async fn bind(base: Option<u16>, names: &[&'static str]) -> Result<Addresses, Error> {
    let mut addresses = Addresses { bound: Vec::new(), base };
    for (index, name) in names.iter().enumerate() {
        let (listener, address) = listen(base, index).await?;
        addresses.bound.push((name, listener, address));
    }
    Ok(addresses)
}

impl Addresses {
    /// One more listener after those that have names, and its URL.
    pub(super) async fn next(&mut self) -> Result<(TcpListener, String), Error> {
        let (listener, address) = listen(self.base, self.bound.len()).await?;
        Ok((listener, url(address)))
    }

    /// So many listeners after that one, whether it is there or not.
    pub(super) async fn further(&self, count: usize) -> Result<Vec<TcpListener>, Error> {
        let mut listeners = Vec::new();
        for index in 1..=count {
            listeners.push(listen(self.base, self.bound.len() + index).await?.0);
        }
        Ok(listeners)
    }

    pub(super) fn urls(&self) -> BTreeMap<String, String> {
        self.bound.iter().map(|(name, _, address)| ((*name).to_owned(), url(*address))).collect()
    }

    pub(super) fn into_listeners(self) -> impl Iterator<Item = (&'static str, TcpListener)> {
        self.bound.into_iter().map(|(name, listener, _)| (name, listener))
    }
}

/// Only programs on this machine reach an all-in-one system.
async fn listen(base: Option<u16>, index: usize) -> Result<(TcpListener, SocketAddr), Error> {
    let port = match base {
        None => 0,
        Some(base) => {
            let port = u16::try_from(index).ok().and_then(|index| base.checked_add(index));
            port.ok_or_else(|| {
                Error::usage(format!("端口 {base} 之后没有足够的端口"), format!("too few ports after {base}"))
            })?
        }
    };
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = bound.because(format!("监听端口 {port}"), format!("listen on port {port}"))?;
    let address = listener.local_addr().because("读取监听地址", "read the listening address")?;
    Ok((listener, address))
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
