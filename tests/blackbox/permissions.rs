//! The permissions of a connector: the choice in its form, and what is asked for and stored.

use rstest::rstest;

use crate::support::{Answer, Browser, Kind, SECRET, World, parameter};

#[rstest]
#[tokio::test]
async fn the_form_says_what_each_permission_allows_and_whether_an_administrator_must_approve_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let page = ada.get("/connectors/new").await;
    page.assert_says("What should your software do?");
    for (name, allows) in [
        ("Mail.Read", "Read mail"),
        ("Mail.ReadWrite", "Read and change mail"),
        ("Mail.Send", "Send mail"),
        ("Contacts.Read", "Read contacts"),
        ("Contacts.ReadWrite", "Read and change contacts"),
        ("MailboxSettings.Read", "Read labels and settings"),
        ("MailboxSettings.ReadWrite", "Read and change labels and settings"),
    ] {
        page.assert_says(&format!("{allows} {name}"));
        let suggested = ["Mail.Read", "Mail.Send", "Contacts.Read"].contains(&name);
        let boxes = page.body.split("<input").filter(|input| input.contains(&format!("value=\"{name}\"")));
        let boxes: Vec<_> = boxes.collect();
        assert_eq!(boxes.len(), 1, "{name}");
        let input = boxes[0].split('>').next().expect("an element");
        assert_eq!(input.contains(" checked"), suggested, "{name}: {input}");
    }
    page.assert_says("Mail.Read Admin approval");
    page.assert_says("All calls of Mail.Read.");
    page.assert_says(
        "Mail.Read: Read and search messages, threads, folders, attachments and drafts. In most companies a",
    );
    page.assert_says("Each user can allow this, unless the company has switched that off.");
}

#[rstest]
#[tokio::test]
async fn a_chosen_permission_that_another_one_includes_is_not_asked_for(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let chosen = ["Mail.Read", "Mail.ReadWrite", "Contacts.Read", "MailboxSettings.ReadWrite"];
    let added = add_with(&mut ada, "Mail archive", &chosen).await;
    let connector = added.location().to_owned();
    let scopes: String = world.raw.one("SELECT scopes FROM connectors").await;
    assert_eq!(
        scopes,
        "User.Read offline_access profile openid Mail.ReadWrite Contacts.Read MailboxSettings.ReadWrite"
    );
    let asked = parameter(&world.start(&mut ada, &connector).await, "scope");
    assert!(asked.contains("Mail.ReadWrite") && !asked.contains("Mail.Read "), "{asked}");
    let page = ada.get(&connector).await;
    page.assert_says("In the API: All calls of Mail.Read.");

    // A name that the form does not offer is refused.
    let refused = add_with(&mut ada, "Another", &["Mail.Read", "Mail.ReadBasic"]).await;
    ada.get(refused.location()).await.assert_says("Choose among the permissions that are shown.");
}

/// Sends the form of a new connector with these permissions.
async fn add_with(ada: &mut Browser, name: &str, chosen: &[&str]) -> Answer {
    let page = ada.get("/connectors/new").await;
    let (form, owner) = (page.hidden("form"), page.hidden("owner"));
    let mut fields = vec![
        ("form", form.as_str()),
        ("owner", owner.as_str()),
        ("provider", "outlook"),
        ("service_name", name),
        ("client_id", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("client_secret", SECRET),
        ("secret_expires_on", "2028-11-23"),
        ("account_type", "tenants_and_personal"),
        ("tenant", ""),
    ];
    fields.extend(chosen.iter().map(|name| ("scopes[]", *name)));
    ada.post("/do/connectors/add", &fields).await
}
