//! Tables of words: for each row of another table the words of its name, so that a search finds the beginning of any
//! word along an index. A search reads at most [`MAX_FOUND`] rows and one more, however many match. A search of several
//! words walks along the rows of the rarest one and looks up the others for each row. It checks at most
//! [`WordIndex::max_checked`] rows. If there are more, it says so ([`Found::AtLeast`]).
//!
//! A table of words has the columns `organisation_id`, `word`, `sort_key` (the folded name, by which found rows are
//! sorted), the id of the row, and `shared` (see [`Word`]), all of them in its primary key in this order. A second index
//! begins with `organisation_id`, the id and `word`.

use migrations::words::{self, Word};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    Select,
    sea_query::{Asterisk, Expr, ExprTrait, Func, Order, Query, SelectStatement},
};
use uuid::Uuid;

use super::{DatabaseError, Queries, Tx};
use crate::platform::{
    id::OrganisationId,
    search::{Found, MAX_FOUND, Terms, after_all},
};

/// The rows that a search of several words checks, unless a table needs another number.
pub const MAX_CHECKED: usize = 12_000;
/// Number of words that one statement writes. Each has five parameters. SQLite takes 32,766 and PostgreSQL 65,535.
const WORDS_AT_ONCE: usize = 1_000;

/// The names of a table within a query.
const FOUND: &str = "found";
const OTHER: &str = "other";

/// The organisations of rows whose words are missing, one for each row, after an organisation. The order makes the
/// databases use the index of such rows, which has the columns `organisation` and `id`.
pub fn organisations_of<E: EntityTrait>(
    missing: Select<E>,
    organisation: E::Column,
    id: E::Column,
    after: Option<OrganisationId>,
) -> Select<E> {
    // No organisation has the id nil.
    let after = after.map_or(Uuid::nil(), |after| after.0);
    missing
        .select_only()
        .column(organisation)
        .filter(organisation.gt(after))
        .order_by_asc(organisation)
        .order_by_asc(id)
}

/// A row that a search has found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The folded name, by which found rows are sorted.
    pub sort_key: String,
    /// The id of the row.
    pub id: Uuid,
}

/// All that a search finds.
#[derive(Clone, Debug)]
pub struct Matches {
    /// The rows, at most one more than [`MAX_FOUND`].
    pub hits: Vec<Hit>,
    /// Whether the search has checked every row that may match.
    pub all_checked: bool,
}

impl Matches {
    /// How many rows match, and the first `limit` of them after `after`, by their sort keys.
    pub fn into_page(self, after: Option<&Hit>, limit: usize) -> (Found, Vec<Hit>) {
        let Self { mut hits, all_checked } = self;
        let found = Found::of(hits.len(), all_checked);
        hits.truncate(MAX_FOUND);
        (found, page(hits, after, limit))
    }
}

/// The first `limit` of these hits after `after`, sorted.
fn page(mut hits: Vec<Hit>, after: Option<&Hit>, limit: usize) -> Vec<Hit> {
    hits.sort_unstable();
    hits.into_iter().filter(|hit| after.is_none_or(|after| hit > after)).take(limit).collect()
}

/// A table of words.
#[derive(Clone, Copy, Debug)]
pub struct WordIndex {
    /// The table's name.
    pub table: &'static str,
    /// The name of its column with the ids of the rows that have the words.
    pub row: &'static str,
    /// The most rows of its rarest word that a search of several words checks.
    pub max_checked: usize,
}

/// Where a search ends, if a word has more rows than it may read.
pub(crate) struct SearchEnd {
    /// The word of the first row in the order of the index.
    pub(crate) first_word: String,
    /// The word of the first row that is too many.
    pub(crate) word: String,
    /// The first row that is too many.
    pub(crate) hit: Hit,
}

