//! Many links at once: for a list of emails, and for all accounts that need a sign-in.

use axum::body::Body;
use http::header;
use mail360::{people::model::Role, platform::clock::Clock};
use rstest::rstest;
use time::Duration;

use crate::{
    account_pages::add_account,
    support::{Answer, Browser, Kind, Linked, World},
};

const MANY: &str = "/accounts/new/many";
const SIGN_IN_LINKS: &str = "/accounts/sign-in-links";

/// Sends fields and a file as the form does.
async fn send(browser: &mut Browser, fields: &[(&str, &str)], file: &[u8]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    body.extend_from_slice(
        b"--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\nContent-Type: \
          text/csv\r\n\r\n",
    );
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--limit--\r\n");
    let request = browser
        .request("POST", MANY)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=limit")
        .body(Body::from(body))
        .expect("a request");
    browser.send(request).await
}

/// Uploads a list for the connector with a new form.
async fn upload(linked: &mut Linked, list: &[u8]) -> Answer {
    let form = linked.ada.get(MANY).await.hidden("form");
    let connector = linked.id.to_string();
    send(&mut linked.ada, &[("form", form.as_str()), ("connector", connector.as_str())], list).await
}

/// The rows of a downloaded file whose cells have no comma, with the first line.
#[track_caller]
fn rows(file: &Answer) -> Vec<Vec<String>> {
    file.assert_status(200);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"mail360-links.csv\"");
    assert_eq!(file.header("cache-control"), "no-store, no-transform");
    let cells = |line: &str| line.trim_matches('"').split("\",\"").map(str::to_owned).collect();
    file.body.lines().map(cells).collect()
}

/// The path of the link in a row.
fn path_in(row: &[String]) -> String {
    row[3].strip_prefix("http://localhost:3000").expect("our own address").to_owned()
}

fn list(emails: usize) -> Vec<u8> {
    let lines: Vec<_> = (0..emails).map(|number| format!("m{number}@contoso.test\r\n")).collect();
    lines.concat().into_bytes()
}

async fn recorded(world: &World, action: &str) -> i64 {
    world.raw.one(&format!("SELECT COUNT(*) FROM activity WHERE action = '{action}'")).await
}

#[rstest]
#[tokio::test]
async fn a_list_of_500_emails_becomes_500_links_each_of_which_opens(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    linked.ada.get("/accounts/new").await.assert_says("Many at once");
    let page = linked.ada.get(MANY).await;
    page.assert_status(200).assert_says("They are not shown again");
    let text = [b"Email\r\ngrace@contoso.test\r\n", list(499).as_slice()].concat();
    let file = upload(&mut linked, &text).await;
    let rows = rows(&file);
    assert_eq!(rows.len(), 501);
    assert_eq!(rows[0], ["email", "name", "reference", "link", "expires"]);
    assert_eq!(rows[1][0], "grace@contoso.test");
    assert_eq!(rows[500][0], "m498@contoso.test", "in the order of the list");
    let expires = linked.world.clock.now().plus(Duration::days(7)).for_machines();
    let mut visitor = linked.world.browser();
    for row in &rows[1..] {
        assert_eq!(row[4], expires);
        visitor.get(&path_in(row)).await.assert_status(200).assert_says(&row[0]);
    }
    assert_eq!(linked.world.raw.count("connect_links").await, 500);
    let first = path_in(&rows[1]);
    let token = first.strip_prefix("/connect/").expect("a token");
    for line in linked.world.raw.dump(&[]).await {
        assert!(!line.contains(token), "{line}");
    }
    let mut grace = linked.world.browser();
    linked.connect(&mut grace, &first).await.assert_says("Your mailbox is connected");

    assert_eq!(recorded(&linked.world, "links.made").await, 1, "one entry for all");
    assert_eq!(recorded(&linked.world, "link.made").await, 0);
    linked.ada.get("/settings/activity").await.assert_says("made 500 links for connecting");
    let connector = linked.connector.clone();
    linked.ada.get(&connector).await.assert_says("made 500 links for connecting");
}

