//! After each start: is everything there that was acknowledged, and is nothing half there?
//!
//! First the database is read as it is. Then each client's lost request is settled: it happened
//! wholly or not at all. Then what the client touched since the last check, and some of what it did
//! before, is tried out over HTTP.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};

use super::{
    journal::Operation,
    load::{Client, Violation},
};
use crate::probe::{Answer, Api};

/// A repetition is surely too late after this: the grace is 30 s.
const SURELY_THEFT: Duration = Duration::from_secs(40);
/// How much of what was not touched is looked at.
const OLD_ACCOUNTS: usize = 2;
const OLD_SESSIONS: usize = 4;

/// A session's row.
#[derive(Clone, Debug)]
struct SessionRow {
    user_id: String,
    counter: usize,
    end_reason: Option<String>,
}

/// What the database holds, read beside the server.
#[derive(Debug, Default)]
pub(crate) struct Database {
    last_event: i64,
    /// Audit rows by kind and by each id that they name.
    audit: HashMap<(String, String), usize>,
    expected: HashMap<(&'static str, String), usize>,
    sessions: HashMap<String, SessionRow>,
    ended_in_log: HashSet<String>,
    users: HashSet<String>,
}

impl Database {
    /// Reads what is new, and checks that what belongs together is there together.
    pub(crate) fn read(&mut self, path: &Path) -> Result<(), Violation> {
        self.load(path).map_err(|error| format!("the database cannot be read: {error}"))?;
        self.is_whole()
    }

