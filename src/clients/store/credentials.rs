//! The queries of the table `api_credentials`, and those that note when clients and credentials were used.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveValue::Set,
    Condition, QueryOrder,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use super::{OrganisationClients, row as client};
use crate::{
    clients::model::{ApiClientId, Client, Credential, CredentialId, CredentialKind},
    people::access::Scopes,
    platform::{
        clock::{SKEW, Timestamp},
        database::{DatabaseError, Queries, Tx, Unscoped},
        id::{OrganisationId, UserId},
        randomness::Hash,
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_credentials")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub client_id: Uuid,
        pub kind: String,
        pub hash: Vec<u8>,
        pub hint: String,
        pub scopes: Option<String>,
        pub created_at: i64,
        pub created_by: Option<Uuid>,
        pub used_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::client::Entity",
            from = "Column::ClientId",
            to = "super::client::Column::Id"
        )]
        Client,
    }

    impl Related<super::client::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Client.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<row::Model> for Credential {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let wrong = |column: &str| DbErr::Type(format!("API credential {}: {column}", row.id));
        let scopes = row.scopes.as_deref().map(str::parse::<Scopes>).transpose();
        Ok(Self {
            id: CredentialId(row.id),
            client: ApiClientId(row.client_id),
            kind: row.kind.parse().map_err(|_| wrong("kind"))?,
            scopes: scopes.map_err(|_| wrong("scopes"))?,
            hint: row.hint,
            created_at: Timestamp::from_micros(row.created_at),
            created_by: row.created_by.map(UserId),
            used_at: row.used_at.map(Timestamp::from_micros),
        })
    }
}

/// That a credential was used.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    pub organisation: OrganisationId,
    pub client: ApiClientId,
    pub credential: CredentialId,
    pub at: Timestamp,
}

fn both((credential, client): (row::Model, client::Model)) -> Result<(Credential, Client), DbErr> {
    Ok((credential.try_into()?, client.try_into()?))
}

impl Unscoped {
    /// The credentials with these hashes, and their clients, of any organisation.
    pub(in crate::clients) async fn api_credentials_by_hash(
        self,
        on: &impl Queries,
        hashes: &[Hash],
    ) -> Result<Vec<(Credential, Client)>, DatabaseError> {
        let found = row::Entity::find()
            .filter(row::Column::Hash.is_in(hashes.iter().map(|hash| hash.to_vec())))
            .find_both_related(client::Entity)
            .all(on.connection())
            .await?;
        Ok(found.into_iter().map(both).collect::<Result<_, _>>()?)
    }

    /// The refresh token with this id, which a signed access token names, and its client.
    pub(in crate::clients) async fn api_refresh_token(
        self,
        on: &impl Queries,
        id: CredentialId,
    ) -> Result<Option<(Credential, Client)>, DatabaseError> {
        let found = row::Entity::find_by_id(id.0)
            .filter(row::Column::Kind.eq(CredentialKind::RefreshToken.name()))
            .find_both_related(client::Entity)
            .one(on.connection())
            .await?;
        Ok(found.map(both).transpose()?)
    }
}

impl OrganisationClients {
    fn credentials_of(self, client: ApiClientId) -> Condition {
        Condition::all().add(row::Column::OrganisationId.eq(self.0.0)).add(row::Column::ClientId.eq(client.0))
    }

