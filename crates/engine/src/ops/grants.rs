//! Names of scopes and roles as requests bring them.

use std::collections::BTreeSet;

use crate::{
    error::{Error, Result},
    names::{check_role, check_scope, parse_scopes},
};

/// The scopes that a `scope` parameter asks for; none when it is absent or empty (RFC 6749 3.3).
pub(crate) fn asked_scopes(parameter: Option<&str>) -> Result<Option<BTreeSet<String>>> {
    let Some(parameter) = parameter else { return Ok(None) };
    let scopes =
        parse_scopes(parameter).map_err(|_| Error::InvalidScope { reason: "malformed" })?;
    Ok((!scopes.is_empty()).then_some(scopes))
}

/// Refuses what is no scope.
pub(crate) fn check_scopes(scopes: &BTreeSet<String>) -> Result<()> {
    let all_good = scopes.iter().all(|scope| check_scope(scope).is_ok());
    if all_good { Ok(()) } else { Err(Error::InvalidScope { reason: "malformed" }) }
}

/// Refuses what is no role.
pub(crate) fn check_roles(roles: &BTreeSet<String>) -> Result<()> {
    match roles.iter().find_map(|role| check_role(role).err()) {
        None => Ok(()),
        Some(error) => Err(Error::invalid("roles", error.to_string())),
    }
}
