//! Pasted and typed values: invisible characters, quotation marks, masks, other digits, and two ways to compose
//! one letter.

use mail360::people::model::Role;
use rstest::rstest;
use time::Duration;

use crate::support::{
    Answer, Browser, Kind, NewConnector, PASSWORD, SECRET, World, authenticator,
    authenticator::{HERE, code},
};

const CLIENT_ID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
const TENANT: &str = "5a1e0000-7e57-4000-8000-00000000c0de";

/// Fills and sends the Add Connector form of a single-tenant application.
async fn add(browser: &mut Browser, [name, client_id, secret, day, tenant]: [&str; 5]) -> Answer {
    let page = browser.get("/connectors/new").await;
    let (form, owner) = (page.hidden("form"), page.hidden("owner"));
    let fields = [
        ("form", form.as_str()),
        ("owner", &owner),
        ("provider", "outlook"),
        ("service_name", name),
        ("client_id", client_id),
        ("client_secret", secret),
        ("secret_expires_in", "date"),
        ("secret_expires_on", day),
        ("account_type", "single_tenant"),
        ("tenant", tenant),
    ];
    browser.post("/do/connectors/add", &fields).await
}

#[rstest]
#[tokio::test]
async fn c22_invisible_characters_around_a_value_are_removed_and_the_secret_is_sent_without_them(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let around = |text: &str| format!("\u{feff}\u{200b} {text}\u{2060}\u{ad}\u{a0}\u{200e}");
    let typed = ["Mail archive", CLIENT_ID, SECRET, "2028-11-23", TENANT].map(around);
    let answer = add(&mut ada, typed.each_ref().map(String::as_str)).await;
    let page = ada.get(answer.location()).await;
    page.assert_says("has been successfully added").assert_says("23 Nov 2028");
    assert!(!page.text().contains("Look at the client secret"), "{}", page.text());
    let sent = world.provider.token_requests();
    assert!(!sent.is_empty(), "the credentials of one tenant are tried at once");
    for request in sent {
        assert_eq!(request.field("client_secret"), Some(SECRET));
        assert_eq!(request.field("client_id"), Some(CLIENT_ID));
    }
    for (column, wanted) in [("service_name", "Mail archive"), ("client_id", CLIENT_ID)] {
        assert_eq!(world.raw.one::<String>(&format!("SELECT {column} FROM connectors")).await, wanted);
    }
    assert_eq!(world.setting("tenant").await, TENANT);
}

#[rstest]
#[case::c22_invisible(
    "canary~secret\u{200b}.1234",
    "This contains an invisible character. Copy the Value again."
)]
#[case::c22_dash("canary~secret–1234567", "This contains a dash that only looks like the character -")]
#[case::c22_tilde("canary\u{2dc}secret-1234567", "This contains a tilde that only looks like")]
#[case::c23_double("\"canary~secret-1234567\"", "leave the quotation marks out")]
#[case::c23_single("'canary~secret-1234567'", "leave the quotation marks out")]
#[case::c23_typographic("„canary~secret-1234567“", "leave the quotation marks out")]
#[case::c24_asterisks("aB1******************", "Azure now shows only its beginning. Make a new secret")]
#[case::c24_full_stops("aB1......", "Azure now shows only its beginning. Make a new secret")]
#[case::c24_bullets("aB1••••••••••••••••••", "Azure now shows only its beginning. Make a new secret")]
#[tokio::test]
async fn a_text_that_cannot_be_a_secret_of_microsofts_is_refused_in_every_form(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] secret: &str,
    #[case] words: &str,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let answer = add(&mut ada, ["Mail archive", CLIENT_ID, secret, "", TENANT]).await;
    assert_eq!(answer.location(), "/connectors/new");
    ada.get("/connectors/new").await.assert_says(words).assert_says("The connector was not added.");
    assert!(world.provider.requests().is_empty(), "nothing is sent");

    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    assert_eq!(
        crate::new_secret::replace(&mut ada, &connector, secret).await.location(),
        format!("{connector}/secret")
    );
    ada.get(&format!("{connector}/secret")).await.assert_says(words);
}

