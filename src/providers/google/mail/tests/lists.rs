//! Lists of messages: pages, cursors, starts and conditions.

use std::time::Duration;

use super::{fake::mail, *};
use crate::providers::mailbox::{
    Clause, DateRange, Limit, MailProblem, Mailbox, Order, Phrase, Position, SearchQuery,
};

/// Messages of the inbox: `m0` is the oldest.
fn many(count: i64) -> Vec<serde_json::Value> {
    (0..count)
        .map(|number| mail(&format!("{number:x}"), 1_000 + number, &["INBOX"], &format!("t{number}")))
        .collect()
}

fn search() -> SearchQuery {
    SearchQuery { clauses: Vec::new(), received: None, folder: None, position: Position::Skip(0), limit: 40 }
}

#[tokio::test]
async fn only_the_messages_of_a_page_are_read_whatever_is_before_it() {
    let bench = Bench::new(Fake::with(many(1_200)));
    let wanted = MessageQuery { position: Position::Skip(1_100), limit: 50, ..query() };
    let page = bench.mailbox.list_messages(&bench.call(), &wanted).await.expect("a page");
    let expected: Vec<_> = (50..100).rev().map(|number| format!("{number:x}")).collect();
    assert_eq!(ids(&page), expected);
    assert!(page.next.is_some());
    let asked = bench.gmail.asked();
    assert_eq!(asked.len(), 3 + 1 + 50);
    assert_eq!(asked[..2], ["/messages?q=-in:draft&maxResults=500", "/profile"]);
    assert_eq!(asked[2], "/messages?q=-in:draft&maxResults=500&pageToken=page500");
    assert_eq!(bench.gmail.units(), 3 * 5 + 1 + 50 * 20);
}

#[tokio::test]
async fn a_page_for_which_too_few_units_are_left_reads_no_message_and_says_how_many_fit() {
    for (left, limit) in [(170, Limit::Page { fits: 8 }), (19, Limit::Mailbox)] {
        let bench = Bench::new(Fake { left: Some(left), ..Fake::with(many(20)) });
        let error = bench.mailbox.list_messages(&bench.call(), &query()).await.expect_err("too few");
        let retry_after = Some(Duration::from_secs(30));
        assert_eq!(error.problem, MailProblem::Throttled { limit, retry_after });
        assert_eq!(bench.gmail.units(), 5 + 1);
        let wanted = MessageQuery { limit: 8, ..query() };
        let page = bench.mailbox.list_messages(&bench.call(), &wanted).await.map(|page| page.messages.len());
        assert_eq!(page.ok(), (left >= 160).then_some(8));
    }
}

#[tokio::test]
async fn every_request_has_the_token_and_asks_for_no_content_of_parts() {
    let bench = Bench::new(Fake::with(many(1)));
    bench.mailbox.list_messages(&bench.call(), &query()).await.expect("a page");
    let asked = bench.gmail.asked.lock().expect("requests").clone();
    assert_eq!(asked.len(), 3);
    for (url, headers) in &asked {
        assert!(url.starts_with("https://gmail.example/gmail/v1/users/me/"), "{url}");
        assert_eq!(headers["authorization"], "Bearer canary-access");
        assert!(headers["authorization"].is_sensitive());
    }
    assert!(asked[2].0.contains("fields=id%2CthreadId") && !asked[2].0.contains("data"), "{}", asked[2].0);
}

#[tokio::test]
async fn a_list_that_is_paged_while_mail_arrives_has_each_message_once() {
    for order in [Order::NewestFirst, Order::OldestFirst] {
        for folder in [None, Some("INBOX".to_owned())] {
            let bench = Bench::new(Fake::with(many(600)));
            let mut position = Position::Skip(0);
            let mut read = Vec::new();
            loop {
                let query = MessageQuery { order, position, limit: 70, folder: folder.clone(), ..query() };
                let page = bench.mailbox.list_messages(&bench.call(), &query).await.expect("a page");
                assert!(page.messages.len() == 70 || page.next.is_none());
                read.extend(page.messages.iter().map(|message| message.id.clone()));
                if order == Order::NewestFirst && read.len() < 400 {
                    bench.gmail.add(mail(&format!("f{}", read.len()), 5_000, &["INBOX"], "new"));
                }
                let Some(next) = page.next else { break };
                position = Position::After(next);
            }
            let mut expected: Vec<_> = (0..600).map(|number| format!("{number:x}")).collect();
            if order == Order::NewestFirst {
                expected.reverse();
            }
            assert_eq!(read, expected, "{order:?} {folder:?}");
        }
    }
}

