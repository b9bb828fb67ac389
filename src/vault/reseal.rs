//! Passes over all sealed values: a survey of the keys in use, and re-sealing with the newest key.
//!
//! After re-sealing, the operator can remove the older keys from the key file. Start with [`Vault::reseal`].

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretSlice};
use uuid::Uuid;

use super::{
    Binding, FORMAT, OLD_FORMAT, Place, SealedParts, Vault, VaultError,
    custody::{self, CustodyError, KeyCheck},
    header, split,
};
use crate::platform::database::{
    Database, DatabaseError, Queries, Tx,
    columns::{Bound, Column, Value},
};

/// Number of values that one transaction reads and re-seals. Small, so that other writers do not wait for
/// long.
const PAGE_SIZE: u64 = 100;

/// A column of sealed values, with the words that the operator reads about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedColumn {
    pub column: Column,
    /// Begins a sentence about one value, before the row's id: "The client secret of the connector".
    pub what: &'static str,
    /// The advice for the operator if a value cannot be opened.
    pub remedy: &'static str,
    /// The context to which a value is bound besides its place; `None` if it is bound to its place alone.
    pub bound: Option<Bound>,
}

impl SealedColumn {
    /// The place of one value.
    pub const fn place(self, organisation: Uuid, row: Uuid) -> Place {
        Place { organisation, table: self.column.table, column: self.column.column, row }
    }

    const fn place_of(self, value: &Value) -> Place {
        self.place(value.organisation_id, value.id)
    }

    /// Whether a value has the old format, or has no binding although its column has one.
    fn is_to_be_bound(self, value: &Value) -> bool {
        let is_old = split(&value.value).is_ok_and(|parts| parts.format == OLD_FORMAT);
        is_old || (self.bound.is_some() && value.version == 0)
    }
}

/// A sealed value that no key opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The column of the value.
    pub column: SealedColumn,
    /// The id of the row.
    pub row: Uuid,
    /// Why it does not open.
    pub why: VaultError,
}

/// Counts of the sealed values of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Number of values that open, by the id of the key that sealed them.
    pub by_key: BTreeMap<String, u64>,
    /// Number of values that open and have no binding yet: an earlier version of the program sealed them.
    pub unbound: u64,
    /// Values that do not open.
    pub lost: Vec<Lost>,
}

/// The result of re-sealing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resealed {
    /// Number of values that were sealed again.
    pub values: u64,
    /// Whether every value is now sealed with the newest key in the present format, and the older keys were
    /// retired.
    pub settled: bool,
    /// The survey that was made just before `settled` was decided.
    pub survey: Survey,
}

/// Why nothing was re-sealed.
#[derive(Debug, thiserror::Error)]
pub enum ResealError {
    /// No process has started with the newest key. The running processes could not open values sealed with it, and
    /// would continue to seal with an older key.
    #[error(
        "Nothing was encrypted again, because no process has been started yet with the key `{0}` at the top of its key \
         file. Put it there for every process, restart each process, and run `mail360 reseal` again."
    )]
    NotInUse(String),
    /// The keys do not open the checks in the database, or there are no checks.
    #[error(
        "The keys in the key file do not fit this database, so nothing was encrypted again. Put back the key file that \
         its processes use."
    )]
    Wrong,
    /// Loading the keys failed, or the database did.
    #[error(transparent)]
    Custody(#[from] CustodyError),
}

impl From<DatabaseError> for ResealError {
    fn from(error: DatabaseError) -> Self {
        Self::Custody(error.into())
    }
}

impl Vault {
    /// Opens every value in these columns and counts them by the key that sealed them.
    pub async fn survey(&self, on: &impl Queries, columns: &[SealedColumn]) -> Result<Survey, DatabaseError> {
        let mut survey = Survey::default();
        for &column in columns {
            let mut after = None;
            while let Some(page) = next(on, column, &mut after).await? {
                for value in page {
                    match self.open_secret(column, &value) {
                        Ok(_) => {
                            let key = split(&value.value).map_or("", |parts| parts.key);
                            *survey.by_key.entry(key.to_owned()).or_default() += 1;
                            survey.unbound += u64::from(column.is_to_be_bound(&value));
                        }
                        Err(why) => survey.lost.push(Lost { column, row: value.id, why }),
                    }
                }
            }
        }
        Ok(survey)
    }

