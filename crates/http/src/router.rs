//! Puts the routes together. What a group holds is said once, for the router and for its OpenAPI.

use std::time::Duration;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use countersign_engine::Engine;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouter},
    routes,
};

use crate::{
    config::{HttpConfig, InvalidHttpConfig, RouteGroup},
    docs,
    error::{finish_challenge, method_not_allowed, not_found, panicked},
    layers::{
        access_log, cors, request_id, security_headers,
        timeouts::{self, LONGEST_POLL},
    },
    metadata::split_issuer,
    routes::{
        admin_clients, admin_events, admin_keys, admin_sessions, admin_users, introspect, jwks,
        login, logout, me, metadata, operations, password, refresh, register, revocations, revoke,
        sessions, token,
    },
    state::AppState,
};

/// Every route of the configuration, for a host that has taken the mount off the path:
/// `axum::Router::nest(mount, ..)`, or a framework that hands requests over in process. The
/// well-known routes are there too; they belong at the host's root.
///
/// # Errors
/// When the configuration must not be used.
pub fn router(engine: Engine, config: HttpConfig) -> Result<Router, InvalidHttpConfig> {
    config.validate()?;
    let state = AppState::new(engine, config);
    let routes = api(state.config()).merge(well_known_routes(&state));
    Ok(whole(routes.into(), state))
}

/// The same with the mount still on the path, and the well-known routes at the root: a whole
/// service.
///
/// # Errors
/// When the configuration must not be used.
pub fn mounted(engine: Engine, config: HttpConfig) -> Result<Router, InvalidHttpConfig> {
    config.validate()?;
    let state = AppState::new(engine, config);
    let api: Router<AppState> = api(state.config()).into();
    let mount = &state.config().mount;
    let api = if mount.is_empty() { api } else { Router::new().nest(mount, api) };
    let routes = api.merge(Router::from(well_known_routes(&state)));
    Ok(whole(routes, state))
}

/// Only the well-known routes, to merge into an application whose other routes are nested. Without
/// answers for other paths: those are the application's.
///
/// # Errors
/// When the configuration must not be used.
pub fn well_known(engine: Engine, config: HttpConfig) -> Result<Router, InvalidHttpConfig> {
    config.validate()?;
    let state = AppState::new(engine, config);
    let routes = Router::from(well_known_routes(&state));
    Ok(layered(routes.method_not_allowed_fallback(method_not_allowed), state))
}

/// Answers for every path.
fn whole(routes: Router<AppState>, state: AppState) -> Router {
    let routes = routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed);
    layered(routes, state)
}

/// What surrounds every route; the last is the outermost.
fn layered(routes: Router<AppState>, state: AppState) -> Router {
    let mut routes = routes.layer(CatchPanicLayer::custom(panicked));
    if let Some(cors) = cors::layer(&state.config().cors_origins) {
        routes = routes.layer(cors);
    }
    routes
        .layer(from_fn_with_state(state.clone(), finish_challenge))
        .layer(from_fn_with_state(state.clone(), security_headers::layer))
        .layer(from_fn_with_state(state.clone(), access_log::layer))
        .layer(from_fn(request_id::layer))
        .with_state(state)
}

/// The routes below the mount.
pub(crate) fn api(config: &HttpConfig) -> OpenApiRouter<AppState> {
    let mut routes = OpenApiRouter::default();
    let mut polled = OpenApiRouter::default();
    for group in RouteGroup::ALL.into_iter().filter(|group| config.has(*group)) {
        routes = match group {
            RouteGroup::Login => routes.merge(login_routes()),
            RouteGroup::Session => {
                polled = polled.routes(routes!(revocations::revocations));
                routes.merge(session_routes())
            }
            RouteGroup::Register => routes.routes(routes!(register::register)),
            RouteGroup::Account => routes.merge(account_routes()),
            RouteGroup::Admin => routes.merge(admin_routes()),
            RouteGroup::Operations => routes.merge(operations_routes()),
            RouteGroup::WellKnown => routes,
        };
    }
    within(routes, config.request_timeout)
        .merge(within(polled, config.request_timeout + LONGEST_POLL))
}

fn within(routes: OpenApiRouter<AppState>, limit: Duration) -> OpenApiRouter<AppState> {
    routes.layer(from_fn_with_state(limit, timeouts::layer))
}

fn login_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(login::login)).routes(routes!(token::token))
}

fn session_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(logout::logout_all))
        .routes(routes!(revoke::revoke))
        .routes(routes!(introspect::introspect))
}

fn account_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(me::me, me::update_me))
        .routes(routes!(password::change_password))
        .routes(routes!(sessions::own_sessions))
        .routes(routes!(sessions::end_own_session))
}

fn admin_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(admin_users::list_users, admin_users::add_user))
        .routes(routes!(admin_users::user, admin_users::delete_user))
        .routes(routes!(admin_users::change_user_grants))
        .routes(routes!(admin_users::set_user_claims))
        .routes(routes!(admin_users::set_user_password))
        .routes(routes!(admin_users::disable_user))
        .routes(routes!(admin_users::enable_user))
        .routes(routes!(admin_sessions::user_sessions, admin_sessions::end_user_sessions))
        .routes(routes!(admin_sessions::end_session))
        .routes(routes!(admin_keys::list_keys))
        .routes(routes!(admin_keys::rotate_keys))
        .routes(routes!(admin_keys::compromise_key))
        .routes(routes!(admin_clients::list_clients, admin_clients::add_client))
        .routes(routes!(admin_clients::client, admin_clients::delete_client))
        .routes(routes!(admin_clients::rotate_client_secret))
        .routes(routes!(admin_clients::disable_client))
        .routes(routes!(admin_clients::enable_client))
        .routes(routes!(admin_events::list_events))
}

fn operations_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::metrics))
        .routes(routes!(operations::openapi))
        .merge(docs::router().into())
}

fn well_known_routes(state: &AppState) -> OpenApiRouter<AppState> {
    well_known_of(&state.engine().config().issuer, state.config())
}

/// The routes at the root. The issuer's path is inserted after them (RFC 8414 3.1).
pub(crate) fn well_known_of(issuer: &str, config: &HttpConfig) -> OpenApiRouter<AppState> {
    if !config.has(RouteGroup::WellKnown) {
        return OpenApiRouter::default();
    }
    let (_, path) = split_issuer(issuer);
    let routes = OpenApiRouter::default()
        .routes(suffixed(routes!(jwks::jwks), path))
        .routes(suffixed(routes!(metadata::metadata), path));
    within(routes, config.request_timeout)
}

fn suffixed(routes: UtoipaMethodRouter<AppState>, suffix: &str) -> UtoipaMethodRouter<AppState> {
    let (schemas, mut paths, methods) = routes;
    let renamed = std::mem::take(&mut paths.paths).into_iter();
    paths.paths = renamed.map(|(path, item)| (format!("{path}{suffix}"), item)).collect();
    (schemas, paths, methods)
}
