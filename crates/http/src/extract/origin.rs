//! Where a request comes from. `X-Forwarded-For` counts only from trusted proxies, and then only
//! as far as they vouch for it (RFC 9700 4.13).

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::atomic::Ordering,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Extensions, HeaderMap, header::USER_AGENT, request::Parts},
};
use countersign_engine::ids::Origin;

use crate::{config::TrustedProxy, layers::request_id::RequestId, state::AppState};

/// The most that is kept of a `User-Agent`.
const MAX_USER_AGENT: usize = 200;

/// A request extension by which a host without sockets names the peer; `None` is one bucket for all.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeerAddress(pub Option<IpAddr>);

/// Where a request comes from.
#[derive(Debug)]
pub(crate) struct From(pub(crate) Origin);

impl FromRequestParts<AppState> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let peer = peer(&parts.extensions);
        let trusted = &state.config().trusted_proxies;
        let mut origin = Origin::from_address(client_address(peer, &parts.headers, trusted));
        origin.user_agent = user_agent(&parts.headers);
        origin.request_id = parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned());
        warn_of_proxy(peer, &parts.headers, state);
        Ok(Self(origin))
    }
}

fn peer(extensions: &Extensions) -> Option<IpAddr> {
    let named = extensions.get::<PeerAddress>().map(|peer| peer.0);
    let connected = || extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    named.unwrap_or_else(connected).map(|address| address.to_canonical())
}

/// Whose request it is: of the hops that `X-Forwarded-For` names and of `peer`, the rightmost that is
/// not a trusted proxy. What stands left of it anybody could have written.
pub fn client_address(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    trusted: &[TrustedProxy],
) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|proxy| proxy.contains(address));
    let mut client = peer?;
    let fields: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .map(|value| value.to_str().unwrap_or("unreadable"))
        .collect();
    for hop in fields.iter().flat_map(|field| field.split(',')).rev() {
        if !is_trusted(client) {
            break;
        }
        let Some(address) = hop_address(hop.trim()) else { break };
        client = address;
    }
    Some(client)
}

/// An address as proxies write it: plain, in brackets, or with a port.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let plain = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    plain
        .parse()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .map(|address: IpAddr| address.to_canonical())
}

/// Bounded, and of characters that cannot break a log line or a terminal.
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let field = headers.get(USER_AGENT)?.as_bytes();
    let printable = field.iter().filter(|byte| (b' '..=b'~').contains(byte));
    let text: String = printable.take(MAX_USER_AGENT).map(|&byte| char::from(byte)).collect();
    (!text.is_empty()).then_some(text)
}

/// Behind a proxy that is not named, every client is the proxy, and shares its limits.
fn warn_of_proxy(peer: Option<IpAddr>, headers: &HeaderMap, state: &AppState) {
    if !headers.contains_key("x-forwarded-for") {
        return;
    }
    let trusted = &state.config().trusted_proxies;
    let known = peer.is_some_and(|peer| trusted.iter().any(|proxy| proxy.contains(peer)));
    if !known && !state.warned_of_proxy().swap(true, Ordering::Relaxed) {
        tracing::warn!(
            peer = peer.map(|peer| peer.to_string()),
            "X-Forwarded-For comes from a peer that is not in trusted_proxies and is ignored; if \
             that peer is your proxy, set trusted_proxies to its address or network"
        );
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let trusted: Vec<TrustedProxy> =
            ["10.0.0.0/8", "fd00::/8"].iter().map(|text| text.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        client_address(Some(peer.parse().unwrap()), &headers, &trusted).unwrap().to_string()
    }

    #[test]
    fn h06_a_stranger_speaks_for_nobody() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn the_rightmost_untrusted_hop_is_the_client() {
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(client("fd00::1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.3"]), "10.0.0.3");
    }

    #[test]
    fn what_cannot_be_read_ends_the_walk() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1,,10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }
}