#[rstest]
#[tokio::test]
async fn cells_of_the_list_come_back_and_none_begins_as_a_formula(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let list =
        "reference;name;email\n@SUM(A1);=HYPERLINK(1);=1+1@contoso.test\n-7;\"Müller; Ä\";+b@contoso.test\n";
    let file = upload(&mut linked, list.as_bytes()).await;
    let lines: Vec<&str> = file.assert_status(200).body.lines().collect();
    assert_eq!(lines.len(), 3, "{}", file.body);
    assert!(
        lines[1].starts_with("\"'=1+1@contoso.test\",\"'=HYPERLINK(1)\",\"'@SUM(A1)\",\"http://"),
        "{}",
        lines[1]
    );
    assert!(lines[2].starts_with("\"'+b@contoso.test\",\"Müller; Ä\",\"'-7\",\"http://"), "{}", lines[2]);
    // The apostrophe is only in the file.
    let names: Vec<String> = linked.world.raw.column("SELECT name FROM connect_links").await;
    assert!(names.contains(&"=HYPERLINK(1)".to_owned()), "{names:?}");
}

#[rstest]
#[tokio::test]
async fn nothing_is_made_unless_every_row_is_right(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut linked = Linked::new(kind).await;
    let many = list(1_001);
    let cases: [(&[u8], &[&str]); 8] = [
        (
            b"email,name\nalice@contoso.test,Alice\nbob,Bob\n,Carol\nALICE@contoso.test\n",
            &[
                "Line 3: Enter an email address",
                "Line 4: This line has no email.",
                "Line 5: alice@contoso.test is also on line 2.",
            ],
        ),
        (b"alice@contoso.test\nb\xe4r@contoso.test\n", &["Line 2: The file is not in UTF-8."]),
        (b"\xff\xfea\0@\0b\0", &["Line 1: The file is not in UTF-8."]),
        (
            b"alice@contoso.test\n\"bob@contoso.test\ncarol@contoso.test\n",
            &["Line 2: Enter an email address"],
        ),
        (b"alice@contoso.test, bob@contoso.test\n", &["Line 1: The second value is a name"]),
        (b"email\n", &["The list has no email."]),
        (b" \r\n", &["Choose a file, or paste the emails below."]),
        (&many, &["The list has 1001 rows, and 1000 is the most."]),
    ];
    for (list, sentences) in cases {
        let refused = upload(&mut linked, list).await;
        refused.assert_status(422).assert_says("No link was made");
        assert!(refused.body.contains("<title>Error: Add many accounts"), "{}", refused.body);
        for words in sentences {
            refused.assert_says(words);
        }
    }
    let connector = linked.id.to_string();
    let form = linked.ada.get(MANY).await.hidden("form");
    let typed = "alice@contoso.test\r\n</textarea><script>alert(1)</script>";
    let fields = [("form", form.as_str()), ("connector", connector.as_str()), ("text", typed)];
    let refused = send(&mut linked.ada, &fields, b"").await;
    refused.assert_status(422).assert_says("Line 2: Enter an email address");
    assert!(refused.body.contains("&lt;/textarea&gt;&lt;script&gt;"), "the text is shown again");
    assert!(!refused.body.contains("<script>alert"), "{}", refused.body);
    let both = send(&mut linked.ada, &fields, b"bob@contoso.test").await;
    both.assert_status(422).assert_says("Use the file or this text, not both.");
    let foreign = "https://crm.example.com/mailboxes";
    let fields = [
        ("form", form.as_str()),
        ("connector", connector.as_str()),
        ("text", "bob@contoso.test"),
        ("return_address", foreign),
    ];
    send(&mut linked.ada, &fields, b"").await.assert_status(422).assert_says("not in the list");
    let fields = [("form", form.as_str()), ("connector", ""), ("text", "bob@contoso.test")];
    send(&mut linked.ada, &fields, b"").await.assert_status(422).assert_says("Choose a connector.");
    assert_eq!(linked.world.raw.count("connect_links").await, 0);
    assert_eq!(recorded(&linked.world, "links.made").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_form_that_is_sent_twice_makes_its_links_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut linked = Linked::new(kind).await;
    let form = linked.ada.get(MANY).await.hidden("form");
    let connector = linked.id.to_string();
    let fields = [("form", form.as_str()), ("connector", connector.as_str()), ("life", "30")];
    let first = send(&mut linked.ada, &fields, &list(3)).await;
    assert_eq!(rows(&first).len(), 4);
    let second = send(&mut linked.ada, &fields, &list(3)).await;
    second.assert_status(409).assert_says("This form was sent before");
    assert_ne!(second.hidden("form"), form);
    assert_eq!(linked.world.raw.count("connect_links").await, 3);
    let fields = [("form", "no id"), ("connector", connector.as_str())];
    send(&mut linked.ada, &fields, &list(3)).await.assert_status(400);
}

/// Adds this number of open links to the first connector.
async fn add_open_links(world: &World, kind: Kind, number: u64) {
    let now = world.clock.now();
    let (made, until) = (now.micros(), now.plus(Duration::days(7)).micros());
    let (id, hash) = match kind {
        Kind::Sqlite => ("unhex(printf('%032x', n))", "unhex(printf('%064x', n))"),
        Kind::Postgres => ("lpad(to_hex(n), 32, '0')::uuid", "decode(lpad(to_hex(n), 64, '0'), 'hex')"),
    };
    let insert = format!(
        "INSERT INTO connect_links (id, organisation_id, token_hash, connector_id, made_by_version, source, attempts, \
         created_at, expires_at) WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \
         {number}) SELECT {id}, connectors.organisation_id, {hash}, connectors.id, 0, 'console', 0, {made}, {until} \
         FROM numbers, connectors"
    );
    assert_eq!(world.raw.run(&insert).await, Ok(number));
}

#[rstest]
#[tokio::test]
async fn the_limit_of_open_links_holds_for_many_at_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut linked = Linked::new(kind).await;
    add_open_links(&linked.world, kind, 9_600).await;
    let refused = upload(&mut linked, &list(401)).await;
    refused
        .assert_status(422)
        .assert_says("The organisation has 9,600 open links, and 10,000 is the most: 401 more are too many.");
    assert_eq!(linked.world.raw.count("connect_links").await, 9_600);
    assert_eq!(rows(&upload(&mut linked, &list(400)).await).len(), 401);
    let refused = upload(&mut linked, b"one@contoso.test").await;
    refused.assert_status(422).assert_says("The organisation has 10,000 open links");
    assert_eq!(linked.world.raw.count("connect_links").await, 10_000);
}

