//! Consent links: an administrator of another company opens one, goes to the provider and comes back, and what proves an
//! approval.

use axum::body::Body;
use rstest::rstest;
use serde_json::json;
use time::Duration;
use url::Url;

use crate::support::{Answer, Browser, Canned, Kind, Linked, NewConnector, World, parameter, tokens};

/// The directory of the accounts that sign in in these tests.
pub const COMPANY: &str = "5a1e0000-7e57-4000-8000-00000000c0de";
/// Another directory.
const OTHER: &str = "bbbbbbbb-7e57-4000-8000-000000000002";

/// The path of the consent link that a page shows.
#[track_caller]
pub fn shown_link(page: &Answer) -> String {
    let text = page.body.replace("<wbr>", "");
    let (_, rest) = text.split_once("http://localhost:3000/consent/").expect("a link");
    format!("/consent/{}", rest.chars().take(43).collect::<String>())
}

/// Makes a link for this directory, and returns its path.
pub async fn make(browser: &mut Browser, connector: &str, directory: &str) -> String {
    let page = browser.post(&format!("{connector}/approvals"), &[("directory", directory)]).await;
    shown_link(page.assert_status(200))
}

/// Presses the button of a link: the address at the provider.
async fn leave(browser: &mut Browser, path: &str) -> Url {
    browser.get(path).await.assert_status(200);
    browser.post(path, &[]).await.assert_status(200).link("Continue with Microsoft")
}

/// The return from the provider with an approval.
fn approved(asked: &Url) -> String {
    let state = parameter(asked, "state");
    format!("/api/connectors?admin_consent=True&tenant={OTHER}&scope=canary-scope&state={state}")
}

async fn recorded(world: &World, action: &str) -> i64 {
    world.raw.one(&format!("SELECT COUNT(*) FROM activity WHERE action = '{action}'")).await
}

/// Number of links with a value in this column.
async fn with(world: &World, column: &str) -> i64 {
    world.raw.one(&format!("SELECT COUNT(*) FROM consent_links WHERE {column} IS NOT NULL")).await
}

fn metadata(tenant: &str) -> Canned {
    Canned::Json(200, json!({ "issuer": format!("https://login.microsoftonline.com/{tenant}/v2.0") }))
}

#[rstest]
#[tokio::test]
async fn a_link_pins_the_directory_of_a_domain_and_asks_its_administrator(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    linked.world.provider.answer_metadata(metadata(COMPANY));
    let path = make(&mut linked.ada, &connector, "Fabrikam.test").await;
    let asked = linked.world.provider.requests();
    let address = "https://login.microsoftonline.com/fabrikam.test/v2.0/.well-known/openid-configuration";
    assert_eq!(asked.last().map(|seen| seen.url.as_str()), Some(address));
    let token = path.rsplit('/').next().expect("a token");
    assert!(!linked.world.raw.dump(&[]).await.join("\n").contains(token), "the token is stored as a hash");

    let mut mona = linked.world.browser();
    let page = mona.get(&path).await;
    page.assert_status(200).assert_says("Contoso asks you to allow software for your company");
    page.assert_says("For the company fabrikam.test").assert_says("Read your mail");
    page.assert_says("No mailbox is connected to you.").assert_says("This link works until");
    let url = leave(&mut mona, &path).await;
    assert_eq!(url.host_str(), Some("login.microsoftonline.com"));
    assert_eq!(url.path(), format!("/{COMPANY}/v2.0/adminconsent"));
    let client_id: String = linked.world.raw.one("SELECT client_id FROM connectors").await;
    assert_eq!(parameter(&url, "client_id"), client_id);
    assert_eq!(parameter(&url, "redirect_uri"), "http://localhost:3000/api/connectors");
    assert!(parameter(&url, "scope").split(' ').any(|scope| scope == "Mail.Read"), "{url}");
    let state = parameter(&url, "state");
    assert!(state.len() <= 512 && !state.contains(token), "{state}");
    assert!(mona.cookies.keys().any(|name| name.ends_with("sign_in")), "{:?}", mona.cookies);
    assert_eq!(recorded(&linked.world, "consent_link.made").await, 1);
}

