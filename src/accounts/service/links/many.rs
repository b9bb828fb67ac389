//! Makes many links in one go, for a list of mailboxes. Either all are made or none.

use time::Duration;

use super::{
    super::super::store::links::{Link, LinkId, OrganisationLinks},
    ConnectLinks, LinkDependencies, LinkErrors, MAX_OPEN, MadeLink, NewLink,
    typed::{Mailbox, Parsed},
    usable,
};
use crate::{
    accounts::store::AccountId,
    activity::model::{Action, Detail, Entry},
    connectors::service::ConnectorId,
    people::access::{Admin, Caller},
    platform::{
        database::Tx,
        failure::{Failure, Undone},
        randomness::{Hash, Token},
    },
};

/// Maximum number of links that are made in one go.
pub const MAX_AT_ONCE: usize = 1_000;

/// What all links of a list have in common.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The id of the first link. Each form has one of its own, so that a form that is sent twice makes no second links.
    pub first: LinkId,
    pub connector: ConnectorId,
    /// The address of the application to which the people go back.
    pub return_address: Option<String>,
    /// How long the links work; `None` for the usual time.
    pub life: Option<Duration>,
}

/// One of many links, with what its list says of the mailbox.
#[derive(Clone, Debug)]
pub struct LinkOfMany {
    pub email: String,
    pub name: String,
    pub reference: String,
    /// The account that is to sign in again.
    pub account: Option<AccountId>,
    pub link: MadeLink,
}

/// Why no link was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotMade {
    /// What to change, by the name of the field.
    Wrong(LinkErrors),
    /// The organisation has this number of open links, and these new ones are too many.
    TooManyOpen { open: u64, new: u64 },
    /// No account needs a link.
    NoAccount,
    /// The form was sent before. Its links were made then.
    SentBefore,
}

/// What a transaction that makes many links ends with.
pub type Made = Result<Vec<LinkOfMany>, NotMade>;

impl ConnectLinks {
    /// A new id for the first link of a form.
    pub fn new_id(&self) -> LinkId {
        LinkId::new(&*self.0.clock, &*self.0.randomness)
    }

    /// Makes a link for each mailbox of a list, and records all of them as one action.
    ///
    /// # Returns
    /// The links in the order of the list, or why none was made.
    pub async fn make_many(
        &self,
        admin: &Admin,
        batch: &Batch,
        mailboxes: &[Mailbox],
    ) -> Result<Made, Failure> {
        let new = NewLink {
            return_address: batch.return_address.clone(),
            life: batch.life,
            ..NewLink::of_console(batch.connector)
        };
        let new = match new.parse() {
            Ok(new) => new,
            Err(errors) => return Ok(Err(NotMade::Wrong(errors))),
        };
        let caller = admin.caller();
        let made = self
            .0
            .database
            .write::<_, Undone, _>(async |tx| {
                self.make_many_within(&tx, &caller, &new, batch.first, mailboxes).await
            })
            .await;
        finish(made)
    }

    async fn make_many_within(
        &self,
        tx: &Tx,
        caller: &Caller,
        new: &Parsed,
        first: LinkId,
        mailboxes: &[Mailbox],
    ) -> Result<Made, Undone> {
        let LinkDependencies { connectors, activity, clock, .. } = &*self.0;
        let (organisation, now) = (caller.organisation(), clock.now());
        // Locked in the order of all transactions: the connector, the user, the links.
        let connector = connectors.lock(tx, organisation, new.connector).await?;
        let made_by_version = self.check_caller(tx, caller).await?;
        let connector = match usable(connector, None) {
            Ok(connector) => connector,
            Err(words) => return Ok(Err(NotMade::Wrong(vec![("connector", words)]))),
        };
        let entry_found = match self.find_return_address(tx, organisation, new).await? {
            Ok(found) => found,
            Err(errors) => return Ok(Err(NotMade::Wrong(errors))),
        };
        let base = self.link_of(caller, made_by_version, new, entry_found, now);
        let links: Vec<Link> = mailboxes
            .iter()
            .map(|mailbox| Link {
                expected_email: mailbox.email.clone(),
                name: mailbox.name.clone(),
                reference: mailbox.reference.clone(),
                ..base.clone()
            })
            .collect();
        let made = match self.add_many(tx, first, links).await? {
            Ok(made) => made,
            Err(problem) => return Ok(Err(problem)),
        };
        let detail = Detail::ConnectLinks { links: as_number(made.len()) };
        let entry = Entry::done(Action::LinksMade, connector.service_name.as_str(), connector.id.0);
        activity.record(tx, caller.actor(), entry.with_detail(detail)).await?;
        Ok(Ok(made))
    }

    /// Adds links, each with an id and a token of its own, unless the organisation would have more open ones than
    /// [`MAX_OPEN`].
    pub(super) async fn add_many(&self, tx: &Tx, first: LinkId, links: Vec<Link>) -> Result<Made, Undone> {
        let Some(organisation) = links.first().map(|link| link.organisation) else {
            return Ok(Err(NotMade::NoAccount));
        };
        let store = OrganisationLinks::of(organisation);
        let new = as_number(links.len());
        let open = store.count_all_open(tx, self.0.clock.now()).await?;
        if open.saturating_add(new) > MAX_OPEN {
            return Ok(Err(NotMade::TooManyOpen { open, new }));
        }
        let mut rows: Vec<(Hash, Link)> = Vec::with_capacity(links.len());
        let mut made = Vec::with_capacity(links.len());
        for link in links {
            let id = if rows.is_empty() { first } else { self.new_id() };
            let link = Link { id, ..link };
            let token = Token::random(&*self.0.randomness);
            made.push(LinkOfMany {
                email: link.expected_email.clone().unwrap_or_default(),
                name: link.name.clone().unwrap_or_default(),
                reference: link.reference.clone().unwrap_or_default(),
                account: link.account,
                link: MadeLink { id, url: self.address_of(&token).into(), expires_at: link.expires_at },
            });
            rows.push((token.hash(), link));
        }
        store.add_all(tx, &rows).await?;
        Ok(Ok(made))
    }
}

pub(super) fn as_number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The result of a transaction that has made many links.
pub(super) fn finish(made: Result<Made, Undone>) -> Result<Made, Failure> {
    match made {
        Ok(made) => Ok(made),
        Err(undone) if undone.is_conflict() => Ok(Err(NotMade::SentBefore)),
        // A connector or an account was deleted at the same time.
        Err(Undone::Database(error)) if error.is_missing_reference() => Err(Failure::Busy(1)),
        Err(undone) => Err(undone.into()),
    }
}
