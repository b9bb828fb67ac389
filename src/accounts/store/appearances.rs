//! Queries of the table `appearances`: how an organisation presents itself to people who have no user here.

use sea_orm::{
    ActiveValue::Set,
    DerivePartialModel,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use crate::platform::{
    database::{DatabaseError, Queries, Tx, Unscoped},
    id::OrganisationId,
    randomness::Hash,
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "appearances")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organisation_id: Uuid,
        pub public_name: String,
        pub contact: String,
        pub privacy_url: String,
        pub logo: Option<Vec<u8>>,
        pub logo_type: Option<String>,
        pub logo_hash: Option<String>,
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The texts of an appearance, as an administrator typed them. An empty text is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppearanceTexts {
    /// The name that people see. If it is empty, they see the name of the organisation.
    pub name: String,
    pub contact: String,
    pub privacy_url: String,
}

/// An appearance as stored, without the picture itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredAppearance {
    pub texts: AppearanceTexts,
    /// The hash of the logo.
    pub logo: Option<Hash>,
    /// It grows with each change; 0 if nothing was stored yet.
    pub version: i64,
}

/// A picture as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLogo {
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// The columns that pages read.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "row::Entity")]
struct ShownRow {
    public_name: String,
    contact: String,
    privacy_url: String,
    logo_hash: Option<String>,
    version: i64,
}

/// The appearance of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct OrganisationAppearance(OrganisationId);

impl OrganisationAppearance {
    /// The appearance of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    /// The appearance as stored; the default one if nothing is stored.
    pub async fn get(self, on: &impl Queries) -> Result<StoredAppearance, DatabaseError> {
        let row = row::Entity::find_by_id(self.0.0).into_partial_model::<ShownRow>();
        let Some(row) = row.one(on.connection()).await? else { return Ok(StoredAppearance::default()) };
        let logo = row.logo_hash.map(|hash| hash.parse::<Hash>()).transpose();
        let logo = logo.map_err(|_| DbErr::Type("cannot read the hash of a logo".to_owned()))?;
        Ok(StoredAppearance {
            texts: AppearanceTexts {
                name: row.public_name,
                contact: row.contact,
                privacy_url: row.privacy_url,
            },
            logo,
            version: row.version,
        })
    }

    /// Changes the texts of an appearance that has this version.
    ///
    /// # Errors
    /// A conflict if another transaction has added the row concurrently.
    ///
    /// # Returns
    /// Whether it had that version.
    pub async fn change_texts(
        self,
        tx: &Tx,
        version: i64,
        texts: &AppearanceTexts,
    ) -> Result<bool, DatabaseError> {
        if version == 0 && row::Entity::find_by_id(self.0.0).count(tx.connection()).await? == 0 {
            let row = self.row(texts, None);
            row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
            return Ok(true);
        }
        let changed = row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Version.eq(version))
            .col_expr(row::Column::PublicName, Expr::value(texts.name.as_str()))
            .col_expr(row::Column::Contact, Expr::value(texts.contact.as_str()))
            .col_expr(row::Column::PrivacyUrl, Expr::value(texts.privacy_url.as_str()))
            .col_expr(row::Column::Version, Expr::value(version + 1))
            .exec(tx.connection())
            .await?;
        Ok(changed.rows_affected > 0)
    }

    /// Replaces the logo, or removes it.
    pub async fn set_logo(self, tx: &Tx, logo: Option<(Hash, StoredLogo)>) -> Result<(), DatabaseError> {
        let columns = [row::Column::Logo, row::Column::LogoType, row::Column::LogoHash];
        let present = Expr::col((row::Entity, row::Column::Version));
        let replace = OnConflict::column(row::Column::OrganisationId)
            .update_columns(columns)
            .value(row::Column::Version, present.add(1))
            .to_owned();
        let row = self.row(&AppearanceTexts::default(), logo);
        row::Entity::insert(row).on_conflict(replace).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// The row of an appearance that is not stored yet.
    fn row(self, texts: &AppearanceTexts, logo: Option<(Hash, StoredLogo)>) -> row::ActiveModel {
        let (hash, logo) = logo.unzip();
        let (media_type, bytes) = logo.map(|logo| (logo.media_type, logo.bytes)).unzip();
        row::ActiveModel {
            organisation_id: Set(self.0.0),
            public_name: Set(texts.name.clone()),
            contact: Set(texts.contact.clone()),
            privacy_url: Set(texts.privacy_url.clone()),
            logo: Set(bytes),
            logo_type: Set(media_type),
            logo_hash: Set(hash.map(|hash| hash.to_string())),
            version: Set(1),
        }
    }
}

impl Unscoped {
    /// The logo with this hash, of any organisation. Every visitor may see a logo.
    pub(in crate::accounts) async fn logo_by_hash(
        self,
        on: &impl Queries,
        hash: Hash,
    ) -> Result<Option<StoredLogo>, DatabaseError> {
        let row = row::Entity::find().filter(row::Column::LogoHash.eq(hash.to_string()));
        let row = row.one(on.connection()).await?;
        Ok(row.and_then(|row| Some(StoredLogo { media_type: row.logo_type?, bytes: row.logo? })))
    }
}
