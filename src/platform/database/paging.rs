//! Pages of lists that are sorted by time, newest first: the position after which a page begins, as a text and as a
//! condition of a query, and the cutting of rows to a page.

use sea_orm::{Condition, entity::prelude::*};

use crate::platform::clock::Timestamp;

/// The position of a row in a list, newest first: the next page begins after it. Its text is `<microseconds>.<id>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position<Id> {
    pub at: Timestamp,
    /// The id of the row, which separates rows of the same time.
    pub id: Id,
}

impl<Id: Into<Uuid>> Position<Id> {
    /// The condition that a row comes after this position, by the columns of the time and of the id.
    pub fn rows_after(self, at: impl ColumnTrait, id: impl ColumnTrait) -> Condition {
        let (time, row): (i64, Uuid) = (self.at.micros(), self.id.into());
        let same = Condition::all().add(at.eq(time)).add(id.lt(row));
        Condition::any().add(at.lt(time)).add(same)
    }
}

impl<Id: std::fmt::Display> std::fmt::Display for Position<Id> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.micros(), self.id)
    }
}

impl<Id: std::str::FromStr> std::str::FromStr for Position<Id> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        let at = Timestamp::from_micros(at.parse().map_err(|_| ())?);
        Ok(Self { at, id: id.parse().map_err(|_| ())? })
    }
}

/// Cuts rows to a page of at most `size`. The caller has read at most one more than that.
///
/// # Returns
/// The page, and the position of its last row if there was one more.
pub fn cut_page<T, P>(mut rows: Vec<T>, size: usize, position: impl FnOnce(&T) -> P) -> (Vec<T>, Option<P>) {
    let has_more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| has_more).map(position);
    (rows, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_position_parses_to_the_same_position() {
        let position = Position { at: Timestamp::from_micros(1_795_417_030_000_001), id: Uuid::from_u128(7) };
        assert_eq!(position.to_string().parse(), Ok(position));
        for wrong in [
            "",
            ".",
            "1",
            "1.",
            ".7",
            "1.x",
            "x.00000000-0000-0000-0000-000000000007",
            "99999999999999999999.7",
        ] {
            assert_eq!(wrong.parse::<Position<Uuid>>(), Err(()), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn a_page_has_a_next_one_only_if_one_more_row_was_read() {
        let cut = |rows: &[u8]| cut_page(rows.to_vec(), 2, |row| *row);
        assert_eq!(cut(&[]), (vec![], None));
        assert_eq!(cut(&[1, 2]), (vec![1, 2], None));
        assert_eq!(cut(&[1, 2, 3]), (vec![1, 2], Some(2)));
    }
}