#[tokio::test]
async fn a_program_that_moves_what_it_has_read_misses_nothing() {
    let bench = Bench::new(Fake::with(many(60)));
    let mut position = Position::Skip(0);
    let mut count = 0;
    loop {
        let query = MessageQuery { position, limit: 8, folder: Some("INBOX".to_owned()), ..query() };
        let page = bench.mailbox.list_messages(&bench.call(), &query).await.expect("a page");
        count += page.messages.len();
        for message in bench.gmail.messages.lock().expect("messages").iter_mut() {
            if ids(&page).iter().any(|id| message["id"] == *id) {
                message["labelIds"] = serde_json::json!(["Label_1"]);
            }
        }
        let Some(next) = page.next else { break };
        position = Position::After(next);
    }
    assert_eq!(count, 60);
}

#[tokio::test]
async fn a_list_of_the_whole_mailbox_leaves_out_trash_spam_and_drafts() {
    let folders = ["INBOX", "TRASH", "SPAM", "DRAFT", "SENT", "Label_1"];
    let messages =
        folders.iter().zip(0..).map(|(folder, number)| mail(&number.to_string(), number, &[*folder], "t"));
    let bench = Bench::new(Fake::with(messages.collect()));
    let page = bench.mailbox.list_messages(&bench.call(), &query()).await.expect("a page");
    assert_eq!((ids(&page), page.next.as_deref()), (vec!["5", "4", "0"], None));
    let of = |folder: &str| MessageQuery { folder: Some(folder.to_owned()), ..query() };
    for (folder, expected) in
        [("TRASH", vec!["1"]), ("SPAM", vec!["2"]), ("ALL_MAIL", vec!["5", "4", "3", "0"])]
    {
        let page = bench.mailbox.list_messages(&bench.call(), &of(folder)).await.expect("a page");
        assert_eq!(ids(&page), expected, "{folder}");
    }
    let both = MessageQuery { includes_sent: true, ..of("INBOX") };
    let page = bench.mailbox.list_messages(&bench.call(), &both).await.expect("a page");
    assert_eq!(ids(&page), ["4", "0"]);
    let behind = MessageQuery { position: Position::Skip(3), ..query() };
    let page = bench.mailbox.list_messages(&bench.call(), &behind).await.expect("a page");
    assert_eq!(page, MessagePage::default());
}

#[tokio::test]
async fn a_message_that_changes_before_it_is_read_is_not_in_the_list() {
    let bench = Bench::new(Fake {
        others: vec![
            ("/messages/1", 404, fake::error(404, "notFound").1),
            ("/messages/2", 200, mail("2", 2, &["TRASH", "INBOX"], "t").to_string()),
        ],
        ..Fake::with(many(5))
    });
    let wanted = MessageQuery { limit: 4, ..query() };
    let page = bench.mailbox.list_messages(&bench.call(), &wanted).await.expect("a page");
    assert_eq!((ids(&page), page.next.as_deref()), (vec!["4", "3", "0"], None));
    let bench = Bench::new(Fake {
        others: vec![("/messages/1", 403, fake::error(403, "rateLimitExceeded").1)],
        ..Fake::with(many(5))
    });
    let error = bench.mailbox.list_messages(&bench.call(), &query()).await.expect_err("throttled");
    assert!(matches!(error.problem, MailProblem::Throttled { .. }));
}

