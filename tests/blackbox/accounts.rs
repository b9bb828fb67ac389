//! Accounts: a mailbox is one account, however often people connect it; pausing, disconnecting and deleting; and
//! nothing crosses from one organisation to another.

use mail360::{
    accounts::{
        model::{AccountState, HistoryKind},
        service::{AccountFilter, AccountId, Connected, ConnectedMailbox},
    },
    connectors::service::{ConnectorId, Deletion},
    people::access::Caller,
    platform::failure::Failure,
    providers::{oauth::Grant, provider::Identity},
};
use rstest::rstest;

use crate::support::{
    Kind, NewConnector,
    refreshing::{DIRECTORY, Scene},
};

/// A sign-in that connects a mailbox.
#[derive(Clone, Copy)]
struct SignIn<'a> {
    connector: ConnectorId,
    /// The person; the subject is made of it.
    person: &'a str,
    email: &'a str,
    /// The provider's name of the person.
    called: &'a str,
    /// The name and the reference that the link has.
    link: Option<(&'a str, &'a str)>,
    only: Option<AccountId>,
    moves_from: Option<ConnectorId>,
}

impl SignIn<'_> {
    fn of(scene: &Scene) -> Self {
        Self {
            connector: scene.connector_id(),
            person: "grace",
            email: "grace@contoso.test",
            called: "Grace Hopper",
            link: None,
            only: None,
            moves_from: None,
        }
    }

    async fn connect(self, scene: &Scene) -> Connected {
        self.try_connect(scene).await.expect("an answer")
    }

    /// Fails if the connector is gone or is being deleted.
    async fn try_connect(self, scene: &Scene) -> Result<Connected, Failure> {
        let program = &scene.world.program;
        let identity = Identity {
            account: self.email.to_owned(),
            subject: Some(format!("{DIRECTORY}:{}", self.person)),
            email: Some(self.email.to_owned()),
            name: Some(self.called.to_owned()),
            directory: Some(DIRECTORY.to_owned()),
            ..Identity::default()
        };
        let grant = Grant {
            access_token: "canary-access".to_owned().into(),
            refresh_token: Some("canary-refresh".to_owned().into()),
            expires_in: None,
            ends_in: None,
            id_token: None,
            scopes: None,
            date: None,
        };
        let scopes = ["Mail.Read".to_owned()];
        let now = program.clock.now();
        program
            .database
            .write::<_, Failure, _>(async |tx| {
                let found = program.connectors.lock(&tx, scene.organisation, self.connector).await?;
                let found = found.filter(|connector| connector.deleted_at.is_none());
                let connector = found.ok_or(Failure::NotFound)?;
                let mailbox = ConnectedMailbox {
                    organisation: scene.organisation,
                    connector: &connector,
                    identity: &identity,
                    name: self.link.map(|(name, _)| name.to_owned()),
                    reference: self.link.map(|(_, reference)| reference.to_owned()),
                    only: self.only,
                    moves_from: self.moves_from,
                    client: None,
                    scopes: &scopes,
                    asked: &scopes,
                    pinned: connector.application.pin_grant(&identity),
                    grant: &grant,
                };
                program.accounts.connect_within(&tx, mailbox, now).await
            })
            .await
    }
}

fn id_of(connected: Connected) -> AccountId {
    match connected {
        Connected::Added(id) | Connected::Again(id) => id,
        other => unreachable!("not connected: {other:?}"),
    }
}

/// Another connector of the organisation.
async fn add_other_connector(scene: &mut Scene) -> ConnectorId {
    let new = NewConnector { name: "Second", ..Default::default() };
    let path = scene.world.add_connector(&mut scene.ada, &new).await;
    path.rsplit('/').next().expect("an id").parse().expect("an id")
}

#[rstest]
#[tokio::test]
async fn sign_ins_that_make_one_mailbox_at_once_make_one_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let sign_in = SignIn::of(&scene);
    let all = tokio::join!(
        sign_in.connect(&scene),
        sign_in.connect(&scene),
        sign_in.connect(&scene),
        sign_in.connect(&scene)
    );
    let all = [all.0, all.1, all.2, all.3];
    let id = id_of(all[0]);
    assert!(all.iter().all(|connected| id_of(*connected) == id), "{all:?}");
    assert_eq!(all.iter().filter(|connected| matches!(connected, Connected::Added(_))).count(), 1);
    for table in ["accounts", "grants"] {
        assert_eq!(scene.world.raw.count(table).await, 1, "{table}");
    }
    let history =
        scene.world.program.accounts.history(&scene.world.admin().await, id).await.expect("a history");
    assert_eq!(history.len(), 4);
}