#[rstest]
#[tokio::test]
async fn c25_a_percent_encoded_secret_is_stored_and_the_administrator_is_warned(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let encoded = "canary%7Esecret-123456";
    let answer = add(&mut ada, ["Mail archive", CLIENT_ID, encoded, "", TENANT]).await;
    let connector = answer.location().to_owned();
    ada.get(&connector).await.assert_says("Look at the client secret").assert_says("%7E means ~");
    let requests = world.provider.token_requests();
    assert_eq!(requests[0].field("client_secret"), Some(encoded), "the secret was sent in another form");
    crate::new_secret::replace(&mut ada, &connector, "canary%2bsecret-123456").await;
    ada.get(&connector).await.assert_says("The client secret was replaced").assert_says("percent-encoded");
    crate::new_secret::replace(&mut ada, &connector, SECRET).await;
    assert!(!ada.get(&connector).await.text().contains("percent-encoded"));
}

#[rstest]
#[tokio::test]
async fn c22_a_secret_in_another_field_is_stored_nowhere_even_in_disguise(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    for name in ["My canary~sec\u{200b}ret-1234567", "canary~secret–1234567", "\u{feff}canary~secret-1234567"]
    {
        let answer = add(&mut ada, [name, "no client id", "\"canary~secret-1234567\"", "", TENANT]).await;
        assert_eq!(answer.location(), "/connectors/new");
        let dump = world.raw.dump(&[]).await.join("\n");
        assert!(!dump.contains("canary"), "{name}");
        ada.get("/connectors/new").await.assert_says("This is the client secret");
    }
}

#[rstest]
#[tokio::test]
async fn c29_a_pasted_text_finds_its_connector_in_the_search(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let dashes = format!("Application (client) ID: {}", CLIENT_ID.replace('-', "\u{2011}"));
    let answer = add(
        &mut ada,
        ["Re\u{301}sume\u{301}s", &format!("“{dashes}”"), SECRET, "２０２８–１１–２３", TENANT],
    )
    .await;
    ada.get(answer.location()).await.assert_says("23 Nov 2028").assert_says("Résumés");
    let typed = [
        "r%C3%A9sum%C3%A9s",
        "re%CC%81sum",
        "%E2%80%8B%C2%A0R%C3%89SUM",
        "%7B1B4E28BA%E2%80%8B",
        "1b4e28ba%E2%80%912fa1",
    ];
    for search in typed {
        let page = ada.get(&format!("/connectors?search={search}")).await;
        assert!(page.body.contains("<bdi>Résumés</bdi>"), "{search}: {}", page.text());
    }
    let answer = add(&mut ada, ["Résu\u{ad}més", CLIENT_ID, SECRET, "", TENANT]).await;
    assert_eq!(answer.location(), "/connectors/new");
    ada.get("/connectors/new").await.assert_says("This contains an invisible character");
    let answer = add(&mut ada, [" RE\u{301}SUMÉS\u{200b}", CLIENT_ID, SECRET, "", TENANT]).await;
    assert_eq!(answer.location(), "/connectors/new");
    ada.get("/connectors/new").await.assert_says("already a connector with this name");
}

#[rstest]
#[tokio::test]
async fn c29_all_spellings_of_an_e_mail_are_one_user(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_user("Contoso", "jo\u{308}rg@bu\u{308}cher.example", Role::Viewer).await;
    for email in [
        "jörg@bücher.example",
        "JÖRG@xn--bcher-kva.example",
        "\u{feff}jörg@bücher.example\u{200b}",
        "<jo\u{308}rg@bücher.example>",
        "jörg＠bücher。example",
    ] {
        let mut browser = world.browser();
        browser.post("/login", &[("email", email), ("password", PASSWORD)]).await.assert_status(303);
        browser.get("/connectors").await.assert_status(200);
        let answer = ada.post("/settings/people", &[("email", email), ("role", "viewer")]).await;
        answer.assert_status(409).assert_says("A user with this email exists already");
    }
}

#[rstest]
#[tokio::test]
async fn c29_another_spelling_of_an_e_mail_begins_no_new_count_of_wrong_passwords(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let spellings = [
        "ada@contoso.test",
        "ada@contoso\u{200b}.test",
        "ａda@contoso.test",
        "<Ada@contoso.test>",
        "ada@con\u{ad}toso.test",
    ];
    let mut guesser = world.browser();
    for at in 0..10 {
        let fields = [("email", spellings[at % 5]), ("password", "certainly not this one")];
        guesser.post("/login", &fields).await.assert_status(401);
    }
    for email in spellings {
        guesser.post("/login", &[("email", email), ("password", PASSWORD)]).await.assert_status(429);
    }
}

