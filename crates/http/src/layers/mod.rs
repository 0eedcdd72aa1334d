//! What surrounds every route, from the outside in: request id, access log, security headers,
//! challenge, CORS, panics; and on each group of routes a time limit.

pub(crate) mod access_log;
pub(crate) mod cors;
pub(crate) mod request_id;
pub(crate) mod security_headers;
pub(crate) mod timeouts;
