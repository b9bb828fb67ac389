//! Errors that Microsoft showed on its own page, pasted on a connector's page.

use rstest::rstest;
use time::Duration;

use crate::support::{Kind, NewConnector, SECRET, World, parameter, under_way};

const TENANT: &str = "5a1e0000-7e57-4000-8000-00000000c0de";

fn paste(connector: &str) -> String {
    format!("{connector}/pasted-error")
}

#[rstest]
#[tokio::test]
async fn a_sign_in_that_has_not_come_back_asks_for_microsofts_error(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let asks = "Did Microsoft show an error? Paste it.";
    ada.get(&connector).await.assert_says("Not back from Microsoft yet").assert_says(asks);
    let path = crate::support::sign_in_path(&world).await;
    ada.get(&path).await.assert_says(asks);
    world.clock.advance(Duration::minutes(11));
    ada.get(&connector).await.assert_says("Not finished within ten minutes").assert_says(asks);
    // Another sign-in that was refused does not end the question.
    drop(authorize);
    let authorize = world.start(&mut ada, &connector).await;
    ada.get(&crate::support::callback(&authorize, "error=access_denied")).await.assert_status(303);
    ada.get(&connector).await.assert_says("The sign-in was cancelled").assert_says(asks);
    // One that succeeded does.
    let authorize = world.start(&mut ada, &connector).await;
    world.grant_everything(&authorize);
    ada.get(&crate::support::callback(&authorize, "code=abc")).await.assert_status(303);
    assert!(!ada.get(&connector).await.text().contains(asks));
}

#[rstest]
#[tokio::test]
async fn the_next_step_links_to_the_pages_in_azure_that_it_names(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, _) = under_way(kind).await;
    let client_id: String = world.raw.one("SELECT client_id FROM connectors").await;
    let of_application = |page: &str| format!("/ApplicationMenuBlade/~/{page}/appId/{client_id}\"");
    for (code, place) in [
        ("7000215", of_application("Credentials")),
        ("50011", of_application("Authentication")),
        ("650057", of_application("CallAnAPI")),
        // The application does not exist, so it has no pages either.
        ("700016", "/ApplicationsListBlade\"".to_owned()),
    ] {
        let page = ada.post(&paste(&connector), &[("shown", &format!("AADSTS{code}: words"))]).await;
        page.assert_status(200);
        assert!(page.body.contains(&place), "{code}: {}", page.body);
    }
}

#[rstest]
#[tokio::test]
async fn p7_for_50011_the_two_addresses_are_shown_one_above_the_other_with_the_difference_marked(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, mut ada, connector, _) = under_way(kind).await;
    let error = "AADSTS50011: The redirect URI 'https://localhost:3000/api/connectors' specified in the request does \
        not match the redirect URIs configured for the application '1b4e28ba-2fa1-11d2-883f-0016d3cca427'. Navigate to \
        https://aka.ms/redirectUriMismatchError to learn more.";
    let page = ada.post(&paste(&connector), &[("shown", error)]).await;
    page.assert_status(200).assert_says("The Redirect URI is not the one in Azure");
    page.assert_says("One begins with https, the other with http.");
    page.assert_says("In Microsoft’s error the letter s is too much.");
    assert!(
        page.body
            .contains("<code>http<mark class=\"none\">nothing</mark>://localhost:3000/api/connectors</code>"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("<code>http<mark>s</mark>://localhost:3000/api/connectors</code>"),
        "{}",
        page.body
    );

    // If the request had the right address, the one in Azure is compared.
    let same = error.replace("https://localhost", "http://localhost");
    let page = ada.post(&paste(&connector), &[("shown", &same)]).await;
    page.assert_says("Azure has another one");
    let registered = "http://localhost:3000/api/connectors/";
    let page = ada.post(&paste(&connector), &[("shown", &same), ("registered", registered)]).await;
    page.assert_says("a slash at the end").assert_says("In Azure the slash / at the end is too much.");
    let registered = "http://localhost:3000/api/connector";
    let page = ada.post(&paste(&connector), &[("shown", &same), ("registered", registered)]).await;
    page.assert_says("In Azure the last letter s is missing.");
    page.assert_says("The part after localhost:3000 is different.");
    let fits = "http://localhost:3000/api/connectors";
    let page = ada.post(&paste(&connector), &[("shown", &same), ("registered", fits)]).await;
    page.assert_says("exactly what this program sends");
}

