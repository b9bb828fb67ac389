//! Sent mail in the activity: one entry for each sender, account and day, which counts the messages and their recipients.
//! So a program that sends thousands of messages does not hide what people do. Each message is one call in Logs > API.

use super::Sending;
use crate::{
    activity::model::{Action, Actor, Detail, Entry},
    mail::store::sends::{Holder, StoredSend},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Tx},
        randomness::Hash,
    },
};

const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;

/// Names the entry of a sender, an account and a day, in all processes.
fn key_of(send: &StoredSend, now: Timestamp) -> Hash {
    let day = now.seconds().div_euclid(SECONDS_OF_A_DAY).to_be_bytes();
    let holder = send.holder.id();
    // Each part except the first one has a fixed length.
    let parts: [&[u8]; 5] = [
        Action::MailSent.name().as_bytes(),
        send.organisation.0.as_bytes(),
        holder.as_bytes(),
        send.account.0.as_bytes(),
        &day,
    ];
    Hash::of(&parts.concat())
}

fn actor_of(send: &StoredSend) -> Actor {
    let (client, user) = match send.holder {
        Holder::Client(client) => (Some(client), None),
        Holder::User(user) => (None, Some(user)),
    };
    Actor { organisation: send.organisation, user, client, address: None, request_id: None }
}

/// The recipients of both.
fn add(one: &Detail, other: &Detail) -> Detail {
    let recipients = |detail: &Detail| match detail {
        Detail::MailSent { recipients } => *recipients,
        _ => 0,
    };
    Detail::MailSent { recipients: recipients(one).saturating_add(recipients(other)) }
}

impl Sending {
    /// Counts a message that was sent from the mailbox with this email, in the transaction that stores the outcome.
    pub(super) async fn record_sent(
        &self,
        tx: &Tx,
        send: &StoredSend,
        email: &str,
    ) -> Result<(), DatabaseError> {
        let parts = self.parts();
        let detail = Detail::MailSent { recipients: send.recipients.into() };
        let entry = Entry::done(Action::MailSent, email, send.account.0).with_detail(detail);
        let key = key_of(send, parts.clock.now());
        parts.activity.record_counted(tx, &key, actor_of(send), entry, add).await
    }
}
