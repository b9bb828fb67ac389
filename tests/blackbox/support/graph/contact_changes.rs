//! The changes of a folder's contacts since a token: a first round with every contact, and then rounds with what has
//! changed. A page has fewer items than a request prefers, as it may.

use serde_json::{Value, json};

use super::{Answer, Asked, GRAPH, Refusal, Reply, contacts::Book, ids};

/// The size of a page.
const PAGE: usize = 2;
const EXPIRED: Refusal = Refusal(410, "syncStateNotFound");
const WRONG_TOKEN: Refusal = Refusal(400, "InvalidSyncStateData");

/// A place in the changes. Its numbers are those of a token.
#[derive(Clone, Copy)]
struct Place {
    /// How often changes had been forgotten.
    forgotten: u64,
    is_first: bool,
    /// The changes of the round: from this one on, and up to that one.
    from: usize,
    until: usize,
    /// The number of items of the round that are behind.
    passed: usize,
}

impl Place {
    fn read(token: &str) -> Option<Self> {
        let (is_first, numbers) = match token.strip_prefix('f') {
            Some(numbers) => (true, numbers),
            None => (false, token.strip_prefix('n')?),
        };
        let mut numbers = numbers.split('.').map(|number| number.parse::<usize>().ok());
        let mut next = || numbers.next().flatten();
        let forgotten = next()? as u64;
        Some(Self { forgotten, is_first, from: next()?, until: next()?, passed: next()? })
    }

    fn written(self) -> String {
        let round = if self.is_first { 'f' } else { 'n' };
        format!("{round}{}.{}.{}.{}", self.forgotten, self.from, self.until, self.passed)
    }
}

impl Book {
    pub fn changes(&self, asked: &Asked, folder: u64) -> Answer {
        asked.check_options(&["$skiptoken", "$deltatoken"])?;
        let read = |token: String| -> Result<Place, Refusal> {
            let place = Place::read(&token).ok_or(WRONG_TOKEN)?;
            if place.forgotten == self.forgotten { Ok(place) } else { Err(EXPIRED) }
        };
        let (forgotten, until) = (self.forgotten, self.journal.len());
        let place = match (asked.option("$skiptoken"), asked.option("$deltatoken")) {
            (Some(token), None) => read(token)?,
            // The changes after the last round.
            (None, Some(token)) => {
                Place { from: read(token)?.until, until, passed: 0, forgotten, is_first: false }
            }
            (None, None) => Place { forgotten, is_first: true, from: 0, until, passed: 0 },
            (Some(_), Some(_)) => return Err(WRONG_TOKEN),
        };
        let mut keys: Vec<u64> = Vec::new();
        for (of_folder, key) in self.journal.get(place.from..place.until).ok_or(WRONG_TOKEN)? {
            let is_there = self.shown((folder, *key), true).is_some();
            if *of_folder == folder && !keys.contains(key) && (is_there || !place.is_first) {
                keys.push(*key);
            }
        }
        let show = |key: &u64| {
            self.shown((folder, *key), asked.is_immutable()).unwrap_or_else(|| {
                let id = ids::of(ids::CONTACT, (*key, 0), asked.is_immutable());
                json!({ "id": id, "@removed": { "reason": "deleted" } })
            })
        };
        let items: Vec<Value> = keys.iter().skip(place.passed).take(PAGE).map(show).collect();
        let mut answer = json!({ "value": items });
        let passed = place.passed + PAGE;
        let (name, option) = if passed < keys.len() {
            ("@odata.nextLink", "skiptoken")
        } else {
            ("@odata.deltaLink", "deltatoken")
        };
        let token = Place { passed, ..place }.written();
        answer[name] = format!("{GRAPH}/me/contacts/delta?%24{option}={token}").into();
        Ok(Reply::Json(200, answer))
    }
}