    /// Seals the values in these columns again, with the newest key and in the current format, if they need it. Other
    /// transactions may read and write in the meantime.
    ///
    /// If no value with an older key is left, retires the older keys, in the transaction that has checked it.
    /// `record` runs in that transaction. The operator can run it again after it was killed: each value is
    /// always sealed with a key of the file.
    ///
    /// # Errors
    /// [`ResealError::NotInUse`] if no process has started with the newest key; [`ResealError::Wrong`] if the
    /// keys are not those of the database. In both cases nothing was changed.
    pub async fn reseal(
        &self,
        database: &Database,
        columns: &[SealedColumn],
        record: impl AsyncFnOnce(&Tx) -> Result<(), DatabaseError>,
    ) -> Result<Resealed, ResealError> {
        match custody::check_keys(&database.read(), self).await? {
            KeyCheck::Sound => {}
            KeyCheck::NotRegistered => return Err(ResealError::NotInUse(self.newest_key().to_owned())),
            KeyCheck::Wrong => return Err(ResealError::Wrong),
        }
        let mut values = 0;
        for &column in columns {
            let mut after = None;
            while let Some(page) = next(&database.read(), column, &mut after).await? {
                values += self.reseal_page(database, column, &page).await?;
            }
        }
        let survey = self.survey(&database.read(), columns).await?;
        let alone = survey.lost.is_empty()
            && survey.unbound == 0
            && survey.by_key.keys().all(|key| key == self.newest_key());
        database
            .write(async |tx| {
                // Check again for values sealed since the survey. Only by the key id, because on SQLite every
                // other writer waits now.
                let settled = alone && self.seals_all(&tx, columns).await?;
                let left = settled && custody::retire_old_keys(&tx, self).await?;
                if values > 0 || left {
                    record(&tx).await?;
                }
                Ok(Resealed { values, settled, survey })
            })
            .await
    }

    /// Whether every value in these columns has the present format and carries the id of the newest key.
    async fn seals_all(&self, tx: &Tx, columns: &[SealedColumn]) -> Result<bool, CustodyError> {
        let prefix = header(self.newest_key())?;
        for SealedColumn { column, .. } in columns {
            if column.any_without_prefix(tx, &prefix).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn reseal_page(
        &self,
        database: &Database,
        column: SealedColumn,
        page: &[Value],
    ) -> Result<u64, CustodyError> {
        let mut resealed = Vec::new();
        for value in page {
            let is_new = split(&value.value)
                .is_ok_and(|SealedParts { format, key, .. }| format == FORMAT && key == self.newest_key());
            if is_new && !column.is_to_be_bound(value) {
                continue;
            }
            // The survey reports a value that does not open.
            let Ok(opened) = self.open_secret(column, value) else { continue };
            let binding = match column.bound {
                Some(_) => Binding { version: value.version_when_resealed(), context: value.context.clone() },
                None => Binding::default(),
            };
            let place = column.place_of(value);
            let sealed = self.seal_with(self.keys.newest(), place, &binding, opened.expose_secret())?;
            resealed.push((value, sealed));
        }
        if resealed.is_empty() {
            return Ok(0);
        }
        database
            .write(async |tx| {
                let mut values = 0;
                for (old, new) in resealed {
                    values += u64::from(column.column.replace(&tx, column.bound, old, new).await?);
                }
                Ok(values)
            })
            .await
    }

    /// Wiped from memory when dropped.
    fn open_secret(&self, column: SealedColumn, value: &Value) -> Result<SecretSlice<u8>, VaultError> {
        let binding = Binding { version: value.version, context: value.context.clone() };
        self.open_bytes(column.place_of(value), &binding, &value.value).map(SecretSlice::from)
    }
}

/// The page after `after`, which moves to the end of that page; `None` if there are no more values.
async fn next(
    on: &impl Queries,
    column: SealedColumn,
    after: &mut Option<Uuid>,
) -> Result<Option<Vec<Value>>, DatabaseError> {
    let page = column.column.page(on, column.bound, *after, PAGE_SIZE).await?;
    *after = page.last().map(|value| value.id);
    Ok((!page.is_empty()).then_some(page))
}