#[rstest]
#[tokio::test]
async fn i4_only_administrators_of_the_organisation_make_many_links(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let form = linked.ada.get(MANY).await.hidden("form");
    let connector = linked.id.to_string();
    let fields = [("form", form.as_str()), ("connector", connector.as_str())];
    let mut eve = linked.world.stranger().await;
    let refused = send(&mut eve, &fields, &list(2)).await;
    refused.assert_status(422).assert_says("Connector");
    assert!(!refused.body.contains("Mail archive"), "{}", refused.body);
    eve.get(&format!("{SIGN_IN_LINKS}?connector={connector}")).await.assert_status(404);
    eve.post(SIGN_IN_LINKS, &[fields[0], fields[1]]).await.assert_status(404);
    let mut vera = linked.world.viewer().await;
    for path in [MANY, SIGN_IN_LINKS] {
        vera.get(path).await.assert_status(403);
        vera.post(path, &[fields[0]]).await.assert_status(403);
    }
    send(&mut vera, &fields, &list(2)).await.assert_status(403);
    send(&mut linked.world.browser(), &fields, &list(2)).await.assert_status(401);
    assert_eq!(linked.world.raw.count("connect_links").await, 0);
}

#[rstest]
#[tokio::test]
async fn i1_only_an_administrators_list_may_be_longer_than_other_forms(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let form = linked.ada.get(MANY).await.hidden("form");
    let connector = linked.id.to_string();
    let fields = [("form", form.as_str()), ("connector", connector.as_str())];
    let (long, too_long) = (vec![b'\n'; 400_000], vec![b'\n'; 600_000]);
    // It is read: it has no email.
    send(&mut linked.ada, &fields, &long).await.assert_status(422);
    send(&mut linked.ada, &fields, &too_long).await.assert_status(413).assert_says("The form is too large");
    send(&mut linked.world.viewer().await, &fields, &too_long).await.assert_status(403);
    send(&mut linked.world.browser(), &fields, &too_long).await.assert_status(401);
    let name = "x".repeat(100_000);
    linked.ada.post("/accounts/new", &[("name", name.as_str())]).await.assert_status(413);
    linked.ada.post(SIGN_IN_LINKS, &[("form", name.as_str())]).await.assert_status(413);

    // The body of a request that is refused is not awaited.
    let waiting = Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>());
    let request = linked
        .world
        .browser()
        .request("POST", MANY)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=limit")
        .body(waiting)
        .expect("a request");
    linked.world.browser().send(request).await.assert_status(401);
}

