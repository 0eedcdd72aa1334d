//! One connection: TLS, HTTP/1.1 or HTTP/2, deadlines.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Version, header::CONNECTION},
    response::Response,
};
use countersign::http::PeerAddress;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::{Phase, activity::Activity, lingering::Lingering, unread::Unread};

/// For the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For the header of an HTTP/1 request. hyper counts the wait for the next request, too.
const HEADER: Duration = Duration::from_secs(10);
/// All headers of a request together.
const HEADER_BYTES: u32 = 16 * 1024;
/// The buffer of a connection; an HTTP/1 header must fit.
const BUFFER: usize = 64 * 1024;
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 128;

/// What a connection needs.
pub(super) struct Connection {
    pub(super) peer: SocketAddr,
    pub(super) router: Router,
    pub(super) phase: watch::Receiver<Phase>,
}

impl Connection {
    /// Answers requests until either side ends it.
    pub(super) async fn run(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Answers are short; waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls else { return self.serve(stream).await };
        match timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.serve(stream).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn serve(mut self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let (router, peer) = (self.router, PeerAddress(Some(self.peer.ip())));
        let activity = Activity::new();
        let requests = activity.clone();
        let service =
            service_fn(move |request| answer(router.clone(), peer, requests.clone(), request));
        let builder = builder();
        let connection = builder.serve_connection(TokioIo::new(Lingering::new(stream)), service);
        tokio::pin!(connection);
        let idle = activity.idle();
        tokio::pin!(idle);
        let mut draining = false;
        loop {
            tokio::select! {
                result = connection.as_mut() => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    return;
                }
                () = &mut idle => return,
                phase = next_phase(&mut self.phase, draining) => {
                    if phase == Phase::Cut {
                        return;
                    }
                    draining = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// The phase after the one that is known.
async fn next_phase(phase: &mut watch::Receiver<Phase>, draining: bool) -> Phase {
    let known = if draining { Phase::Draining } else { Phase::Serving };
    // Nobody is left to say anything: the process ends.
    phase.wait_for(|phase| *phase > known).await.map_or(Phase::Cut, |phase| *phase)
}

async fn answer(
    router: Router,
    peer: PeerAddress,
    activity: Activity,
    mut request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let in_flight = activity.begin();
    request.extensions_mut().insert(peer);
    let is_http1 = request.version() < Version::HTTP_2;
    let unread = Unread::default();
    let request = request.map(|body| Body::new(unread.watch(body)));
    let mut response = router.oneshot(request).await?;
    // What was not read would stand before the next request, so there is none (RFC 9112 9.3).
    if is_http1 && unread.is_left() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    drop(in_flight);
    Ok(response)
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER).max_buf_size(BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_BYTES)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}
