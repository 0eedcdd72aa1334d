//! An application with its own protected routes that nests Countersign.
//!
//! ```text
//! cargo run -p axum-app
//! curl -s localhost:3000/auth/register -H 'content-type: application/json' \
//!      -d '{"username":"ada","password":"correct horse battery"}'
//! TOKEN=$(curl -s localhost:3000/auth/login -H 'content-type: application/json' \
//!      -d '{"username":"ada","password":"correct horse battery"}' | jq -r .access_token)
//! curl -s localhost:3000/notes -H "authorization: Bearer $TOKEN"
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::{error::Error, net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{FromRef, State},
    routing::get,
};
use countersign::{Config, Countersign};
use countersign_guard::{Guard, Principal, tower::RequireAuth};
use serde_json::{Value, json};

/// The application's state. Giving out the guard is all that the extractor asks for.
#[derive(Clone)]
struct App {
    guard: Arc<Guard>,
    greeting: &'static str,
}

impl FromRef<App> for Arc<Guard> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.guard)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = std::env::var("DATABASE_URL").unwrap_or("sqlite:///axum-app.db".into());
    let listen = std::env::var("LISTEN").unwrap_or("127.0.0.1:3000".into());

    // The issuer is where the routes are reached; the audience is who takes the tokens.
    let mut config = Config::new(&database, "http://127.0.0.1:3000", &["notes"])?;
    config.http.mount = "/auth".into();
    let auth = Countersign::open(config).await?;

    let app = App { guard: Arc::clone(auth.guard()), greeting: "Hello" };
    let router = routes(app).merge(auth.router()?);

    let listener = tokio::net::TcpListener::bind(&listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    auth.close().await;
    Ok(())
}

fn routes(app: App) -> Router {
    // A whole group behind the layer: nobody without the role gets to its handlers.
    let office = Router::new()
        .route("/office", get(office))
        .layer(RequireAuth::new(Arc::clone(&app.guard)).roles(&["clerk"]));

    Router::new()
        .route("/", get(front_door))
        .route("/notes", get(notes))
        .merge(office)
        .with_state(app)
}

/// Open to all; greets by name who is logged in.
async fn front_door(State(app): State<App>, user: Option<Principal>) -> String {
    let name = user.as_ref().and_then(Principal::username).unwrap_or("stranger");
    format!("{}, {name}", app.greeting)
}

/// Runs only for a good access token that nobody has revoked.
async fn notes(user: Principal) -> Json<Value> {
    Json(json!({ "owner": user.user_id(), "notes": ["buy milk"] }))
}

/// Runs only behind the layer.
async fn office(user: Principal) -> Json<Value> {
    Json(json!({ "clerk": user.username() }))
}
