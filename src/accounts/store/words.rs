//! The words of accounts (table `account_words`): those of the email and of the display name. They are written in the
//! transaction that writes these. `accounts.indexed_name` is the text whose words are stored. If it is NULL, they are
//! missing, and the sweep writes them: a migration sets it so if the rule that splits names changes.

use sea_orm::{
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, LockType},
};

use super::{AccountId, Accounts, row};
use crate::platform::{
    database::{
        DatabaseError, Queries, Tx, Unscoped,
        word_index::{MAX_CHECKED, WordIndex, organisations_of},
    },
    id::OrganisationId,
    text::fold,
};

/// The most bytes of the searched text. It is a part of the key of each word, and PostgreSQL limits keys.
const MAX_SEARCHED: usize = 1_000;

pub(super) const WORDS: WordIndex =
    WordIndex { table: "account_words", row: "account_id", max_checked: MAX_CHECKED };

/// The text whose words a search finds. It begins with the email, so found accounts are sorted by it.
pub(super) fn searched_text(email: &str, name: &str) -> String {
    let mut text = fold(&format!("{email} {name}"));
    text.truncate(text.floor_char_boundary(MAX_SEARCHED));
    text
}

/// The accounts whose words are missing. The condition is that of the index `accounts_without_words`.
fn missing() -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::IndexedName.is_null())
}

impl Unscoped {
    /// The first organisation after another one, by id, that has an account whose words are missing.
    pub(in crate::accounts) async fn next_organisation_without_account_words(
        self,
        on: &impl Queries,
        after: Option<OrganisationId>,
    ) -> Result<Option<OrganisationId>, DatabaseError> {
        let next = organisations_without_words(after).limit(1).into_tuple::<Uuid>();
        Ok(next.one(on.connection()).await?.map(OrganisationId))
    }
}

/// The organisations of these accounts, one for each account. The order makes the databases use the index.
pub(super) fn organisations_without_words(after: Option<OrganisationId>) -> Select<row::Entity> {
    organisations_of(missing(), row::Column::OrganisationId, row::Column::Id, after)
}

impl Accounts {
    /// Writes the words of an account in place of the earlier ones.
    pub(super) async fn write_words(
        self,
        tx: &Tx,
        id: AccountId,
        searched: String,
    ) -> Result<(), DatabaseError> {
        WORDS.replace(tx, self.0, &[(id.0, searched)]).await
    }

    /// Writes the words of at most `limit` accounts whose words are missing.
    ///
    /// # Returns
    /// Number of these accounts.
    pub async fn write_missing_words(self, tx: &Tx, limit: u64) -> Result<u64, DatabaseError> {
        // Locked, so that no concurrent sign-in gives one of them another email.
        let missing = self.without_words().limit(limit).lock(LockType::NoKeyUpdate);
        let missing = missing.into_tuple::<(Uuid, String, String)>().all(tx.connection()).await?;
        let texts: Vec<(Uuid, String)> =
            missing.into_iter().map(|(id, email, name)| (id, searched_text(&email, &name))).collect();
        if texts.is_empty() {
            return Ok(0);
        }
        WORDS.replace(tx, self.0, &texts).await?;
        for (id, text) in &texts {
            row::Entity::update_many()
                .filter(row::Column::OrganisationId.eq(self.0.0))
                .filter(row::Column::Id.eq(*id))
                .col_expr(row::Column::IndexedName, Expr::value(text.as_str()))
                .exec(tx.connection())
                .await?;
        }
        Ok(u64::try_from(texts.len()).unwrap_or(u64::MAX))
    }

    /// The ids, emails and names of the accounts whose words are missing. The order makes the databases use the index.
    pub(super) fn without_words(self) -> Select<row::Entity> {
        missing()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .select_only()
            .columns([row::Column::Id, row::Column::Email, row::Column::Name])
            .order_by_asc(row::Column::Id)
    }
}
