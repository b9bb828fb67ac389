//! The table `refresh_gates`: the connectors, and the single directories of a connector, whose grants are not refreshed
//! for a while, in any process. Rules are in `service::grants`; transactions begin there.

use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Condition, Expr, ExprTrait, OnConflict, SelectStatement},
};
use strum::{EnumString, IntoStaticStr};

use super::{AccountId, grants::due::DueTimes};
use crate::{
    connectors::service::ConnectorId,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "refresh_gates")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organisation_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub connector_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub directory: String,
        pub kind: String,
        pub not_before: Option<i64>,
        pub suspect: Option<Uuid>,
        pub since: i64,
        pub next_probe_at: Option<i64>,
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Why grants are not refreshed. Its name in the database must never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum GateKind {
    /// The provider wants fewer requests, until [`Gate::not_before`].
    Throttled,
    /// The provider has refused the credentials for one account. Another account is tried before the connector counts
    /// as failing.
    Suspected,
    /// The provider refuses the credentials of the connector.
    Credentials,
    /// A company has removed the application, or has switched it off.
    Company,
}

/// A gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    pub organisation: OrganisationId,
    pub connector: ConnectorId,
    /// The directory whose grants it stops; empty if it stops all grants of the connector.
    pub directory: String,
    pub kind: GateKind,
    /// No request before this time.
    pub not_before: Option<Timestamp>,
    /// The account that was refused last.
    pub suspect: Option<AccountId>,
    pub since: Timestamp,
    /// When one account is tried next.
    pub next_probe_at: Option<Timestamp>,
    /// The number of its changes.
    pub version: i64,
}

impl Gate {
    fn read(row: row::Model) -> Result<Self, DbErr> {
        let kind = row
            .kind
            .parse::<GateKind>()
            .map_err(|_| DbErr::Type("cannot read the kind of a gate".to_owned()))?;
        Ok(Self {
            organisation: OrganisationId(row.organisation_id),
            connector: ConnectorId(row.connector_id),
            directory: row.directory,
            kind,
            not_before: row.not_before.map(Timestamp::from_micros),
            suspect: row.suspect.map(AccountId),
            since: Timestamp::from_micros(row.since),
            next_probe_at: row.next_probe_at.map(Timestamp::from_micros),
            version: row.version,
        })
    }
}

/// The gates of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct Gates(OrganisationId);

impl Gates {
    /// The gates of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    fn filter(self, connector: ConnectorId) -> Condition {
        Condition::all()
            .add(row::Column::OrganisationId.eq(self.0.0))
            .add(row::Column::ConnectorId.eq(connector.0))
    }

    /// A query that has a row for each gate of a connector.
    pub(super) fn query(self, connector: ConnectorId) -> SelectStatement {
        row::Entity::find()
            .select_only()
            .column(row::Column::Directory)
            .filter(self.filter(connector))
            .into_query()
    }

    /// The gates of a connector. There are few: one for the connector, and one for each directory that has refused it.
    pub async fn of_connector(
        self,
        on: &impl Queries,
        connector: ConnectorId,
    ) -> Result<Vec<Gate>, DatabaseError> {
        let rows = row::Entity::find().filter(self.filter(connector)).all(on.connection()).await?;
        Ok(rows.into_iter().map(Gate::read).collect::<Result<_, _>>()?)
    }

    /// Stores a gate, in place of an earlier one of the same connector and directory.
    pub async fn put(self, tx: &Tx, gate: &Gate) -> Result<(), DatabaseError> {
        use row::Column;
        let replace = OnConflict::columns([Column::OrganisationId, Column::ConnectorId, Column::Directory])
            .update_columns([
                Column::Kind,
                Column::NotBefore,
                Column::Suspect,
                Column::Since,
                Column::NextProbeAt,
                Column::Version,
            ])
            .to_owned();
        let kind: &'static str = gate.kind.into();
        let row = row::ActiveModel {
            organisation_id: Set(self.0.0),
            connector_id: Set(gate.connector.0),
            directory: Set(gate.directory.clone()),
            kind: Set(kind.to_owned()),
            not_before: Set(gate.not_before.map(Timestamp::micros)),
            suspect: Set(gate.suspect.map(|account| account.0)),
            since: Set(gate.since.micros()),
            next_probe_at: Set(gate.next_probe_at.map(Timestamp::micros)),
            version: Set(gate.version),
        };
        row::Entity::insert(row).on_conflict(replace).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Removes the gate of a connector or of one of its directories.
    pub async fn remove(self, tx: &Tx, connector: ConnectorId, directory: &str) -> Result<(), DatabaseError> {
        row::Entity::delete_many()
            .filter(self.filter(connector))
            .filter(row::Column::Directory.eq(directory))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Removes all gates of a connector.
    pub async fn remove_all(self, tx: &Tx, connector: ConnectorId) -> Result<(), DatabaseError> {
        row::Entity::delete_many().filter(self.filter(connector)).exec(tx.connection()).await?;
        Ok(())
    }

    /// Schedules the next probe of a gate that is still the one that was read.
    ///
    /// # Returns
    /// Whether it still was that one: then this process makes the probe that was due.
    pub async fn take_probe(self, tx: &Tx, gate: &Gate, next: Timestamp) -> Result<bool, DatabaseError> {
        let taken = row::Entity::update_many()
            .filter(self.filter(gate.connector))
            .filter(row::Column::Directory.eq(&*gate.directory))
            .filter(row::Column::Version.eq(gate.version))
            .col_expr(row::Column::NextProbeAt, Expr::value(next.micros()))
            .col_expr(row::Column::Version, Expr::col(row::Column::Version).add(1))
            .exec(tx.connection())
            .await?;
        Ok(taken.rows_affected > 0)
    }
}

/// Gates that wait for a probe.
#[derive(Debug, Default)]
pub struct Probes {
    pub gates: Vec<Gate>,
    /// The connectors of gates that cannot be read.
    pub unreadable: Vec<(ConnectorId, DatabaseError)>,
}

/// At most `limit` gates of all organisations that wait for a probe, the longest due first. The table has a row for
/// each connector or company with a problem.
pub async fn find_probes(on: &impl Queries, limit: u64) -> Result<Probes, DatabaseError> {
    let rows = row::Entity::find()
        .filter(row::Column::NextProbeAt.is_not_null())
        .order_by_asc(row::Column::NextProbeAt)
        .limit(limit)
        .all(on.connection())
        .await?;
    let mut probes = Probes::default();
    for row in rows {
        let connector = ConnectorId(row.connector_id);
        match Gate::read(row) {
            Ok(gate) => probes.gates.push(gate),
            Err(error) => probes.unreadable.push((connector, error.into())),
        }
    }
    Ok(probes)
}

impl Gate {
    /// Whether its probe is due.
    pub fn is_probe_due(&self, DueTimes { now, last_credible }: DueTimes) -> bool {
        self.next_probe_at.is_some_and(|at| at <= now || at > last_credible)
    }
}
