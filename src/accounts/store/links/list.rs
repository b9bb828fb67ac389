//! The query of lists of links.

use sea_orm::{Condition, entity::prelude::*};

use super::{Link, LinkId, OrganisationLinks, row};
use crate::{
    accounts::store::{AccountId, link_table::open_condition},
    connectors::service::ConnectorId,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, paging::Position},
    },
};

/// Which links a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkFilter {
    /// Only links of this connector.
    pub connector: Option<ConnectorId>,
    /// Only links for this account.
    pub account: Option<AccountId>,
    /// Only links that can be used.
    pub open: bool,
}

/// The position of a link in a list.
pub type LinkPosition = Position<LinkId>;

impl OrganisationLinks {
    /// Links after a position, newest first.
    pub async fn list(
        self,
        on: &impl Queries,
        filter: LinkFilter,
        after: Option<LinkPosition>,
        limit: u64,
        now: Timestamp,
    ) -> Result<Vec<Link>, DatabaseError> {
        let LinkFilter { connector, account, open } = filter;
        let which = Condition::all()
            .add_option(connector.map(|id| row::Column::ConnectorId.eq(id.0)))
            .add_option(account.map(|id| row::Column::AccountId.eq(id.0)))
            .add_option(open.then(|| open_condition::<row::Entity>(now)));
        self.list_those(on, which, after, limit).await
    }
}
