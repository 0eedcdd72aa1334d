//! A client: what it believes of its accounts and sessions, and what it does next.
//!
//! A client asks one thing at a time and shares its accounts with nobody, so that what it believes
//! is exact: everything that was acknowledged, and at most one request whose answer was lost.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use super::journal::{Journal, JournalFile, Operation};
use crate::probe::{Answer, Api, Choices, Lost, Pair, claim};

/// How many of its newest accounts and sessions a client works with.
const ACCOUNTS_IN_USE: usize = 8;
const SESSIONS_IN_USE: usize = 48;
/// An access token that is older is not asked whether it works: it may have expired.
const ACCESS_LIFE: Duration = Duration::from_secs(600);

/// What must not happen.
pub(crate) type Violation = String;

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) password: String,
    /// Asked for by a change of which nobody knows what came of it, or to come next.
    pub(crate) next_password: String,
    /// The user id, once it was told.
    pub(crate) id: String,
    pub(crate) stands: bool,
    /// It was asked for something since the last check.
    pub(crate) touched: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) token: String,
    pub(crate) revoked: bool,
    got: Instant,
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) account: usize,
    /// Its refresh tokens by their counters.
    pub(crate) chain: Vec<String>,
    pub(crate) access: Vec<Access>,
    pub(crate) ended: bool,
    /// When the rotation to the last token was asked for: it was not earlier.
    pub(crate) rotated: Instant,
    pub(crate) touched: bool,
}

impl Session {
    fn new(account: usize, pair: &Pair) -> Self {
        let mut session = Self {
            id: pair.session_id(),
            account,
            chain: Vec::new(),
            access: Vec::new(),
            ended: false,
            rotated: Instant::now(),
            touched: true,
        };
        session.take(pair, Instant::now());
        session
    }

    /// The next pair, asked for at `asked`.
    pub(crate) fn take(&mut self, pair: &Pair, asked: Instant) {
        self.chain.push(pair.refresh.clone());
        self.rotated = asked;
        self.add_access(pair);
    }

    pub(crate) fn add_access(&mut self, pair: &Pair) {
        let token = pair.access.clone();
        self.access.push(Access { token, revoked: false, got: Instant::now() });
    }

    /// The refresh token that is live.
    pub(crate) fn refresh_token(&self) -> &str {
        self.chain.last().unwrap()
    }

    /// The newest access token.
    pub(crate) fn newest(&self) -> &Access {
        self.access.last().unwrap()
    }

    /// Whether its newest access token must be accepted; `None` when it may have expired.
    pub(crate) fn accepted(&self) -> Option<bool> {
        let access = self.newest();
        if self.ended || access.revoked {
            return Some(false);
        }
        (access.got.elapsed() < ACCESS_LIFE).then_some(true)
    }
}

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) number: usize,
    pub(crate) choices: Choices,
    pub(crate) journal: Journal,
    pub(crate) accounts: Vec<Account>,
    pub(crate) sessions: Vec<Session>,
    /// Asked, and not answered.
    pub(crate) pending: Option<(Operation, Instant)>,
}

impl Client {
    pub(crate) fn new(number: usize, seed: u64, file: JournalFile) -> Self {
        let choices = Choices::new(seed ^ ((number as u64 + 1) << 32));
        let journal = Journal::new(number, file);
        let (accounts, sessions) = (Vec::new(), Vec::new());
        Self { number, choices, journal, accounts, sessions, pending: None }
    }

    /// Asks one thing after the other, until the server is gone or `stop` says so.
    pub(crate) async fn work(&mut self, api: &Api, stop: &AtomicBool) -> Result<(), Violation> {
        while !stop.load(Ordering::Relaxed) {
            let operation = self.choose();
            self.journal.asks(operation);
            let asked = Instant::now();
            self.pending = Some((operation, asked));
            let Ok(answer) = self.ask(api, operation).await else { return Ok(()) };
            self.journal.hears(answer.status);
            self.pending = None;
            self.hear(operation, &answer, asked)
                .map_err(|problem| format!("client {}: {operation:?}: {problem}", self.number))?;
        }
        Ok(())
    }

