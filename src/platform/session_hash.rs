//! The hash by which the database knows a session. The table `sessions` has it in place of the session's id, because
//! the id is the value of the cookie.

use tower_sessions::{Session, session::Id};

use super::randomness::Hash;

/// The hash of the session with this id.
pub fn of_id(id: Id) -> Hash {
    Hash::of(&id.0.to_le_bytes())
}

/// The hash of a session; `None` if the session has no id yet.
pub fn of(session: &Session) -> Option<Hash> {
    session.id().map(of_id)
}
