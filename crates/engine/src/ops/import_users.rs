//! Importing users that another system kept, with their password hashes.

use std::{collections::BTreeSet, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::{actor::Actor, register::check_email};
use crate::{
    engine::{Engine, to_the_end},
    error::{Error, Result},
    ids::UserId,
    imports::{ImportDecision, ImportRefused, UserImport, decide},
    issue::check_custom_claims,
    names::{Username, check_roles, check_scopes},
    passwords::understands,
    store::{ImportOutcome, Timestamp},
    users::{PasswordHash, User, apply},
};

/// So many users are imported at once best: others who write wait for a transaction of some
/// milliseconds.
pub const BATCH: usize = 500;
/// A clock of another machine may be ahead by so much.
const AHEAD: Duration = Duration::from_secs(300);

/// A user as the source has it. What is `None` it does not say.
#[derive(Clone, Debug, Default)]
pub struct ImportUser {
    /// The id; one is made otherwise.
    pub id: Option<String>,
    /// The user name.
    pub username: String,
    /// The password in clear.
    pub password: Option<SecretString>,
    /// Or its hash: Argon2, or bcrypt, scrypt and PBKDF2 as Werkzeug, Django and passlib write them.
    pub password_hash: Option<SecretString>,
    /// The e-mail address.
    pub email: Option<String>,
    /// All roles.
    pub roles: Option<BTreeSet<String>>,
    /// All scopes.
    pub scopes: Option<BTreeSet<String>>,
    /// All custom claims.
    pub claims: Option<Map<String, Value>>,
    /// Whether the user may not log in.
    pub disabled: Option<bool>,
    /// When the account was made.
    pub created_at: Option<Timestamp>,
}

/// How an import goes about it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum ImportMode {
    /// Adds users; who is there and differs is refused.
    #[default]
    Add,
    /// Adds users, and changes those who differ.
    Update,
    /// Writes nothing, and says what [`ImportMode::Add`] would do.
    TryAdd,
    /// Writes nothing, and says what [`ImportMode::Update`] would do.
    TryUpdate,
}

impl ImportMode {
    fn updates(self) -> bool {
        matches!(self, Self::Update | Self::TryUpdate)
    }

    fn writes(self) -> bool {
        matches!(self, Self::Add | Self::Update)
    }
}

/// Some users of a source; together they are one transaction.
#[derive(Clone, Debug)]
pub struct ImportUsersRequest {
    /// The users.
    pub users: Vec<ImportUser>,
    /// How.
    pub mode: ImportMode,
    /// What the audit log calls the source.
    pub source: String,
}

/// What became of a user.
#[derive(Debug)]
#[non_exhaustive]
pub enum Imported {
    /// Added.
    Added(UserId),
    /// There already, and the same.
    Same(UserId),
    /// There already, and changed.
    Updated(UserId),
    /// There already, and different in this.
    Different(UserId, Vec<&'static str>),
    /// The name or the id belongs to somebody else.
    Taken(ImportRefused),
    /// Something about it cannot be taken.
    Refused(Error),
}

/// Why a user was not taken. It repeats no password and no hash.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImportRefusal {
    /// Which member, where it is one's fault.
    pub field: Option<&'static str>,
    /// What is wrong.
    pub reason: String,
}

impl Imported {
    /// Why the user was not taken, if it was not.
    pub fn refusal(&self) -> Option<ImportRefusal> {
        let (field, reason) = match self {
            Self::Added(_) | Self::Same(_) | Self::Updated(_) => return None,
            Self::Different(_, fields) => {
                let fields = fields.join(", ");
                (None, format!("the user is there already, and differs in {fields}"))
            }
            Self::Taken(ImportRefused::NameTaken) => {
                (Some("username"), ImportRefused::NameTaken.to_string())
            }
            Self::Taken(refused) => (Some("id"), refused.to_string()),
            Self::Refused(error @ Error::InvalidScope { .. }) => {
                (Some("scopes"), error.to_string())
            }
            Self::Refused(error) => (error.field(), error.to_string()),
        };
        Some(ImportRefusal { field, reason })
    }
}

