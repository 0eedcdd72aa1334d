//! What tokens are checked against: the arguments of `token verify`, made a verifier.

use clap::Args;
use countersign_jose::{Algorithm, Audience, Error, Issuer, Leeway, Verifier};

use crate::{
    failure::Failure,
    keys::{self, algorithms::AlgorithmArgs, verifying::Trusted},
};

/// What a good token says. Issuer and audience have no default: nobody else can know them.
#[derive(Args, Debug)]
#[command(next_help_heading = "What a good token says")]
pub(crate) struct PolicyArgs {
    #[command(flatten)]
    pub(crate) algorithms: AlgorithmArgs,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    audience: AudienceArgs,
    /// What kind of token it must be, such as at+jwt [default: any]
    #[arg(long, value_name = "TYPE")]
    typ: Option<String>,
    /// A claim that it must have, besides `exp`; may be repeated
    #[arg(long, value_name = "CLAIM")]
    require: Vec<String>,
    /// Accept a token that never expires
    #[arg(long)]
    no_expiry: bool,
    /// By how much clocks may differ, at most 300 [default: 0 for `exp`, 60 for `nbf` and `iat`]
    #[arg(long, value_name = "SECONDS")]
    leeway: Option<u32>,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
#[command(next_help_heading = "What a good token says")]
struct IssuerArgs {
    /// Who must have made it (`iss`); may be repeated
    #[arg(long, value_name = "URL")]
    issuer: Vec<String>,
    /// Accept any issuer: the key alone says enough
    #[arg(long)]
    any_issuer: bool,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
#[command(next_help_heading = "What a good token says")]
struct AudienceArgs {
    /// Whom it must be for (`aud`), among others perhaps; may be repeated
    #[arg(long, value_name = "NAME")]
    audience: Vec<String>,
    /// Accept a token for anybody
    #[arg(long)]
    any_audience: bool,
    /// Accept only a token that names no audience
    #[arg(long)]
    no_audience: bool,
}

/// A verifier, and what it expects, so that a refusal can say it.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) verifier: Verifier,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) kids: Vec<String>,
    pub(crate) issuers: Vec<String>,
    pub(crate) audiences: Vec<String>,
    pub(crate) typ: Option<String>,
}

impl PolicyArgs {
    /// Makes the verifier.
    ///
    /// # Errors
    /// What the arguments demand cannot be safe, such as an empty list of algorithms.
    pub(crate) fn policy(&self, trusted: Trusted) -> Result<Policy, Failure> {
        let refused = |error: Error| keys::refused("the token cannot be checked", &error);
        let kids = trusted.kids();
        let algorithms = match self.algorithms.named().map_err(refused)? {
            Some(named) => named,
            None => trusted.algorithms(),
        };
        let leeway = self.leeway.map_or(Leeway::default(), Leeway::uniform);
        let exp = (!self.no_expiry).then_some("exp");
        let required: Vec<&str> =
            exp.into_iter().chain(self.require.iter().map(String::as_str)).collect();
        let builder = Verifier::builder(
            trusted.into_keys(),
            &algorithms,
            self.issuer.decided(),
            self.audience.decided(),
        );
        let builder = builder.typ(self.typ.as_deref()).leeway(leeway).required(&required);
        Ok(Policy {
            verifier: builder.build().map_err(refused)?,
            algorithms,
            kids,
            issuers: self.issuer.issuer.clone(),
            audiences: self.audience.audience.clone(),
            typ: self.typ.clone(),
        })
    }
}

impl IssuerArgs {
    fn decided(&self) -> Issuer {
        if self.any_issuer { Issuer::any() } else { Issuer::any_of(self.issuer.clone()) }
    }
}

impl AudienceArgs {
    fn decided(&self) -> Audience {
        match (self.any_audience, self.no_audience) {
            (true, _) => Audience::any(),
            (_, true) => Audience::none(),
            _ => Audience::any_of(self.audience.clone()),
        }
    }
}
