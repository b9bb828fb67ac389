//! Which accounts an API client reaches: all, those of its connectors, or those that its links have made. For others,
//! every answer is as if there were none.

use mail360::{
    accounts::service::{
        AccountFilter, AccountId, Connected, ConnectedMailbox,
        links::{LinkSource, MadeLink, NewLink},
    },
    clients::{
        model::{ApiClientId, CredentialKind, ReachKind, TypedClient},
        service::{NewClient, Revoked},
    },
    connectors::service::ConnectorId,
    people::{
        access::{Admin, Caller, Reauthenticated},
        service::RequestContext,
    },
    platform::{clock::Clock, failure::Failure, id::OrganisationId},
    providers::{oauth::Grant, provider::Identity},
};
use rstest::rstest;
use serde_json::json;

use crate::{
    account_pages::add_account,
    api_clients::{add, typed},
    support::{Kind, Linked, World},
};

/// Contoso with two verified connectors.
pub struct Scene {
    linked: Linked,
    organisation: OrganisationId,
    pub first: ConnectorId,
    pub second: ConnectorId,
}

impl Scene {
    pub async fn new(kind: Kind) -> Self {
        let mut linked = Linked::new(kind).await;
        let (first, second) = (linked.id, linked.another_connector("Second").await);
        let organisation = linked.world.organisation_id_of("ada@contoso.test").await;
        Self { linked, organisation, first, second }
    }

    pub fn world(&self) -> &World {
        &self.linked.world
    }

    pub async fn account(&self, connector: ConnectorId, email: &str) -> AccountId {
        let id = add_account(self.world(), &connector.to_string(), email).await;
        id.parse().expect("an id")
    }

    /// A client with this reach, as a caller.
    pub async fn client(&self, reach: ReachKind, connectors: &[ConnectorId]) -> (ApiClientId, Caller) {
        let typed = TypedClient {
            reach: reach.name().to_owned(),
            connectors: connectors.iter().map(ToString::to_string).collect(),
            ..typed(&format!("CRM {}", self.world().raw.count("api_clients").await))
        };
        let NewClient { id, .. } = add(self.world(), &typed).await;
        (id, Caller::of_client(self.organisation, id, reach.of_client(id), None, None))
    }

    async fn emails(&self, caller: &Caller, search: &str) -> Vec<String> {
        let accounts = &self.world().program.accounts;
        let page = accounts.list(caller, search, AccountFilter::default(), None).await.expect("a page");
        page.accounts.into_iter().map(|account| account.email).collect()
    }

    async fn can_read(&self, caller: &Caller, account: AccountId) -> bool {
        match self.world().program.accounts.get(caller, account).await {
            Ok(_) => true,
            Err(Failure::NotFound) => false,
            Err(failure) => unreachable!("{failure:?}"),
        }
    }

    /// A link that an application makes for a new mailbox.
    async fn make(&self, caller: &Caller, connector: ConnectorId) -> Result<MadeLink, Failure> {
        let new = NewLink {
            expected_email: Some("new@contoso.test".to_owned()),
            source: LinkSource::Api,
            ..NewLink::of_console(connector)
        };
        let made = self.world().program.links.make(caller, new).await?;
        Ok(made.expect("a link"))
    }

