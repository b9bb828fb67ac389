//! What pages show of consent links: the links of a connector, its approved directories, and the numbers of both.

use super::{
    ApprovedDirectories, ApprovedDirectory, ConsentLink, ConsentLinkDependencies, ConsentLinkPosition,
    ConsentLinkState, ConsentLinks, OrganisationConsentLinks,
};
use crate::{
    connectors::service::{Connector, ConnectorId},
    people::access::Admin,
    platform::{database::paging::cut_page, failure::Failure},
};

/// Number of links, and of directories, on a page of a list.
const PER_PAGE: usize = 25;

/// A link in a list.
#[derive(Clone, Debug)]
pub struct ListedConsentLink {
    pub link: ConsentLink,
    pub state: ConsentLinkState,
    /// Name and email of the user who made it; `None` if the user is gone.
    pub maker: Option<String>,
}

/// A page of the consent links of a connector, newest first.
#[derive(Clone, Debug, Default)]
pub struct ConsentLinkPage {
    pub links: Vec<ListedConsentLink>,
    /// The position after which the next page begins, if there is one.
    pub next: Option<ConsentLinkPosition>,
}

/// A page of the approved directories of a connector, by id.
#[derive(Clone, Debug, Default)]
pub struct DirectoryPage {
    pub directories: Vec<ApprovedDirectory>,
    /// The id after which the next page begins, if there is one.
    pub next: Option<String>,
}

/// Numbers of a connector, each counted up to a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConsentCounts {
    pub open_links: u64,
    pub approved: u64,
}

impl ConsentLinks {
    /// A page of the links of a connector, newest first. It contains no token.
    pub async fn list(
        &self,
        admin: &Admin,
        connector: ConnectorId,
        after: Option<ConsentLinkPosition>,
    ) -> Result<ConsentLinkPage, Failure> {
        let ConsentLinkDependencies { database, people, clock, .. } = &*self.0;
        let (organisation, now) = (admin.organisation(), clock.now());
        let store = OrganisationConsentLinks::of(organisation);
        let links = store.list(&database.read(), connector, after, PER_PAGE as u64 + 1).await?;
        let position = |last: &ConsentLink| ConsentLinkPosition { at: last.created_at, id: last.id };
        let (links, next) = cut_page(links, PER_PAGE, position);
        let names = people.names(organisation, links.iter().filter_map(|link| link.made_by)).await?;
        let listed = links.into_iter().map(|link| ListedConsentLink {
            state: link.state(now),
            maker: link.made_by.and_then(|user| names.get(&user)).map(ToString::to_string),
            link,
        });
        Ok(ConsentLinkPage { links: listed.collect(), next })
    }

    /// A page of the approved directories of a connector, by id.
    pub async fn directories(
        &self,
        admin: &Admin,
        connector: &Connector,
        after: Option<&str>,
    ) -> Result<DirectoryPage, Failure> {
        let store = ApprovedDirectories::of(admin.organisation(), connector.id, connector.client_id.as_str());
        let read = self.0.database.read();
        let directories = store.list(&read, after, PER_PAGE as u64 + 1).await?;
        let (directories, next) = cut_page(directories, PER_PAGE, |last| last.id.clone());
        Ok(DirectoryPage { directories, next })
    }

    /// Numbers of open links and of approved directories of a connector, each counted up to `at_most`.
    pub async fn counts(
        &self,
        admin: &Admin,
        connector: &Connector,
        at_most: u64,
    ) -> Result<ConsentCounts, Failure> {
        let (organisation, now, read) = (admin.organisation(), self.0.clock.now(), self.0.database.read());
        let links = OrganisationConsentLinks::of(organisation);
        let client_id = connector.client_id.as_str();
        Ok(ConsentCounts {
            open_links: links.count_open(&read, connector.id, at_most, now).await?,
            approved: ApprovedDirectories::of(organisation, connector.id, client_id)
                .count(&read, at_most)
                .await?,
        })
    }
}
