//! What goes over everything that is sealed: a survey of which keys are in use, and sealing anew with the newest
//! key, so that an older one can be taken out of the key file.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretSlice};
use uuid::Uuid;

use super::{
    Binding, FORMAT, OLD_FORMAT, Parts, Place, Vault, VaultError,
    custody::{self, CustodyError, Fit},
    header, split,
};
use crate::platform::database::{
    Database, DatabaseError, Queries, Tx,
    columns::{Bound, Column, Value},
};

/// So many values are read, and sealed anew in one transaction, at a time: nobody else waits for long.
const PAGE: u64 = 100;

/// A column of sealed values, and what people call them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedColumn {
    /// The column.
    pub column: Column,
    /// What one of them is, before its row's id: "The client secret of the connector".
    pub what: &'static str,
    /// What to do where one cannot be opened.
    pub remedy: &'static str,
    /// The columns of the same row that a value is bound to; `None` if it is bound to its place alone.
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

    /// Whether a value has an earlier format, or no binding though its column has one.
    fn is_to_be_bound(self, value: &Value) -> bool {
        let is_old = split(&value.value).is_ok_and(|parts| parts.format == OLD_FORMAT);
        is_old || (self.bound.is_some() && value.version == 0)
    }
}

/// A sealed value that no key opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Where it stands.
    pub column: SealedColumn,
    /// Its row.
    pub row: Uuid,
    /// Why it does not open.
    pub why: VaultError,
}

/// What is sealed in a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// How many values that open each key has sealed, by its id.
    pub by_key: BTreeMap<String, u64>,
    /// Number of values that open and have no binding yet, as values of an earlier version of the program.
    pub unbound: u64,
    /// Those that do not open.
    pub lost: Vec<Lost>,
}

/// What sealing anew has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resealed {
    /// Number of values that were sealed again.
    pub values: u64,
    /// Whether nothing is sealed with another key or in an earlier format any more, and the older keys are no longer
    /// asked for.
    pub settled: bool,
    /// What was sealed with which key just before that was looked at.
    pub survey: Survey,
}

/// Why nothing was sealed anew.
#[derive(Debug, thiserror::Error)]
pub enum ResealError {
    /// No process has been started with the newest key: those that run would neither open what is sealed with it nor
    /// stop to seal with an older one.
    #[error(
        "no process has been started yet with the key `{0}` at the top of its key file: put it there for every \
         process, restart each, and run this again"
    )]
    NotInUse(String),
    /// The keys do not open what the database was used with, or it no longer says what that was.
    #[error(
        "the keys in the key file do not fit this database, and nothing was sealed anew: put back the key file that \
         its processes use"
    )]
    Wrong,
    /// The keys, or the database.
    #[error(transparent)]
    Custody(#[from] CustodyError),
}

impl From<DatabaseError> for ResealError {
    fn from(error: DatabaseError) -> Self {
        Self::Custody(error.into())
    }
}

impl Vault {
    /// Opens every value in these columns, and counts them by the key that sealed them.
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

    /// Seals anew with the newest key what another one has sealed in these columns, and in the present format what was
    /// sealed in an earlier one, while others read and write.
    /// Where nothing is left of the others, their checks go out of the database in the transaction that has seen it,
    /// after `record`. Killed at any moment it can be run again: each value is sealed with one of the keys that the
    /// file holds.
    ///
    /// # Errors
    /// [`ResealError::NotInUse`] where no process has been started with the newest key, and [`ResealError::Wrong`]
    /// where the keys do not open what the database was used with; then nothing was done.
    pub async fn reseal(
        &self,
        database: &Database,
        columns: &[SealedColumn],
        record: impl AsyncFnOnce(&Tx) -> Result<(), DatabaseError>,
    ) -> Result<Resealed, ResealError> {
        match custody::fit(&database.read(), self).await? {
            Fit::Sound => {}
            Fit::NotEntered => return Err(ResealError::NotInUse(self.newest_key().to_owned())),
            Fit::Wrong => return Err(ResealError::Wrong),
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
                // Once more, for what was sealed since: by its key alone, for on SQLite others wait meanwhile.
                let settled = alone && self.seals_all(&tx, columns).await?;
                let left = settled && custody::leave(&tx, self).await?;
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
        let mut anew = Vec::new();
        for value in page {
            let is_new = split(&value.value)
                .is_ok_and(|Parts { format, key, .. }| format == FORMAT && key == self.newest_key());
            if is_new && !column.is_to_be_bound(value) {
                continue;
            }
            // What does not open is left for the survey to tell of.
            let Ok(opened) = self.open_secret(column, value) else { continue };
            let binding = match column.bound {
                Some(_) => Binding { version: value.version + 1, context: value.context.clone() },
                None => Binding::default(),
            };
            let place = column.place_of(value);
            let sealed = self.seal_with(self.keys.newest(), place, &binding, opened.expose_secret())?;
            anew.push((value, sealed));
        }
        if anew.is_empty() {
            return Ok(0);
        }
        database
            .write(async |tx| {
                let mut values = 0;
                for (old, new) in anew {
                    values += u64::from(column.column.replace(&tx, column.bound, old, new).await?);
                }
                Ok(values)
            })
            .await
    }

    /// Opened bytes that are wiped when they are dropped.
    fn open_secret(&self, column: SealedColumn, value: &Value) -> Result<SecretSlice<u8>, VaultError> {
        let binding = Binding { version: value.version, context: value.context.clone() };
        self.open_bytes(column.place_of(value), &binding, &value.value).map(SecretSlice::from)
    }
}

/// The page after `after`, which moves to its end; none where there is nothing more.
async fn next(
    on: &impl Queries,
    column: SealedColumn,
    after: &mut Option<Uuid>,
) -> Result<Option<Vec<Value>>, DatabaseError> {
    let page = column.column.page(on, column.bound, *after, PAGE).await?;
    *after = page.last().map(|value| value.id);
    Ok((!page.is_empty()).then_some(page))
}
