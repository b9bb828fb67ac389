//! Searches: their ids and their pages.

use super::{
    script::{Script, found, part, refusal},
    *,
};
use crate::providers::mailbox::{Clause, MailProblem, Mailbox, Phrase, SearchQuery};

fn search() -> SearchQuery {
    let phrase = Phrase::parse("Subject").expect("a phrase");
    SearchQuery {
        clauses: vec![Clause::Subject(phrase)],
        received: None,
        folder: None,
        position: Position::Skip(0),
        limit: 40,
    }
}

fn many(count: i64) -> Vec<serde_json::Value> {
    (0..count).map(|number| mail(&format!("m{number}"), 1_000 + number, "inbox", "t")).collect()
}

#[tokio::test]
async fn ids_of_a_search_are_never_given_out_and_those_given_find_the_messages() {
    let bench = Bench::new(Fake::with(many(100)));
    let page = bench.mailbox.search_messages(&bench.call(), &search()).await.expect("a page");
    let expected: Vec<_> = (60..100).rev().map(|number| format!("m{number}")).collect();
    assert_eq!(ids(&page), expected);
    for message in bench.graph.messages.lock().expect("messages").iter_mut() {
        message["parentFolderId"] = "moved".into();
    }
    for id in ids(&page) {
        let message = bench.mailbox.get_message(&bench.call(), id).await.expect("a message");
        assert_eq!(message.folder.as_deref(), Some("moved"));
    }
    let asked = bench.graph.asked();
    let again: Vec<_> = asked.iter().filter(|url| url.contains("internetMessageId eq")).collect();
    assert_eq!(again.len(), 3);
    assert!(again.iter().all(|url| url.matches("internetMessageId eq").count() <= 15));
}

#[tokio::test]
async fn a_search_goes_on_with_its_cursor_and_from_a_start() {
    let bench = Bench::new(Fake::with(many(100)));
    for start in [0, 5] {
        let mut wanted = SearchQuery { position: Position::Skip(start), limit: 30, ..search() };
        let mut read = Vec::new();
        loop {
            let page = bench.mailbox.search_messages(&bench.call(), &wanted).await.expect("a page");
            assert!(page.messages.len() == 30 || page.next.is_none());
            read.extend(page.messages.into_iter().map(|message| message.id));
            let Some(next) = page.next else { break };
            wanted.position = Position::After(next);
        }
        let expected: Vec<_> = (0..100 - start).rev().map(|number| format!("m{number}")).collect();
        assert_eq!(read, expected, "{start}");
    }
}

#[tokio::test]
async fn a_result_that_is_not_found_again_is_left_out() {
    let mut messages = many(4);
    messages[1]["internetMessageId"] = serde_json::Value::Null;
    let bench = Bench::new(Fake::with(messages));
    let page = bench.mailbox.search_messages(&bench.call(), &search()).await.expect("a page");
    assert_eq!(ids(&page), ["m3", "m2", "m0"]);
}

#[tokio::test]
async fn a_search_without_clauses_beyond_its_results_or_with_a_foreign_cursor_is_refused() {
    let bench = Bench::new(Fake::with(many(4)));
    let foreign = r#"{"u":"https://evil.example/v1.0/me/messages","n":0}"#.to_owned();
    for (wrong, problem) in [
        (SearchQuery { clauses: Vec::new(), ..search() }, MailProblem::InvalidValue("mailQry")),
        (
            SearchQuery { position: Position::Skip(1_000), ..search() },
            MailProblem::InvalidValue("start: a search has at most 1,000 results"),
        ),
        (
            SearchQuery { position: Position::After("x".to_owned()), ..search() },
            MailProblem::InvalidValue("cursor"),
        ),
        (SearchQuery { position: Position::After(foreign), ..search() }, MailProblem::Garbled),
    ] {
        let error = bench.mailbox.search_messages(&bench.call(), &wrong).await.expect_err("refused");
        assert_eq!(error.problem, problem);
    }
    assert_eq!(bench.graph.asked().len(), 0);
    assert_eq!(bench.mailbox.max_search_results(), Some(1_000));
}

#[tokio::test]
async fn deleted_mail_spam_and_drafts_are_found_only_in_their_folder() {
    let folders = ["inbox", "deleteditems", "below-trash", "junkemail", "drafts", "sentitems"];
    let messages = (0..600).zip(folders.iter().cycle());
    let messages = messages.map(|(number, folder)| mail(&format!("{folder}{number}"), number, folder, "t"));
    let bench = Bench::new(Fake::with(messages.collect()));
    for start in [0, 3] {
        let mut wanted = SearchQuery { position: Position::Skip(start), limit: 7, ..search() };
        let mut read = Vec::new();
        loop {
            let page = bench.mailbox.search_messages(&bench.call(), &wanted).await.expect("a page");
            read.extend(page.messages.into_iter().map(|message| message.id));
            let Some(next) = page.next else { break };
            wanted.position = Position::After(next);
        }
        let shown: Vec<_> = (0..600)
            .rev()
            .filter_map(|number| match number % 6 {
                0 => Some(format!("inbox{number}")),
                5 => Some(format!("sentitems{number}")),
                _ => None,
            })
            .skip(usize::try_from(start).expect("a number"))
            .collect();
        assert_eq!(read, shown, "{start}");
    }
    let trash = SearchQuery { folder: Some("deleteditems".to_owned()), limit: 200, ..search() };
    let page = bench.mailbox.search_messages(&bench.call(), &trash).await.expect("a page");
    assert_eq!(page.messages.len(), 100);
}

#[tokio::test]
async fn a_search_that_graph_has_forgotten_is_asked_again_once_and_its_cursor_is_refused_in_words() {
    let stale = || refusal(400, "ErrorExecuteSearchStaleData");
    let inbox = SearchQuery { folder: Some("inbox".to_owned()), limit: 1, ..search() };
    let nothing = || found(serde_json::json!({ "value": [] }));
    let script = Script::new([stale(), nothing()]);
    let page = script.mailbox.search_messages(&script.call(), &inbox).await.expect("a page");
    assert_eq!((page, script.asked().len()), (MessagePage::default(), 2));
    let script = Script::new([stale(), stale()]);
    let error = script.mailbox.search_messages(&script.call(), &inbox).await.expect_err("forgotten twice");
    assert_eq!((error.problem, script.asked().len()), (MailProblem::Unavailable, 2));
    let one =
        serde_json::json!([{ "id": "x", "internetMessageId": "<1@x.test>", "parentFolderId": "inbox" }]);
    let script = Script::new([part(one, "/me/messages?$skiptoken=2"), nothing(), stale()]);
    let next = script.mailbox.search_messages(&script.call(), &inbox).await.expect("a page").next;
    let further = SearchQuery { position: Position::After(next.expect("more")), ..inbox };
    let error = script.mailbox.search_messages(&script.call(), &further).await.expect_err("forgotten");
    let MailProblem::InvalidValue(words) = error.problem else { panic!("{error:?}") };
    assert!(words.contains("has forgotten this search. Begin again without it."), "{words}");
    assert_eq!(script.asked().len(), 3);
}