#[rstest]
#[tokio::test]
async fn get_and_head_change_nothing_and_the_page_speaks_the_language_of_its_reader(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    let path = make(&mut linked.ada, &connector, COMPANY).await;
    let before = linked.world.raw.dump(&["throttles"]).await;
    for method in ["GET", "HEAD"] {
        let mut browser = linked.world.browser();
        let request = browser.request(method, &path).body(Body::empty()).expect("a request");
        let answer = browser.send(request).await;
        answer.assert_status(200);
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert!(answer.header("x-robots-tag").contains("noindex"));
        assert_eq!(answer.header("cache-control"), "no-store, no-transform");
        assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    }
    let mut mona = linked.world.browser();
    let german = mona.get(&format!("{path}?language=de")).await;
    german.assert_says("Mit Ihnen wird kein Postfach verbunden.");
    assert!(german.body.contains("<html lang=\"de\""), "{}", german.body);
    // The choice lasts through the provider.
    let page = mona.post(&path, &[]).await;
    let url = page.assert_status(200).link("Weiter mit Microsoft");
    assert_eq!(linked.world.raw.dump(&["throttles"]).await, before, "the button makes no row either");
    mona.get(&approved(&url)).await.assert_says("Sie haben die Berechtigungen erlaubt");
    mona.get("/consent/nothing").await.assert_status(404);
}

#[rstest]
#[tokio::test]
async fn an_approval_is_reported_once_and_the_directory_of_the_address_is_never_stored(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    let path = make(&mut linked.ada, &connector, COMPANY).await;
    let mut mona = linked.world.browser();
    let url = leave(&mut mona, &path).await;
    let page = mona.get(&approved(&url)).await;
    page.assert_status(200).assert_says("You allowed the permissions");
    page.assert_says(
        "Microsoft reports that you allowed the software “Mail archive” of Contoso for your company.",
    );
    page.assert_says("No mailbox is connected to you.").assert_says("You can close this page.");
    let dump = linked.world.raw.dump(&[]).await;
    assert!(!dump.join("\n").contains(OTHER) && !dump.join("\n").contains("canary-scope"), "{dump:?}");
    assert_eq!(with(&linked.world, "reported_at").await, 1);
    assert_eq!(with(&linked.world, "approved_at").await, 0, "a report proves nothing");
    assert_eq!(recorded(&linked.world, "consent_link.reported").await, 1);

    let list = linked.ada.get(&format!("{connector}/approvals")).await;
    list.assert_says("Approval reported").assert_says("No approval has been proved yet.");
    linked.ada.get(&connector).await.assert_says("Approvals of companies: none, 1 open link");
    linked.ada.get("/settings/activity").await.assert_says("reported the approval of the company");

    // The same address again, and another trip, change nothing more.
    let before = linked.world.raw.dump(&["throttles"]).await;
    linked.world.clock.advance(Duration::minutes(5));
    mona.get(&approved(&url)).await.assert_says("You allowed the permissions");
    let url = leave(&mut mona, &path).await;
    mona.get(&approved(&url)).await.assert_says("You allowed the permissions");
    assert_eq!(linked.world.raw.dump(&["throttles"]).await, before);
    mona.get(&path).await.assert_status(200).assert_says("An approval was reported on");
}