#[rstest]
#[tokio::test]
async fn of_two_connectors_that_connect_one_mailbox_at_once_one_does(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let other = add_other_connector(&mut scene).await;
    let (first, second) = (SignIn::of(&scene), SignIn { connector: other, ..SignIn::of(&scene) });
    let (first, second) = tokio::join!(first.connect(&scene), second.connect(&scene));
    match (first, second) {
        (Connected::Added(id), Connected::OtherConnector(there))
        | (Connected::OtherConnector(there), Connected::Added(id)) => assert_eq!(id, there),
        other => unreachable!("{other:?}"),
    }
    assert_eq!((scene.world.raw.count("accounts").await, scene.world.raw.count("grants").await), (1, 1));
}

#[rstest]
#[tokio::test]
async fn an_account_keeps_its_key_when_the_email_changes_and_an_email_that_changes_hands_is_another_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let grace = id_of(SignIn::of(&scene).connect(&scene).await);
    let married = SignIn { email: "grace.m@contoso.test", called: "Grace Murray", ..SignIn::of(&scene) };
    assert_eq!(married.connect(&scene).await, Connected::Again(grace));
    let successor = SignIn { person: "other", called: "Grace Kelly", ..SignIn::of(&scene) };
    let successor = successor.connect(&scene).await;
    assert!(matches!(successor, Connected::Added(id) if id != grace), "{successor:?}");

    let account = scene.account(grace).await;
    assert_eq!(account.email, "grace.m@contoso.test");
    assert_eq!(account.name, "Grace Hopper", "the name that the account has stays");
    let named = SignIn { link: Some(("Office", "customer-7")), ..married };
    assert_eq!(named.connect(&scene).await, Connected::Again(grace));
    assert_eq!(married.connect(&scene).await, Connected::Again(grace));
    let account = scene.account(grace).await;
    assert_eq!((account.name.as_str(), account.reference.as_deref()), ("Office", Some("customer-7")));

    let caller = Caller::job(scene.organisation, "test");
    for (search, number) in [("grace.m@", 1), ("office", 1), ("hopper", 0), ("kelly", 1), ("grace", 2)] {
        let page = scene.world.program.accounts.list(&caller, search, AccountFilter::default(), None).await;
        assert_eq!(page.expect("a page").accounts.len(), number, "{search}");
    }
}

#[rstest]
#[tokio::test]
async fn an_account_moves_only_by_a_link_that_was_made_for_it_with_the_other_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let other = add_other_connector(&mut scene).await;
    let grace = id_of(SignIn::of(&scene).connect(&scene).await);
    let ada = id_of(
        SignIn { person: "ada", email: "ada@contoso.test", ..SignIn::of(&scene) }.connect(&scene).await,
    );
    let elsewhere = SignIn { connector: other, ..SignIn::of(&scene) };
    let before = scene.world.raw.dump(&["sessions", "activity"]).await;

    // A link for any mailbox, and links for another account.
    assert_eq!(elsewhere.connect(&scene).await, Connected::OtherConnector(grace));
    let here = Some(scene.connector_id());
    let of_ada = SignIn { only: Some(ada), moves_from: here, ..elsewhere };
    assert_eq!(of_ada.connect(&scene).await, Connected::WrongAccount);
    let unknown = SignIn { person: "unknown", only: Some(ada), ..SignIn::of(&scene) };
    assert_eq!(unknown.connect(&scene).await, Connected::WrongAccount);
    assert_eq!(scene.world.raw.dump(&["sessions", "activity"]).await, before, "the tokens are dropped");

    let moving = SignIn { only: Some(grace), moves_from: here, ..elsewhere };
    assert_eq!(moving.connect(&scene).await, Connected::Again(grace));
    assert_eq!(scene.account(grace).await.connector, other);
    // A link that was made before the move does not undo it.
    let earlier = SignIn { only: Some(grace), moves_from: here, ..SignIn::of(&scene) };
    assert_eq!(earlier.connect(&scene).await, Connected::OtherConnector(grace));
    assert_eq!(scene.account(grace).await.connector, other);
    let admin = scene.world.admin().await;
    let history = scene.world.program.accounts.history(&admin, grace).await.expect("a history");
    let moved =
        history.iter().find(|entry| entry.kind == HistoryKind::Moved).expect("an entry").read_detail();
    assert_eq!((moved.from, moved.to), (Some(scene.connector_id().0), Some(other.0)));
}

#[rstest]
#[tokio::test]
async fn a_pause_outlasts_a_sign_in_and_a_disconnected_account_is_connected_by_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let (accounts, admin) = (&scene.world.program.accounts, scene.world.admin().await);
    let grace = id_of(SignIn::of(&scene).connect(&scene).await);
    assert!(accounts.pause(&admin, grace).await.expect("paused"));
    assert!(!accounts.pause(&admin, grace).await.expect("paused already"));
    assert!(accounts.disconnect(&admin, grace).await.expect("disconnected"));
    assert!(!accounts.disconnect(&admin, grace).await.expect("disconnected already"));
    assert_eq!(scene.account(grace).await.state, AccountState::Disconnected);
    assert_eq!(scene.world.raw.count("grants").await, 0, "the tokens are erased");

    assert_eq!(SignIn::of(&scene).connect(&scene).await, Connected::Again(grace));
    let account = scene.account(grace).await;
    assert_eq!(
        (account.state, account.paused.and_then(|paused| paused.by)),
        (AccountState::Connected, Some(admin.user()))
    );
    assert!(accounts.resume(&admin, grace).await.expect("resumed"));
    assert!(scene.account(grace).await.paused.is_none());
    let history = accounts.history(&admin, grace).await.expect("a history");
    let mut kinds: Vec<_> = history.iter().map(|entry| entry.kind.name()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["disconnected", "paused", "resumed", "signed_in", "signed_in"]);
    let recorded: Vec<String> = scene
        .world
        .raw
        .column("SELECT action FROM activity WHERE action LIKE 'account.%' ORDER BY action")
        .await;
    assert_eq!(recorded, ["account.disconnected", "account.paused", "account.resumed"]);
}

