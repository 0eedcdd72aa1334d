//! Fetching a key set once: `https`, or `http` from this machine, no redirects, bounded in time and
//! size. Proxies are not used.

use std::{error::Error, fmt::Display, io, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, Uri, header},
};
use countersign::engine::config::is_loopback;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::source::Text;
use crate::failure::Failure;

/// For name, connection, handshake and answer together.
const PATIENCE: Duration = Duration::from_secs(10);
/// As much as the reader of sets takes.
const LARGEST: usize = 512 * 1024;
const AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The parts of an address.
struct Address {
    uri: Uri,
    /// Without its query, in which there may be something secret.
    shown: String,
    host: String,
    port: u16,
    is_tls: bool,
}

/// What stands at this address.
pub(super) async fn fetch(url: &str) -> Result<Text, Failure> {
    let address = Address::parse(url)?;
    let ask = async {
        let stream = address.connect().await?;
        address.ask(stream).await
    };
    let late = |_| ours(&address.shown, &"there was no answer within 10 seconds");
    let bytes = timeout(PATIENCE, ask).await.map_err(late)??;
    Ok(Text { name: address.shown, bytes: Zeroizing::new(bytes) })
}

impl Address {
    fn parse(url: &str) -> Result<Self, Failure> {
        let shown = url.split(['?', '#']).next().unwrap_or_default().to_owned();
        let refused = |problem: &str| Failure::input(format!("{shown}: {problem}"));
        // Neither is repeated here: there may be a password in it.
        let no_url = || Failure::input("--jwks: that is no URL");
        let uri: Uri = url.parse().map_err(|_| no_url())?;
        let authority = uri.authority().ok_or_else(no_url)?;
        if authority.as_str().contains('@') {
            return Err(Failure::input("--jwks: an address with a user and a password is refused"));
        }
        let is_tls = uri.scheme_str() == Some("https");
        if !is_tls && !is_loopback(authority.as_str()) {
            return Err(refused("keys over plain http can be exchanged on their way: take https"));
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        Ok(Self { uri, shown, host, port, is_tls })
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, Failure> {
        let failed = |error: io::Error| ours(&self.shown, &error);
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(failed)?;
        if !self.is_tls {
            // `localhost` is only a name.
            if !stream.peer_addr().map_err(failed)?.ip().is_loopback() {
                return Err(ours(&self.shown, &"the name does not lead to this machine"));
            }
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| Failure::input(format!("{}: that is no name of a server", self.shown)))?;
        let tls = TlsConnector::from(Arc::new(self.tls()?));
        let stream = tls.connect(name, stream).await.map_err(failed)?;
        Ok(Box::new(stream))
    }

    /// TLS with the certificates that this machine trusts (`SSL_CERT_FILE` names others).
    fn tls(&self) -> Result<ClientConfig, Failure> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let problem = "this machine trusts no certificates: install them (ca-certificates), or \
                           name a file in SSL_CERT_FILE";
            return Err(ours(&self.shown, &problem));
        }
        // Named, not taken from the process: two providers in one tree would panic otherwise.
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Failure::ours)?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }

    async fn ask(&self, stream: Box<dyn Stream>) -> Result<Vec<u8>, Failure> {
        let failed = |error: hyper::Error| {
            let cause = error.source().map(|cause| format!(": {cause}"));
            ours(&self.shown, &format_args!("{error}{}", cause.unwrap_or_default()))
        };
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        // It ends with the answer, or with the process.
        tokio::spawn(connection);
        let response = sender.send_request(self.request()?).await.map_err(failed)?;
        self.check(response.status())?;
        let body = to_bytes(Body::new(response.into_body()), LARGEST).await.map_err(|_| {
            ours(
                &self.shown,
                &"the answer broke off, or is larger than 512 KiB: that is no key set",
            )
        })?;
        Ok(body.into())
    }

    fn request(&self) -> Result<Request<Body>, Failure> {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let host = self.uri.authority().map_or("", |authority| authority.as_str());
        Request::get(path)
            .header(header::HOST, host)
            .header(header::ACCEPT, "application/jwk-set+json, application/json")
            .header(header::USER_AGENT, AGENT)
            .body(Body::empty())
            .map_err(Failure::ours)
    }

    fn check(&self, status: StatusCode) -> Result<(), Failure> {
        let url = &self.shown;
        match status {
            StatusCode::OK => Ok(()),
            status if status.is_redirection() => Err(Failure::input(format!(
                "{url}: it answers {status}; redirects are not followed: give the address itself"
            ))),
            status if status.is_client_error() => {
                Err(Failure::input(format!("{url}: there is no key set: it answers {status}")))
            }
            status => Err(ours(url, &format_args!("it answers {status}"))),
        }
    }
}

fn ours(url: &str, problem: &dyn Display) -> Failure {
    Failure::ours(format!("the keys cannot be fetched from {url}: {problem}"))
}
