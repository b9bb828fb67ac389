//! A connector that works, links for it, and people who follow them without a user of this program.

use mail360::{
    accounts::service::links::{LinkErrors, MadeLink, NewLink},
    connectors::service::ConnectorId,
    platform::clock::Clock,
};
use secrecy::ExposeSecret;
use serde_json::json;
use url::Url;

use super::{
    browser::{Answer, Browser},
    database::Kind,
    provider::{Canned, tokens},
    sign_ins::callback,
    world::{NewConnector, World},
};

/// Contoso with Ada and a verified connector.
pub struct Linked {
    pub world: World,
    pub ada: Browser,
    /// The path of the connector's page.
    pub connector: String,
    pub id: ConnectorId,
}

impl Linked {
    pub async fn new(kind: Kind) -> Self {
        let world = World::new(kind).await;
        let mut ada = world.set_up().await;
        let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
        let id = connector.rsplit('/').next().expect("an id").parse().expect("an id");
        let linked = Self { world, ada, connector, id };
        linked.verify_connectors().await;
        linked
    }

    /// Lets every connector count as verified.
    pub async fn verify_connectors(&self) {
        let now = self.world.clock.now().micros();
        let verified = format!("UPDATE connectors SET state = 'verified', verified_at = {now}");
        self.world.raw.run(&verified).await.expect("verified");
    }

    /// Another verified connector.
    pub async fn another_connector(&mut self, name: &str) -> ConnectorId {
        let new = NewConnector { name, ..NewConnector::default() };
        let path = self.world.add_connector(&mut self.ada, &new).await;
        self.verify_connectors().await;
        path.rsplit('/').next().expect("an id").parse().expect("an id")
    }

    /// A link for the connector and nothing else.
    pub fn plain(&self) -> NewLink {
        NewLink::of_console(self.id)
    }

    pub async fn try_make(&self, new: NewLink) -> Result<MadeLink, LinkErrors> {
        let admin = self.world.admin().await;
        self.world.program.links.make(&admin.caller(), new).await.expect("an answer")
    }

    /// Makes a link, and returns its path.
    pub async fn make(&self, new: NewLink) -> String {
        path_of(&self.try_make(new).await.expect("a link"))
    }

    /// Follows a link to the address at the provider.
    pub async fn follow(&self, browser: &mut Browser, path: &str) -> Url {
        browser.get(path).await.assert_status(200);
        self.press(browser, path).await
    }

    /// Presses the button of a page, which leads to the provider.
    pub async fn press(&self, browser: &mut Browser, path: &str) -> Url {
        browser.post(path, &[]).await.assert_status(200).link("Continue with Microsoft")
    }

    /// Lets the provider grant everything to the account with this id and these addresses.
    pub fn grant_to(&self, authorize: &Url, oid: &str, email: &str) {
        let claims = super::provider::Claims { oid: oid.to_owned(), ..self.world.claims(authorize) };
        self.world.provider.answer_token(Canned::Json(200, tokens(&claims)));
        let me = json!({ "id": "1", "mail": email, "userPrincipalName": email });
        self.world.provider.answer_me(Canned::Json(200, me));
    }

    /// Comes back from the provider: the page of the outcome, and its path.
    pub async fn come_back(&self, browser: &mut Browser, authorize: &Url, rest: &str) -> (Answer, String) {
        let answer = browser.get(&callback(authorize, rest)).await;
        let path = answer.assert_status(303).location().to_owned();
        assert!(path.starts_with("/connect/outcome/"), "{path}");
        (browser.get(&path).await, path)
    }

    /// Follows a link as Grace, who grants everything: the page of the outcome.
    pub async fn connect(&self, browser: &mut Browser, path: &str) -> Answer {
        let authorize = self.follow(browser, path).await;
        self.world.grant_everything(&authorize);
        self.come_back(browser, &authorize, "code=abc").await.0
    }

    /// The id of the only account.
    pub async fn account(&self) -> mail360::accounts::service::AccountId {
        mail360::accounts::service::AccountId(self.world.raw.one("SELECT id FROM accounts").await)
    }
}

/// The path of a link.
pub fn path_of(link: &MadeLink) -> String {
    let url = Url::parse(link.url.expose_secret()).expect("an address");
    assert_eq!(url.origin().ascii_serialization(), "http://localhost:3000");
    url.path().to_owned()
}