#[rstest]
#[tokio::test]
async fn o2_an_approval_of_another_browser_of_a_stranger_or_of_yesterday_changes_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    let path = make(&mut linked.ada, &connector, COMPANY).await;
    let (mut mona, mut mallory) = (linked.world.browser(), linked.world.browser());
    let url = leave(&mut mona, &path).await;
    // Mallory has a binding too, and even the link.
    leave(&mut mallory, &path).await;
    let state = parameter(&url, "state");
    let last = if state.ends_with('A') { "B" } else { "A" };
    let forged = format!("{}{last}", &state[..state.len() - 1]);
    for address in [
        approved(&url),
        format!("/api/connectors?admin_consent=True&state={forged}"),
        "/api/connectors?admin_consent=True&state=consent-link.".to_owned(),
        "/api/connectors?admin_consent=True&state=consent-link.AAAA".to_owned(),
        format!("/api/connectors?admin_consent=True&tenant={COMPANY}"),
    ] {
        let page = mallory.get(&address).await;
        assert!(!page.text().contains("Contoso") && !page.text().contains("Mail archive"), "{}", page.text());
        assert_eq!(with(&linked.world, "reported_at").await, 0, "{address}");
    }
    // A state of a consent link is none of a sign-in.
    mona.get(&format!("/api/connectors?code=abc&state={state}")).await.assert_status(400);
    linked.world.clock.advance(Duration::hours(1));
    let page = mona.get(&approved(&url)).await;
    assert!(!page.text().contains("Contoso"), "{}", page.text());
    assert_eq!(with(&linked.world, "reported_at").await, 0);
    assert!(linked.world.provider.exchanges().is_empty(), "nothing was sent");
}

#[rstest]
#[case::cancelled("error=access_denied&error_subcode=cancel", "may not allow software for the company")]
#[case::busy("admin_consent=True&error=temporarily_unavailable", "Microsoft has a problem at the moment.")]
#[case::refused(
    "admin_consent=True&error=invalid_client&error_description=AADSTS650052%3A+Canary.",
    "Microsoft refused the approval."
)]
#[tokio::test]
async fn an_error_is_explained_to_the_administrator_who_may_try_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] query: &str,
    #[case] words: &str,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    let path = make(&mut linked.ada, &connector, COMPANY).await;
    let mut mona = linked.world.browser();
    let url = leave(&mut mona, &path).await;
    let page = mona.get(&format!("/api/connectors?{query}&state={}", parameter(&url, "state"))).await;
    page.assert_status(200).assert_says("The permissions were not allowed").assert_says(words);
    page.assert_says("Try again").assert_says("Nothing was changed.");
    assert!(!page.text().contains("Canary"), "{}", page.text());
    assert_eq!(page.text().contains("AADSTS650052"), query.contains("AADSTS650052"), "{}", page.text());
    assert!(page.body.contains(&format!("action=\"{path}?language=en\"")), "{}", page.body);
    assert_eq!(with(&linked.world, "reported_at").await, 0);
    assert_eq!(linked.world.state(&connector).await, "verified", "the connector did not fail");
    let url = leave(&mut mona, &path).await;
    mona.get(&approved(&url)).await.assert_says("You allowed the permissions");
}

#[rstest]
#[case::after_a_report(true)]
#[case::without_a_return(false)]
#[tokio::test]
async fn a_sign_in_of_the_directory_proves_the_approval_and_one_of_another_directory_does_not(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] is_reported: bool,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    let path = make(&mut linked.ada, &connector, COMPANY).await;
    linked.world.clock.advance(Duration::seconds(1));
    let revoked = make(&mut linked.ada, &connector, COMPANY).await;
    let id: uuid::Uuid = linked.world.raw.one("SELECT id FROM consent_links ORDER BY id DESC LIMIT 1").await;
    linked.ada.post(&format!("{connector}/approvals/{id}/revoke"), &[]).await.assert_status(303);
    let mut mona = linked.world.browser();
    if is_reported {
        let url = leave(&mut mona, &path).await;
        mona.get(&approved(&url)).await.assert_says("You allowed the permissions");
    }

    // Another company connects a mailbox.
    let other = linked.make(linked.plain()).await;
    let mut hopper = linked.world.browser();
    let authorize = linked.follow(&mut hopper, &other).await;
    let mut claims = linked.world.claims(&authorize);
    claims.issuer = claims.issuer.replace(&claims.tenant, OTHER);
    OTHER.clone_into(&mut claims.tenant);
    linked.world.provider.answer_token(Canned::Json(200, tokens(&claims)));
    linked.world.say_who();
    let (page, _) = linked.come_back(&mut hopper, &authorize, "code=abc").await;
    page.assert_says("Your mailbox is connected");
    assert_eq!(with(&linked.world, "approved_at").await, 0);
    assert_eq!(linked.world.raw.count("approved_directories").await, 0, "no link was made for it");

    let own = linked.make(linked.plain()).await;
    linked.connect(&mut linked.world.browser(), &own).await.assert_says("Your mailbox is connected");
    assert_eq!(with(&linked.world, "approved_at").await, 1, "the revoked one stays revoked");
    assert_eq!(recorded(&linked.world, "directory.approved").await, 1);
    mona.get(&path).await.assert_status(200).assert_says("Your company allows this software already");
    mona.post(&path, &[]).await.assert_status(200).assert_says("There is nothing more to do.");
    mona.get(&revoked).await.assert_status(410).assert_says("This link was withdrawn");
    let list = linked.ada.get(&format!("{connector}/approvals")).await;
    list.assert_says("Approved").assert_says("Proved by a sign-in on").assert_says("Revoked");
    linked.ada.get(&connector).await.assert_says("Approvals of companies: 1");
    let activity = linked.ada.get("/settings/activity").await;
    activity.assert_says("A person with a link proved by a sign-in the approval of the company");

    // The next sign-in of the company is nothing new.
    let again = linked.make(linked.plain()).await;
    linked.connect(&mut linked.world.browser(), &again).await;
    assert_eq!(recorded(&linked.world, "directory.approved").await, 1);
}