#[rstest]
#[tokio::test]
async fn n18_a_user_cannot_impersonate_another_by_a_name(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let invitation =
        ada.post("/settings/people", &[("email", "mallory@contoso.test"), ("role", "admin")]).await;
    let text = invitation.text();
    let token: String = text.split_once("/invitations/").expect("a link").1.chars().take(43).collect();
    // As another program passes on a link that was copied with a full stop.
    let path = format!("/invitations/{token}%E2%80%8B.");
    let mut mallory = world.browser();
    mallory.get(&path).await.assert_status(200).assert_says("Join Contoso");
    for hidden in
        ["Ada \u{200b}Example", "Ada\u{202e} Example", "Ada\u{2066}Example", "ada@contoso.test", "\u{200b}"]
    {
        let answer = mallory.post(&path, &[("name", hidden), ("password", PASSWORD)]).await;
        answer.assert_status(422);
    }
    let name = "\u{202e}Ada\u{a0}\u{2003}Example\u{200b}";
    mallory.post(&path, &[("name", name), ("password", PASSWORD)]).await.assert_status(303);
    let stored: String = world.raw.one("SELECT name FROM users WHERE email = 'mallory@contoso.test'").await;
    assert_eq!(stored, "Ada Example");

    let connector = world.add_connector(&mut mallory, &NewConnector::default()).await;
    world.start(&mut mallory, &connector).await;
    let activity = ada.get("/settings/activity?what=connectors").await;
    // Two users have this name, so the email is beside it before the entry is opened.
    activity.assert_says("Ada Example (mallory@contoso.test) added the connector");
    // The activity, and the sign-ins of the connector.
    let page = ada.get(&connector).await;
    // The name of the reader is below the ready message.
    let text = page.text().replace("Ada Example, Contoso", "");
    assert!(text.matches("Ada Example").count() >= 2, "{text}");
    assert_eq!(
        text.matches("Ada Example (mallory@contoso.test)").count(),
        text.matches("Ada Example").count()
    );
}

#[rstest]
#[tokio::test]
async fn n18_the_names_of_the_founder_and_the_organisation_have_visible_characters(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let path = world.set_up_path().await;
    let mut browser = world.browser();
    let fields = |organisation, name| {
        [
            ("organisation", organisation),
            ("name", name),
            ("email", "ada@contoso.test"),
            ("password", PASSWORD),
        ]
    };
    for (organisation, name) in [("Con\u{200b}toso", "Ada"), ("Contoso", "A\u{202e}da")] {
        let answer = browser.post(&path, &fields(organisation, name)).await;
        answer.assert_status(422).assert_says("an invisible character");
    }
    browser.post(&path, &fields("\u{202d}Contoso\u{3000}", "Zoe\u{308}")).await.assert_status(303);
    assert_eq!(world.raw.one::<String>("SELECT name FROM organisations").await, "Contoso");
    assert_eq!(world.raw.one::<String>("SELECT name FROM users").await, "Zoë");
}

#[rstest]
#[tokio::test]
async fn c29_a_code_is_read_with_blanks_and_in_the_digits_of_any_script(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let (app, recovery) = authenticator::set_up(&world, &mut world.set_up().await).await;
    let full_width = |text: &str| -> String {
        text.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).expect("a sign")).collect()
    };
    let spaced = |text: &str| format!("\u{200b}{}\u{a0}{}\u{feff}", &text[..3], &text[3..]);
    for write in [&full_width as &dyn Fn(&str) -> String, &spaced] {
        world.clock.advance(Duration::minutes(1));
        let mut browser = world.log_in("ada@contoso.test").await;
        let typed = write(&code(&world, &app, 0));
        assert_eq!(
            browser.post("/login/code", &[("code", &typed)]).await.assert_status(303).location(),
            "/connectors"
        );
    }
    let mut browser = world.log_in("ada@contoso.test").await;
    let typed = format!("“{}”", recovery[0].replace('-', "\u{2011}\u{200b}"));
    browser.post("/login/code", &[("code", &typed)]).await.assert_status(303);
}

