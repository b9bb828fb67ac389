//! What changes while a person signs in with a link: before the browser comes back, and while the provider is asked.

use mail360::accounts::service::{
    links::{LinkId, NewLink},
    return_addresses::ReturnAddressId,
};
use rstest::rstest;

use crate::support::{Kind, Linked, held, path_of};

/// What happens between the start and the end of the sign-in.
#[derive(Clone, Copy, Debug)]
enum Change {
    LinkRevoked,
    LinkExpired,
    LinkUsed,
    MakerDemoted,
    ConnectorChanged,
    ConnectorBeingDeleted,
    AddressRemoved,
}

impl Change {
    async fn make(self, linked: &Linked, link: LinkId, address: ReturnAddressId) {
        let program = &linked.world.program;
        let raw = async |statement: &str| {
            linked.world.raw.run(statement).await.expect("changed");
        };
        match self {
            Self::LinkRevoked => {
                let admin = linked.world.admin().await;
                assert!(program.links.revoke(&admin, link).await.expect("an answer"));
            }
            Self::LinkExpired => raw("UPDATE connect_links SET expires_at = created_at").await,
            Self::LinkUsed => raw("UPDATE connect_links SET used_at = created_at").await,
            Self::MakerDemoted => raw("UPDATE users SET role = 'viewer'").await,
            Self::ConnectorChanged => {
                raw("UPDATE connectors SET application_version = application_version + 1").await;
            }
            Self::ConnectorBeingDeleted => raw("UPDATE connectors SET deleted_at = created_at").await,
            Self::AddressRemoved => {
                let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
                program.return_addresses.remove(&admin, address).await.expect("removed");
            }
        }
    }
}

#[rstest]
#[case::revoked(Change::LinkRevoked, "This link was withdrawn", 0)]
#[case::expired(Change::LinkExpired, "Your mailbox is connected", 1)]
#[case::used(Change::LinkUsed, "This link has been used", 0)]
#[case::maker_demoted(Change::MakerDemoted, "This link was withdrawn", 0)]
#[case::connector_changed(Change::ConnectorChanged, "This link is out of date", 0)]
#[case::connector_being_deleted(Change::ConnectorBeingDeleted, "This link is out of date", 0)]
#[case::address_removed(Change::AddressRemoved, "Your mailbox is connected", 1)]
#[tokio::test]
async fn a_change_during_the_sign_in_counts(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(false, true)] while_the_provider_is_asked: bool,
    #[case] change: Change,
    #[case] words: &str,
    #[case] accounts: i64,
) {
    let linked = Linked::new(kind).await;
    let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
    let addresses = &linked.world.program.return_addresses;
    let entry = addresses.add(&admin, "https://crm.example.com/", false).await.expect("an answer");
    let entry = entry.expect("an address of the list");
    let return_address = Some("https://crm.example.com/mailboxes".to_owned());
    let made = linked.try_make(NewLink { return_address, ..linked.plain() }).await.expect("a link");
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path_of(&made)).await;
    let page = if while_the_provider_is_asked {
        let (gate, request) = held(&linked.world, &grace, &authorize).await;
        change.make(&linked, made.id, entry.id).await;
        gate.notify_one();
        let answer = request.await.expect("an answer");
        grace.get(answer.assert_status(303).location()).await
    } else {
        change.make(&linked, made.id, entry.id).await;
        linked.world.grant_everything(&authorize);
        linked.come_back(&mut grace, &authorize, "code=abc").await.0
    };
    page.assert_status(200).assert_says(words);
    let raw = &linked.world.raw;
    assert_eq!((raw.count("accounts").await, raw.count("grants").await), (accounts, accounts), "{change:?}");
    let asked = while_the_provider_is_asked || accounts == 1;
    assert_eq!(
        linked.world.provider.exchanges().len(),
        usize::from(asked),
        "a code that is not needed stays here"
    );
    let leads_back = page.body.contains("crm.example.com");
    assert_eq!(leads_back, !matches!(change, Change::AddressRemoved), "{}", page.body);
}
