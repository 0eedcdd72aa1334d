//! The bodies of requests and answers, one file a noun. Requests refuse unknown members; answers
//! never hold a secret that was not just made for the caller, and never a hash. Answers are public:
//! hosts that call the engine without HTTP show the same JSON.

mod claims;
mod clients;
mod errors;
mod events;
mod introspection;
mod keys;
mod metadata;
mod revocations;
mod sessions;
mod time;
mod tokens;
mod users;

pub(crate) use self::{
    clients::AddClientBody,
    errors::ErrorBody,
    introspection::{IntrospectForm, IntrospectionBody, RevokeForm},
    keys::JwksBody,
    metadata::{MetadataBody, StatusBody},
    revocations::RevocationPageBody,
    tokens::{LoginBody, LogoutBody, RefreshBody, TokenForm},
    users::{
        AddUserBody, ChangePasswordBody, ClaimsBody, GrantsBody, RegisterBody, SetPasswordBody,
        UpdateAccountBody,
    },
};
pub use self::{
    clients::{ClientBody, ClientListBody, ClientSecretBody},
    events::{EventBody, EventListBody},
    keys::{KeyBody, KeyListBody},
    sessions::{OwnSessionBody, OwnSessionListBody, SessionBody, SessionListBody},
    tokens::TokenBody,
    users::{UserBody, UserDetailBody, UserPageBody},
};