#[rstest]
#[tokio::test]
async fn if_another_account_type_is_the_answer_one_button_changes_it_and_tries_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, _) = under_way(kind).await;
    let error = "AADSTS9002331: Application 'x' is configured for use by Microsoft Account users only. Please use the \
        /consumers endpoint to serve this request.";
    let page = ada.post(&paste(&connector), &[("shown", error)]).await;
    page.assert_says("for personal accounts only")
        .assert_says("Choose Personal accounts only and sign in again");
    let fields = [("version", page.hidden("version")), ("account_type", page.hidden("account_type"))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let leaving = ada.post(&format!("{connector}/retry"), &fields).await;
    let authorize = leaving.assert_status(200).link("Continue to Microsoft");
    assert_eq!(authorize.path(), "/consumers/oauth2/v2.0/authorize");
    ada.get(&connector).await.assert_says("Personal accounts only");
    let changed = r#"{"kind":"fields","fields":["account_type"]}"#;
    let recorded =
        format!("SELECT COUNT(*) FROM activity WHERE action = 'connector.changed' AND detail = '{changed}'");
    assert_eq!(world.raw.one::<i64>(&recorded).await, 1);
    // Sent a second time, as by a double click, it only tries again.
    ada.post(&format!("{connector}/retry"), &fields).await.assert_status(200);
}

#[rstest]
#[case(
    "AADSTS50194: Application 'x' is not configured as a multi-tenant application.",
    "for one tenant only"
)]
#[case("AADSTS90002: Tenant 'contos.com' not found.", "does not know the tenant")]
#[tokio::test]
async fn p8_if_a_tenant_is_the_answer_the_page_asks_for_it_and_tries_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] error: &str,
    #[case] words: &str,
) {
    let (world, mut ada, connector, _) = under_way(kind).await;
    let page = ada.post(&paste(&connector), &[("shown", error)]).await;
    page.assert_says(words).assert_says("Use this tenant and sign in again");
    let (version, kind_of_account) = (page.hidden("version"), page.hidden("account_type"));
    let retry = format!("{connector}/retry");
    let fields = |tenant| {
        [("version", version.as_str()), ("account_type", kind_of_account.as_str()), ("tenant", tenant)]
    };
    ada.post(&retry, &fields("not a tenant"))
        .await
        .assert_status(422)
        .assert_says("Write the Directory (tenant) ID");
    // The stored secret is not sent for another tenant. The page asks for it, with the tenant already filled in.
    let edit = format!("{connector}/edit");
    assert_eq!(ada.post(&retry, &fields(TENANT)).await.assert_status(303).location(), edit);
    let form = ada.get(&edit).await;
    form.assert_says("Enter the client secret of this application");
    assert_eq!(form.value("tenant"), TENANT);
    crate::refused_forms::assert_notice_has_focus(&form);
    let hidden = ["connector", "version", "owner"].map(|name| (name, form.hidden(name)));
    let client_id = form.value("client_id");
    let mut typed: Vec<_> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    typed.extend([
        ("provider", "outlook"),
        ("service_name", "Mail archive"),
        ("client_id", &client_id),
        ("client_secret", SECRET),
        ("secret_expires_on", "2028-11-23"),
        ("account_type", "single_tenant"),
        ("tenant", TENANT),
    ]);
    assert_eq!(ada.post("/do/connectors/change", &typed).await.location(), connector);
    let authorize = world.start(&mut ada, &connector).await;
    assert_eq!(authorize.path(), format!("/{TENANT}/oauth2/v2.0/authorize"));
    assert_eq!(parameter(&authorize, "prompt"), "select_account");
}

