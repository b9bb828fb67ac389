//! What happens between a sign-in and the confirmation of its application: other confirmations, and changes of the
//! link, the connector, the return address and the account.

use mail360::accounts::service::links::{LinkId, NewLink};
use rstest::rstest;
use time::Duration;

use crate::{
    confirm::{account_key, add, assert_refused, code_of, confirm, counts, returning, signed_in},
    support::{Kind, Linked, path_of},
};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_sent_twice_at_once_connects_one_mailbox(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    add(&linked, true).await;
    let code = signed_in(&linked, &mut linked.world.browser()).await;
    let (one, other) = tokio::join!(confirm(&linked, &code), confirm(&linked, &code));
    assert_eq!(account_key(&one), account_key(&other));
    assert_eq!(counts(&linked).await, [1, 1, 1]);
    let used = "SELECT COUNT(*) FROM activity WHERE action IN ('link.used', 'account.connected')";
    assert_eq!(linked.world.raw.one::<i64>(used).await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_browsers_at_one_link_the_first_that_is_confirmed_connects(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    add(&linked, true).await;
    let path = linked.make(returning(&linked)).await;
    let one = code_of(&linked.connect(&mut linked.world.browser(), &path).await);
    let other = code_of(&linked.connect(&mut linked.world.browser(), &path).await);
    assert_ne!(one.1, other.1);
    assert_eq!(counts(&linked).await, [0, 0, 2]);
    let (one, other) = tokio::join!(confirm(&linked, &one), confirm(&linked, &other));
    let (right, late) = if one.status == 200 { (one, other) } else { (other, one) };
    account_key(&right);
    assert_refused(&late, 409, "LINK_USED");
    assert_eq!(counts(&linked).await, [1, 1, 1]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_links_for_one_mailbox_that_are_confirmed_at_once_make_one_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    add(&linked, true).await;
    let one = signed_in(&linked, &mut linked.world.browser()).await;
    let other = signed_in(&linked, &mut linked.world.browser()).await;
    let (one, other) = tokio::join!(confirm(&linked, &one), confirm(&linked, &other));
    assert_eq!(account_key(&one), account_key(&other));
    assert_eq!(counts(&linked).await, [1, 1, 2]);
}

/// What happens before the application confirms.
#[derive(Clone, Copy, Debug)]
enum Change {
    LinkRevoked,
    SessionsEnded,
    MakerDemoted,
    ConnectorChanged,
    ConnectorBeingDeleted,
    AddressRemoved,
    OtherConnector,
}

#[rstest]
#[case::link_revoked(Change::LinkRevoked, 404, "CONFIRMATION_UNKNOWN")]
#[case::sessions_ended(Change::SessionsEnded, 404, "CONFIRMATION_UNKNOWN")]
#[case::maker_demoted(Change::MakerDemoted, 409, "LINK_REVOKED")]
#[case::connector_changed(Change::ConnectorChanged, 409, "CONNECTOR_CHANGED")]
#[case::connector_being_deleted(Change::ConnectorBeingDeleted, 409, "CONNECTOR_CHANGED")]
#[case::address_removed(Change::AddressRemoved, 404, "CONFIRMATION_UNKNOWN")]
#[case::other_connector(Change::OtherConnector, 409, "OTHER_CONNECTOR")]
#[tokio::test]
async fn what_changed_before_the_confirmation_lets_it_connect_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] change: Change,
    #[case] status: u16,
    #[case] error: &str,
) {
    let mut linked = Linked::new(kind).await;
    let entry = add(&linked, true).await;
    let code = signed_in(&linked, &mut linked.world.browser()).await;
    let raw = async |statement: &str| {
        linked.world.raw.run(statement).await.expect("changed");
    };
    match change {
        Change::LinkRevoked => {
            let link: LinkId = code.0.parse().expect("an id");
            let admin = linked.world.admin().await;
            assert!(linked.world.program.links.revoke(&admin, link).await.expect("an answer"));
        }
        Change::SessionsEnded => {
            linked.world.program.end_sessions().await.expect("ended");
        }
        Change::MakerDemoted => raw("UPDATE users SET role = 'viewer'").await,
        Change::ConnectorChanged => {
            raw("UPDATE connectors SET application_version = application_version + 1").await;
        }
        Change::ConnectorBeingDeleted => raw("UPDATE connectors SET deleted_at = created_at").await,
        Change::AddressRemoved => {
            let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
            linked.world.program.return_addresses.remove(&admin, entry.id).await.expect("removed");
        }
        Change::OtherConnector => {
            let other = linked.another_connector("Calendar").await;
            let path = linked.make(NewLink::of_console(other)).await;
            let page = linked.connect(&mut linked.world.browser(), &path).await;
            page.assert_says("Your mailbox is connected");
        }
    }
    let accounts = linked.world.raw.count("accounts").await;
    assert_refused(&confirm(&linked, &code).await, status, error);
    assert_refused(&confirm(&linked, &code).await, 404, "CONFIRMATION_UNKNOWN");
    assert_eq!(counts(&linked).await, [accounts, accounts, 0], "{change:?}");
}

#[rstest]
#[tokio::test]
async fn d5_the_end_of_all_sessions_withdraws_what_waits_and_keeps_what_was_confirmed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    add(&linked, true).await;
    let confirmed = signed_in(&linked, &mut linked.world.browser()).await;
    let account = account_key(&confirm(&linked, &confirmed).await);
    let waiting = signed_in(&linked, &mut linked.world.browser()).await;
    assert_eq!(counts(&linked).await, [1, 1, 2]);
    linked.world.program.end_sessions().await.expect("ended");
    assert_eq!(counts(&linked).await, [1, 1, 1]);
    assert_refused(&confirm(&linked, &waiting).await, 404, "CONFIRMATION_UNKNOWN");
    // An application that has lost the answer still gets it.
    assert_eq!(account_key(&confirm(&linked, &confirmed).await), account);
    assert_eq!(counts(&linked).await, [1, 1, 1]);
}

