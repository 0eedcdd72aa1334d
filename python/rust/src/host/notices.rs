//! What Python is told of its own accord: events after their commit, and log lines. Bounded: what
//! nobody fetches in time is dropped, never waited for.

use std::sync::{Mutex, PoisonError};

use countersign::engine::events::Event;
use serde_json::{Value, json};
use tokio::sync::{
    broadcast::{Receiver, error::RecvError},
    mpsc,
};

/// How many wait to be fetched.
const BACKLOG: usize = 1_024;

/// One of them.
#[derive(Debug)]
pub(crate) enum Notice {
    /// Something happened.
    Event(Value),
    /// Something was logged.
    Log(Value),
    /// There will be no more.
    End,
}

/// The receiving end.
#[derive(Debug)]
pub(crate) struct Notices(Mutex<mpsc::Receiver<Notice>>);

/// The sending end; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Notifier(mpsc::Sender<Notice>);

pub(crate) fn channel() -> (Notifier, Notices) {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    (Notifier(sender), Notices(Mutex::new(receiver)))
}

impl Notices {
    /// Waits for the next one. Must not be called on a thread of the runtime.
    pub(crate) fn next(&self) -> Notice {
        let mut receiver = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.blocking_recv().unwrap_or(Notice::End)
    }
}

impl Notifier {
    /// Hands a notice over unless too many wait already.
    pub(crate) fn send(&self, notice: Notice) -> bool {
        self.0.try_send(notice).is_ok()
    }

    /// Hands on the events of an engine for as long as it lives.
    pub(crate) async fn forward(self, mut events: Receiver<Event>) {
        let mut dropped = false;
        loop {
            let sent = match events.recv().await {
                Ok(event) => self.send(Notice::Event(told(&event))),
                Err(RecvError::Lagged(_)) => false,
                Err(RecvError::Closed) => return,
            };
            if !sent && !dropped {
                dropped = true;
                tracing::warn!("event callbacks are too slow: events are dropped");
            }
        }
    }
}

fn told(event: &Event) -> Value {
    json!({
        "kind": event.kind.as_str(),
        "at": event.at.millis(),
        "user_id": event.user_id,
        "session_id": event.session_id,
        "client_id": event.client_id,
        "actor": event.actor,
        "address": event.address,
        "detail": event.detail,
    })
}