impl Engine {
    /// Imports users; the answers are in their order. What one of them has wrong concerns the others
    /// in nothing. It may be repeated: who is there and the same is left alone.
    ///
    /// # Errors
    /// Only where the store fails or the hasher is busy; then none of these users was written, or,
    /// when a commit's outcome is not known, all were. Repeating it is right in both cases.
    pub async fn import_users(
        &self,
        request: ImportUsersRequest,
        actor: &Actor,
    ) -> Result<Vec<Imported>> {
        let (engine, actor) = (self.clone(), actor.clone());
        to_the_end(async move { engine.import_users_now(request, &actor).await }).await
    }

    async fn import_users_now(
        &self,
        request: ImportUsersRequest,
        actor: &Actor,
    ) -> Result<Vec<Imported>> {
        let (mode, now) = (request.mode, self.now());
        let mut answers = Vec::with_capacity(request.users.len());
        let (mut taken, mut before) = (Vec::new(), Vec::new());
        for user in request.users {
            match self.read_import(user, &request.source, actor, mode).await {
                Ok((import, held)) => {
                    taken.push(import);
                    before.push(held);
                    answers.push(None);
                }
                Err(error) if is_ours(&error) => return Err(error),
                Err(error) => answers.push(Some(Imported::Refused(error))),
            }
        }
        let outcomes = if mode.writes() {
            let written = self.write_imports(&taken, mode.updates(), now).await;
            if written.is_err() && mode.updates() {
                self.refuse_what_may_be_revoked(&taken, &before);
            }
            written?
        } else {
            self.try_imports(&taken, mode.updates(), now).await?
        };
        let mut outcomes = outcomes.into_iter();
        let lost = || Error::Internal("the store answered fewer users than it was given".into());
        let answer = |answer: Option<Imported>| match answer {
            Some(refused) => Ok(refused),
            None => outcomes.next().ok_or_else(lost),
        };
        answers.into_iter().map(answer).collect()
    }

    async fn write_imports(
        &self,
        imports: &[UserImport],
        update: bool,
        now: Timestamp,
    ) -> Result<Vec<Imported>> {
        let outcomes = self.0.store.import_users(imports, update, now).await?;
        let mut answers = Vec::with_capacity(outcomes.len());
        for outcome in outcomes {
            answers.push(match outcome {
                ImportOutcome::Added(user, event) => {
                    self.publish(*event);
                    Imported::Added(user.id)
                }
                ImportOutcome::Changed { id, ended, revoked, events } => {
                    self.ended_here(&ended);
                    revoked.iter().for_each(|target| self.refuse_here(target));
                    events.into_iter().for_each(|event| self.publish(event));
                    Imported::Updated(id)
                }
                ImportOutcome::Same(id) => Imported::Same(id),
                ImportOutcome::Different(id, fields) => Imported::Different(id, fields),
                ImportOutcome::Refused(refused) => Imported::Taken(refused),
            });
        }
        Ok(answers)
    }

    /// The store's answer is lost: what these changes would have revoked is refused here.
    fn refuse_what_may_be_revoked(&self, imports: &[UserImport], before: &[Option<User>]) {
        let now = self.now();
        for (import, user) in imports.iter().zip(before) {
            let Some(user) = user else { continue };
            let ImportDecision::Change(_, changes) =
                decide(import, Some(user), Some(user), true, now)
            else {
                continue;
            };
            let applied = changes.iter().filter_map(|(change, _)| apply(user, change, now).ok());
            applied
                .filter_map(|applied| applied.revoke)
                .for_each(|target| self.refuse_here(&target));
        }
    }

    /// The same decision without the lock and without writing.
    async fn try_imports(
        &self,
        imports: &[UserImport],
        update: bool,
        now: Timestamp,
    ) -> Result<Vec<Imported>> {
        let mut answers = Vec::with_capacity(imports.len());
        for import in imports {
            let id = import.id.as_ref().unwrap_or(&import.fresh_id);
            let by_id = self.0.store.find_user(id).await?;
            let by_name = self.0.store.find_login(&import.username).await?;
            let by_name = by_name.as_ref().map(|record| &record.user);
            answers.push(match decide(import, by_id.as_ref(), by_name, update, now) {
                ImportDecision::Add(user, _) => Imported::Added(user.id),
                ImportDecision::Same(id) => Imported::Same(id),
                ImportDecision::Change(id, _) => Imported::Updated(id),
                ImportDecision::Different(id, fields) => Imported::Different(id, fields),
                ImportDecision::Refused(refused) => Imported::Taken(refused),
            });
        }
        Ok(answers)
    }