/// Presses the button of the page with links for all who need to sign in.
async fn sign_in_links(ada: &mut Browser, query: &str, more: &[(&str, &str)]) -> Answer {
    let page = ada.get(&format!("{SIGN_IN_LINKS}{query}")).await;
    let (form, connector) = (page.assert_status(200).hidden("form"), page.hidden("connector"));
    let mut fields = vec![("form", form.as_str()), ("connector", connector.as_str())];
    fields.extend_from_slice(more);
    ada.post(SIGN_IN_LINKS, &fields).await
}

#[rstest]
#[tokio::test]
async fn all_accounts_that_need_a_sign_in_get_a_link_each_and_the_next_file_has_the_others(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let other = linked.another_connector("CRM").await;
    let grace = add_account(&linked.world, &linked.connector, "grace@contoso.test").await;
    let alan = add_account(&linked.world, &format!("/connectors/{other}"), "alan@contoso.test").await;
    linked.ada.get(SIGN_IN_LINKS).await.assert_says("No account needs a sign-in");
    linked.world.raw.run("UPDATE accounts SET state = 'needs_sign_in'").await.expect("changed");
    add_account(&linked.world, &linked.connector, "connected@contoso.test").await;
    let list = linked.ada.get("/accounts?state=needs_sign_in").await;
    list.assert_says("Links for all who need to sign in");
    let connected = linked.ada.get("/accounts").await;
    assert!(!connected.text().contains("Links for all"), "only with the filter");

    let query = format!("?connector={other}");
    let of_other = sign_in_links(&mut linked.ada, &query, &[]).await;
    let rows_of_other = rows(&of_other);
    assert_eq!(rows_of_other[0], ["email", "name", "reference", "link", "expires", "account_key"]);
    assert_eq!((rows_of_other.len(), &rows_of_other[1][0]), (2, &"alan@contoso.test".to_owned()));
    assert_eq!(rows_of_other[1][5], alan);
    linked.ada.get(SIGN_IN_LINKS).await.assert_says("1 account needs a sign-in and has no open link.");
    let of_rest = rows(&sign_in_links(&mut linked.ada, "", &[]).await);
    assert_eq!((of_rest.len(), &of_rest[1][5]), (2, &grace), "Alan has an open link");
    for row in [&of_rest[1], &rows_of_other[1]] {
        linked.world.browser().get(&path_in(row)).await.assert_status(200).assert_says(&row[0]);
    }
    let through_own = "SELECT COUNT(*) FROM connect_links l JOIN accounts a ON a.id = l.account_id AND a.connector_id = \
                       l.connector_id";
    assert_eq!(linked.world.raw.one::<i64>(through_own).await, 2);
    assert_eq!(recorded(&linked.world, "links.made").await, 2);
    linked.ada.get("/settings/activity").await.assert_says("made 1 link to sign in again");

    // An hour later the file may be lost.
    let nothing = linked.ada.get(SIGN_IN_LINKS).await;
    nothing.assert_says("No account needs a sign-in that has no open link yet.");
    let earlier = format!("UPDATE connect_links SET created_at = created_at - {}", 61_i64 * 60 * 1_000_000);
    linked.world.raw.run(&earlier).await.expect("changed");
    let form = linked.ada.get(SIGN_IN_LINKS).await.hidden("form");
    let refused = linked.ada.post(SIGN_IN_LINKS, &[("form", form.as_str())]).await;
    refused.assert_status(422).assert_says("No account needs a link now.");
    assert_eq!(rows(&sign_in_links(&mut linked.ada, "", &[("again", "true")]).await).len(), 3);
    // A connector that is being deleted makes no links.
    linked.world.raw.run("DELETE FROM connect_links").await.expect("deleted");
    let deleted = format!("UPDATE connectors SET deleted_at = 1 WHERE id = {}", linked.world.raw.id(other));
    linked.world.raw.run(&deleted).await.expect("changed");
    assert_eq!(rows(&sign_in_links(&mut linked.ada, "", &[]).await).len(), 2);
}

