//! The id of a request. It is in the log, in the activity and on the page that tells of a failure, so that an operator
//! finds one from another.

use std::fmt;

use uuid::Uuid;

/// A request's id, written as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}