    /// Connects a mailbox as a sign-in with a link of this client does.
    async fn connect(
        &self,
        client: Option<ApiClientId>,
        connector: ConnectorId,
        person: &str,
        scopes: &[&str],
        move_allowed: bool,
    ) -> Connected {
        let program = &self.world().program;
        let identity = Identity {
            account: format!("{person}@contoso.test"),
            subject: Some(format!("5a1e0000-7e57-4000-8000-00000000c0de:{person}")),
            email: Some(format!("{person}@contoso.test")),
            directory: Some("5a1e0000-7e57-4000-8000-00000000c0de".to_owned()),
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
        let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let connected = program
            .database
            .write::<_, Failure, _>(async |tx| {
                let found = program.connectors.lock(&tx, self.organisation, connector).await?;
                let connector = found.ok_or(Failure::NotFound)?;
                let mailbox = ConnectedMailbox {
                    organisation: self.organisation,
                    connector: &connector,
                    identity: &identity,
                    name: client.map(|_| "Of the link".to_owned()),
                    reference: client.map(|_| "of-the-link".to_owned()),
                    only: None,
                    moves_from: move_allowed.then_some(self.first),
                    client,
                    scopes: &scopes,
                    asked: &scopes,
                    pinned: connector.application.pin_grant(&identity),
                    grant: &grant,
                };
                program.accounts.connect_within(&tx, mailbox, program.clock.now()).await
            })
            .await;
        connected.expect("an answer")
    }
}

/// This user, an administrator, as services get one just after the password was entered.
async fn administrator(world: &World, email: &str) -> Reauthenticated<Admin> {
    let of = |column: &str| format!("SELECT {column} FROM users WHERE email = '{email}'");
    let standing = serde_json::from_value(json!({
        "id": world.raw.one::<uuid::Uuid>(&of("id")).await,
        "organisation_id": world.raw.one::<uuid::Uuid>(&of("organisation_id")).await,
        "email": email,
        "name": "An administrator",
        "role": "admin",
        "version": world.raw.one::<i64>(&of("version")).await,
        "organisation": { "name": "Theirs", "second_factor_required": false },
    }));
    let reauthenticated_at = Some(world.clock.now());
    let context = RequestContext { address: None, request_id: None, reauthenticated_at };
    let member = world.program.people.member_of_session(standing.expect("a standing"), context);
    let admin = member.expect("an answer").expect("a member").admin().expect("an administrator");
    admin.reauthenticated().expect("just now")
}

#[rstest]
#[tokio::test]
async fn a_client_sees_the_accounts_within_its_reach_and_no_others(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let grace = scene.account(scene.first, "grace@contoso.test").await;
    let henry = scene.account(scene.second, "henry@contoso.test").await;
    let missing = "UPDATE accounts SET indexed_name = NULL";
    scene.world().raw.run(missing).await.expect("changed");
    scene.world().run_sweep().await;
    let (_, all) = scene.client(ReachKind::All, &[]).await;
    let (_, of_second) = scene.client(ReachKind::Connectors, &[scene.second]).await;
    let (own, connected) = scene.client(ReachKind::Connected, &[]).await;
    let both = ["grace@contoso.test", "henry@contoso.test"];
    for (caller, seen) in [(&all, &both[..]), (&of_second, &both[1..]), (&connected, &both[..0])] {
        assert_eq!(scene.emails(caller, "").await, seen);
        // By the beginning of an email, and by words.
        assert_eq!(scene.emails(caller, "grace@").await, &seen[..usize::from(seen.len() == 2)]);
        assert_eq!(scene.emails(caller, "contoso").await, seen);
        for (account, email) in [(grace, both[0]), (henry, both[1])] {
            assert_eq!(scene.can_read(caller, account).await, seen.contains(&email), "{email}");
        }
        let counts = scene.world().program.accounts.counts(caller, None).await.expect("counts");
        assert_eq!(counts.iter().map(|(_, number)| *number).sum::<u64>(), seen.len() as u64);
    }
    // An account that a sign-in with its link has made.
    let scopes = &["Mail.Read"];
    let Connected::Added(ida) = scene.connect(Some(own), scene.first, "ida", scopes, false).await else {
        unreachable!("the account is new");
    };
    assert_eq!(scene.emails(&connected, "").await, ["ida@contoso.test"]);
    assert!(scene.can_read(&connected, ida).await && !scene.can_read(&of_second, ida).await);
    // A sign-in to an account that was there adds nothing to the reach.
    let again = scene.connect(Some(own), scene.first, "ida", scopes, false).await;
    assert_eq!(again, Connected::Again(ida));
    let (other, connected_by_other) = scene.client(ReachKind::Connected, &[]).await;
    let again = scene.connect(Some(other), scene.first, "ida", scopes, false).await;
    assert_eq!(again, Connected::Again(ida));
    assert!(!scene.can_read(&connected_by_other, ida).await);
}

#[rstest]
#[tokio::test]
async fn a_changed_reach_counts_at_the_next_call(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let scene = Scene::new(kind).await;
    let henry = scene.account(scene.second, "henry@contoso.test").await;
    let (id, caller) = scene.client(ReachKind::Connectors, &[scene.second]).await;
    assert!(scene.can_read(&caller, henry).await);
    let first = TypedClient {
        reach: "connectors".to_owned(),
        connectors: vec![scene.first.to_string()],
        ..typed("CRM")
    };
    let admin = administrator(scene.world(), "ada@contoso.test").await;
    let clients = &scene.world().program.clients;
    assert_eq!(clients.change(&admin, id, 1, &first).await.expect("an answer"), Ok(()));
    assert!(!scene.can_read(&caller, henry).await);
    let gone = TypedClient { connectors: vec![uuid::Uuid::nil().to_string()], ..first };
    let refused = clients.change(&admin, id, 2, &gone).await.expect("an answer").expect_err("gone");
    assert_eq!(refused[0].0, "connectors");
}

#[rstest]
#[tokio::test]
async fn a_client_makes_links_for_its_own_connectors_and_they_end_with_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let grace = scene.account(scene.first, "grace@contoso.test").await;
    let (id, of_second) = scene.client(ReachKind::Connectors, &[scene.second]).await;
    assert!(matches!(scene.make(&of_second, scene.first).await, Err(Failure::NotFound)));
    let for_grace = NewLink { account: Some(grace), ..NewLink::of_console(scene.second) };
    let links = &scene.world().program.links;
    assert!(matches!(links.make(&of_second, for_grace).await, Err(Failure::NotFound)));
    let accounts = &scene.world().program.accounts;
    for (connector, reached) in [(scene.first, false), (scene.second, true)] {
        assert_eq!(accounts.reaches_connector(&of_second, connector).await.expect("an answer"), reached);
    }
    scene.make(&of_second, scene.second).await.expect("a link");
    scene.make(&of_second, scene.second).await.expect("a link");
    let (_, all) = scene.client(ReachKind::All, &[]).await;
    scene.make(&all, scene.first).await.expect("a link");
    let open = "SELECT COUNT(*) FROM connect_links WHERE revoked_at IS NULL";
    assert_eq!(scene.world().raw.one::<i64>(open).await, 3);