    fn choose(&mut self) -> Operation {
        let wanted = self.choices.below(100);
        let live = self.recent_sessions(|session| !session.ended);
        let any = self.recent_sessions(|_| true);
        let long = self.recent_sessions(|session| !session.ended && session.chain.len() > 2);
        // Only of these does an access token prove anything.
        let open = self.recent_sessions(|session| session.accepted() == Some(true));
        let by_refresh_token = self.choices.below(2) == 0;
        let of = |sessions: &[usize], choices: &mut Choices| choices.one(sessions);
        let chosen = match wanted {
            0..12 => None,
            12..25 => return self.login(),
            25..58 => of(&live, &mut self.choices).map(|session| Operation::Refresh { session }),
            58..68 => of(&any, &mut self.choices).map(|session| Operation::Me { session }),
            68..77 => of(&open, &mut self.choices)
                .map(|session| Operation::Logout { session, by_refresh_token }),
            77..82 => {
                of(&live, &mut self.choices).map(|session| Operation::RevokeSession { session })
            }
            82..89 => {
                of(&open, &mut self.choices).map(|session| Operation::RevokeAccess { session })
            }
            89..92 => of(&long, &mut self.choices).map(|session| Operation::Replay { session }),
            92..97 => {
                of(&open, &mut self.choices).map(|session| Operation::ChangePassword { session })
            }
            _ => of(&open, &mut self.choices).map(|session| Operation::LogoutAll { session }),
        };
        match chosen {
            Some(operation) => operation,
            None if wanted < 12 => self.register(),
            None => self.login(),
        }
    }

    fn register(&mut self) -> Operation {
        let account = self.accounts.len();
        self.accounts.push(Account {
            name: format!("user-{}-{account}", self.number),
            password: format!("the first of {} {account}", self.number),
            next_password: String::new(),
            id: String::new(),
            stands: false,
            touched: true,
        });
        Operation::Register { account }
    }

    fn login(&mut self) -> Operation {
        let first = self.accounts.len().saturating_sub(ACCOUNTS_IN_USE);
        let standing: Vec<usize> =
            (first..self.accounts.len()).filter(|&index| self.accounts[index].stands).collect();
        match self.choices.one(&standing) {
            Some(account) => Operation::Login { account },
            None => self.register(),
        }
    }

    fn recent_sessions(&self, wanted: impl Fn(&Session) -> bool) -> Vec<usize> {
        let first = self.sessions.len().saturating_sub(SESSIONS_IN_USE);
        (first..self.sessions.len()).filter(|&index| wanted(&self.sessions[index])).collect()
    }

    async fn ask(&mut self, api: &Api, operation: Operation) -> Result<Answer, Lost> {
        self.touch(operation);
        match operation {
            Operation::Register { account } | Operation::Login { account } => {
                let Account { name, password, .. } = &self.accounts[account];
                if matches!(operation, Operation::Register { .. }) {
                    api.register(name, password).await
                } else {
                    api.login(name, password).await
                }
            }
            Operation::Refresh { session } => {
                api.refresh(self.sessions[session].refresh_token()).await
            }
            Operation::Me { session } => api.me(&self.sessions[session].newest().token).await,
            Operation::Logout { session, by_refresh_token: true } => {
                api.logout_by_refresh(self.sessions[session].refresh_token()).await
            }
            Operation::Logout { session, .. } => {
                api.logout(&self.sessions[session].newest().token).await
            }
            Operation::RevokeSession { session } => {
                api.revoke(self.sessions[session].refresh_token()).await
            }
            Operation::RevokeAccess { session } => {
                api.revoke(&self.sessions[session].newest().token).await
            }
            Operation::Replay { session } => {
                let chain = &self.sessions[session].chain;
                api.refresh(&chain[chain.len() - 3]).await
            }
            Operation::ChangePassword { session } => self.ask_password(api, session).await,
            Operation::LogoutAll { session } => {
                api.logout_all(&self.sessions[session].newest().token).await
            }
        }
    }

    async fn ask_password(&mut self, api: &Api, session: usize) -> Result<Answer, Lost> {
        let next = format!("a later one {:016x}", self.choices.next());
        let Session { account, .. } = self.sessions[session];
        self.accounts[account].next_password.clone_from(&next);
        let password = &self.accounts[account].password;
        api.change_password(&self.sessions[session].newest().token, password, &next).await
    }

