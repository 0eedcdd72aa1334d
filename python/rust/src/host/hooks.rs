//! The application's hooks: its own users, and more claims. Python functions, called on threads that
//! may block, so that they hold up no other work of the engine.

use std::{collections::BTreeSet, fmt, sync::Arc};

use async_trait::async_trait;
use countersign::engine::{
    accounts::{Accounts, ClaimsSource, Issue, Standing},
    ids::UserId,
    store::StoreError,
};
use pyo3::prelude::*;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::json::{Fault, Json, MAX_DEPTH, read};

/// A Python function and what it is called in messages.
struct Hook {
    what: &'static str,
    function: Py<PyAny>,
}

impl fmt::Debug for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.what)
    }
}

impl Hook {
    /// Calls the function with one JSON value, off the runtime's own threads.
    async fn call<T: DeserializeOwned + Send + 'static>(
        self: Arc<Self>,
        argument: Value,
    ) -> Result<T, StoreError> {
        let what = self.what;
        let called = tokio::task::spawn_blocking(move || self.call_now(&argument)).await;
        called.unwrap_or_else(|_| Err(StoreError::corrupt(format!("the {what} hook panicked"))))
    }

    fn call_now<T: DeserializeOwned>(&self, argument: &Value) -> Result<T, StoreError> {
        let attached = Python::try_attach(|py| {
            self.answer(py, argument).map_err(|error| {
                StoreError::corrupt(format!("the {} hook failed: {error}", self.what))
            })
        });
        attached.unwrap_or_else(|| Err(StoreError::unavailable("Python is shutting down")))
    }

    fn answer<T: DeserializeOwned>(&self, py: Python<'_>, argument: &Value) -> PyResult<T> {
        let argument = argument.to_string();
        let argument = read(py, &argument, MAX_DEPTH).map_err(Fault::into_value_error)?;
        let answer = self.function.bind(py).call1((argument,))?;
        let text = serde_json::to_vec(&Json::new(&answer)).map_err(not_json)?;
        serde_json::from_slice(&text).map_err(not_json)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn not_json(error: serde_json::Error) -> PyErr {
    pyo3::exceptions::PyTypeError::new_err(format!("its answer cannot be used: {error}"))
}

/// The application's own users.
#[derive(Debug)]
pub(crate) struct PythonAccounts(Arc<Hook>);

impl PythonAccounts {
    pub(crate) fn new(function: Py<PyAny>) -> Self {
        Self(Arc::new(Hook { what: "accounts", function }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StandingAnswer {
    active: bool,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    roles: BTreeSet<String>,
    #[serde(default)]
    scopes: Option<BTreeSet<String>>,
    #[serde(default)]
    claims: Map<String, Value>,
}

#[async_trait]
impl Accounts for PythonAccounts {
    async fn standing(&self, user_id: &UserId) -> Result<Option<Standing>, StoreError> {
        let argument = Value::from(user_id.as_str());
        let answer: Option<StandingAnswer> = Arc::clone(&self.0).call(argument).await?;
        Ok(answer.map(|answer| {
            let StandingAnswer { active, username, roles, scopes, claims } = answer;
            Standing { active, username, roles, scopes, claims }
        }))
    }
}

/// More claims for access tokens.
#[derive(Debug)]
pub(crate) struct PythonClaims(Arc<Hook>);

impl PythonClaims {
    pub(crate) fn new(function: Py<PyAny>) -> Self {
        Self(Arc::new(Hook { what: "claims", function }))
    }
}

#[async_trait]
impl ClaimsSource for PythonClaims {
    async fn claims(&self, issue: Issue<'_>) -> Result<Map<String, Value>, StoreError> {
        let argument = json!({
            "user_id": issue.user_id,
            "client_id": issue.client_id,
            "session_id": issue.session.id,
            "username": issue.standing.username,
            "roles": issue.standing.roles,
            "scopes": issue.session.scopes,
        });
        let claims: Option<Map<String, Value>> = Arc::clone(&self.0).call(argument).await?;
        Ok(claims.unwrap_or_default())
    }
}
