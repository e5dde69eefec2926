//! Messages that have arrived and that nobody has taken yet. The broker bounds them: it hands out no more
//! than the prefetch count before it sees acknowledgements.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::message::Message;

#[derive(Default)]
pub(crate) struct Inbox {
    shelf: Mutex<Shelf>,
    changed: Notify,
}

#[derive(Default)]
struct Shelf {
    messages: VecDeque<Message>,
    held: bool,
}

impl Inbox {
    /// The next message. For one reader; safe to cancel.
    pub(crate) async fn next(&self) -> Message {
        loop {
            if let Some(message) = self.shelf().take() {
                return message;
            }
            // A change in between has left a permit, so that this returns at once.
            self.changed.notified().await;
        }
    }

    pub(crate) fn put(&self, message: Message) {
        self.shelf().messages.push_back(message);
        self.changed.notify_one();
    }

    /// While held, nothing can be taken.
    pub(crate) fn hold(&self, held: bool) {
        self.shelf().held = held;
        self.changed.notify_one();
    }

    /// Takes out whatever nobody has taken.
    pub(crate) fn empty(&self) -> VecDeque<Message> {
        std::mem::take(&mut self.shelf().messages)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // No code panics while it holds the lock, and a shelf is consistent at every line.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn take(&mut self) -> Option<Message> {
        if self.held { None } else { self.messages.pop_front() }
    }
}
