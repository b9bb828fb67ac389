//! Microsoft's clouds: each has its own portal.

use rstest::rstest;

use crate::support::{Kind, NewConnector, World, callback};

const PORTALS: [&str; 4] = ["portal.azure.com", "portal.azure.us", "portal.azure.cn", "entra.microsoft.com"];

#[rstest]
#[case::public("https://login.microsoftonline.com", Some("portal.azure.com"))]
#[case::us_government("https://login.microsoftonline.us", Some("portal.azure.us"))]
#[case::china("https://login.chinacloudapi.cn", Some("portal.azure.cn"))]
#[case::unknown("https://login.contoso.example", None)]
#[tokio::test]
async fn c18_every_link_into_the_portal_follows_the_configured_cloud(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] host: &str,
    #[case] portal: Option<&str>,
) {
    let authorize = format!("{host}/{{tenant}}/oauth2/v2.0/authorize");
    let token = format!("{host}/{{tenant}}/oauth2/v2.0/token");
    let issuer = format!("{host}/{{tenant}}/v2.0");
    let flags = [
        "--microsoft-authorize-url",
        authorize.as_str(),
        "--microsoft-token-url",
        token.as_str(),
        "--microsoft-issuer",
        issuer.as_str(),
    ];
    let world = World::with(kind, &flags).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let authorize = world.start(&mut ada, &connector).await;
    ada.get(&callback(&authorize, "error=unauthorized_client&error_description=AADSTS700016"))
        .await
        .assert_status(303);
    let outcome = crate::support::sign_in_path(&world).await;
    let mut pages = Vec::new();
    for path in [
        "/connectors",
        "/connectors/new",
        connector.as_str(),
        &format!("{connector}/edit"),
        &format!("{connector}/secret"),
        &format!("{connector}/delete"),
        &format!("{connector}/sign-ins"),
        &format!("{connector}/pasted-error"),
        &outcome,
    ] {
        let page = ada.get(path).await;
        page.assert_status(200);
        pages.push((path.to_owned(), page));
    }
    for code in ["AADSTS50011", "AADSTS7000215", "AADSTS650057", "AADSTS90002"] {
        pages.push((
            code.to_owned(),
            ada.post(&format!("{connector}/pasted-error"), &[("shown", code)]).await,
        ));
    }
    for (path, page) in &pages {
        for other in PORTALS.iter().filter(|other| Some(**other) != portal) {
            assert!(!page.body.contains(other), "{path} leads to {other}");
        }
    }
    let Some(portal) = portal else { return };
    for named in ["/connectors/new", "/secret", "AADSTS7000215"] {
        let (path, page) = pages.iter().find(|(path, _)| path.ends_with(named)).expect("the page");
        assert!(page.body.contains(&format!("https://{portal}/#view")), "{path}: {}", page.body);
    }
}
