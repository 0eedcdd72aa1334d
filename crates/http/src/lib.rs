//! HTTP in, engine call, HTTP out: the routes, their OpenAPI and the rendering of the error table.
//!
//! Nothing is decided here: limits, client authentication, audiences and scopes are the engine's.
//! What is read is read strictly, and every failure leaves through [`ApiError`] in one shape.
//!
//! [`router`] answers paths below the mount (the host has taken the prefix away, as
//! [`axum::Router::nest`] does); [`mounted`] is the same with the prefix still on, for serving;
//! [`well_known`] is only what must stand at an application's root.

mod config;
mod docs;
mod error;
mod extract;
mod layers;
mod metadata;
mod metrics;
mod openapi;
mod router;
mod routes;
pub mod schemas;
mod state;

pub use self::{
    config::{HttpConfig, InvalidHttpConfig, Readiness, RouteGroup, TrustedProxy},
    error::ApiError,
    extract::origin::{PeerAddress, client_address},
    layers::request_id::RequestId,
    openapi::{inlined, openapi},
    router::{mounted, router, well_known},
};
