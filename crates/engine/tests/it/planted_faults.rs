//! Stores that break one promise each. The conformance suite must notice every one of them, or it
//! would not notice the same fault in a real store.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use countersign_engine::{
    clients::{Client, ClientChange},
    events::EventRecord,
    guard::{
        revocation::{Cursor, Page, Target},
        time::Timestamp,
    },
    ids::{ClientId, SessionId, UserId},
    imports::UserImport,
    sessions::{Decision, EndReason, Session, decide},
    store::*,
    testing::{MemoryStore, conformance::CASES},
    users::{User, UserChange},
};

/// What a store does wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// Answers theft and does not write it, as a transaction does that is rolled back on errors.
    TheftIsNotCommitted,
    /// Tells two parallel refreshes that both have rotated.
    EveryRepeatRotates,
    /// Does not look again whether the password is still the one that was verified.
    PasswordIsNotCheckedAgain,
    /// Makes no room for a session.
    BoundIsNotKept,
    /// Ends a session whose log-out nobody is told.
    LogOutIsNotRevoked,
    /// Ends whichever session is named.
    OwnerIsNotChecked,
    /// Lets a deleted user's id be used again.
    TombstoneIsForgotten,
    /// Changes users that an import was only to add.
    ImportAlwaysUpdates,
    /// Does not say whose sessions an import ended.
    ImportForgetsWhatItEnded,
    /// Gives a key's row an expiry.
    KeyRowsExpire,
    /// Goes on from a cursor of another database.
    EpochIsIgnored,
    /// Reads the head after the rows, so that what commits in between is skipped.
    HeadIsReadApart,
    /// Never wakes who waits.
    NobodyIsWoken,
    /// Writes the ring whoever read it.
    RingVersionIsIgnored,
    /// Takes from the budgets that have something left.
    BudgetsAreTakenOneByOne,
    /// Has a refund that does nothing.
    RefundIsLost,
    /// Writes one row for each failed log-in.
    EventsAreNotCoalesced,
    /// Throws away what ended just now.
    PurgeIsEager,
    /// Believes that it was the first to initialise the database.
    InitAnswersItsOwnSeed,
}

const FAULTS: [Fault; 19] = [
    Fault::TheftIsNotCommitted,
    Fault::EveryRepeatRotates,
    Fault::PasswordIsNotCheckedAgain,
    Fault::BoundIsNotKept,
    Fault::LogOutIsNotRevoked,
    Fault::OwnerIsNotChecked,
    Fault::TombstoneIsForgotten,
    Fault::ImportAlwaysUpdates,
    Fault::ImportForgetsWhatItEnded,
    Fault::KeyRowsExpire,
    Fault::EpochIsIgnored,
    Fault::HeadIsReadApart,
    Fault::NobodyIsWoken,
    Fault::RingVersionIsIgnored,
    Fault::BudgetsAreTakenOneByOne,
    Fault::RefundIsLost,
    Fault::EventsAreNotCoalesced,
    Fault::PurgeIsEager,
    Fault::InitAnswersItsOwnSeed,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_suite_notices_every_planted_fault() {
    for fault in FAULTS {
        let noticed = cases_that_fail(fault).await;
        assert!(!noticed.is_empty(), "no case notices {fault:?}");
        println!("{fault:?}: {}", noticed.join(", "));
    }
}

async fn cases_that_fail(fault: Fault) -> Vec<&'static str> {
    let mut failed = Vec::new();
    for case in CASES {
        let store = Arc::new(Faulty { inner: MemoryStore::new(), fault });
        // A case that waits for what never comes has noticed as well.
        let run = tokio::spawn(async move {
            tokio::time::timeout(Duration::from_secs(2), case.run(store)).await.is_ok()
        });
        if !matches!(run.await, Ok(true)) {
            failed.push(case.name);
        }
    }
    failed
}

#[derive(Debug)]
struct Faulty {
    inner: MemoryStore,
    fault: Fault,
}

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn effects(&self, mut effects: Effects) -> Effects {
        if self.has(Fault::EventsAreNotCoalesced) {
            effects.events.iter_mut().for_each(|event| event.coalesce = None);
        }
        effects
    }
}

