//! The revocation feed for services without the database: one page a request.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use countersign_guard::revocation::{Cursor, Row};
use serde::Serialize;

use crate::{
    engine::{Engine, LOG_PAGE},
    error::{Error, Result},
    ops::callers::Caller,
};

/// A request waits at most so long for something to happen.
pub const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// One page of the feed.
#[derive(Clone, Debug, Serialize)]
pub struct RevocationFeed {
    /// What to ask after next.
    pub cursor: String,
    /// The identity of the log; another than before means that the database was restored.
    pub epoch: String,
    /// The position that this page follows; 0 is a snapshot of all that is live.
    pub from: u64,
    /// The position after this page.
    pub to: u64,
    /// The revocations in between.
    pub rows: Vec<Row>,
    /// How old this answer may be already.
    pub age_ms: u64,
    /// More stands ready.
    pub more: bool,
}

impl Engine {
    /// A page after `after` (none: the snapshot); with nothing new, waits for up to `wait`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the cursor is none of ours.
    pub async fn revocation_feed(
        &self,
        _caller: &Caller,
        after: Option<&str>,
        wait: Duration,
    ) -> Result<RevocationFeed> {
        let cursor = after.map(parse_cursor).transpose()?;
        let page = self.0.store.revocations(cursor, LOG_PAGE, self.now()).await?;
        let nothing_new = cursor.is_some_and(|cursor| {
            cursor.epoch == page.epoch && cursor.seq == page.to && page.from == page.to
        });
        let page = if nothing_new && !wait.is_zero() {
            self.0.store.wait_for_revocation(page.to, wait.min(LONGEST_WAIT)).await?;
            self.0.store.revocations(cursor, LOG_PAGE, self.now()).await?
        } else {
            page
        };
        Ok(RevocationFeed {
            cursor: format_cursor(Cursor { epoch: page.epoch, seq: page.to }),
            epoch: BASE64_URL_SAFE_NO_PAD.encode(page.epoch),
            from: page.from,
            to: page.to,
            rows: page.rows,
            age_ms: 0,
            more: page.more,
        })
    }
}

fn format_cursor(cursor: Cursor) -> String {
    format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(cursor.epoch), cursor.seq)
}

fn parse_cursor(text: &str) -> Result<Cursor> {
    let parse = || {
        let (epoch, seq) = text.split_once('.')?;
        let epoch = BASE64_URL_SAFE_NO_PAD.decode(epoch).ok()?.try_into().ok()?;
        Some(Cursor { epoch, seq: seq.parse().ok()? })
    };
    parse().ok_or_else(|| Error::invalid("after", "It is the cursor of an earlier answer."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_as_it_was_written() {
        let cursor = Cursor { epoch: [7; 16], seq: 42 };
        assert_eq!(parse_cursor(&format_cursor(cursor)).unwrap(), cursor);
        for bad in ["", "42", "AAAA.1", "BwcHBwcHBwcHBwcHBwcHBw.x", "BwcHBwcHBwcHBwcHBwcHBw.-1"] {
            assert!(parse_cursor(bad).is_err(), "{bad}");
        }
    }
}
