//! Adding, changing and deleting connectors.

use std::collections::BTreeSet;

use mail360::{
    connectors::service::{Changed, ConnectorId, Typed},
    providers::Values,
};
use rstest::rstest;
use secrecy::SecretString;
use tokio::task::JoinSet;

use crate::support::{Answer, Kind, NewConnector, SECRET, World, hex};

pub fn typed(name: &str) -> Typed {
    Typed {
        provider: "outlook".to_owned(),
        service_name: name.to_owned(),
        client_id: "1b4e28ba-2fa1-11d2-883f-0016d3cca427".to_owned(),
        client_secret: SecretString::from(SECRET),
        settings: settings("tenants_and_personal", ""),
        ..Typed::default()
    }
}

fn settings(account_type: &str, tenant: &str) -> Values {
    [("account_type", account_type), ("tenant", tenant)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Fifty browsers send forms at once, each with its own form.
async fn fifty_at_once(world: &World, name: impl Fn(usize) -> String, same_form: bool) -> Vec<Answer> {
    let mut ada = world.set_up().await;
    let mut forms = Vec::new();
    for _ in 0..50 {
        let page = ada.get("/connectors/new").await;
        forms.push((page.hidden("form"), page.hidden("owner")));
    }
    let mut adds = JoinSet::new();
    for (at, form) in forms.iter().enumerate() {
        let mut browser = ada.clone();
        let (form, owner) = if same_form { forms[0].clone() } else { form.clone() };
        let name = name(at);
        adds.spawn(async move {
            let fields = [
                ("form", form.as_str()),
                ("owner", owner.as_str()),
                ("provider", "outlook"),
                ("service_name", &name),
                ("client_id", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
                ("client_secret", SECRET),
                ("account_type", "tenants_and_personal"),
            ];
            browser.post("/do/connectors/add", &fields).await
        });
    }
    let answers = adds.join_all().await;
    for answer in &answers {
        assert!(answer.status.is_redirection(), "{}: {}", answer.status, answer.text());
    }
    answers
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_forms_at_once_add_fifty_connectors(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let answers = fifty_at_once(&world, |at| format!("Connector {at}"), false).await;
    let pages: BTreeSet<&str> = answers.iter().map(Answer::location).collect();
    assert_eq!(pages.len(), 50);
    assert_eq!(world.raw.count("connectors").await, 50);
    let recorded: i64 = world.raw.one("SELECT COUNT(*) FROM activity WHERE action = 'connector.added'").await;
    assert_eq!(recorded, 50);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_form_sent_fifty_times_at_once_adds_one_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let answers = fifty_at_once(&world, |_| "Mail archive".to_owned(), true).await;
    let pages: BTreeSet<&str> = answers.iter().map(Answer::location).collect();
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert_ne!(pages.first(), Some(&"/connectors/new"));
    assert_eq!(world.raw.count("connectors").await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_forms_with_one_name_at_once_one_gets_the_name(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    // Composed and decomposed, in capitals and not: for a reader the same name.
    let names = ["Café", "CAFE\u{301}", " café ", "ＣＡＦÉ"];
    let answers = fifty_at_once(&world, |at| names[at % names.len()].to_owned(), false).await;
    let back = answers.iter().filter(|answer| answer.location() == "/connectors/new").count();
    assert_eq!(back, 49);
    assert_eq!(world.raw.count("connectors").await, 1);
}

#[rstest]
#[tokio::test]
async fn s1_a_refused_form_shows_typed_values_once_and_stores_the_secret_nowhere(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let new = NewConnector { name: "Payroll", client_id: "no client id".to_owned(), ..Default::default() };
    let answer = world.send_form(&mut ada, &new).await;
    assert_eq!(answer.location(), "/connectors/new");
    let dump = world.raw.dump(&[]).await.join("\n");
    assert!(dump.contains("Payroll"), "the draft is in the session");
    assert!(!dump.contains("canary"), "the draft has the secret");

    let form = ada.get("/connectors/new").await;
    form.assert_says("This is not a Client ID").assert_says("The connector was not added.");
    assert!(form.body.contains("value=\"Payroll\"") && form.body.contains("value=\"no client id\""));
    assert!(!form.body.contains("canary"));
    let fresh = ada.get("/connectors/new").await;
    assert!(fresh.body.contains("Payroll"), "the message stays until the next form is sent");

    world.add_connector(&mut ada, &NewConnector::default()).await;
    assert!(!ada.get("/connectors/new").await.body.contains("Payroll"));
    let dump = world.raw.dump(&[]).await.join("\n").to_lowercase();
    let hex = hex(SECRET.as_bytes());
    assert!(!dump.contains(SECRET) && !dump.contains(&hex), "the secret is stored in clear");
}

#[rstest]
#[tokio::test]
async fn s3_a_secret_that_was_moved_or_changed_in_the_database_is_reported_and_never_used(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let one = world.add_connector(&mut ada, &NewConnector { name: "One", ..Default::default() }).await;
    let two = world.add_connector(&mut ada, &NewConnector { name: "Two", ..Default::default() }).await;
    let [id_one, id_two] = [&one, &two].map(|path| world.raw.id(path.rsplit('/').next().expect("an id")));
    let moved = format!(
        "UPDATE connectors SET client_secret = (SELECT client_secret FROM connectors WHERE id = {id_two}) \
         WHERE id = {id_one}"
    );
    assert_eq!(world.raw.run(&moved).await, Ok(1));
    let authorize = world.start(&mut ada, &one).await;
    let landed = ada.get(&crate::support::callback(&authorize, "code=abc")).await;
    let outcome = ada.get(landed.assert_status(303).location()).await;
    outcome.assert_status(200).assert_says("cannot be opened").assert_says("client secret");
    assert!(world.provider.requests().is_empty(), "nothing was sent");
    assert_eq!(world.state(&one).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn a_change_of_verified_settings_resets_the_state_and_a_new_name_does_not(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let path = world.add_connector(&mut ada, &NewConnector::default()).await;
    let admin = world.admin().await;
    let service = &world.program.connectors;
    let id: ConnectorId = path.rsplit('/').next().expect("an id").parse().expect("an id");
    let (providers, today) = (&world.program.providers, service.today());
    let verify = async || {
        world.raw.run("UPDATE connectors SET state = 'verified'").await.expect("updated");
    };
    // The form as it is rendered, with an empty secret.
    let as_it_is = {
        let connector = service.get(&admin.caller(), id).await.expect("a connector");
        Typed {
            client_id: connector.client_id.to_string(),
            client_secret: SecretString::default(),
            secret_expires_on: "2028-11-23".to_owned(),
            scopes: ["Mail.Read", "Mail.Send", "Contacts.Read"].map(str::to_owned).to_vec(),
            ..typed("Mail archive")
        }
    };
    let cases: [(&str, Typed, &str); 7] = [
        ("the name", Typed { service_name: "Renamed".into(), ..as_it_is.clone() }, "verified"),
        ("the date", Typed { secret_expires_on: "2027-01-01".into(), ..as_it_is.clone() }, "verified"),
        (
            "the client ID",
            Typed {
                client_id: typed("").client_id,
                client_secret: SECRET.to_owned().into(),
                ..as_it_is.clone()
            },
            "not_verified",
        ),
        (
            "the secret",
            Typed { client_secret: "canary~another-secret.2".into(), ..as_it_is.clone() },
            "not_verified",
        ),
        ("who", Typed { settings: settings("personal_only", ""), ..as_it_is.clone() }, "not_verified"),
        (
            "the tenant",
            Typed {
                settings: settings("single_tenant", "contoso.com"),
                client_secret: SECRET.to_owned().into(),
                ..as_it_is.clone()
            },
            "not_verified",
        ),
        ("the permissions", Typed { scopes: vec!["Mail.Read".into()], ..as_it_is.clone() }, "not_verified"),
    ];
    for (what, typed, state) in cases {
        // Each change starts from the original connector.
        let restored = Typed { client_secret: SECRET.to_owned().into(), ..as_it_is.clone() };
        let stored = service.get(&admin.caller(), id).await.expect("a connector");
        let restored = restored.parse_edit(providers, today, &stored).expect("sound");
        let version = async || service.get(&admin.caller(), id).await.expect("a connector").version;
        service.change(&admin, id, version().await, &restored).await.expect("changed");
        verify().await;
        let new = typed.parse_edit(providers, today, &stored).expect("sound");
        let changed = service.change(&admin, id, version().await, &new).await;
        assert!(matches!(changed, Ok(Changed::Changed)), "{what}");
        assert_eq!(world.state(&path).await, state, "{what}");
    }
    let secret: Vec<Vec<u8>> = world.raw.column("SELECT client_secret FROM connectors").await;
    assert!(!secret[0].is_empty());

    let stored = service.get(&admin.caller(), id).await.expect("a connector");
    let as_it_is = as_it_is.parse_edit(providers, today, &stored).expect("sound");
    let late = service.change(&admin, id, 1, &as_it_is).await;
    assert!(matches!(late, Ok(Changed::Outdated)), "what another administrator changed is not overwritten");
}

#[rstest]
#[tokio::test]
async fn deleting_a_connector_deletes_its_secret_and_sign_ins_and_the_activity_keeps_its_name(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let path = world.add_connector(&mut ada, &NewConnector { name: "Payroll", ..Default::default() }).await;
    world.start(&mut ada, &path).await;
    assert_eq!((world.raw.count("attempts").await, world.raw.count("attempt_events").await), (1, 2));
    let id = path.rsplit('/').next().expect("an id").parse().expect("an id");
    world
        .program
        .connectors
        .delete(&world.admin().await.reauthenticated().expect("a proof"), id, "")
        .await
        .expect("deleted");
    for table in ["connectors", "connector_words", "attempts", "attempt_events"] {
        assert_eq!(world.raw.count(table).await, 0, "{table}");
    }
    let entity: String =
        world.raw.one("SELECT entity FROM activity WHERE action = 'connector.deleted'").await;
    assert_eq!(entity, "Payroll");
    ada.get(&path).await.assert_status(404);
}

#[rstest]
#[tokio::test]
async fn s1_a_secret_that_was_pasted_into_another_field_is_stored_nowhere(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let sound = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    // As long as Azure's secrets, with their tilde at the same position.
    let of_another = format!("can8Q~{:.34}", "canary".repeat(6));
    for (name, client_id) in [
        (SECRET, "no client id"),
        (SECRET, sound),
        ("Payroll", SECRET),
        ("Payroll", "canary~of-another-kind.2"),
        // The secret of another application, in the wrong field.
        (&of_another, sound),
    ] {
        let new = NewConnector { name, client_id: client_id.to_owned(), ..Default::default() };
        assert_eq!(world.send_form(&mut ada, &new).await.location(), "/connectors/new");
        assert!(!world.raw.dump(&[]).await.join("\n").contains("canary"), "{name} {client_id}");
        assert!(!ada.get("/connectors/new").await.body.contains("canary"), "{name} {client_id}");
    }
}

#[rstest]
#[tokio::test]
async fn a_form_reached_by_the_back_button_adds_the_second_application_typed_there(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let page = ada.get("/connectors/new").await;
    let (form, owner) = (page.hidden("form"), page.hidden("owner"));
    let mut pages = BTreeSet::new();
    for (name, client_id) in [
        ("One", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("Two", "2b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("One", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
    ] {
        let fields = [
            ("form", form.as_str()),
            ("owner", owner.as_str()),
            ("provider", "outlook"),
            ("service_name", name),
            ("client_id", client_id),
            ("client_secret", SECRET),
            ("account_type", "tenants_and_personal"),
        ];
        pages.insert(ada.post("/do/connectors/add", &fields).await.location().to_owned());
    }
    assert_eq!(pages.len(), 2, "{pages:?}");
    assert_eq!(world.raw.count("connectors").await, 2);

    // A corrected secret in such a form is not dropped silently, and the second application is added once.
    for (name, client_id, secret) in [
        ("One", "1b4e28ba-2fa1-11d2-883f-0016d3cca427", "canary~another-secret.2"),
        ("Two", "2b4e28ba-2fa1-11d2-883f-0016d3cca427", SECRET),
    ] {
        let fields = [
            ("form", form.as_str()),
            ("owner", owner.as_str()),
            ("provider", "outlook"),
            ("service_name", name),
            ("client_id", client_id),
            ("client_secret", secret),
            ("account_type", "tenants_and_personal"),
        ];
        assert_eq!(ada.post("/do/connectors/add", &fields).await.location(), "/connectors/new", "{name}");
        ada.get("/connectors/new").await.assert_says("already a connector with this name");
    }
    assert_eq!(world.raw.count("connectors").await, 2);
}

#[rstest]
#[tokio::test]
async fn a_client_id_with_a_missing_digit_stays_in_the_form_to_be_corrected(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let client_id = "1b4e28ba-2fa1-11d2-883f-0016d3cca42".to_owned();
    let new = NewConnector { client_id: client_id.clone(), ..Default::default() };
    assert_eq!(world.send_form(&mut ada, &new).await.location(), "/connectors/new");
    assert!(ada.get("/connectors/new").await.body.contains(&format!("value=\"{client_id}\"")));
}

#[rstest]
#[case::name("service_name", "x\0y")]
#[case::long_name("service_name", &"x".repeat(61))]
#[case::client_id("client_id", "0b4e28ba-2fa1-11d2-883f-0016d3cca427\u{1b}[31m")]
#[case::long_client_id("client_id", &"0".repeat(10_000))]
#[case::secret("client_secret", "canary\0secret\r\n")]
#[case::long_secret("client_secret", &"x".repeat(10_000))]
#[case::day("secret_expires_on", &"2".repeat(10_000))]
#[case::tenant("tenant", "contoso\0.com")]
#[case::long_tenant("tenant", &"x.".repeat(1_000))]
#[case::scope("scopes[]", &"x".repeat(10_000))]
#[tokio::test]
async fn i1_a_field_that_is_too_long_or_has_control_characters_is_refused_with_words(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] field: &str,
    #[case] value: &str,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let page = ada.get("/connectors/new").await;
    let (form, owner) = (page.hidden("form"), page.hidden("owner"));
    let mut fields = vec![
        ("form", form.as_str()),
        ("owner", owner.as_str()),
        ("provider", "outlook"),
        ("service_name", "Mail archive"),
        ("client_id", "0b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("client_secret", SECRET),
        ("secret_expires_on", "2028-11-23"),
        ("account_type", "single_tenant"),
        ("tenant", "contoso.com"),
    ];
    fields.retain(|(name, _)| *name != field);
    fields.push((field, value));
    let answer = ada.post("/do/connectors/add", &fields).await;
    assert_eq!(answer.location(), "/connectors/new", "{}", answer.status);
    ada.get("/connectors/new").await.assert_status(200).assert_says("The connector was not added.");
    assert_eq!(world.raw.count("connectors").await, 0);
}
