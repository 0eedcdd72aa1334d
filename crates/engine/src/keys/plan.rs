//! What the ring's stored instants mean, as pure functions of the rows and the time.
//!
//! No job must run on time: a key signs because its instant has come, not because somebody switched
//! it on, and its successor stood in the JWKS long before.

use std::time::Duration;

use countersign_guard::time::Timestamp;
use serde::Serialize;

use crate::store::StoredKey;

/// The ring's spans.
#[derive(Clone, Copy, Debug)]
pub struct RingTimes {
    /// How long a key signs.
    pub rotate_every: Duration,
    /// How long a new key stands in the JWKS before it signs.
    pub publish_before: Duration,
    /// How long a key verifies after its successor began to sign: the longest access token's life
    /// and a margin.
    pub verify_after: Duration,
}

/// The least time in the JWKS before signing: twice the 300 s for which it may be cached.
pub(crate) const LEAST_PUBLISHED: Duration = Duration::from_secs(600);

/// What a key is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyState {
    /// Published; signs later.
    Next,
    /// Signs.
    Signing,
    /// Signs no more; its tokens are still good.
    Verifying,
    /// Its tokens have all expired.
    Retired,
    /// Nothing it signed is good.
    Compromised,
}

/// What `key` is doing in the ring `keys` at `now`.
pub fn state(key: &StoredKey, keys: &[StoredKey], now: Timestamp) -> KeyState {
    if key.compromised_at.is_some() {
        KeyState::Compromised
    } else if !verifies(key, now) {
        KeyState::Retired
    } else if key.signs_from > now {
        KeyState::Next
    } else if signing(keys, now).is_some_and(|signing| signing.kid == key.kid) {
        KeyState::Signing
    } else {
        KeyState::Verifying
    }
}

/// The key that signs at `now`: the last whose time has come. Where none has, this machine's clock
/// is behind the one that made the first key, which signs then: the others know it already.
pub fn signing(keys: &[StoredKey], now: Timestamp) -> Option<&StoredKey> {
    let last_due = verifying(keys, now)
        .filter(|key| key.signs_from <= now)
        .max_by_key(|key| (key.signs_from, key.position));
    last_due.or_else(|| verifying(keys, now).min_by_key(|key| (key.signs_from, key.position)))
}

/// The keys whose tokens may be good at `now`, the published next one included.
pub fn verifying(keys: &[StoredKey], now: Timestamp) -> impl Iterator<Item = &StoredKey> {
    keys.iter().filter(move |key| verifies(key, now))
}

/// A key that stands in the ring is published, whatever this machine's clock says of the instant:
/// with a clock that is behind, its tokens would be refused here.
pub(super) fn verifies(key: &StoredKey, now: Timestamp) -> bool {
    key.compromised_at.is_none() && key.verifies_until.is_none_or(|until| now < until)
}

fn next(keys: &[StoredKey], now: Timestamp) -> Option<&StoredKey> {
    verifying(keys, now).filter(|key| key.signs_from > now).min_by_key(|key| key.signs_from)
}

/// A key that must be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Need {
    /// Its place.
    pub(crate) position: u32,
    /// From when it shall sign.
    pub(crate) signs_from: Timestamp,
}

/// The key that the ring lacks at `now`, if any: one that signs, then one that is next.
pub(crate) fn need(keys: &[StoredKey], times: &RingTimes, now: Timestamp) -> Option<Need> {
    let position =
        keys.iter().map(|key| key.position).max().map_or(0, |last| last.saturating_add(1));
    let Some(current) = signing(keys, now) else {
        return Some(Need { position, signs_from: now });
    };
    if next(keys, now).is_some() {
        return None;
    }
    let due = current.signs_from.plus(times.rotate_every);
    Some(Need { position, signs_from: due.max(now.plus(times.publish_before)) })
}

/// Sets until when each key verifies, from when its successor signs. The span after that never falls
/// (`meta.max_access_ttl`), so nothing is shortened for a key whose successor signs already; and what
/// has retired stays retired: when a successor is compromised, its own successor must not bring back
/// the keys before it. Answers the keys that changed.
pub(crate) fn retire(keys: &mut [StoredKey], times: &RingTimes, now: Timestamp) -> Vec<StoredKey> {
    // A compromised key succeeds nobody: it signs nothing any more.
    let mut order: Vec<usize> = keys
        .iter()
        .enumerate()
        .filter(|(_, key)| key.compromised_at.is_none())
        .map(|(index, _)| index)
        .collect();
    order.sort_by_key(|&index| keys.get(index).map(|key| (key.signs_from, key.position)));
    let mut changed = Vec::new();
    for pair in order.windows(2) {
        let &[older, newer] = pair else { continue };
        let Some(succeeded_at) = keys.get(newer).map(|key| key.signs_from) else { continue };
        let Some(key) = keys.get_mut(older) else { continue };
        let until = succeeded_at.plus(times.verify_after);
        let settled = key.verifies_until.is_some_and(|held| held == until || held <= now);
        if !settled {
            key.verifies_until = Some(until);
            changed.push(key.clone());
        }
    }
    changed
}

/// Lets the next key sign as soon as it may. `None` when there is no next key.
pub(crate) fn rotate(keys: &[StoredKey], now: Timestamp) -> Option<StoredKey> {
    let mut next = next(keys, now)?.clone();
    next.signs_from = now.max(next.published_at.plus(LEAST_PUBLISHED)).min(next.signs_from);
    Some(next)
}

