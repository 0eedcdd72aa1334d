//! Accounts, one's own and everybody's.

use std::collections::BTreeSet;

use countersign_engine::{store::UserPage, users::User};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{claims::Claims, time::rfc3339};

/// A registration.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Registration)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterBody {
    #[schema(example = "ada")]
    pub(crate) username: String,
    /// At least 8 characters, at most 1,024 bytes, none of the common ones.
    #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
    pub(crate) password: SecretString,
    /// Unverified and not unique.
    #[schema(example = "ada@example.com")]
    pub(crate) email: Option<String>,
}

/// A change of one's own account.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AccountUpdate)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateAccountBody {
    /// The new address; `null` takes it away.
    #[serde(deserialize_with = "present")]
    #[schema(required, example = "ada@example.org")]
    pub(crate) email: Option<String>,
    #[schema(value_type = String, format = Password)]
    pub(crate) current_password: SecretString,
}

/// `null` is a value here; leaving the member out is a mistake.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// A change of one's own password.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PasswordChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePasswordBody {
    #[schema(value_type = String, format = Password)]
    pub(crate) current_password: SecretString,
    #[schema(value_type = String, format = Password)]
    pub(crate) new_password: SecretString,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserBody {
    /// Opaque, and never given to anybody else.
    #[schema(example = "0198c2f6-3c58-7e0a-9a53-3f2b6a8c1d70")]
    id: String,
    #[schema(required, example = "ada")]
    username: Option<String>,
    #[schema(required, example = "ada@example.com")]
    email: Option<String>,
    disabled: bool,
    #[schema(example = json!(["editor"]))]
    roles: BTreeSet<String>,
    #[schema(example = json!(["reports:read"]))]
    scopes: BTreeSet<String>,
    #[schema(example = "2026-05-28T20:26:40.007Z", format = DateTime)]
    created_at: String,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.as_str().to_owned(),
            username: user.username,
            email: user.email,
            disabled: user.disabled,
            roles: user.roles,
            scopes: user.scopes,
            created_at: rfc3339(user.created_at),
        }
    }
}

/// An account as administrators see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserDetail)]
pub struct UserDetailBody {
    #[serde(flatten)]
    user: UserBody,
    /// Custom claims of the access tokens.
    #[schema(value_type = Object, example = json!({"tenant": "acme"}))]
    claims: Map<String, Value>,
    /// Access tokens of lower generations are dead.
    #[schema(example = 0)]
    generation: u32,
    /// Whether the user can log in by password.
    has_password: bool,
}

impl From<User> for UserDetailBody {
    fn from(user: User) -> Self {
        Self {
            claims: user.claims.clone(),
            generation: user.generation,
            has_password: user.password_hash.is_some(),
            user: user.into(),
        }
    }
}

/// A stretch of the list of accounts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserPage)]
pub struct UserPageBody {
    users: Vec<UserDetailBody>,
    /// What to ask `after` next; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl From<UserPage> for UserPageBody {
    fn from(page: UserPage) -> Self {
        let last = page.users.last().map(|user| user.id.as_str().to_owned());
        Self {
            users: page.users.into_iter().map(Into::into).collect(),
            next: last.filter(|_| page.more),
        }
    }
}

/// A new account, made by an administrator.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewUser)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddUserBody {
    #[schema(example = "grace")]
    pub(crate) username: String,
    /// Without one the user cannot log in by password yet.
    #[schema(value_type = Option<String>, format = Password)]
    pub(crate) password: Option<SecretString>,
    pub(crate) email: Option<String>,
    #[serde(default)]
    #[schema(example = json!(["editor"]))]
    pub(crate) roles: BTreeSet<String>,
    #[serde(default)]
    #[schema(example = json!(["reports:read"]))]
    pub(crate) scopes: BTreeSet<String>,
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"tenant": "acme"}))]
    pub(crate) claims: Claims,
}

/// Roles and scopes instead of the present ones; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Grants)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantsBody {
    #[schema(example = json!(["editor"]))]
    pub(crate) roles: Option<BTreeSet<String>>,
    #[schema(example = json!(["reports:read", "reports:write"]))]
    pub(crate) scopes: Option<BTreeSet<String>>,
}

/// Custom claims instead of the present ones.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CustomClaims)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimsBody {
    #[schema(value_type = Object, example = json!({"tenant": "acme"}))]
    pub(crate) claims: Claims,
}

/// A password that an administrator sets.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewPassword)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetPasswordBody {
    #[schema(value_type = String, format = Password)]
    pub(crate) password: SecretString,
}
