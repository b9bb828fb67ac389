//! Pages of lists: where a page begins, and the header with which the next one is asked for.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use serde::Serialize;

use super::{
    calls::MAX_REACH,
    envelope::Envelope,
    errors::{ApiError, Code},
    parameters::Given,
    refused::Refused,
};
use crate::{platform::failure::Failure, providers::mailbox::Position};

/// Continues a list.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("next-cursor");
/// The refusal of a page that begins too late.
const PAST_REACH: &str =
    "start: start and limit together are at most 10000. Use the cursor of the last answer instead.";
/// The refusal of a `start` beside a cursor.
const BOTH: &str = "start: Give either start or cursor.";

/// The number of the first item in `start`. Mail360 counts messages from 1, threads and drafts from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Zero,
    One,
}

/// The page that a call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Not used if there is a cursor.
    pub position: Position,
    pub limit: u32,
    pub cursor: Option<&'a str>,
}

/// Reads `start`, `limit` and `cursor`.
///
/// # Errors
/// `INVALID_VALUE` if the call has a `start` beside a cursor, or if `start` and `limit` together are past [`MAX_REACH`].
pub fn wanted(given: &Given, first: First) -> Result<Wanted<'_>, ApiError> {
    let cursor = given.text("cursor");
    if cursor.is_some() && given.has("start") {
        return Err(ApiError::of(Code::InvalidValue, BOTH));
    }
    let (start, limit) = (given.integer("start"), given.integer("limit"));
    if start.saturating_add(limit) > MAX_REACH {
        return Err(ApiError::of(Code::InvalidValue, PAST_REACH));
    }
    let skipped = match first {
        First::Zero => start,
        // 0 is taken as 1.
        First::One => start.saturating_sub(1).max(0),
    };
    let as_u32 = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Wanted { position: Position::Skip(as_u32(skipped)), limit: as_u32(limit), cursor })
}

/// The answer with a page, and a cursor if there is more.
///
/// # Errors
/// [`Failure::Unexpected`] if the cursor cannot be a header.
pub fn answer<T: Serialize>(items: Vec<T>, cursor: Option<String>) -> Result<Response, Refused> {
    let mut response = Envelope::success(items).into_response();
    if let Some(cursor) = cursor {
        let cursor = HeaderValue::try_from(cursor).map_err(|error| Failure::unexpected(&error))?;
        response.headers_mut().insert(NEXT_CURSOR, cursor);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::calls::{LIST_DRAFTS, LIST_MESSAGES};

    fn messages(query: &str) -> Result<(Position, u32, Option<String>), String> {
        let path = [("account_key".to_owned(), "k".to_owned())];
        let given =
            Given::read(LIST_MESSAGES.parameters, &path, query, b"").map_err(|error| format!("{error:?}"))?;
        let wanted = wanted(&given, First::One).map_err(|error| format!("{error:?}"))?;
        Ok((wanted.position, wanted.limit, wanted.cursor.map(str::to_owned)))
    }

    #[test]
    fn messages_are_counted_from_1_and_0_is_taken_as_1() {
        for (query, skipped, limit) in [
            ("", 0, 10),
            ("start=0", 0, 10),
            ("start=1&limit=200", 0, 200),
            ("start=\"\"", 0, 0),
            ("start=11", 10, 10),
        ] {
            match messages(query) {
                Ok(found) => assert_eq!(found, (Position::Skip(skipped), limit, None), "{query}"),
                Err(error) => {
                    assert!(limit == 0 && error.contains("start: Give a whole number"), "{query}: {error}");
                }
            }
        }
    }

    #[test]
    fn drafts_are_counted_from_0() {
        let path = [("account_key".to_owned(), "k".to_owned())];
        let given = Given::read(LIST_DRAFTS.parameters, &path, "start=3", b"").expect("a call");
        let wanted = wanted(&given, First::Zero).expect("a page");
        assert_eq!((wanted.position, wanted.limit), (Position::Skip(3), 25));
    }

    #[test]
    fn start_and_limit_together_are_at_most_10_000() {
        for (start, limit, is_taken) in [
            (9_990, 10, true),
            (9_991, 10, false),
            (9_800, 200, true),
            (9_801, 200, false),
            (9_999, 1, true),
            (10_000, 1, false),
        ] {
            let found = messages(&format!("start={start}&limit={limit}"));
            assert_eq!(found.is_ok(), is_taken, "{start} {limit}: {found:?}");
            let path = [("account_key".to_owned(), "k".to_owned())];
            let query = format!("start={start}&limit={}", limit.min(100));
            let given = Given::read(LIST_DRAFTS.parameters, &path, &query, b"").expect("a call");
            let is_taken = start + limit.min(100) <= 10_000;
            assert_eq!(wanted(&given, First::Zero).is_ok(), is_taken, "{query}");
        }
    }

    #[test]
    fn a_start_beside_a_cursor_is_refused() {
        let found = messages("cursor=abc&limit=5").expect("a page");
        assert_eq!(found, (Position::Skip(0), 5, Some("abc".to_owned())));
        assert!(messages("cursor=abc&start=1").expect_err("both").contains(BOTH));
    }
}
