//! A header or a claims set, member by member, with what each means.

use std::fmt::Write;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    registry::{CLAIMS, Entry, HEADER},
    words,
};
use crate::{output::printable, paint::Paint};

/// A member, and what it means.
#[derive(Debug, Serialize)]
pub(crate) struct Explained<'t> {
    name: &'t str,
    #[serde(skip)]
    value: &'t Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'static str>,
    /// Of a date: RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    /// Of a date: how far from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_words: Option<String>,
    #[serde(skip)]
    at: Option<i64>,
}

/// Explains a header.
pub(crate) fn header(members: &Map<String, Value>) -> Vec<Explained<'_>> {
    explain(members, HEADER, 0)
}

/// Explains claims at the instant `now`, in Unix seconds.
pub(crate) fn claims(members: &Map<String, Value>, now: i64) -> Vec<Explained<'_>> {
    explain(members, CLAIMS, now)
}

/// The registered members first, in the order of their registry, then the others by their names.
fn explain<'t>(
    members: &'t Map<String, Value>,
    registry: &'static [Entry],
    now: i64,
) -> Vec<Explained<'t>> {
    let place = |name: &str| registry.iter().position(|entry| entry.name == name);
    let mut sorted: Vec<_> =
        members.iter().map(|(name, value)| (place(name), name, value)).collect();
    sorted.sort_by_key(|(place, name, _)| (place.unwrap_or(usize::MAX), *name));
    let one = |(place, name, value): (Option<usize>, &'t String, &'t Value)| {
        let entry = place.and_then(|place| registry.get(place));
        let at = entry.filter(|entry| entry.is_date).and_then(|_| seconds(value));
        Explained {
            name,
            value,
            meaning: entry.map(|entry| entry.meaning),
            reference: entry.map(|entry| entry.reference),
            time: at.and_then(words::rfc3339),
            in_words: at.map(|at| words::date(name, at, now)),
            at,
        }
    };
    sorted.into_iter().map(one).collect()
}

/// Whole seconds, rounded down; what is no number is no date.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and so do all dates")]
fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))
}

/// Writes members under a heading: each with its value, and below what that means.
pub(crate) fn write(text: &mut String, paint: Paint, heading: &str, members: &[Explained<'_>]) {
    let widest = members.iter().map(|member| member.shown_name().chars().count()).max();
    let width = widest.unwrap_or(0).min(24);
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{}", paint.bold(heading));
    for member in members {
        let value = printable(&member.value.to_string());
        let _ = writeln!(text, "  {:width$}  {value}", member.shown_name());
        if let Some(explanation) = member.explanation() {
            let _ = writeln!(text, "  {:width$}  {}", "", paint.faint(&explanation));
        }
    }
}

impl Explained<'_> {
    fn shown_name(&self) -> String {
        printable(self.name)
    }

    fn explanation(&self) -> Option<String> {
        let (meaning, reference) = (self.meaning?, self.reference?);
        Some(match (&self.in_words, self.at) {
            (Some(words), Some(at)) => format!("{words}, {} ({reference})", words::instant(at)),
            _ => format!("{meaning} ({reference})"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn registered_members_come_first_and_the_others_by_name() {
        let value = json!({"zeta": 1, "exp": 100, "alpha": "a", "iss": "i", "nbf": "text"});
        let explained = claims(value.as_object().unwrap(), 160);
        let names: Vec<_> = explained.iter().map(|member| member.name).collect();
        assert_eq!(names, ["iss", "exp", "nbf", "alpha", "zeta"]);
        assert_eq!(explained[1].in_words.as_deref(), Some("expired 60 seconds ago"));
        assert_eq!(explained[1].time.as_deref(), Some("1970-01-01T00:01:40Z"));
        assert_eq!(
            explained[2].explanation().unwrap(),
            "before when it is refused (RFC 7519 4.1.5)"
        );
        assert_eq!(explained[3].explanation(), None);
    }

    #[test]
    fn a_member_is_registered_once() {
        for registry in [HEADER, CLAIMS] {
            let names: BTreeSet<_> = registry.iter().map(|entry| entry.name).collect();
            assert_eq!(names.len(), registry.len());
        }
    }
}