    let admin = scene.world().admin().await.reauthenticated().expect("a recent password");
    let revoked = scene.world().program.clients.revoke_everything(&admin, id).await.expect("revoked");
    assert_eq!(revoked, Revoked { credentials: 1, links: 2 });
    assert_eq!(scene.world().raw.one::<i64>(open).await, 1);
    let why = "SELECT revoked_why FROM connect_links WHERE revoked_at IS NOT NULL";
    assert_eq!(scene.world().raw.column::<String>(why).await, ["client_revoked"; 2]);
    // A process that still takes the credential for valid makes no link with it.
    assert!(matches!(scene.make(&of_second, scene.second).await, Err(Failure::LoggedOut)));
    scene.world().clock.advance(time::Duration::seconds(31));
    scene.make(&of_second, scene.second).await.expect("a link, with a new credential");
    scene.world().program.clients.delete(&admin, id).await.expect("deleted");
    assert_eq!(scene.world().raw.one::<i64>(open).await, 1);
    assert!(matches!(scene.make(&of_second, scene.second).await, Err(Failure::LoggedOut)));
}

#[rstest]
#[tokio::test]
async fn a_link_of_a_limited_client_takes_nothing_from_an_account_that_others_use(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let both = &["Mail.Read", "Mail.Send"];
    let Connected::Added(grace) = scene.connect(None, scene.first, "grace", both, false).await else {
        unreachable!("the account is new");
    };
    let (limited, _) = scene.client(ReachKind::Connected, &[]).await;
    let before = scene.world().raw.dump(&["activity"]).await;
    let refused = Connected::AlreadyConnected(grace);
    let fewer = scene.connect(Some(limited), scene.first, "grace", &["Mail.Read"], false).await;
    assert_eq!(fewer, refused);
    assert_eq!(scene.connect(Some(limited), scene.second, "grace", both, true).await, refused);
    assert_eq!(scene.world().raw.dump(&["activity"]).await, before, "nothing was changed");
    // The same permissions, or more, harm no other application.
    let more = &["Mail.Read", "Mail.Send", "Contacts.Read"];
    assert_eq!(
        scene.connect(Some(limited), scene.first, "grace", more, false).await,
        Connected::Again(grace)
    );

    // Of its own account it may take permissions, unless another client reaches it.
    let Connected::Added(ida) = scene.connect(Some(limited), scene.first, "ida", both, false).await else {
        unreachable!("the account is new");
    };
    let fewer = async || scene.connect(Some(limited), scene.first, "ida", &["Mail.Read"], false).await;
    assert_eq!(fewer().await, Connected::Again(ida));
    assert_eq!(scene.connect(Some(limited), scene.first, "ida", both, false).await, Connected::Again(ida));
    let (all, _) = scene.client(ReachKind::All, &[]).await;
    assert_eq!(fewer().await, Connected::AlreadyConnected(ida));
    // A client that reaches everything may change everything.
    let by_all = scene.connect(Some(all), scene.second, "ida", &["Mail.Read"], true).await;
    assert_eq!(by_all, Connected::Again(ida));

    let row = async || {
        let named =
            "SELECT name || '/' || COALESCE(reference, '-') || '/' || state FROM accounts ORDER BY email";
        scene.world().raw.column::<String>(named).await.remove(0)
    };
    assert_eq!(row().await, "/-/connected", "the link of another one does not name it");
    let admin = scene.world().admin().await;
    scene.world().program.accounts.disconnect(&admin, grace).await.expect("disconnected");
    assert_eq!(scene.connect(Some(limited), scene.first, "grace", both, false).await, refused);
    assert_eq!(row().await, "/-/disconnected");
    let (of_first, _) = scene.client(ReachKind::Connectors, &[scene.first]).await;
    let again = scene.connect(Some(of_first), scene.first, "grace", both, false).await;
    assert_eq!((again, row().await.as_str()), (Connected::Again(grace), "Of the link/of-the-link/connected"));
}