#[rstest]
#[case::behind(-3, true)]
#[case::far_behind(-20, true)]
#[case::too_far(-21, false)]
#[case::ahead(3, false)]
#[tokio::test]
async fn c34_a_log_in_mentions_the_clocks_and_measures_the_difference_only_if_no_guess_can_use_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] steps: i64,
    #[case] measured: bool,
) {
    let world = World::new(kind).await;
    let (app, _) = authenticator::set_up(&world, &mut world.set_up().await).await;
    world.clock.advance(Duration::minutes(20));
    let mut browser = world.log_in("ada@contoso.test").await;
    let answer = browser.post("/login/code", &[("code", &code(&world, &app, steps))]).await;
    answer.assert_status(401);
    let about = if steps == -3 { "about 90 seconds" } else { "about 10 minutes" };
    let sentence = format!("The clock of your phone and that of the server differ by {about}.");
    assert_eq!(answer.text().contains(&sentence), measured, "{}", answer.text());
    if !measured {
        answer.assert_says("the clocks of your phone and of the server differ");
        assert!(!answer.text().contains("differ by"), "{}", answer.text());
    }
    assert_eq!(browser.get("/connectors").await.status, 303, "the code was accepted");
    // It costs as much as a wrong code and is recorded as one.
    world.flush().await;
    let refused = "SELECT COUNT(*) FROM activity WHERE action = 'user.code_refused'";
    assert_eq!(world.raw.one::<i64>(refused).await, 1);
    for _ in 0..4 {
        browser.post("/login/code", &[("code", &code(&world, &app, steps))]).await.assert_status(401);
    }
    let right = code(&world, &app, 0);
    browser.post("/login/code", &[("code", &right)]).await.assert_status(429);
}

#[rstest]
#[case(-3)]
#[case(3)]
#[tokio::test]
async fn c34_setting_up_a_second_factor_says_how_far_the_clocks_differ(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] steps: i64,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    ada.post(HERE, &[]).await.assert_status(303);
    let app = authenticator::app(&ada.get(HERE).await);
    let finish = format!("{HERE}/finish");
    let answer = ada.post(&finish, &[("code", &code(&world, &app, steps))]).await;
    answer
        .assert_status(422)
        .assert_says("The clock of your phone and that of the server differ by about 90 seconds.");
    let answer = ada.post(&finish, &[("code", "12345")]).await;
    answer.assert_status(422).assert_says("the clocks of your phone and of the server differ");
    let answer = ada.post(&finish, &[("code", &code(&world, &app, 0))]).await;
    answer.assert_status(200).assert_says("Save these ten codes");
}

#[rstest]
#[tokio::test]
async fn c29_the_command_line_reads_pasted_values_like_the_pages(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    world.add_user("Contoso", "bob@contoso.test", Role::Viewer).await;
    let user = |arguments: &[&str]| {
        let output = world.mail360("user").args(arguments).output().expect("an end");
        (output.status.success(), String::from_utf8(output.stderr).expect("text"))
    };
    let (done, said) = user(&["disable", "--email", "\u{feff}<BOB＠contoso\u{ad}.test>\u{200b}"]);
    assert!(done, "{said}");
    let disabled = "SELECT COUNT(*) FROM users WHERE disabled_at IS NOT NULL AND email = 'bob@contoso.test'";
    assert_eq!(world.raw.one::<i64>(disabled).await, 1);
    let (done, said) = user(&["add", "--email", "eve@contoso.test", "--name", "Ada\u{202e} Example"]);
    assert!(!done && said.contains("an invisible character"), "{said}");
    let organisation = ["--organisation", "\u{200b}Con\u{fe0f}toso\u{a0}"];
    let (done, said) =
        user(&[["add", "--email", "eve@contoso.test", "--name", "Eve"].as_slice(), &organisation].concat());
    // The organisation was found; the error is that standard input has no password.
    assert!(!done && said.contains("at least 15 characters"), "{said}");
}

#[rstest]
#[tokio::test]
async fn c34_the_re_authentication_page_mentions_the_clocks_too(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let (app, _) = authenticator::set_up(&world, &mut ada).await;
    world.clock.advance(Duration::minutes(11));
    let late = code(&world, &app, 3);
    let fields = [("confirm_password", PASSWORD), ("confirm_code", &late), ("confirm_next", "/profile")];
    let answer = ada.post("/re-authenticate", &fields).await;
    answer.assert_status(422).assert_says("the clocks of your phone and of the server differ");
}
