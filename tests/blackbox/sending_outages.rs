//! Sends of which the provider has answered something while the database is away.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use mail360::mail::sending::{Step, StopPoint, StopPoints};
use rstest::rstest;
use tokio::sync::Notify;

use crate::{
    outages::set_read_only,
    support::{
        Kind, World,
        sending::{DRAFT, Office, message},
    },
};

/// For longer than the program waits for a SQLite file that another process has locked.
const LOCKED: Duration = Duration::from_secs(6);

/// Holds a send at a point until the test lets it go on.
struct Gate {
    point: StopPoint,
    reached: Notify,
    opened: Notify,
}

#[async_trait]
impl StopPoints for Gate {
    async fn reach(&self, point: StopPoint) {
        if point == self.point {
            self.reached.notify_one();
            self.opened.notified().await;
        }
    }
}

/// Lets nothing be written, or again.
async fn set_away(world: &World, kind: Kind, is_away: bool) {
    match kind {
        Kind::Postgres => set_read_only(world, is_away).await,
        Kind::Sqlite => {
            let lock = if is_away { "BEGIN IMMEDIATE" } else { "ROLLBACK" };
            world.raw.run(lock).await.expect("locked or free");
        }
    }
}

#[rstest]
#[tokio::test]
async fn what_the_provider_has_answered_while_the_database_was_away_is_stored_later(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Step::CreateDraft, Step::SendDraft)] step: Step,
) {
    let office = Office::new(kind, DRAFT).await;
    let world = &office.scene.world;
    let gate =
        Arc::new(Gate { point: StopPoint::Answered(step), reached: Notify::new(), opened: Notify::new() });
    let sender = office.another(gate.clone()).await;
    let call = office.begin(&sender, Some("k-1"), message("a"));
    gate.reached.notified().await;
    set_away(world, kind, true).await;
    gate.opened.notify_one();
    tokio::time::sleep(LOCKED).await;
    set_away(world, kind, false).await;
    // The caller may have been told that the database is away, and repeats the call.
    let _ = office.finish(&[&sender], call).await;
    let sent = office.send_at(&sender, Some("k-1"), message("a")).await.expect("sent");
    assert_eq!(office.outbox.delivered(), [sent.internet_message_id]);
    assert_eq!((office.outbox.drafts_made(), office.of_send::<String>("state").await.as_str()), (1, "done"));
}
