//! The OpenAPI 3.1 document, from the same routes that are served.

mod failures;
mod inline;

use axum::body::Bytes;
use utoipa::openapi::{
    Components, Info, OpenApi, OpenApiBuilder, Server,
    path::{Operation, PathItem},
    security::{Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityScheme},
    tag::Tag,
};
use utoipa::{PartialSchema, ToSchema};

pub use self::inline::inlined;
use crate::{
    config::{HttpConfig, RouteGroup},
    router,
    schemas::ErrorBody,
};

/// The document of the routes that `config` switches on, for this issuer.
pub fn openapi(issuer: &str, config: &HttpConfig) -> OpenApi {
    let mut document = OpenApiBuilder::new().info(info()).build();
    document.merge(router::api(config).into_openapi());
    let mut at_root = router::well_known_of(issuer, config).into_openapi();
    for item in at_root.paths.paths.values_mut() {
        item.servers = Some(vec![Server::new("/")]);
    }
    document.merge(at_root);
    let mount = if config.mount.is_empty() { "/" } else { &config.mount };
    document.servers = Some(vec![Server::new(mount)]);
    document.tags = Some(tags());
    add_schemes(document.components.get_or_insert_default(), config);
    let known = document.components.clone().unwrap_or_default().security_schemes;
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            failures::add(operation);
            failures::keep_known_schemes(operation, |scheme| known.contains_key(scheme));
            // Unique in an application's own document, too, when the routes are merged into it.
            operation.operation_id =
                operation.operation_id.take().map(|id| format!("countersign_{id}"));
        }
    }
    document
}

/// The document as JSON.
pub(crate) fn render(issuer: &str, config: &HttpConfig) -> Bytes {
    // A document of maps and strings always serializes.
    serde_json::to_vec(&openapi(issuer, config)).unwrap_or_default().into()
}

fn info() -> Info {
    let mut info = Info::new("Countersign", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Log-in, tokens that are verified locally and can still be revoked, and their upkeep."
            .into(),
    );
    info
}

fn tags() -> Vec<Tag> {
    [
        ("tokens", "Log-in, refresh, log-out and revocation"),
        ("accounts", "One's own account"),
        ("discovery", "Keys and metadata"),
        ("administration", "For the scope countersign:admin"),
        ("operations", "Health, metrics and documentation"),
    ]
    .into_iter()
    .map(|(name, description)| {
        let mut tag = Tag::new(name);
        tag.description = Some(description.into());
        tag
    })
    .collect()
}

/// How requests are authenticated. The password flow is what the Authorize button of documentation
/// pages speaks; its URL is absolute in the path so that every tool resolves it alike.
fn add_schemes(components: &mut Components, config: &HttpConfig) {
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An access token (RFC 6750)."));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    if config.has(RouteGroup::Login) {
        let scopes = Scopes::from_iter([
            ("countersign:admin", "Administer users, sessions, clients and keys"),
            ("countersign:introspect", "Ask about tokens"),
            ("countersign:revocations", "Follow the revocations"),
        ]);
        let flow = Password::new(format!("{}/token", config.mount), scopes);
        let scheme = OAuth2::with_description([Flow::Password(flow)], "For first-party use only.");
        components.add_security_scheme("password", SecurityScheme::OAuth2(scheme));
    }
    if config.has(RouteGroup::Session) {
        let client = HttpBuilder::new()
            .scheme(HttpAuthScheme::Basic)
            .description(Some("A client's id and secret (RFC 6749 2.3.1)."));
        components.add_security_scheme("client", SecurityScheme::Http(client.build()));
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch]
        .into_iter()
        .flatten()
}
