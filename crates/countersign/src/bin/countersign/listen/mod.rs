//! Listening: a bounded number of connections, each with deadlines, and an orderly end.

mod activity;
mod connection;
mod lingering;
mod tls;
mod unread;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use countersign::config::{ServerConfig, TlsFiles};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use self::connection::Connection;
use crate::failure::Failure;

/// For so long what is in flight may go on after the end was asked for.
const DRAIN: Duration = Duration::from_secs(10);
/// After an accept that failed: descriptors do not come back by asking again at once.
const PAUSE: Duration = Duration::from_millis(100);
/// So many connections may wait to be accepted. When everybody comes back at once after a restart, the
/// usual 128 are too few: the system drops the others, and they try again seconds later.
const BACKLOG: u32 = 4_096;
/// Descriptors that are not connections: database, log, libraries.
const RESERVED_DESCRIPTORS: usize = 64;

/// Whether certificate and key can be used.
pub(crate) fn check_tls(files: &TlsFiles) -> Result<(), Failure> {
    tls::acceptor(files).map(drop)
}

/// How far the end has come.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Phase {
    /// Requests are answered.
    Serving,
    /// No new connections; requests in flight are answered.
    Draining,
    /// Time is up.
    Cut,
}

/// A socket that listens, not yet served.
pub(crate) struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    most: usize,
}

impl Listener {
    /// Takes the address.
    pub(crate) fn bind(config: &ServerConfig) -> Result<Self, Failure> {
        let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
        let refuse = |error: io::Error| refused(config.listen, &error);
        let tcp = listen(config.listen).map_err(refuse)?;
        let address = tcp.local_addr().map_err(refuse)?;
        Ok(Self { tcp, address, tls, most: most_connections(config.max_connections) })
    }

    /// The base URL of what is served here.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves until `phase` says otherwise, and then until the last connection has ended. Answers how
    /// many had to be cut.
    pub(crate) async fn serve(self, router: Router, phase: watch::Sender<Phase>) -> usize {
        let permits = Arc::new(Semaphore::new(self.most));
        let mut drains = phase.subscribe();
        let accepting = self.accept(&router, &permits, &phase);
        tokio::select! {
            () = accepting => {}
            _ = drains.wait_for(|phase| *phase >= Phase::Draining) => {}
        }
        // Nobody new can connect from here on.
        let Self { tcp, most, .. } = self;
        drop(tcp);
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        if timeout(DRAIN, permits.acquire_many(most)).await.is_ok() {
            return 0;
        }
        let cut = usize::try_from(most).unwrap_or(usize::MAX) - permits.available_permits();
        phase.send_replace(Phase::Cut);
        // They end at once now; waiting only lets them.
        let _ = timeout(PAUSE * 10, permits.acquire_many(most)).await;
        cut
    }

    async fn accept(
        &self,
        router: &Router,
        permits: &Arc<Semaphore>,
        phase: &watch::Sender<Phase>,
    ) {
        let mut failing = false;
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(permits).acquire_owned().await {
            let Some((stream, peer)) = accepted(&self.tcp, &mut failing).await else { continue };
            let connection = Connection { peer, router: router.clone(), phase: phase.subscribe() };
            let tls = self.tls.clone();
            tokio::spawn(async move {
                connection.run(stream, tls).await;
                drop(permit);
            });
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Elsewhere it would let two processes listen at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The next connection; `None` after a failure, and after a pause where one helps.
async fn accepted(tcp: &TcpListener, failing: &mut bool) -> Option<(TcpStream, SocketAddr)> {
    match tcp.accept().await {
        Ok(accepted) => {
            *failing = false;
            Some(accepted)
        }
        // The peer has gone before we looked.
        Err(error) if is_peers(&error) => None,
        Err(error) => {
            if !*failing {
                tracing::error!(%error, "connections cannot be accepted; trying again");
            }
            *failing = true;
            sleep(PAUSE).await;
            None
        }
    }
}

fn is_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

fn refused(address: SocketAddr, error: &io::Error) -> Failure {
    Failure::input(match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{address} is in use: stop what listens there, or choose another with --listen, such as \
             --listen {}:0 for any free port",
            address.ip()
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("{address} is no address of this machine: choose another with --listen")
        }
        io::ErrorKind::PermissionDenied => format!(
            "{address} may not be listened on by this process: ports below 1024 need a right that it \
             lacks; choose another with --listen"
        ),
        _ => format!("{address} cannot be listened on: {error}"),
    })
}

/// As many as the process may have descriptors for.
fn most_connections(asked: usize) -> usize {
    let asked = asked.min(Semaphore::MAX_PERMITS);
    let Some(limit) = descriptor_limit() else { return asked };
    let possible = limit.saturating_sub(RESERVED_DESCRIPTORS).max(8);
    if possible < asked {
        tracing::info!(
            connections = possible,
            limit,
            "the limit of open files allows fewer connections than server.max_connections"
        );
    }
    asked.min(possible)
}

/// The soft limit of open files, where the system tells.
fn descriptor_limit() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
