//! The table `attempt_events`: the timelines.

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
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: Step,
    /// How long it took, in microseconds.
    pub duration: i64,
    /// More of it, without secrets.
    pub detail: String,
}

impl Attempts {
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
