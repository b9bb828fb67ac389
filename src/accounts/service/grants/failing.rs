//! Records in the activity that accounts of a connector cannot be refreshed any more: one entry for each connector, state
//! and day, however many accounts get that state. The history of each account has its own entries. Another application
//! of the connector has an entry of its own.

use time::Duration;

use super::Grants;
use crate::{
    accounts::model::{AccountEvent, AccountState},
    activity::model::{Action, Actor, Detail, Entry},
    connectors::service::Connector,
    platform::database::{DatabaseError, Tx},
};

/// One entry counts for this long.
const WINDOW: Duration = Duration::days(1);

/// Whether the event gives an account a state that only a change elsewhere ends.
pub(super) const fn is_recorded(event: AccountEvent) -> bool {
    !matches!(
        event,
        AccountEvent::Refreshed
            | AccountEvent::TriedAgain
            | AccountEvent::TransientFailure
            | AccountEvent::ApplicationChanged
    )
}

impl Grants {
    /// Records that an account got this state because its refresh was refused. The caller has locked the connector.
    pub(super) async fn record_failing(
        &self,
        tx: &Tx,
        connector: &Connector,
        state: AccountState,
    ) -> Result<(), DatabaseError> {
        let detail = Detail::AccountState { state: state.name().to_owned() };
        let entry = Entry::done(Action::RefreshesFailed, connector.service_name.as_str(), connector.id.0)
            .with_outcome("failed")
            .with_detail(detail);
        let program = Actor::operator(connector.organisation);
        self.dependencies().activity.record_once(tx, program, entry, WINDOW).await
    }
}
