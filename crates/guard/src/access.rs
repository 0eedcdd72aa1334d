//! An access token that was accepted: its text, and where in it stands what every request asks for.

use countersign_jose::{Claim, ClaimText, Claims, Error, FromClaims};

/// The claims of an accepted access token (RFC 9068 2.2, and the engine's own), in one piece of
/// memory: nothing is copied for a request that asks for nothing.
#[derive(Debug)]
pub(crate) struct Access {
    claims: Claims,
    own: Own,
    client_id: ClaimText,
    session_id: ClaimText,
    scope: ClaimText,
    generation: u32,
    auth_time: i64,
}

/// What may be there.
#[derive(Debug, Default)]
struct Own {
    roles: Vec<ClaimText>,
    username: Option<ClaimText>,
    /// Whether it is bound to a key (RFC 7800).
    bound: bool,
}

/// What is known while the claims are read.
#[derive(Default)]
pub(crate) struct Draft {
    client_id: Option<ClaimText>,
    session_id: Option<ClaimText>,
    scope: Option<ClaimText>,
    generation: Option<u32>,
    auth_time: Option<i64>,
    own: Own,
}

impl FromClaims for Access {
    type Draft = Draft;

    #[inline]
    fn read(draft: &mut Draft, claim: Claim<'_>) -> Result<(), Error> {
        match &*claim.name() {
            "client_id" => draft.client_id = Some(text("client_id", claim)?),
            "sid" => draft.session_id = Some(text("sid", claim)?),
            "scope" => draft.scope = Some(text("scope", claim)?),
            "gen" => draft.generation = Some(number("gen", claim)?),
            "auth_time" => draft.auth_time = Some(number("auth_time", claim)?),
            "roles" => draft.own.roles = claim.texts().ok_or_else(|| mistyped("roles"))?,
            "preferred_username" if !claim.is_null() => {
                draft.own.username = Some(text("preferred_username", claim)?);
            }
            "cnf" => draft.own.bound = !claim.is_null(),
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn finish(draft: Draft, claims: Claims) -> Result<Self, Error> {
        // The engine writes one audience; a token for several could be replayed among them.
        if claims.aud().count() != 1 {
            return Err(mistyped("aud"));
        }
        Ok(Self {
            claims,
            own: draft.own,
            client_id: draft.client_id.ok_or_else(|| missing("client_id"))?,
            session_id: draft.session_id.ok_or_else(|| missing("sid"))?,
            scope: draft.scope.ok_or_else(|| missing("scope"))?,
            generation: draft.generation.ok_or_else(|| missing("gen"))?,
            auth_time: draft.auth_time.ok_or_else(|| missing("auth_time"))?,
        })
    }
}

impl Access {
    pub(crate) const fn claims(&self) -> &Claims {
        &self.claims
    }

    pub(crate) fn user_id(&self) -> &str {
        self.claims.sub().unwrap_or_default()
    }

    pub(crate) fn token_id(&self) -> &str {
        self.claims.jti().unwrap_or_default()
    }

    pub(crate) fn client_id(&self) -> &str {
        self.client_id.of(&self.claims)
    }

    pub(crate) fn session_id(&self) -> &str {
        self.session_id.of(&self.claims)
    }

    pub(crate) fn scope(&self) -> &str {
        self.scope.of(&self.claims)
    }

    pub(crate) const fn generation(&self) -> u32 {
        self.generation
    }

    pub(crate) const fn auth_time(&self) -> i64 {
        self.auth_time
    }

    pub(crate) fn roles(&self) -> impl Iterator<Item = &str> {
        self.own.roles.iter().map(|role| role.of(&self.claims))
    }

    pub(crate) fn username(&self) -> Option<&str> {
        self.own.username.as_ref().map(|name| name.of(&self.claims))
    }

    pub(crate) const fn is_bound(&self) -> bool {
        self.own.bound
    }
}

fn text(name: &'static str, claim: Claim<'_>) -> Result<ClaimText, Error> {
    claim.text().ok_or_else(|| mistyped(name))
}

fn number<T: TryFrom<i64>>(name: &'static str, claim: Claim<'_>) -> Result<T, Error> {
    claim.integer().and_then(|number| number.try_into().ok()).ok_or_else(|| mistyped(name))
}

const fn mistyped(claim: &'static str) -> Error {
    Error::ClaimType { claim }
}

fn missing(claim: &str) -> Error {
    Error::MissingClaim { claim: claim.to_owned() }
}
