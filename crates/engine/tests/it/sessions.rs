//! The decision about a refresh, against a model that knows nothing of its code.
//!
//! The model follows the tokens: who holds which, which was answered last, and when. The store
//! follows a counter. Over random histories both must come to the same.

use std::time::Duration;

use countersign_engine::{
    guard::time::Timestamp,
    ids::ClientId,
    sessions::{Decision, RefreshAttempt, Refusal, Session, SessionPolicy, decide},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

const START: Timestamp = Timestamp::from_seconds(1_000_000);
const GRACE: u64 = 30;
const IDLE: u64 = 1_000;
const ABSOLUTE: u64 = 5_000;

fn policy(grace: u64) -> SessionPolicy {
    SessionPolicy {
        idle: Duration::from_secs(IDLE),
        absolute: Duration::from_secs(ABSOLUTE),
        grace: Duration::from_secs(grace),
        most_live: 100,
    }
}

fn new_session() -> Session {
    Session {
        id: "01890000-0000-7000-8000-00000000000a".parse().unwrap(),
        user_id: "ada".parse().unwrap(),
        client_id: ClientId::first_party(),
        audience: "api".to_owned(),
        scopes: ["read".to_owned(), "write".to_owned()].into(),
        claims: serde_json::Map::new(),
        salt: [0; 16],
        counter: 0,
        rotated_at: START,
        retry_key_hash: None,
        auth_time: START,
        amr: Vec::new(),
        acr: None,
        cnf_jkt: None,
        created_at: START,
        idle_expires_at: START.plus(Duration::from_secs(IDLE)),
        absolute_expires_at: START.plus(Duration::from_secs(ABSOLUTE)),
        ended_at: None,
        end_reason: None,
        device: None,
    }
}

/// One request of a history.
#[derive(Clone, Debug)]
struct Step {
    /// The clock moves by so many seconds; backwards too.
    passes: i64,
    /// Which token: so many before the newest that was ever answered; negative ones were never
    /// issued.
    age: i64,
    /// The `Idempotency-Key`, if any.
    key: Option<u8>,
    /// Presented by a client whose token it is not.
    stolen_by_client: bool,
    /// The user may have sessions.
    active: bool,
    /// More scopes than the session has are asked for.
    greedy: bool,
}

/// The newest token, in the plainest request.
const PLAIN: Step =
    Step { passes: 0, age: 0, key: None, stolen_by_client: false, active: true, greedy: false };

fn step() -> impl Strategy<Value = Step> {
    (
        prop_oneof![
            6 => 0_i64..5,
            3 => select(vec![29, 30, 31, 60, 400]),
            1 => -100_i64..0,
            1 => select(vec![999, 1_000, 1_001]),
        ],
        prop_oneof![12 => Just(0_i64), 8 => Just(1_i64), 1 => 2_i64..4, 1 => -2_i64..0],
        option::weighted(0.4, 0_u8..3),
        prop::bool::weighted(0.05),
        prop::bool::weighted(0.97),
        prop::bool::weighted(0.05),
    )
        .prop_map(|(passes, age, key, stolen_by_client, active, greedy)| Step {
            passes,
            age,
            key,
            stolen_by_client,
            active,
            greedy,
        })
}

/// The tokens as their holders see them. It is written without the session's row: tokens are
/// numbered by when they were issued, and times are plain seconds.
#[derive(Debug)]
struct Model {
    newest: i64,
    newest_since: i64,
    newest_key: Option<u8>,
    idle_until: i64,
    ended: bool,
}

impl Model {
    fn new() -> Self {
        let start = START.seconds();
        Self {
            newest: 0,
            newest_since: start,
            newest_key: None,
            idle_until: start + IDLE as i64,
            ended: false,
        }
    }

    fn expects(&mut self, step: &Step, grace: i64, now: i64) -> Expected {
        let absolute = START.seconds() + ABSOLUTE as i64;
        if step.stolen_by_client {
            return Expected::Nothing(Refusal::OtherClient);
        }
        if self.ended {
            return Expected::Nothing(Refusal::Ended);
        }
        if now >= self.idle_until || now >= absolute {
            return Expected::Nothing(Refusal::Expired);
        }
        if !step.active {
            return Expected::Nothing(Refusal::Inactive);
        }
        let within = step.age == 1 && (now - self.newest_since).max(0) < grace;
        let same_key = step.age == 1 && step.key.is_some() && step.key == self.newest_key;
        match step.age {
            i64::MIN..=-1 => self.end(Expected::RolledBack),
            0 | 1 if step.greedy && (step.age == 0 || within || same_key) => {
                Expected::Nothing(Refusal::Scope)
            }
            0 => {
                self.newest += 1;
                self.newest_since = now;
                self.newest_key = step.key;
                self.idle_until = (now + IDLE as i64).min(absolute);
                Expected::Successor(self.newest)
            }
            1 if within || same_key => Expected::SameAgain(self.newest),
            _ => self.end(Expected::Theft),
        }
    }

    fn end(&mut self, expected: Expected) -> Expected {
        self.ended = true;
        expected
    }
}

#[derive(Debug, PartialEq)]
enum Expected {
    Successor(i64),
    SameAgain(i64),
    Theft,
    RolledBack,
    Nothing(Refusal),
}

fn as_expected(decision: &Decision, counter: u32) -> Expected {
    match decision {
        Decision::Rotate => Expected::Successor(i64::from(counter)),
        Decision::Repeat => Expected::SameAgain(i64::from(counter)),
        Decision::Replayed => Expected::Theft,
        Decision::RolledBack => Expected::RolledBack,
        Decision::Refused(refusal) => Expected::Nothing(*refusal),
    }
}

fn attempt(session: &Session, counter: u32, step: &Step) -> RefreshAttempt {
    let client = if step.stolen_by_client { "other-app" } else { session.client_id.as_str() };
    let scope = if step.greedy { "admin" } else { "read" };
    RefreshAttempt {
        counter,
        client_id: client.parse().unwrap(),
        retry_key_hash: step.key.map(|key| [key; 32]),
        scopes: Some([scope.to_owned()].into()),
    }
}

/// Runs one step as a store does.
fn refresh(
    session: &mut Session,
    attempt: &RefreshAttempt,
    active: bool,
    policy: &SessionPolicy,
    now: Timestamp,
) -> Decision {
    let decision = decide(session, attempt, active, policy, now);
    if let Some(next) = decision.outcome(session, attempt, policy, now) {
        *session = next;
    }
    decision
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn decisions_are_the_models(
        steps in vec(step(), 1..40),
        grace in select(vec![0, GRACE]),
    ) {
        let (mut session, mut model, mut now) = (new_session(), Model::new(), START.seconds());
        for step in &steps {
            now += step.passes;
            let Ok(counter) = u32::try_from(i64::from(session.counter) - step.age) else {
                continue;
            };
            let before = session.clone();
            let attempt = attempt(&session, counter, step);
            let at = Timestamp::from_seconds(now);
            let decision = refresh(&mut session, &attempt, step.active, &policy(grace), at);
            let expected = model.expects(step, grace as i64, now);
            prop_assert_eq!(as_expected(&decision, session.counter), expected);
            prop_assert_eq!(session.ended_at.is_some(), model.ended);
            if matches!(decision, Decision::Repeat | Decision::Refused(_)) {
                prop_assert_eq!(&session, &before, "nothing else changes the row");
            }
            prop_assert!(session.idle_expires_at <= session.absolute_expires_at);
            prop_assert_eq!(session.absolute_expires_at, before.absolute_expires_at);
            prop_assert_eq!(session.auth_time, before.auth_time);
        }
    }

    /// Whatever happens, of all tokens at most one can be turned into a new one.
    #[test]
    fn at_most_one_token_has_a_successor(steps in vec(step(), 0..30)) {
        let (mut session, mut now) = (new_session(), START.seconds());
        for step in &steps {
            now += step.passes;
            let counter = u32::try_from(i64::from(session.counter) - step.age).unwrap_or(0);
            let attempt = attempt(&session, counter, step);
            let at = Timestamp::from_seconds(now);
            refresh(&mut session, &attempt, step.active, &policy(GRACE), at);
            let rotating = (0..=session.counter.saturating_add(3))
                .filter(|counter| {
                    let attempt = self::attempt(&session, *counter, &PLAIN);
                    decide(&session, &attempt, true, &policy(GRACE), at) == Decision::Rotate
                })
                .count();
            prop_assert!(rotating <= 1);
            prop_assert!(rotating == 1 || !session.is_live(at));
        }
    }

    /// Once it has ended, no token and no time brings a session back.
    #[test]
    fn an_ended_session_stays_ended(steps in vec(step(), 1..30)) {
        let policy = policy(GRACE);
        let mut session = new_session();
        session.counter = 5;
                let old = attempt(&session, 3, &PLAIN);
        prop_assert_eq!(refresh(&mut session, &old, true, &policy, START), Decision::Replayed);
        let (ended, mut now) = (session.clone(), START.seconds());
        for step in &steps {
            now += step.passes;
            let counter = u32::try_from(5 - step.age).unwrap();
            let attempt = attempt(&session, counter, step);
            let at = Timestamp::from_seconds(now);
            let decision = refresh(&mut session, &attempt, step.active, &policy, at);
            prop_assert!(matches!(decision, Decision::Refused(_)));
            prop_assert_eq!(&session, &ended);
        }
    }

    /// Repeats do not move the window: it is over when it is over, however often they came.
    #[test]
    fn the_grace_never_slides(pauses in vec(0_u64..20, 0..20)) {
        let policy = policy(GRACE);
        let mut session = new_session();
                let first = attempt(&session, 0, &PLAIN);
        refresh(&mut session, &first, true, &policy, START);
        let mut passed = 0;
        for pause in pauses {
            passed += pause;
            let at = START.plus(Duration::from_secs(passed));
            let decision = refresh(&mut session, &first, true, &policy, at);
            let expected = if passed < GRACE { Decision::Repeat } else { Decision::Replayed };
            prop_assert_eq!(&decision, &expected);
            if decision == Decision::Replayed {
                break;
            }
        }
    }

    /// With the key it came with, a request may be repeated as long as the session lives, and no
    /// longer than until its successor is used.
    #[test]
    fn an_idempotency_key_has_no_window_but_ends_with_the_successors_use(
        waits in vec(0_u64..IDLE, 1..5),
        key in 0_u8..3,
    ) {
        let policy = policy(0);
        let mut session = new_session();
        let keyed = Step { key: Some(key), ..PLAIN };
        let first = attempt(&session, 0, &keyed);
        prop_assert_eq!(refresh(&mut session, &first, true, &policy, START), Decision::Rotate);
        for wait in waits {
            let at = START.plus(Duration::from_secs(wait));
            prop_assert_eq!(refresh(&mut session, &first, true, &policy, at), Decision::Repeat);
            prop_assert_eq!(session.counter, 1);
        }
        let successor = attempt(&session, 1, &keyed);
        prop_assert_eq!(refresh(&mut session, &successor, true, &policy, START), Decision::Rotate);
        let late = refresh(&mut session, &first, true, &policy, START);
        prop_assert_eq!(late, Decision::Replayed);
    }

    /// A clock that goes back makes ages zero: what may be repeated now may be repeated then.
    #[test]
    fn a_clock_that_goes_back_is_no_theft(back in 0_u64..2_000_000, ahead in 0_u64..IDLE) {
        let policy = policy(GRACE);
        let mut session = new_session();
                let first = attempt(&session, 0, &PLAIN);
        let rotated = START.plus(Duration::from_secs(ahead));
        refresh(&mut session, &first, true, &policy, rotated);
        let earlier = rotated.minus(Duration::from_secs(back));
        prop_assert_eq!(refresh(&mut session, &first, true, &policy, earlier), Decision::Repeat);
        let successor = attempt(&session, 1, &PLAIN);
        prop_assert_eq!(
            refresh(&mut session, &successor, true, &policy, earlier),
            Decision::Rotate
        );
    }

    /// However busily it is refreshed, a session ends when it must.
    #[test]
    fn the_absolute_expiry_is_never_exceeded(pauses in vec(1_u64..IDLE, 1..60)) {
        let policy = policy(GRACE);
        let (mut session, mut passed) = (new_session(), 0);
        for pause in pauses {
            passed += pause;
            let at = START.plus(Duration::from_secs(passed));
                        let attempt = attempt(&session, session.counter, &PLAIN);
            let decision = refresh(&mut session, &attempt, true, &policy, at);
            let expected = if passed < ABSOLUTE {
                Decision::Rotate
            } else {
                Decision::Refused(Refusal::Expired)
            };
            prop_assert_eq!(decision, expected);
        }
    }
}

#[test]
fn the_last_counter_is_never_used_up_into_an_overflow() {
    let mut session = new_session();
    session.counter = u32::MAX;
    let last = attempt(&session, u32::MAX, &PLAIN);
    let decision = refresh(&mut session, &last, true, &policy(GRACE), START);
    assert_eq!(decision, Decision::Refused(Refusal::Exhausted));
    assert_eq!(session.counter, u32::MAX);
}