#[rstest]
#[tokio::test]
async fn one_file_has_at_most_1000_links_for_accounts(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut linked = Linked::new(kind).await;
    let now = linked.world.clock.now().micros();
    let id = match kind {
        Kind::Sqlite => "unhex(printf('%032x', n))",
        Kind::Postgres => "lpad(to_hex(n), 32, '0')::uuid",
    };
    let insert = format!(
        "INSERT INTO accounts (id, organisation_id, provider, subject, connector_id, email, email_key, name, state, \
         state_since, failures, signed_in_at, created_at, version) WITH RECURSIVE numbers(n) AS (SELECT 10000 UNION \
         ALL SELECT n + 1 FROM numbers WHERE n < 11002) SELECT {id}, organisation_id, 'outlook', 's' || n, \
         connectors.id, 'm' || n || '@contoso.test', 'm' || n || '@contoso.test', '', 'needs_sign_in', {now}, 0, \
         {now}, {now}, 1 FROM numbers, connectors"
    );
    assert_eq!(linked.world.raw.run(&insert).await, Ok(1_003));
    linked.ada.get(SIGN_IN_LINKS).await.assert_says("One file has the first 1,000");
    let first = rows(&sign_in_links(&mut linked.ada, "", &[]).await);
    assert_eq!((first.len(), first[1][0].as_str()), (1_001, "m10000@contoso.test"));
    linked.ada.get(SIGN_IN_LINKS).await.assert_says("3 accounts need a sign-in and have no open link.");
    let second = rows(&sign_in_links(&mut linked.ada, "", &[]).await);
    assert_eq!((second.len(), second[1][0].as_str()), (4, "m11000@contoso.test"));
    assert_eq!(linked.world.raw.count("connect_links").await, 1_003);
}

#[rstest]
#[tokio::test]
async fn many_links_of_a_user_who_may_have_no_more_effect_are_revoked_as_one_entry(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let bob = linked.world.add_user("Contoso", "bob@contoso.test", Role::Admin).await;
    assert_eq!(rows(&upload(&mut linked, &list(30)).await).len(), 31);
    let give = format!("UPDATE connect_links SET made_by = {}", linked.world.raw.id(&bob));
    linked.world.raw.run(&give).await.expect("changed");
    let of_ada = linked.make(linked.plain()).await;
    linked.ada.post(&format!("/settings/people/{bob}"), &[("change", "disable")]).await.assert_status(303);
    let revoked: i64 =
        linked.world.raw.one("SELECT COUNT(*) FROM connect_links WHERE revoked_why IS NOT NULL").await;
    assert_eq!(revoked, 30);
    linked.world.browser().get(&of_ada).await.assert_status(200);
    assert_eq!(recorded(&linked.world, "links.revoked").await, 1);
    assert_eq!(recorded(&linked.world, "link.revoked").await, 0);
    linked.ada.get("/settings/activity").await.assert_says("revoked 30 links");
}