    /// Checks everything that can be checked without the store's lock.
    async fn read_import(
        &self,
        user: ImportUser,
        source: &str,
        actor: &Actor,
        mode: ImportMode,
    ) -> Result<(UserImport, Option<User>)> {
        let now = self.now();
        let name = Username::parse(&user.username, self.0.config.accounts.usernames)
            .map_err(|error| Error::invalid("username", error.to_string()))?;
        let id = user.id.map(UserId::try_from).transpose();
        let id = id.map_err(|error| Error::invalid("id", error.to_string()))?;
        check_email(user.email.as_deref())?;
        check_roles(user.roles.iter().flatten())?;
        check_scopes(user.scopes.iter().flatten())?;
        let claims = user.claims.as_ref().map_or(Ok(()), check_custom_claims);
        claims.map_err(|reason| Error::invalid("claims", reason))?;
        let created_at = user.created_at.unwrap_or(now);
        if created_at > now.plus(AHEAD) || created_at.millis() < 0 {
            return Err(Error::invalid("created_at", "This is no time that has been."));
        }
        let held = self.held(id.as_ref(), name.as_str()).await?;
        let password_hash = match (user.password, user.password_hash) {
            (Some(_), Some(_)) => {
                let reason = "Give the password or its hash, not both.";
                return Err(Error::invalid("password", reason));
            }
            (Some(password), None) => {
                Some(self.hash_import(&password, name.as_str(), held.as_ref(), mode).await?)
            }
            (None, Some(hash)) => Some(known_hash(&hash)?),
            (None, None) => None,
        };
        let import = UserImport {
            id,
            fresh_id: UserId::generate(now, self.0.random.as_ref()),
            username: String::from(name),
            password_hash,
            email: user.email,
            roles: user.roles,
            scopes: user.scopes,
            claims: user.claims,
            disabled: user.disabled,
            created_at,
            own_hashes: self.0.config.accounts.argon2.own_prefix(),
            actor: actor.name().to_owned(),
            source: source.to_owned(),
        };
        Ok((import, held))
    }

    async fn held(&self, id: Option<&UserId>, name: &str) -> Result<Option<User>> {
        match id {
            Some(id) => Ok(self.0.store.find_user(id).await?),
            None => Ok(self.0.store.find_login(name).await?.map(|record| record.user)),
        }
    }

    /// The hash of a password; the one that stands already when it is a hash of this password, so
    /// that an import which is repeated finds what it wrote.
    async fn hash_import(
        &self,
        password: &SecretString,
        name: &str,
        held: Option<&User>,
        mode: ImportMode,
    ) -> Result<PasswordHash> {
        self.check_new_password("password", password, Some(name))?;
        let held = held.and_then(|user| user.password_hash.as_ref());
        if let Some(held) = held
            && self.is_hash_of(password, held).await?
        {
            return Ok(held.clone());
        }
        if mode.writes() {
            return self.hash_password(password).await;
        }
        // Nobody will see it; it stands for another than the one that is held.
        Ok(PasswordHash::new(self.0.config.accounts.argon2.own_prefix()))
    }
}

fn known_hash(hash: &SecretString) -> Result<PasswordHash> {
    let hash = PasswordHash::new(hash.expose_secret().trim());
    if understands(&hash) {
        return Ok(hash);
    }
    Err(Error::invalid(
        "password_hash",
        "This is no hash of a known form, or one that costs too much to verify: Argon2, bcrypt, and \
         scrypt and PBKDF2 as Werkzeug, Django and passlib write them.",
    ))
}

/// What is no fault of the row.
fn is_ours(error: &Error) -> bool {
    error.code().http_status() >= 500
}