#[rstest]
#[tokio::test]
async fn a_connector_for_personal_accounts_offers_no_approval_and_one_of_a_single_company_only_its_own(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let new = NewConnector { name: "Personal", account_type: "personal_only", ..NewConnector::default() };
    let personal = world.add_connector(&mut ada, &new).await;
    assert!(!ada.get(&personal).await.body.contains(&format!("{personal}/approvals")));
    let page = ada.get(&format!("{personal}/approvals")).await;
    page.assert_status(200).assert_says("each user agrees alone");
    assert!(!page.body.contains("Make a link"), "{}", page.body);
    let refused = ada.post(&format!("{personal}/approvals"), &[("directory", COMPANY)]).await;
    refused.assert_status(422).assert_says("each user agrees alone");

    let new = NewConnector {
        name: "Own",
        account_type: "single_tenant",
        tenant: COMPANY,
        ..NewConnector::default()
    };
    let own = world.add_connector(&mut ada, &new).await;
    let page = ada.get(&format!("{own}/approvals")).await;
    page.assert_says("Only users of one company can sign in").assert_says(COMPANY);
    let path = make(&mut ada, &own, OTHER).await;
    let url = leave(&mut world.browser(), &path).await;
    assert_eq!(url.path(), format!("/{COMPANY}/v2.0/adminconsent"), "the typed text is ignored");
}

#[rstest]
#[case::empty("", None, "Write a domain of the company")]
#[case::no_domain("common", None, "Write a domain of the company")]
#[case::unknown("fabrikam.test", None, "does not know this domain")]
#[case::lying("fabrikam.test", Some("https://evil.example/{}/v2.0"), "does not know this domain")]
#[case::personal("outlook.test", Some("personal"), "belongs to personal accounts")]
#[tokio::test]
async fn a_company_that_cannot_be_pinned_is_refused_with_what_was_typed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] typed: &str,
    #[case] issuer: Option<&str>,
    #[case] words: &str,
) {
    let mut linked = Linked::new(kind).await;
    let answer = match issuer {
        None => Canned::Text(404, "<html>".to_owned()),
        Some("personal") => metadata("9188040d-6c67-4c5b-b112-36a304b66dad"),
        Some(issuer) => Canned::Json(200, json!({ "issuer": issuer.replace("{}", COMPANY) })),
    };
    linked.world.provider.answer_metadata(answer);
    let page = linked.ada.post(&format!("{}/approvals", linked.connector), &[("directory", typed)]).await;
    page.assert_status(422).assert_says(words).assert_says("No link was made.");
    if !typed.is_empty() {
        assert_eq!(page.value("directory"), typed);
    }
    assert_eq!(linked.world.raw.count("consent_links").await, 0);
}