/// Declares a key compromised; if it was the one that signs, the next one takes over at once.
/// `None` when there is no such key.
pub(crate) fn compromise(keys: &[StoredKey], kid: &str, now: Timestamp) -> Option<Vec<StoredKey>> {
    let mut key = keys.iter().find(|key| key.kid == kid)?.clone();
    let was_signing = signing(keys, now).is_some_and(|signing| signing.kid == kid);
    key.compromised_at = key.compromised_at.or(Some(now));
    let mut changed = vec![key];
    let heir = next(keys, now).filter(|next| was_signing && next.kid != kid);
    changed.extend(heir.map(|next| StoredKey { signs_from: now, ..next.clone() }));
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: RingTimes = RingTimes {
        rotate_every: Duration::from_secs(30_000),
        publish_before: Duration::from_secs(1_000),
        verify_after: Duration::from_secs(1_500),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn key(position: u32, published: i64, signs: i64) -> StoredKey {
        StoredKey {
            position,
            kid: format!("k{position}"),
            algorithm: "ES256".into(),
            public_jwk: None,
            private_key: Vec::new(),
            published_at: at(published),
            signs_from: at(signs),
            verifies_until: None,
            compromised_at: None,
        }
    }

    #[test]
    fn an_empty_ring_needs_a_signer_then_a_next_one() {
        assert_eq!(need(&[], &TIMES, at(50)), Some(Need { position: 0, signs_from: at(50) }));
        let ring = [key(0, 50, 50)];
        let second = need(&ring, &TIMES, at(50)).unwrap();
        assert_eq!(second, Need { position: 1, signs_from: at(30_050) });
        assert_eq!(need(&[key(0, 50, 50), key(1, 50, 30_050)], &TIMES, at(60)), None);
    }

    #[test]
    fn m12_a_late_next_key_still_stands_published_before_it_signs() {
        let ring = [key(0, 50, 50)];
        let late = need(&ring, &TIMES, at(90_000)).unwrap();
        assert_eq!(late.signs_from, at(91_000));
        let rotated = rotate(&[key(0, 50, 50), key(1, 100, 30_050)], at(110)).unwrap();
        assert_eq!(rotated.signs_from, at(700));
        let rotated = rotate(&[key(0, 50, 50), key(1, 100, 30_050)], at(5_000)).unwrap();
        assert_eq!(rotated.signs_from, at(5_000));
    }

    #[test]
    fn the_last_key_whose_time_has_come_signs_and_the_older_verifies_on() {
        let mut ring = [key(0, 50, 50), key(1, 50, 30_050)];
        let changed = retire(&mut ring, &TIMES, at(60));
        assert_eq!(changed.len(), 1);
        assert_eq!(signing(&ring, at(30_049)).unwrap().kid, "k0");
        assert_eq!(signing(&ring, at(30_050)).unwrap().kid, "k1");
        assert_eq!(state(&ring[0], &ring, at(31_549)), KeyState::Verifying);
        assert_eq!(state(&ring[0], &ring, at(31_550)), KeyState::Retired);
        assert!(retire(&mut ring, &TIMES, at(60)).is_empty(), "settled");
    }

    #[test]
    fn what_has_retired_stays_retired_when_its_successor_is_compromised() {
        let mut ring = [key(0, 50, 50), key(1, 50, 30_050), key(2, 30_050, 60_050)];
        retire(&mut ring, &TIMES, at(50_000));
        for changed in compromise(&ring, "k1", at(50_000)).unwrap() {
            let place = usize::try_from(changed.position).unwrap();
            ring[place] = changed;
        }
        assert!(retire(&mut ring, &TIMES, at(50_000)).is_empty());
        assert_eq!(state(&ring[0], &ring, at(50_000)), KeyState::Retired);
        assert_eq!(signing(&ring, at(50_000)).unwrap().kid, "k2");
    }

    #[test]
    fn a_rotated_key_retires_as_soon_as_its_tokens_have_expired() {
        let mut ring = [key(0, 50, 50), key(1, 50, 30_050)];
        retire(&mut ring, &TIMES, at(60));
        ring[1] = rotate(&ring, at(700)).unwrap();
        assert_eq!(retire(&mut ring, &TIMES, at(701))[0].verifies_until, Some(at(2_200)));
    }

    #[test]
    fn r11_a_clock_that_is_behind_needs_no_key_of_its_own() {
        let ring = [key(0, 50, 50), key(1, 50, 30_050)];
        assert_eq!(need(&ring, &TIMES, at(20)), None);
        assert_eq!(signing(&ring, at(20)).unwrap().kid, "k0");
        assert_eq!(verifying(&ring, at(20)).count(), 2);
    }

    #[test]
    fn a_compromised_signer_is_replaced_at_once() {
        let ring = [key(0, 50, 50), key(1, 50, 30_050)];
        let changed = compromise(&ring, "k0", at(100)).unwrap();
        assert_eq!(changed[0].compromised_at, Some(at(100)));
        assert_eq!((changed[1].kid.as_str(), changed[1].signs_from), ("k1", at(100)));
        assert_eq!(compromise(&ring, "k1", at(100)).unwrap().len(), 1);
        assert!(compromise(&ring, "k9", at(100)).is_none());
    }
}