#[rstest]
#[tokio::test]
async fn deleting_an_account_erases_everything_of_it_and_the_activity_keeps_the_email(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let (accounts, admin) = (&scene.world.program.accounts, scene.world.admin().await);
    let grace = id_of(SignIn::of(&scene).connect(&scene).await);
    accounts.delete(&admin, grace).await.expect("deleted");
    assert!(matches!(accounts.delete(&admin, grace).await, Err(Failure::NotFound)));
    for table in ["accounts", "account_words", "account_events", "grants"] {
        assert_eq!(scene.world.raw.count(table).await, 0, "{table}");
    }
    let entity: String =
        scene.world.raw.one("SELECT entity FROM activity WHERE action = 'account.deleted'").await;
    assert_eq!(entity, "grace@contoso.test");
    assert!(matches!(SignIn::of(&scene).connect(&scene).await, Connected::Added(id) if id != grace));
}

#[rstest]
#[tokio::test]
async fn o2_an_account_of_another_organisation_does_not_exist(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let accounts = &scene.world.program.accounts;
    let grace = id_of(SignIn::of(&scene).connect(&scene).await);
    scene.world.stranger().await;
    let other = scene.world.organisation_id_of("eve@fabrikam.test").await;
    let eve = Caller::job(other, "test");
    let before = scene.world.raw.dump(&["sessions", "throttles"]).await;

    assert!(matches!(accounts.get(&eve, grace).await, Err(Failure::NotFound)));
    for search in ["", "grace", "grace@contoso.test"] {
        let filter = AccountFilter { connector: Some(scene.connector_id()), state: None };
        for filter in [AccountFilter::default(), filter] {
            let page = accounts.list(&eve, search, filter, None).await.expect("a page");
            assert!(page.accounts.is_empty() && page.next.is_none(), "{search}");
        }
    }
    assert!(accounts.counts(&eve, Some(scene.connector_id())).await.expect("counts").is_empty());
    assert!(matches!(accounts.pause_as_operator(other, grace).await, Err(Failure::NotFound)));
    assert!(matches!(accounts.resume_as_operator(other, grace).await, Err(Failure::NotFound)));
    assert!(matches!(accounts.delete_as_operator(other, grace).await, Err(Failure::NotFound)));
    assert_eq!(scene.world.raw.dump(&["sessions", "throttles"]).await, before);
}

#[rstest]
#[tokio::test]
async fn a_sign_in_and_a_deletion_at_once_leave_no_grant_without_an_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let (accounts, admin) = (&scene.world.program.accounts, scene.world.admin().await);
    for _ in 0..5 {
        let grace = id_of(SignIn::of(&scene).connect(&scene).await);
        let (deleted, again) =
            tokio::join!(accounts.delete(&admin, grace), SignIn::of(&scene).connect(&scene));
        deleted.expect("deleted");
        let id = id_of(again);
        let left: Vec<uuid::Uuid> = scene.world.raw.column("SELECT id FROM accounts").await;
        // The sign-in came first, or it made another account.
        assert_eq!(left, if id == grace { vec![] } else { vec![id.0] });
        assert_eq!(scene.world.raw.count("grants").await, i64::try_from(left.len()).expect("a number"));
    }
}

#[rstest]
#[tokio::test]
async fn a_sign_in_and_the_deletion_of_its_connector_at_once_leave_no_account_without_a_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let admin = scene.world.admin().await.reauthenticated().expect("a proof");
    let connectors = &scene.world.program.connectors;
    let delete = connectors.delete(&admin, scene.connector_id(), "Mail archive");
    let (deletion, connected) = tokio::join!(delete, SignIn::of(&scene).try_connect(&scene));
    let left = (scene.world.raw.count("accounts").await, scene.world.raw.count("connectors").await);
    match (deletion.expect("a deletion"), connected) {
        (Deletion::Deleted(_), Err(Failure::NotFound)) => assert_eq!(left, (0, 0)),
        (Deletion::Started(_), Ok(Connected::Added(_))) => assert_eq!(left, (1, 1), "the job removes both"),
        other => unreachable!("{other:?}"),
    }
}