    fn load(&mut self, path: &Path) -> rusqlite::Result<()> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let snapshot = connection.unchecked_transaction()?;
        let healthy: String = snapshot.query_row("PRAGMA quick_check", [], |row| row.get(0))?;
        assert_eq!(healthy, "ok");
        self.load_events(&snapshot)?;
        self.sessions.clear();
        let mut statement = snapshot
            .prepare("SELECT lower(hex(id)), user_id, counter, end_reason FROM sessions")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let session = SessionRow {
                user_id: row.get(1)?,
                counter: usize::try_from(row.get::<_, u32>(2)?).unwrap(),
                end_reason: row.get(3)?,
            };
            self.sessions.insert(row.get(0)?, session);
        }
        let texts = |sql: &str| -> rusqlite::Result<HashSet<String>> {
            snapshot.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
        };
        self.ended_in_log = texts(
            "SELECT replace(target_id, '-', '') FROM revocations WHERE kind = 'session' \
             UNION SELECT target_id FROM revocations WHERE kind = 'user'",
        )?;
        self.users = texts("SELECT id FROM users")?;
        Ok(())
    }

    fn load_events(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(
            "SELECT id, kind, user_id, replace(session_id, '-', ''), detail ->> 'jti' \
             FROM events WHERE id > ?1 ORDER BY id",
        )?;
        let mut rows = statement.query([self.last_event])?;
        while let Some(row) = rows.next()? {
            self.last_event = row.get(0)?;
            let kind: String = row.get(1)?;
            for column in 2..=4 {
                if let Some(named) = row.get::<_, Option<String>>(column)? {
                    *self.audit.entry((kind.clone(), named)).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    /// Rows that are written together stand together, whether anybody was told or not.
    fn is_whole(&self) -> Result<(), Violation> {
        for (id, session) in &self.sessions {
            let began =
                self.holds("login.succeeded", id) || self.holds("account.password_changed", id);
            if !began {
                return Err(format!("session {id} has no audit row of its beginning"));
            }
            let Some(reason) = &session.end_reason else { continue };
            let (told, revoked) = match reason.as_str() {
                "logged_out" | "revoked" | "superseded" => (self.holds("session.ended", id), id),
                "replayed" => (self.holds("refresh.replayed", id), id),
                "logged_out_everywhere" => {
                    (self.holds("session.all_ended", &session.user_id), &session.user_id)
                }
                "password_changed" => {
                    (self.holds("account.password_changed", &session.user_id), &session.user_id)
                }
                other => return Err(format!("session {id} ended because of {other}")),
            };
            if !told {
                return Err(format!("session {id} ended ({reason}) without an audit row"));
            }
            if !self.ended_in_log.contains(revoked) {
                return Err(format!("session {id} ended ({reason}) and was not revoked"));
            }
        }
        for (kind, named) in self.audit.keys() {
            let is_session = self.sessions.get(named);
            let wrong = match kind.as_str() {
                "login.succeeded" => is_session.is_none() && !self.users.contains(named),
                "account.registered" => !self.users.contains(named),
                "session.ended" | "refresh.replayed" => {
                    is_session.is_some_and(|session| session.end_reason.is_none())
                }
                _ => false,
            };
            if wrong {
                return Err(format!("the audit log has {kind} of {named}, which did not happen"));
            }
        }
        for user in &self.users {
            if !self.holds("account.registered", user) {
                return Err(format!("user {user} has no audit row"));
            }
        }
        Ok(())
    }

    /// Everything that a client was told of is there as it was told, and has not gone on by itself.
    pub(crate) fn agrees(&self, client: &Client) -> Result<(), Violation> {
        for account in client.accounts.iter().filter(|account| account.stands) {
            if !self.users.contains(&account.id) {
                return Err(format!("the account {} is gone", account.name));
            }
        }
        for (index, session) in client.sessions.iter().enumerate() {
            let id = &session.id;
            let Some(row) = self.session(id) else { return Err(format!("session {id} is gone")) };
            let lost = client.pending.map(|(operation, _)| operation);
            let counter = session.chain.len() - 1;
            let may_have_rotated = lost == Some(Operation::Refresh { session: index });
            if row.counter != counter && !(may_have_rotated && row.counter == counter + 1) {
                return Err(format!("session {id} stands at {}, not at {counter}", row.counter));
            }
            let may_have_ended = match lost {
                Some(
                    Operation::Logout { session: concerned, .. }
                    | Operation::RevokeSession { session: concerned }
                    | Operation::Replay { session: concerned },
                ) => concerned == index,
                Some(
                    Operation::ChangePassword { session: concerned }
                    | Operation::LogoutAll { session: concerned },
                ) => client.sessions[concerned].account == session.account,
                _ => false,
            };
            let ended = row.end_reason.is_some();
            if session.ended != ended && !(ended && may_have_ended) {
                return Err(format!(
                    "session {id}: acknowledged as ended {}, is {row:?}",
                    session.ended
                ));
            }
        }
        Ok(())
    }

    /// Everything acknowledged has its audit row, as often as it was acknowledged.
    pub(crate) fn expect(&mut self, clients: &mut [Client]) -> Result<(), Violation> {
        for client in clients {
            for (kind, whom) in client.journal.expected.drain(..) {
                *self.expected.entry((kind, whom.replace('-', ""))).or_default() += 1;
            }
        }
        for ((kind, whom), times) in &self.expected {
            let found = self.times(kind, whom);
            if found < *times {
                return Err(format!(
                    "{kind} of {whom} was acknowledged {times} times, has {found} rows"
                ));
            }
        }
        Ok(())
    }

    /// The same expectations of a database that is read from its beginning.
    pub(crate) fn forgetting_rows(self) -> Self {
        Self { expected: self.expected, ..Self::default() }
    }

    /// How many acknowledged state changes have been looked for.
    pub(crate) fn expectations(&self) -> usize {
        self.expected.values().sum()
    }

    fn session(&self, id: &str) -> Option<&SessionRow> {
        self.sessions.get(&id.replace('-', ""))
    }

    fn holds(&self, kind: &str, whom: &str) -> bool {
        self.times(kind, whom) > 0
    }

    fn times(&self, kind: &str, whom: &str) -> usize {
        // User ids and token ids are UUIDs, too, and stand with their dashes.
        let times = |whom: String| self.audit.get(&(kind.to_owned(), whom)).copied().unwrap_or(0);
        let plain = times(whom.to_owned());
        if plain > 0 { plain } else { times(dashed(whom)) }
    }
}

/// A UUID with its dashes.
fn dashed(hex: &str) -> String {
    match (hex.get(..8), hex.get(8..12), hex.get(12..16), hex.get(16..20), hex.get(20..)) {
        (Some(a), Some(b), Some(c), Some(d), Some(e)) => format!("{a}-{b}-{c}-{d}-{e}"),
        _ => hex.to_owned(),
    }
}

/// Compares one client's part with the database, which was read before anybody asked anything;
/// settles and samples it.
pub(crate) async fn check(
    client: &mut Client,
    api: &Api,
    database: &Database,
) -> Result<(), Violation> {
    let number = client.number;
    database
        .agrees(client)
        .map_err(|problem| format!("client {number} (lost {:?}): {problem}", client.pending))?;
    let lost = client.pending;
    if let Some((operation, asked)) = client.pending.take() {
        settle(client, api, operation, asked)
            .await
            .map_err(|problem| format!("client {number}: lost {operation:?}: {problem}"))?;
    }
    sample(client, api)
        .await
        .map_err(|problem| format!("client {number} (lost {lost:?}): {problem}"))
}

async fn settle(
    client: &mut Client,
    api: &Api,
    operation: Operation,
    asked: Instant,
) -> Result<(), Violation> {
    match operation {
        Operation::Register { account } => settle_register(client, api, account).await,
        // A session that nobody was told of: the database was checked for its audit row.
        Operation::Login { .. } | Operation::Me { .. } => Ok(()),
        Operation::Refresh { session } => settle_refresh(client, api, session, asked).await,
        Operation::Logout { session, .. } | Operation::RevokeSession { session } => {
            settle_end(client, api, session, "session.ended").await
        }
        Operation::Replay { session } => settle_end(client, api, session, "refresh.replayed").await,
        Operation::RevokeAccess { session } => {
            // Either way it can be revoked now.
            let token = client.sessions[session].newest().token.clone();
            is(&ask(api.revoke(&token)).await?, 200, "revoking once more")?;
            client.revoked(session);
            Ok(())
        }
        Operation::ChangePassword { session } => {
            settle_password(client, api, client.sessions[session].account).await
        }
        Operation::LogoutAll { session } => {
            let account = client.sessions[session].account;
            let newest = client.sessions[session].newest().token.clone();
            if ask(api.me(&newest)).await?.status == 401 {
                client.all_ended(account);
            }
            Ok(())
        }
    }
}

async fn settle_register(client: &mut Client, api: &Api, account: usize) -> Result<(), Violation> {
    let (name, password) =
        (client.accounts[account].name.clone(), client.accounts[account].password.clone());
    let login = ask(api.login(&name, &password)).await?;
    if login.status == 200 {
        let pair = login.pair();
        let me = ask(api.me(&pair.access)).await?;
        is(&me, 200, "the account of a lost registration")?;
        client.registered(account, &me.body["id"]);
        client.opened(account, &pair, "login.succeeded");
        return Ok(());
    }
    is(&login, 401, "logging in after a lost registration")?;
    let again = ask(api.register(&name, &password)).await?;
    is(&again, 201, "registering again: the name must be free")?;
    client.registered(account, &again.body["id"]);
    Ok(())
}

/// A lost answer is repeated: the same successor, however often it is asked for.
async fn settle_refresh(
    client: &mut Client,
    api: &Api,
    session: usize,
    asked: Instant,
) -> Result<(), Violation> {
    let known = &mut client.sessions[session];
    let token = known.refresh_token().to_owned();
    let first = ask(api.refresh(&token)).await?;
    is(&first, 200, "repeating a lost refresh")?;
    let second = ask(api.refresh(&token)).await?;
    is(&second, 200, "repeating it once more")?;
    let (first, second) = (first.pair(), second.pair());
    if first.refresh != second.refresh {
        return Err("two successors of one token".into());
    }
    // The rotation was when it was lost, or just now.
    known.take(&first, asked);
    known.add_access(&second);
    Ok(())
}

/// Either the session is over for both of its tokens, or for none.
async fn settle_end(
    client: &mut Client,
    api: &Api,
    session: usize,
    kind: &'static str,
) -> Result<(), Violation> {
    let known = &client.sessions[session];
    let (token, access) = (known.refresh_token().to_owned(), known.newest().clone());
    let accepted = ask(api.me(&access.token)).await?.status;
    let asked = Instant::now();
    let refresh = ask(api.refresh(&token)).await?;
    match (accepted, refresh.status) {
        (200, 200) => client.sessions[session].take(&refresh.pair(), asked),
        // That access token was revoked before, alone.
        (401, 200) if access.revoked => client.sessions[session].take(&refresh.pair(), asked),
        (401, 400) => client.ended(session, kind),
        found => return Err(format!("half ended: {found:?}")),
    }
    Ok(())
}

/// Either the old password works or the new one, never both and never neither.
async fn settle_password(client: &mut Client, api: &Api, account: usize) -> Result<(), Violation> {
    let known = client.accounts[account].clone();
    let old = ask(api.login(&known.name, &known.password)).await?;
    let new = ask(api.login(&known.name, &known.next_password)).await?;
    match (old.status, new.status) {
        (200, 401) => client.opened(account, &old.pair(), "login.succeeded"),
        (401, 200) => {
            client.password_changed(account);
            client.opened(account, &new.pair(), "login.succeeded");
        }
        found => return Err(format!("old and new password answer {found:?}")),
    }
    Ok(())
}

async fn sample(client: &mut Client, api: &Api) -> Result<(), Violation> {
    for account in sampled(client, OLD_ACCOUNTS, |client| {
        client.accounts.iter().map(|account| account.touched).collect()
    }) {
        client.accounts[account].touched = false;
        if client.accounts[account].stands {
            check_account(client, api, account).await?;
        }
    }
    for session in sampled(client, OLD_SESSIONS, |client| {
        client.sessions.iter().map(|session| session.touched).collect()
    }) {
        client.sessions[session].touched = false;
        check_session(client, api, session)
            .await
            .map_err(|problem| format!("session {}: {problem}", client.sessions[session].id))?;
    }
    Ok(())
}

/// What was touched, and some of the rest.
fn sampled(client: &mut Client, more: usize, touched: impl Fn(&Client) -> Vec<bool>) -> Vec<usize> {
    let touched = touched(client);
    let (mut chosen, mut rest): (Vec<_>, Vec<_>) =
        (0..touched.len()).partition(|&index| touched[index]);
    for _ in 0..more.min(rest.len()) {
        chosen.push(rest.swap_remove(client.choices.below(rest.len())));
    }
    chosen
}

async fn check_account(client: &mut Client, api: &Api, account: usize) -> Result<(), Violation> {
    let known = client.accounts[account].clone();
    let login = ask(api.login(&known.name, &known.password)).await?;
    is(&login, 200, &format!("the acknowledged password of {}", known.name))?;
    client.opened(account, &login.pair(), "login.succeeded");
    // So that nobody collects sessions only by being looked at.
    let logout = ask(api.logout_by_refresh(&login.pair().refresh)).await?;
    is(&logout, 204, "logging out again")?;
    client.ended(client.sessions.len() - 1, "session.ended");
    client.sessions.last_mut().unwrap().touched = false;
    Ok(())
}

async fn check_session(client: &mut Client, api: &Api, session: usize) -> Result<(), Violation> {
    let known = client.sessions[session].clone();
    if let Some(accepted) = known.accepted() {
        let due = if accepted { 200 } else { 401 };
        is(&ask(api.me(&known.newest().token)).await?, due, "its newest access token")?;
    }
    for access in known.access.iter().filter(|access| known.ended || access.revoked).rev().take(3) {
        is(&ask(api.me(&access.token)).await?, 401, "a revoked access token")?;
    }
    if known.ended {
        for token in known.chain.iter().rev().take(3) {
            is(&ask(api.refresh(token)).await?, 400, "a refresh token of an ended session")?;
        }
        return Ok(());
    }
    check_rotation(client, api, session).await
}

/// The live token rotates; its predecessor is a repetition or a theft, and nothing else.
async fn check_rotation(client: &mut Client, api: &Api, session: usize) -> Result<(), Violation> {
    let asked = Instant::now();
    let token = client.sessions[session].refresh_token().to_owned();
    let rotated = ask(api.refresh(&token)).await?;
    is(&rotated, 200, "the live refresh token")?;
    client.sessions[session].take(&rotated.pair(), asked);
    if client.choices.below(4) == 0 {
        let repeated = ask(api.refresh(&token)).await?;
        is(&repeated, 200, "a rotated token within the grace")?;
        if repeated.pair().refresh != rotated.pair().refresh {
            return Err("two successors of one token".into());
        }
        client.sessions[session].add_access(&repeated.pair());
    }
    if client.choices.below(8) == 0 {
        steal(client, api, session).await?;
    }
    Ok(())
}

/// An older token ends the session for everybody.
async fn steal(client: &mut Client, api: &Api, session: usize) -> Result<(), Violation> {
    let known = client.sessions[session].clone();
    let Some(old) = known.chain.len().checked_sub(3).and_then(|index| known.chain.get(index))
    else {
        return Ok(());
    };
    is(&ask(api.refresh(old)).await?, 400, "a stolen token")?;
    client.ended(session, "refresh.replayed");
    is(&ask(api.refresh(known.refresh_token())).await?, 400, "the owner's after a theft")?;
    is(&ask(api.me(&known.newest().token)).await?, 401, "the owner's access after a theft")
}

/// At the end, with everything at rest: a predecessor that is too old is a theft.
pub(crate) async fn check_old_predecessors(
    client: &mut Client,
    api: &Api,
    at_most: usize,
) -> Result<usize, Violation> {
    let mut looked_at = 0;
    for index in 0..client.sessions.len() {
        let session = &client.sessions[index];
        let age = session.rotated.elapsed();
        if session.ended || session.chain.len() < 2 || age < SURELY_THEFT || looked_at == at_most {
            continue;
        }
        looked_at += 1;
        let predecessor = session.chain[session.chain.len() - 2].clone();
        is(&ask(api.refresh(&predecessor)).await?, 400, "a predecessor after the grace")?;
        client.ended(index, "refresh.replayed");
        let token = client.sessions[index].refresh_token().to_owned();
        is(&ask(api.refresh(&token)).await?, 400, "the live token after that")?;
    }
    Ok(looked_at)
}

/// The server is up now: what it does not answer is a failure.
async fn ask(
    answer: impl Future<Output = Result<Answer, crate::probe::Lost>>,
) -> Result<Answer, Violation> {
    answer.await.map_err(|lost| format!("no answer from a running server: {lost}"))
}

fn is(answer: &Answer, status: u16, what: &str) -> Result<(), Violation> {
    if answer.status == status {
        return Ok(());
    }
    Err(format!("{what}: {status} was due, not {answer:?}"))
}