#[rstest]
#[tokio::test]
async fn a_retry_does_not_overwrite_another_users_change(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector, _) = under_way(kind).await;
    let settings = r#"{"account_type":"multiple_tenants","tenant":null}"#;
    let change = format!("UPDATE connectors SET version = version + 1, provider_settings = '{settings}'");
    world.raw.run(&change).await.expect("changed");
    let fields = [("version", "1"), ("account_type", "personal_only")];
    assert_eq!(
        ada.post(&format!("{connector}/retry"), &fields).await.assert_status(303).location(),
        connector
    );
    ada.get(&connector).await.assert_says("Another user changed this connector at the same time");
    assert_eq!(world.setting("account_type").await, "multiple_tenants");
}

#[rstest]
#[tokio::test]
async fn an_unknown_code_links_to_microsofts_page_and_a_text_without_an_error_is_asked_for_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, mut ada, connector, _) = under_way(kind).await;
    let page = ada.post(&paste(&connector), &[("shown", "AADSTS9999999: Something new.")]).await;
    page.assert_status(200).assert_says("Microsoft’s error 9999999");
    assert!(page.body.contains("https://login.microsoftonline.com/error?code=9999999"));
    let page = ada.post(&paste(&connector), &[("shown", "it <b>does not</b> work")]).await;
    page.assert_status(422).assert_says("We found no error code in this text");
    page.assert_says("it <b>does not</b> work");
    ada.get(&paste(&connector)).await.assert_status(200).assert_says("What Microsoft showed");
}

#[rstest]
#[tokio::test]
async fn c6_a_pasted_text_is_shown_as_text(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (_world, mut ada, connector, _) = under_way(kind).await;
    let evil = "</textarea></code>\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    for text in
        [evil.to_owned(), format!("AADSTS50011: {evil} http://x/{evil}"), format!("AADSTS9999999: {evil}")]
    {
        let page = ada.post(&paste(&connector), &[("shown", &text), ("registered", evil)]).await;
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<img src=x"), "{}", page.body);
    }
}

#[rstest]
#[tokio::test]
async fn a_pasted_text_is_not_stored(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector, _) = under_way(kind).await;
    for error in ["AADSTS50011: canary-paste 'http://localhost:3000/x'", "canary-paste"] {
        ada.post(&paste(&connector), &[("shown", error), ("registered", "https://canary-paste.test/")]).await;
    }
    assert!(!world.raw.dump(&[]).await.join("\n").contains("canary-paste"));
}

#[rstest]
#[tokio::test]
async fn i1_a_pasted_text_of_any_size_and_any_characters_gets_an_answer(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let long = format!("AADSTS50011: {}", "x ".repeat(15_000));
    ada.post(&paste(&connector), &[("shown", &long)]).await.assert_status(200);
    let larger = "x".repeat(70_000);
    // The longest text that the field takes, of characters with the longest encoding in a form.
    let page = ada.get(&paste(&connector)).await;
    let most: usize = page
        .body
        .split("maxlength=\"")
        .filter_map(|rest| rest.split('"').next()?.parse().ok())
        .max()
        .expect("a field");
    let longest = format!("AADSTS50011{}", "Я".repeat(most - 11));
    ada.post(&paste(&connector), &[("shown", &longest)]).await.assert_status(200);
    ada.post(&paste(&connector), &[("shown", &larger)]).await.assert_status(413);
    for odd in [
        "\0\u{1b}[31mAADSTS50011\r\n",
        "AADSTS",
        "http://",
        "%",
        "%3a%ff",
        "İAADSTS50011: Request Id: \u{130}",
    ] {
        let answer = ada.post(&paste(&connector), &[("shown", odd), ("registered", odd)]).await;
        assert!(matches!(answer.status.as_u16(), 200 | 422), "{odd:?}: {}", answer.status);
    }
}
