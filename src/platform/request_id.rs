//! The id of a request. Log, activity and the error page show it, so that the operator can match them.

use std::fmt;

use uuid::Uuid;

/// The id of a request, written as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}