#[rstest]
#[tokio::test]
async fn clients_of_one_organisation_do_not_exist_for_another(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let world = scene.world();
    let NewClient { id, key, .. } = add(world, &typed("CRM")).await;
    world.stranger().await;
    let eve = administrator(world, "eve@fabrikam.test").await;
    let clients = &world.program.clients;
    assert_eq!(clients.list(&eve).await.expect("a list").len(), 0);
    assert!(clients.names(&eve).await.expect("a list").is_empty());
    let made = clients.make_credential(&eve, id, CredentialKind::ApiKey, None).await;
    let theirs = TypedClient {
        reach: "connectors".to_owned(),
        connectors: vec![scene.first.to_string()],
        ..typed("Hers")
    };
    let errors = clients.add(&eve, &theirs).await.expect("an answer").expect_err("a foreign connector");
    assert_eq!(errors[0].0, "connectors");
    let failures = [
        clients.get(&eve, id).await.map(drop),
        clients.change(&eve, id, 1, &typed("Hers")).await.map(drop),
        made.map(drop),
        clients.remove_credential(&eve, id, key.id).await,
        clients.revoke_everything(&eve, id).await.map(drop),
        clients.delete(&eve, id).await,
    ];
    for failure in failures {
        assert!(matches!(failure, Err(Failure::NotFound)), "{failure:?}");
    }
    assert_eq!(clients.list(&world.admin().await).await.expect("a list").len(), 1);
}