    /// Whatever is asked for will be looked at after the next start.
    fn touch(&mut self, operation: Operation) {
        match operation {
            Operation::Register { account } | Operation::Login { account } => {
                self.accounts[account].touched = true;
            }
            Operation::Refresh { session }
            | Operation::Me { session }
            | Operation::Logout { session, .. }
            | Operation::RevokeSession { session }
            | Operation::RevokeAccess { session }
            | Operation::Replay { session } => {
                let session = &mut self.sessions[session];
                session.touched = true;
                self.accounts[session.account].touched = true;
            }
            Operation::ChangePassword { session } | Operation::LogoutAll { session } => {
                let account = self.sessions[session].account;
                self.accounts[account].touched = true;
                for session in self.sessions.iter_mut().filter(|other| other.account == account) {
                    session.touched = true;
                }
            }
        }
    }

    /// Takes an answer for true: what it acknowledges is believed from now on.
    fn hear(
        &mut self,
        operation: Operation,
        answer: &Answer,
        asked: Instant,
    ) -> Result<(), Violation> {
        let expected = match operation {
            Operation::Register { .. } => 201,
            Operation::Logout { .. } | Operation::LogoutAll { .. } => 204,
            Operation::Replay { .. } => 400,
            Operation::Me { session } => match self.sessions[session].accepted() {
                Some(true) => 200,
                Some(false) => 401,
                None => answer.status,
            },
            _ => 200,
        };
        if answer.status != expected {
            return Err(format!("{expected} was due, not {answer:?}"));
        }
        match operation {
            Operation::Register { account } => self.registered(account, &answer.body["id"]),
            Operation::Login { account } => {
                self.opened(account, &answer.pair(), "login.succeeded");
            }
            Operation::Refresh { session } => {
                self.sessions[session].take(&answer.pair(), asked);
            }
            Operation::Me { .. } => {}
            Operation::Logout { session, .. } | Operation::RevokeSession { session } => {
                self.ended(session, "session.ended");
            }
            Operation::Replay { session } => self.ended(session, "refresh.replayed"),
            Operation::RevokeAccess { session } => self.revoked(session),
            Operation::ChangePassword { session } => {
                let account = self.sessions[session].account;
                self.password_changed(account);
                self.opened(account, &answer.pair(), "account.password_changed");
            }
            Operation::LogoutAll { session } => self.all_ended(self.sessions[session].account),
        }
        Ok(())
    }

    pub(crate) fn registered(&mut self, account: usize, id: &serde_json::Value) {
        let account = &mut self.accounts[account];
        account.stands = true;
        account.id = id.as_str().unwrap_or_default().to_owned();
        self.journal.expect("account.registered", account.id.clone());
    }

    pub(crate) fn opened(&mut self, account: usize, pair: &Pair, kind: &'static str) {
        let session = Session::new(account, pair);
        self.journal.expect(kind, session.id.clone());
        self.sessions.push(session);
    }

    pub(crate) fn ended(&mut self, session: usize, kind: &'static str) {
        let session = &mut self.sessions[session];
        session.ended = true;
        self.journal.expect(kind, session.id.clone());
    }

    pub(crate) fn revoked(&mut self, session: usize) {
        let access = self.sessions[session].access.last_mut().unwrap();
        access.revoked = true;
        self.journal.expect("token.revoked", claim(&access.token, "jti"));
    }

    /// The account's password is the one that was asked for, and its sessions are over.
    pub(crate) fn password_changed(&mut self, account: usize) {
        let next = std::mem::take(&mut self.accounts[account].next_password);
        self.accounts[account].password = next;
        self.end_sessions_of(account);
        self.journal.expect("account.password_changed", self.accounts[account].id.clone());
    }

    pub(crate) fn all_ended(&mut self, account: usize) {
        self.end_sessions_of(account);
        self.journal.expect("session.all_ended", self.accounts[account].id.clone());
    }

    fn end_sessions_of(&mut self, account: usize) {
        for session in self.sessions.iter_mut().filter(|session| session.account == account) {
            session.ended = true;
            session.touched = true;
        }
    }
}
