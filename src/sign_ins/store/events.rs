//! The queries of the table `attempt_events`, which holds the timelines of sign-ins.

use std::collections::HashMap;

use sea_orm::{ActiveValue::Set, entity::prelude::*};

use super::{super::model::Step, AttemptId, Attempts};
use crate::platform::{
    clock::Timestamp,
    database::{DatabaseError, Queries, Tx},
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attempt_events")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub attempt_id: Uuid,
        pub at: i64,
        pub step: String,
        pub duration: i64,
        pub detail: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An event of a timeline.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: Uuid,
    pub at: Timestamp,
    pub step: Step,
    /// The duration in microseconds.
    pub duration: i64,
    /// A detail of this step, without secrets.
    pub detail: String,
}

impl Attempts {
    /// The timelines of these attempts, oldest step first.
    pub async fn events_of(
        self,
        on: &impl Queries,
        attempts: &[AttemptId],
    ) -> Result<HashMap<AttemptId, Vec<Event>>, DatabaseError> {
        let rows = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::AttemptId.is_in(attempts.iter().map(|attempt| attempt.0)))
            .all(on.connection())
            .await?;
        let mut timelines: HashMap<AttemptId, Vec<Event>> = HashMap::new();
        for row in rows {
            // Skip unknown steps: a newer version of this program may have written them.
            let Some(step) = Step::from_name(&row.step) else { continue };
            let at = Timestamp::from_micros(row.at);
            let event = Event { id: row.id, at, step, duration: row.duration, detail: row.detail };
            timelines.entry(AttemptId(row.attempt_id)).or_default().push(event);
        }
        // With a coarse clock several events have the same time. Then the steps decide the order.
        for timeline in timelines.values_mut() {
            timeline.sort_by_key(|event| (event.at, event.step));
        }
        Ok(timelines)
    }

    /// Whether a timeline has such a step.
    pub async fn has_step(
        self,
        on: &impl Queries,
        attempt: AttemptId,
        step: Step,
    ) -> Result<bool, DatabaseError> {
        let row = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::AttemptId.eq(attempt.0))
            .filter(row::Column::Step.eq(step.name()))
            .one(on.connection())
            .await?;
        Ok(row.is_some())
    }

    /// Adds events to a timeline.
    pub async fn add_events(
        self,
        tx: &Tx,
        attempt: AttemptId,
        events: Vec<Event>,
    ) -> Result<(), DatabaseError> {
        for event in events {
            let row = row::ActiveModel {
                id: Set(event.id),
                organisation_id: Set(self.0.0),
                attempt_id: Set(attempt.0),
                at: Set(event.at.micros()),
                step: Set(event.step.name().to_owned()),
                duration: Set(event.duration),
                detail: Set(event.detail),
            };
            row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        }
        Ok(())
    }
}