/// The rows of a word that a query walks along, in the order of words.
#[derive(Clone, Copy)]
enum Range<'a> {
    /// All words that begin with this one.
    All,
    /// Only the rows of this word.
    Word(&'a str),
    /// Only the rows before this end.
    Before(&'a SearchEnd),
}

impl WordIndex {
    /// Finds rows: how many, and the first `limit` of them after `after`, by their sort keys. If more than
    /// [`MAX_FOUND`] match, it finds the first ones in the order of words, so exact words come before longer ones.
    pub async fn find(
        self,
        on: &impl Queries,
        organisation: OrganisationId,
        terms: &Terms,
        after: Option<&Hit>,
        limit: usize,
    ) -> Result<(Found, Vec<Hit>), DatabaseError> {
        let [term] = terms.as_slice() else {
            return Ok(self.read_matches(on, organisation, terms).await?.into_page(after, limit));
        };
        let first = self.first(organisation, &[term.as_str()], None, MAX_FOUND);
        // Where more rows match than the search finds, reading them all would take longer than to skip them once.
        let Some(end) = self.read_end(on, organisation, term, MAX_FOUND).await? else {
            let hits = self.read(on, &first).await?;
            return Ok(Matches { hits, all_checked: true }.into_page(after, limit));
        };
        let hits = if end.first_word == end.word {
            // All of one word: the index has them in the order of the page.
            self.read(on, &self.rows_of_word(organisation, term, &end.word, after, &end.hit, limit)).await?
        } else {
            page(self.read(on, &first).await?, after, limit)
        };
        Ok((Found::MoreThan(MAX_FOUND), hits))
    }

    /// Reads all rows that a search finds, in the order of words.
    pub async fn read_matches(
        self,
        on: &impl Queries,
        organisation: OrganisationId,
        terms: &Terms,
    ) -> Result<Matches, DatabaseError> {
        let (rarest_first, end) = self.rarest_first(on, organisation, terms).await?;
        let first = self.first(organisation, &rarest_first, end.as_ref(), MAX_FOUND + 1);
        let mut hits = self.read(on, &first).await?;
        let all_checked = end.is_none() && hits.len() <= MAX_FOUND;
        hits.retain(|hit| terms.match_rest(&hit.sort_key));
        Ok(Matches { hits, all_checked })
    }

    /// Writes the words of rows' names in place of the earlier ones. Each row has its id and its folded name.
    pub async fn replace(
        self,
        tx: &Tx,
        organisation: OrganisationId,
        rows: &[(Uuid, String)],
    ) -> Result<(), DatabaseError> {
        let mut delete = Query::delete();
        delete
            .from_table(self.table)
            .and_where(Expr::col("organisation_id").eq(organisation.0))
            .and_where(Expr::col(self.row).is_in(rows.iter().map(|(id, _)| *id)));
        tx.connection().execute(&delete).await?;
        let mut all = Vec::new();
        for (id, folded) in rows {
            all.extend(words::words(folded).into_iter().map(|word| (*id, folded.as_str(), word)));
        }
        for some in all.chunks(WORDS_AT_ONCE) {
            let mut insert = Query::insert();
            insert.into_table(self.table).columns([
                "organisation_id",
                "word",
                "sort_key",
                self.row,
                "shared",
            ]);
            for (id, folded, Word { text, shared }) in some {
                let values = [
                    Expr::value(organisation.0),
                    Expr::value(text.as_str()),
                    Expr::value(*folded),
                    Expr::value(*id),
                    Expr::value(*shared),
                ];
                insert.values(values).map_err(|error| DbErr::Custom(error.to_string()))?;
            }
            tx.connection().execute(&insert).await?;
        }
        Ok(())
    }

    /// The words of a search with the rarest one first: a search walks along the rows of the first one. Among words of
    /// more rows than a search checks, the longest comes first, and its rows are checked up to an end.
    async fn rarest_first<'a>(
        self,
        on: &impl Queries,
        organisation: OrganisationId,
        terms: &'a Terms,
    ) -> Result<(Vec<&'a str>, Option<SearchEnd>), DatabaseError> {
        let mut terms: Vec<&str> = terms.as_slice().iter().map(String::as_str).collect();
        if terms.len() < 2 {
            return Ok((terms, None));
        }
        let (mut rarest, mut fewest) = (0, self.max_checked + 1);
        for (at, term) in terms.iter().enumerate() {
            // To be the rarest one, a word must have fewer rows than the rarest one before it. More are not counted.
            let row = on.connection().query_one(&self.count(organisation, term, fewest)).await?;
            let count: i64 = row.map_or(Ok(0), |row| row.try_get("", "number"))?;
            let count = usize::try_from(count).unwrap_or(0);
            if count < fewest {
                (rarest, fewest) = (at, count);
            }
        }
        terms.swap(0, rarest);
        let end = match terms.first() {
            Some(term) if fewest > self.max_checked => {
                self.read_end(on, organisation, term, self.max_checked).await?
            }
            _ => None,
        };
        Ok((terms, end))
    }

    async fn read_end(
        self,
        on: &impl Queries,
        organisation: OrganisationId,
        term: &str,
        rows: usize,
    ) -> Result<Option<SearchEnd>, DatabaseError> {
        let row = on.connection().query_one(&self.end(organisation, term, rows)).await?;
        let Some(row) = row else { return Ok(None) };
        let (first_word, word) = (row.try_get("", "first_word")?, row.try_get("", "word")?);
        Ok(Some(SearchEnd { first_word, word, hit: self.hit(&row)? }))
    }

    async fn read(self, on: &impl Queries, query: &SelectStatement) -> Result<Vec<Hit>, DatabaseError> {
        let rows = on.connection().query_all(query).await?;
        Ok(rows.iter().map(|row| self.hit(row)).collect::<Result<_, _>>()?)
    }

    fn hit(self, row: &QueryResult) -> Result<Hit, DbErr> {
        Ok(Hit { sort_key: row.try_get("", "sort_key")?, id: row.try_get("", self.row)? })
    }

    /// The names that match all these texts, in the order of the words that begin with the first one: one row for each
    /// name (see [`Word::shared`]), without columns.
    fn matching(self, organisation: OrganisationId, terms: &[&str], range: Range<'_>) -> SelectStatement {
        let (first, others) = terms.split_first().unwrap_or((&"", &[]));
        let length = i64::try_from(first.chars().count()).unwrap_or(i64::MAX);
        let word = || Expr::col((FOUND, "word"));
        let mut query = Query::select();
        query
            .from_as(self.table, FOUND)
            .and_where(Expr::col((FOUND, "organisation_id")).eq(organisation.0))
            .and_where(Expr::col((FOUND, "shared")).lt(length));
        match range {
            Range::All => query
                .and_where(word().gte(*first))
                .and_where_option(after_all(first).map(|end| word().lt(end))),
            // In place of the range, because SQLite would walk along the range.
            Range::Word(exact) => query.and_where(word().eq(exact)),
            // In place of the range's own end, because SQLite walks up to only one of the two.
            Range::Before(SearchEnd { word: last, hit, .. }) => {
                let here = [word(), Expr::col((FOUND, "sort_key")), Expr::col((FOUND, self.row))];
                let there =
                    [Expr::value(last.as_str()), Expr::value(hit.sort_key.as_str()), Expr::value(hit.id)];
                query.and_where(word().gte(*first)).and_where(Expr::tuple(here).lt(Expr::tuple(there)))
            }
        };
        for other in others {
            query.and_where(self.has(organisation, other));
        }
        for column in ["word", "sort_key", self.row] {
            query.order_by((FOUND, column), Order::Asc);
        }
        query
    }

    /// Whether a found row also has a word that begins with this text. The LIMIT keeps PostgreSQL from reading all rows
    /// of a frequent word first: it looks into the index for each row.
    fn has(self, organisation: OrganisationId, term: &str) -> Expr {
        let query = Query::select()
            .expr(Expr::cust("1"))
            .from_as(self.table, OTHER)
            .and_where(Expr::col((OTHER, "organisation_id")).eq(organisation.0))
            .and_where(Expr::col((OTHER, self.row)).eq(Expr::col((FOUND, self.row))))
            .and_where(Expr::col((OTHER, "word")).gte(term))
            .and_where_option(after_all(term).map(|end| Expr::col((OTHER, "word")).lt(end)))
            .limit(1)
            .take();
        Expr::from(query).is_not_null()
    }

    /// The first `limit` rows that match, in the order of words. With `end`, only those before it.
    pub(crate) fn first(
        self,
        organisation: OrganisationId,
        terms: &[&str],
        end: Option<&SearchEnd>,
        limit: usize,
    ) -> SelectStatement {
        self.matching(organisation, terms, end.map_or(Range::All, Range::Before))
            .columns([(FOUND, "sort_key"), (FOUND, self.row)])
            .limit(as_limit(limit))
            .take()
    }

    /// The row after the first `rows` ones of a word, with its word and that of the first row.
    pub(crate) fn end(self, organisation: OrganisationId, term: &str, rows: usize) -> SelectStatement {
        let all = || self.matching(organisation, &[term], Range::All);
        let first = all().column((FOUND, "word")).limit(1).take();
        all()
            .columns([(FOUND, "word"), (FOUND, "sort_key"), (FOUND, self.row)])
            .expr_as(Expr::from(first), "first_word")
            .offset(as_limit(rows))
            .limit(1)
            .take()
    }

    /// The first `limit` rows with exactly this word after `after` and before `end`, by their sort keys. `term` is the
    /// beginning of the word that the search looks for.
    pub(crate) fn rows_of_word(
        self,
        organisation: OrganisationId,
        term: &str,
        word: &str,
        after: Option<&Hit>,
        end: &Hit,
        limit: usize,
    ) -> SelectStatement {
        let here = || Expr::tuple([Expr::col((FOUND, "sort_key")), Expr::col((FOUND, self.row))]);
        let there = |hit: &Hit| Expr::tuple([Expr::value(hit.sort_key.as_str()), Expr::value(hit.id)]);
        self.matching(organisation, &[term], Range::Word(word))
            .columns([(FOUND, "sort_key"), (FOUND, self.row)])
            .and_where(here().lt(there(end)))
            .and_where_option(after.map(|after| here().gt(there(after))))
            .limit(as_limit(limit))
            .take()
    }

    /// Counts the names with a word that begins with this text, up to `max_counted`.
    pub(crate) fn count(
        self,
        organisation: OrganisationId,
        term: &str,
        max_counted: usize,
    ) -> SelectStatement {
        let mut counted = self.matching(organisation, &[term], Range::All);
        let counted = counted.expr_as(Expr::cust("1"), "one").limit(as_limit(max_counted)).take();
        Query::select()
            .expr_as(Func::count(Expr::col(Asterisk)), "number")
            .from_subquery(counted, "counted")
            .take()
    }
}

fn as_limit(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