#[async_trait]
impl Users for Faulty {
    async fn create_user(&self, user: &User, effects: Effects) -> Result<CreateUserOutcome> {
        let outcome = self.inner.create_user(user, effects).await?;
        if self.has(Fault::TombstoneIsForgotten) && outcome == CreateUserOutcome::IdTaken {
            let held = self.inner.find_user(&user.id).await?;
            if held.is_some_and(|held| held.deleted_at.is_some()) {
                return Ok(CreateUserOutcome::Created);
            }
        }
        Ok(outcome)
    }

    async fn find_user(&self, id: &UserId) -> Result<Option<User>> {
        self.inner.find_user(id).await
    }

    async fn find_login(&self, username: &str) -> Result<Option<LoginRecord>> {
        self.inner.find_login(username).await
    }

    async fn list_users(
        &self,
        after: Option<&UserId>,
        search: Option<&str>,
        limit: usize,
    ) -> Result<UserPage> {
        self.inner.list_users(after, search, limit).await
    }

    async fn change_user(
        &self,
        id: &UserId,
        change: &UserChange,
        open: Option<Session>,
        effects: Effects,
        now: Timestamp,
    ) -> Result<ChangeUserOutcome> {
        self.inner.change_user(id, change, open, effects, now).await
    }

    async fn import_users(
        &self,
        imports: &[UserImport],
        update: bool,
        now: Timestamp,
    ) -> Result<Vec<ImportOutcome>> {
        let update = update || self.has(Fault::ImportAlwaysUpdates);
        let mut all = self.inner.import_users(imports, update, now).await?;
        if self.has(Fault::ImportForgetsWhatItEnded) {
            for outcome in &mut all {
                if let ImportOutcome::Changed { ended, .. } = outcome {
                    ended.clear();
                }
            }
        }
        Ok(all)
    }
}

#[async_trait]
impl Sessions for Faulty {
    async fn create_session(
        &self,
        mut intent: CreateSession,
        now: Timestamp,
    ) -> Result<CreateSessionOutcome> {
        if self.has(Fault::PasswordIsNotCheckedAgain) {
            intent.verified = Verified::Application;
        }
        if self.has(Fault::BoundIsNotKept) {
            intent.most_live = usize::MAX;
        }
        self.inner.create_session(intent, now).await
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<Session>> {
        self.inner.find_session(id).await
    }

    async fn refresh_session(
        &self,
        intent: &RefreshIntent,
        now: Timestamp,
    ) -> Result<Option<RefreshOutcome>> {
        if self.has(Fault::TheftIsNotCommitted)
            && let Some(session) = self.inner.find_session(intent.session_id).await?
            && let Some(user) = self.inner.find_user(&session.user_id).await?
        {
            let decision = decide(&session, &intent.attempt, true, &intent.policy, now);
            if decision == Decision::Replayed {
                return Ok(Some(RefreshOutcome { decision, session, user }));
            }
        }
        let mut outcome = self.inner.refresh_session(intent, now).await?;
        if self.has(Fault::EveryRepeatRotates)
            && let Some(outcome) = &mut outcome
            && outcome.decision == Decision::Repeat
        {
            outcome.decision = Decision::Rotate;
        }
        Ok(outcome)
    }

    async fn list_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<Session>> {
        self.inner.list_sessions(user_id, now).await
    }

    async fn end_session(
        &self,
        id: SessionId,
        owner: Option<&UserId>,
        reason: EndReason,
        effects: Effects,
        now: Timestamp,
    ) -> Result<Option<Session>> {
        let owner = owner.filter(|_| !self.has(Fault::OwnerIsNotChecked));
        self.inner.end_session(id, owner, reason, effects, now).await
    }
}

#[async_trait]
impl Revocations for Faulty {
    async fn write(&self, effects: Effects, now: Timestamp) -> Result<()> {
        Revocations::write(&self.inner, self.effects(effects), now).await
    }

    async fn revocations(
        &self,
        after: Option<Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page> {
        let mut after = after;
        if self.has(Fault::EpochIsIgnored)
            && let (Some(cursor), Some(meta)) = (&mut after, self.inner.meta().await?)
        {
            cursor.epoch = meta.epoch;
        }
        let mut page = self.inner.revocations(after, limit, now).await?;
        match self.fault {
            Fault::LogOutIsNotRevoked => {
                page.rows.retain(|row| !matches!(row.target, Target::Session { .. }));
            }
            Fault::KeyRowsExpire => {
                page.rows.iter_mut().for_each(|row| row.expires_at = row.expires_at.or(Some(now)));
            }
            Fault::HeadIsReadApart if !page.more => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                page.to = self.inner.revocations(None, usize::MAX, now).await?.to;
            }
            _ => {}
        }
        Ok(page)
    }