#[rstest]
#[tokio::test]
async fn a_mailbox_of_another_connector_is_refused_before_any_confirmation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    add(&linked, true).await;
    let other = linked.another_connector("Calendar").await;
    let path = linked.make(NewLink::of_console(other)).await;
    linked.connect(&mut linked.world.browser(), &path).await.assert_says("Your mailbox is connected");
    let path = linked.make(returning(&linked)).await;
    let page = linked.connect(&mut linked.world.browser(), &path).await;
    page.assert_says("This mailbox is already connected");
    assert_eq!(counts(&linked).await, [1, 1, 0]);
}

#[rstest]
#[tokio::test]
async fn a_return_address_that_is_removed_during_the_sign_in_takes_no_protection_away(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let entry = add(&linked, true).await;
    let path = linked.make(returning(&linked)).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
    linked.world.program.return_addresses.remove(&admin, entry.id).await.expect("removed");
    linked.world.grant_everything(&authorize);
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    page.assert_says("This link was withdrawn");
    assert!(!page.body.contains("crm.example.com"), "{}", page.body);
    assert_eq!(counts(&linked).await, [0, 0, 0]);
}

#[rstest]
#[tokio::test]
async fn a_link_does_not_end_while_it_waits_for_a_confirmation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    add(&linked, true).await;
    let new = NewLink { life: Some(Duration::minutes(1)), ..returning(&linked) };
    let made = linked.try_make(new).await.expect("a link");
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path_of(&made)).await;
    linked.world.clock.advance(Duration::minutes(9));
    linked.world.grant_everything(&authorize);
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    let code = code_of(&page);
    // Other links are closed by now.
    linked.world.clock.advance(Duration::minutes(9));
    linked.world.run_sweep().await;
    account_key(&confirm(&linked, &code).await);
    assert_eq!(counts(&linked).await, [1, 1, 1]);
}
