//! Connected accounts in the measured database. The library writes them, so that each row is as the program writes it.

use std::time::Duration;

use mail360::{
    accounts::service::ConnectedMailbox,
    clients::model::TypedClient,
    connectors::service::{Added, Connector, Typed},
    people::{
        access::{Admin, Scope},
        service::RequestContext,
    },
    platform::failure::Failure,
    providers::{oauth::Grant, provider::Identity},
    router::Program,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use secrecy::ExposeSecret;
use serde_json::json;
use uuid::Uuid;

use crate::{
    installation::Installation,
    strict_server::{Application, Minted, MintedAtGoogle},
};

/// Number of accounts that one transaction connects.
const AT_ONCE: usize = 200;

/// The only row of a query.
async fn row(database: &DatabaseConnection, query: &str) -> sea_orm::QueryResult {
    let statement = Statement::from_string(database.get_database_backend(), query);
    database.query_one_raw(statement).await.expect("an answer").expect("a row")
}

/// The first number of the only row of a query.
pub async fn number(database: &DatabaseConnection, query: &str) -> i64 {
    row(database, query).await.try_get_by_index(0).expect("a number")
}

/// The keys of all accounts.
pub async fn account_keys(database: &DatabaseConnection) -> Vec<Uuid> {
    let statement = Statement::from_string(database.get_database_backend(), "SELECT id FROM accounts");
    let rows = database.query_all_raw(statement).await.expect("an answer");
    rows.iter().map(|row| row.try_get_by_index(0).expect("an id")).collect()
}

fn identity(login: &str, subject: String, directory: Option<String>) -> Identity {
    Identity {
        account: login.to_owned(),
        subject: Some(subject),
        email: Some(login.to_owned()),
        directory,
        ..Identity::default()
    }
}

/// Connects mailboxes to an installation.
pub struct Mailboxes {
    program: Program,
    admin: Admin,
}

impl Mailboxes {
    pub async fn of(installation: &Installation) -> Self {
        let program = installation.program().await;
        let database = installation.database().await;
        let user = row(&database, "SELECT id, organisation_id, email, version FROM users").await;
        let id = |column: &str| user.try_get::<Uuid>("", column).expect("an id");
        // As a request reads it beside its session.
        let standing = serde_json::from_value(json!({
            "id": id("id"),
            "organisation_id": id("organisation_id"),
            "email": user.try_get::<String>("", "email").expect("an email"),
            "name": "Ada",
            "role": "admin",
            "version": user.try_get::<i64>("", "version").expect("a version"),
            "organisation": { "name": "Contoso", "second_factor_required": false },
        }));
        let reauthenticated_at = Some(program.clock.now());
        let context = RequestContext { address: None, request_id: None, reauthenticated_at };
        let member = program.people.member_of_session(standing.expect("a standing"), context);
        let admin = member.expect("an answer").expect("a member").admin().expect("an administrator");
        Self { program, admin }
    }

    /// Adds a connector of this application.
    pub async fn add_connector(&self, name: &str, application: &Application) -> Connector {
        self.add_connector_with(name, application, &[]).await
    }

    /// The same with these optional permissions.
    pub async fn add_connector_with(
        &self,
        name: &str,
        application: &Application,
        scopes: &[&str],
    ) -> Connector {
        let settings = [("account_type", "tenants_and_personal"), ("tenant", "")];
        self.add("outlook", name, application, &settings, scopes).await
    }

    /// Adds a connector for Gmail of this application, with these optional permissions.
    pub async fn add_gmail_connector(
        &self,
        name: &str,
        application: &Application,
        scopes: &[&str],
    ) -> Connector {
        self.add("google", name, application, &[], scopes).await
    }

    async fn add(
        &self,
        provider: &str,
        name: &str,
        application: &Application,
        settings: &[(&str, &str)],
        scopes: &[&str],
    ) -> Connector {
        let typed = Typed {
            provider: provider.to_owned(),
            service_name: name.to_owned(),
            client_id: application.id.clone(),
            client_secret: application.secret.clone().into(),
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            ..Typed::default()
        };
        let service = &self.program.connectors;
        let parsed = typed.parse(service.providers(), service.today()).expect("a sound form");
        let added = service.add(&self.admin, service.new_form(), &parsed).await.expect("an answer");
        let Added::Added(id) = added else { unreachable!("not added: {added:?}") };
        let read = self.program.database.read();
        let found = service.find(&read, self.admin.organisation(), id).await;
        found.expect("an answer").expect("the connector")
    }

    /// Adds an API client that may do everything, without a limit that a measurement reaches. Returns its key.
    pub async fn add_api_client(&self, installation: &Installation) -> String {
        let admin = self.admin.clone().reauthenticated().expect("just now");
        let names = self.program.clients.names(&admin).await.expect("the names");
        let typed = TypedClient {
            // The names of clients differ.
            name: format!("Bench {}", names.len()),
            scopes: Scope::EVERY.iter().map(|scope| scope.name().to_owned()).collect(),
            reach: "all".to_owned(),
            ..TypedClient::default()
        };
        let added = self.program.clients.add(&admin, &typed).await.expect("an answer").expect("a client");
        let database = installation.database().await;
        let unlimited = "UPDATE api_clients SET rate = 1000000, at_once = 100000";
        database.execute_unprepared(unlimited).await.expect("unlimited");
        added.key.secret.expose_secret().to_owned()
    }

    /// Connects these mailboxes through a connector. Each has one of the names in turn.
    pub async fn connect(&self, connector: &Connector, minted: &[Minted], names: [&str; 2]) {
        let owner = |Minted { login, tid, oid, refresh_token }: &Minted| {
            let subject = format!("{tid}:{oid}");
            (identity(login, subject, Some(tid.clone())), refresh_token.clone())
        };
        let owners: Vec<_> = minted.iter().map(owner).collect();
        self.connect_owners(connector, &owners, names).await;
    }

    /// The same with mailboxes of Gmail.
    pub async fn connect_gmail(&self, connector: &Connector, minted: &[MintedAtGoogle], names: [&str; 2]) {
        let owner = |MintedAtGoogle { login, sub, refresh_token }: &MintedAtGoogle| {
            (identity(login, sub.clone(), None), refresh_token.clone())
        };
        let owners: Vec<_> = minted.iter().map(owner).collect();
        self.connect_owners(connector, &owners, names).await;
    }

    /// Each owner has an identity and a refresh token.
    async fn connect_owners(&self, connector: &Connector, owners: &[(Identity, String)], names: [&str; 2]) {
        let organisation = self.admin.organisation();
        for some in owners.chunks(AT_ONCE) {
            let now = self.program.clock.now();
            let connected = self.program.database.write::<_, Failure, _>(async |tx| {
                self.program.connectors.lock(&tx, organisation, connector.id).await?;
                for (number, (identity, refresh_token)) in some.iter().enumerate() {
                    let grant = Grant {
                        access_token: format!("access-of-{}", identity.account).into(),
                        refresh_token: Some(refresh_token.clone().into()),
                        expires_in: Some(Duration::from_hours(1)),
                        ends_in: None,
                        id_token: None,
                        scopes: Some(connector.scopes.clone()),
                        date: None,
                    };
                    let mailbox = ConnectedMailbox {
                        organisation,
                        connector,
                        identity,
                        name: names.get(number % 2).map(|name| (*name).to_owned()),
                        reference: None,
                        only: None,
                        moves_from: None,
                        client: None,
                        scopes: &connector.scopes,
                        asked: &connector.scopes,
                        pinned: connector.application.pin_grant(identity),
                        grant: &grant,
                    };
                    self.program.accounts.connect_within(&tx, mailbox, now).await?;
                }
                Ok(())
            });
            connected.await.expect("connected");
        }
    }
}