    /// The credentials of a client, oldest first. Their kinds have maximum numbers.
    pub async fn credentials(
        self,
        on: &impl Queries,
        client: ApiClientId,
    ) -> Result<Vec<Credential>, DatabaseError> {
        let rows = row::Entity::find()
            .filter(self.credentials_of(client))
            .order_by_asc(row::Column::Id)
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(Credential::try_from).collect::<Result<_, _>>()?)
    }

    pub async fn add_credential(self, tx: &Tx, new: &Credential, hash: Hash) -> Result<(), DatabaseError> {
        let row = row::ActiveModel {
            id: Set(new.id.0),
            organisation_id: Set(self.0.0),
            client_id: Set(new.client.0),
            kind: Set(new.kind.name().to_owned()),
            hash: Set(hash.to_vec()),
            hint: Set(new.hint.clone()),
            scopes: Set(new.scopes.as_ref().map(ToString::to_string)),
            created_at: Set(new.created_at.micros()),
            created_by: Set(new.created_by.map(|user| user.0)),
            used_at: Set(None),
        };
        row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Changes the scopes of a credential of a locked client.
    pub async fn set_scopes(
        self,
        tx: &Tx,
        client: ApiClientId,
        id: CredentialId,
        scopes: &Scopes,
    ) -> Result<(), DatabaseError> {
        row::Entity::update_many()
            .filter(self.credentials_of(client))
            .filter(row::Column::Id.eq(id.0))
            .col_expr(row::Column::Scopes, Expr::value(scopes.to_string()))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Removes a credential of a locked client.
    pub async fn remove_credential(
        self,
        tx: &Tx,
        client: ApiClientId,
        id: CredentialId,
    ) -> Result<(), DatabaseError> {
        row::Entity::delete_many()
            .filter(self.credentials_of(client))
            .filter(row::Column::Id.eq(id.0))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Removes every credential of a locked client.
    ///
    /// # Returns
    /// Number of credentials.
    pub async fn remove_credentials(self, tx: &Tx, client: ApiClientId) -> Result<u64, DatabaseError> {
        let removed =
            row::Entity::delete_many().filter(self.credentials_of(client)).exec(tx.connection()).await?;
        Ok(removed.rows_affected)
    }

    /// Notes when credentials and their clients were used, unless later uses were noted. A use that is noted for a time to
    /// come was noted by a clock that was ahead, and does not count. Clients are changed before credentials, and both in
    /// the order of their ids, as everywhere, against deadlocks.
    pub async fn note_uses(tx: &Tx, uses: &[Use], now: Timestamp) -> Result<(), DatabaseError> {
        let latest = now.plus(SKEW).micros();
        let mut clients = BTreeMap::new();
        for used in uses {
            let last = clients.entry((used.organisation, used.client)).or_insert(used.at);
            *last = used.at.max(*last);
        }
        for ((organisation, client), at) in clients {
            client::Entity::update_many()
                .filter(client::Column::OrganisationId.eq(organisation.0))
                .filter(client::Column::Id.eq(client.0))
                .filter(
                    Condition::any()
                        .add(client::Column::UsedAt.is_null())
                        .add(client::Column::UsedAt.lt(at.micros()))
                        .add(client::Column::UsedAt.gt(latest)),
                )
                .col_expr(client::Column::UsedAt, Expr::value(at.micros()))
                .exec(tx.connection())
                .await?;
        }
        let mut uses = uses.to_vec();
        uses.sort_unstable_by_key(|used| used.credential);
        for Use { organisation, client, credential, at } in uses {
            row::Entity::update_many()
                .filter(Self::of(organisation).credentials_of(client))
                .filter(row::Column::Id.eq(credential.0))
                .filter(
                    Condition::any()
                        .add(row::Column::UsedAt.is_null())
                        .add(row::Column::UsedAt.lt(at.micros()))
                        .add(row::Column::UsedAt.gt(latest)),
                )
                .col_expr(row::Column::UsedAt, Expr::value(at.micros()))
                .exec(tx.connection())
                .await?;
        }
        Ok(())
    }

    /// Erases the refresh tokens that were used last, or made, at `since` or before.
    pub async fn erase_unused(self, tx: &Tx, since: Timestamp) -> Result<(), DatabaseError> {
        let since = since.micros();
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Kind.eq(CredentialKind::RefreshToken.name()))
            .filter(row::Column::CreatedAt.lte(since))
            .filter(row::Column::UsedAt.is_null().or(row::Column::UsedAt.lte(since)))
            .exec(tx.connection())
            .await?;
        Ok(())
    }
}