#[tokio::test]
async fn a_long_list_is_not_read_from_its_end_and_not_from_far_behind() {
    let bench = Bench::new(Fake::with(many(10_001)));
    let oldest = MessageQuery { order: Order::OldestFirst, ..query() };
    let error = bench.mailbox.list_messages(&bench.call(), &oldest).await.expect_err("too long");
    assert!(matches!(error.problem, MailProblem::NotSupported(_)));
    assert_eq!(bench.gmail.units(), 20 * 5);
    let far = MessageQuery { position: Position::Skip(10_000), ..query() };
    let error = bench.mailbox.list_messages(&bench.call(), &far).await.map(|page| page.next);
    let found = error.map_err(|error| error.problem);
    // Behind as many ids as one call reads, the list goes on with its cursor.
    assert!(matches!(found, Ok(Some(_))), "{found:?}");
    let behind = MessageQuery { position: Position::Skip(10_001), ..query() };
    let error = bench.mailbox.list_messages(&bench.call(), &behind).await.expect_err("too far");
    assert!(matches!(error.problem, MailProblem::InvalidValue(words) if words.starts_with("start")));
}

#[tokio::test]
async fn a_cursor_of_a_page_that_gmail_has_forgotten_is_refused_as_one() {
    let bench = Bench::new(Fake::with(many(5)));
    for wrong in [r#"{"a":{"p":"gone","o":0,"n":[]}}"#, "x"] {
        let wanted = MessageQuery { position: Position::After(wrong.to_owned()), ..query() };
        let error = bench.mailbox.list_messages(&bench.call(), &wanted).await.expect_err("no cursor");
        assert!(matches!(error.problem, MailProblem::InvalidValue(words) if words.starts_with("cursor")));
    }
}

#[tokio::test]
async fn the_folder_of_a_message_with_several_labels_is_told_by_their_names() {
    let messages = vec![
        mail("a", 2, &["Label_1", "Label_2"], "t"),
        mail("b", 1, &["Label_2", "INBOX"], "t"),
        mail("c", 0, &[], "t"),
    ];
    let labels = fake::labels(&[("Label_1", "Work"), ("Label_2", "Home")]);
    let bench = Bench::new(Fake { labels, ..Fake::with(messages) });
    let page = bench.mailbox.list_messages(&bench.call(), &query()).await.expect("a page");
    let folders: Vec<_> = page.messages.iter().map(|message| message.folder.as_deref()).collect();
    assert_eq!(folders, [Some("Label_2"), Some("INBOX"), Some("ALL_MAIL")]);
    assert_eq!(bench.gmail.asked().iter().filter(|path| *path == "/labels").count(), 1);
}

#[tokio::test]
async fn a_search_goes_on_with_its_cursor_and_has_no_limit_of_results() {
    let bench = Bench::new(Fake::with(many(1_500)));
    assert_eq!(bench.mailbox.max_search_results(), None);
    let phrase = Phrase::parse("Subject").expect("a phrase");
    let mut wanted = SearchQuery { clauses: vec![Clause::Subject(phrase)], limit: 200, ..search() };
    let mut read = Vec::new();
    loop {
        let page = bench.mailbox.search_messages(&bench.call(), &wanted).await.expect("a page");
        read.extend(page.messages.into_iter().map(|message| message.id));
        let Some(next) = page.next else { break };
        wanted.position = Position::After(next);
    }
    let expected: Vec<_> = (0..1_500).rev().map(|number| format!("{number:x}")).collect();
    assert_eq!(read, expected);
    assert!(bench.gmail.asked()[0].starts_with("/messages?q=-in:draft subject:\"Subject\"&maxResults=500"));
}

#[tokio::test]
async fn a_search_for_days_has_the_messages_of_their_first_and_last_second() {
    let day = 86_400;
    let seconds = [day - 1, day, 2 * day, 3 * day - 1, 3 * day];
    let messages = seconds.iter().map(|second| mail(&second.to_string(), *second, &["INBOX"], "t"));
    let bench = Bench::new(Fake::with(messages.collect()));
    let [first, last] =
        [2, 3].map(|day| time::Date::from_calendar_date(1970, time::Month::January, day).expect("a day"));
    let wanted = SearchQuery { received: Some(DateRange { first, last }), ..search() };
    let page = bench.mailbox.search_messages(&bench.call(), &wanted).await.expect("a page");
    assert_eq!(ids(&page), ["259199", "172800", "86400"]);
}
