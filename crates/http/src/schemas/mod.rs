//! The bodies of requests and answers, one file a noun. Requests refuse unknown members; answers
//! never hold a secret that was not just made for the caller, and never a hash.

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
    clients::{AddClientBody, ClientBody, ClientListBody, ClientSecretBody},
    errors::ErrorBody,
    events::EventListBody,
    introspection::{IntrospectForm, IntrospectionBody, RevokeForm},
    keys::{JwksBody, KeyBody, KeyListBody},
    metadata::{MetadataBody, StatusBody},
    revocations::RevocationPageBody,
    sessions::{OwnSessionListBody, SessionListBody},
    tokens::{LoginBody, LogoutBody, RefreshBody, TokenBody, TokenForm},
    users::{
        AddUserBody, ChangePasswordBody, ClaimsBody, GrantsBody, RegisterBody, SetPasswordBody,
        UpdateAccountBody, UserBody, UserDetailBody, UserPageBody,
    },
};