    async fn wait_for_revocation(&self, seq: u64, at_most: Duration) -> Result<()> {
        if self.has(Fault::NobodyIsWoken) {
            tokio::time::sleep(at_most).await;
            return Ok(());
        }
        self.inner.wait_for_revocation(seq, at_most).await
    }
}

#[async_trait]
impl Keys for Faulty {
    async fn ring(&self) -> Result<(u64, Vec<StoredKey>)> {
        self.inner.ring().await
    }

    async fn change_ring(
        &self,
        mut change: RingChange,
        effects: Effects,
        now: Timestamp,
    ) -> Result<bool> {
        if self.has(Fault::RingVersionIsIgnored) {
            change.version = self.inner.ring().await?.0;
        }
        self.inner.change_ring(change, effects, now).await
    }
}

#[async_trait]
impl Clients for Faulty {
    async fn create_client(&self, client: &Client, effects: Effects) -> Result<bool> {
        self.inner.create_client(client, effects).await
    }

    async fn find_client(&self, id: &ClientId) -> Result<Option<Client>> {
        self.inner.find_client(id).await
    }

    async fn list_clients(&self) -> Result<Vec<Client>> {
        self.inner.list_clients().await
    }

    async fn change_client(
        &self,
        id: &ClientId,
        change: &ClientChange,
        effects: Effects,
        now: Timestamp,
    ) -> Result<Option<Client>> {
        self.inner.change_client(id, change, effects, now).await
    }

    async fn delete_client(&self, id: &ClientId, effects: Effects, now: Timestamp) -> Result<bool> {
        self.inner.delete_client(id, effects, now).await
    }
}

#[async_trait]
impl Budgets for Faulty {
    async fn take(&self, rules: &[BudgetRule], now: Timestamp) -> Result<BudgetOutcome> {
        if !self.has(Fault::BudgetsAreTakenOneByOne) {
            return self.inner.take(rules, now).await;
        }
        let mut outcome = BudgetOutcome::Taken;
        for rule in rules {
            if let exhausted @ BudgetOutcome::Exhausted { .. } =
                self.inner.take(&[*rule], now).await?
            {
                outcome = exhausted;
            }
        }
        Ok(outcome)
    }

    async fn refund(&self, rules: &[BudgetRule], now: Timestamp) -> Result<()> {
        if self.has(Fault::RefundIsLost) {
            return Ok(());
        }
        self.inner.refund(rules, now).await
    }
}

#[async_trait]
impl Events for Faulty {
    async fn list_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<EventRecord>> {
        self.inner.list_events(filter, limit).await
    }
}

#[async_trait]
impl MetaStore for Faulty {
    async fn meta(&self) -> Result<Option<Meta>> {
        self.inner.meta().await
    }

    async fn init_meta(&self, seed: MetaSeed) -> Result<Meta> {
        let own = Meta {
            issuer: seed.issuer.clone(),
            epoch: seed.epoch,
            max_access_ttl: seed.max_access_ttl,
            key_checks: seed.key_checks.clone(),
        };
        let held = self.inner.init_meta(seed).await?;
        Ok(if self.has(Fault::InitAnswersItsOwnSeed) { own } else { held })
    }

    async fn raise_max_access_ttl(&self, at_least: Duration) -> Result<()> {
        self.inner.raise_max_access_ttl(at_least).await
    }

    async fn add_key_check(&self, id: u8, check: [u8; 16]) -> Result<()> {
        self.inner.add_key_check(id, check).await
    }

    async fn purge(&self, now: Timestamp, keep_events: Duration, limit: usize) -> Result<Purged> {
        let day = Duration::from_secs(86_400);
        let now = if self.has(Fault::PurgeIsEager) { now.plus(day) } else { now };
        self.inner.purge(now, keep_events, limit).await
    }

    async fn ping(&self) -> Result<()> {
        self.inner.ping().await
    }
}
