//! Large files: upload sessions, interrupted and not.

use super::{
    wire::{Sent, answer, empty},
    *,
};
use crate::providers::mailbox::OutgoingFile;

const UPLOAD: &str = "https://outlook.office.test/api/session?token=canary-upload";
const PUT: &str = "PUT https://outlook.office.test/api/session?token=canary-upload";
const GET: &str = "GET https://outlook.office.test/api/session?token=canary-upload";
const PIECE: usize = 3_276_800;

fn session() -> Reply {
    answer(201, json!({ "uploadUrl": UPLOAD, "nextExpectedRanges": ["0-"] }))
}

fn next(at: usize) -> Reply {
    found(json!({ "nextExpectedRanges": [format!("{at}-")] }))
}

fn no_files() -> Reply {
    found(json!({ "value": [] }))
}

/// The bytes of three pieces, of which the last one is short.
fn content() -> Vec<u8> {
    (0..2 * PIECE + 1000).map(|at| u8::try_from(at % 251).expect("a byte")).collect()
}

fn large() -> OutgoingFile {
    file("large.pdf", content())
}

/// The bytes that the requests bring, each at its place.
fn uploaded(sent: &[Sent]) -> Vec<u8> {
    let mut whole = vec![0; content().len()];
    for piece in sent.iter().filter(|sent| sent.method == "PUT") {
        let range = piece.header("content-range").strip_prefix("bytes ").expect("a range");
        let (range, total) = range.split_once('/').expect("a total");
        assert_eq!(total, whole.len().to_string());
        let (first, last) = range.split_once('-').expect("two ends");
        let (first, last): (usize, usize) = (first.parse().expect("a place"), last.parse().expect("a place"));
        whole[first..=last].copy_from_slice(&piece.body);
    }
    whole
}

async fn attach(wire: &Wire) -> Option<MailProblem> {
    problem(wire.mailbox.attach(&wire.call(), "d1", &large()).await)
}

#[tokio::test]
async fn a_large_file_is_uploaded_in_pieces_without_the_access_token() {
    let wire = Wire::new([no_files(), session(), next(PIECE), next(2 * PIECE), empty(201)]);
    assert_eq!(attach(&wire).await, None);
    let sent = wire.sent();
    assert_eq!(sent[1].line(), "POST /me/messages/d1/attachments/createUploadSession");
    let begun = sent[1].json();
    let item = &begun["AttachmentItem"];
    let expected = json!({
        "attachmentType": "file", "name": "large.pdf", "size": content().len(), "isInline": false,
        "contentType": "application/pdf", "contentId": item["contentId"],
    });
    assert_eq!(*item, expected);
    assert!(item["contentId"].as_str().is_some_and(|id| id.ends_with("@mail360")));
    let lines: Vec<_> = sent[2..].iter().map(Sent::line).collect();
    assert_eq!(lines, [PUT; 3]);
    let sizes: Vec<_> = sent[2..].iter().map(|sent| sent.body.len()).collect();
    assert_eq!(sizes, [PIECE, PIECE, 1000]);
    for piece in &sent[2..] {
        assert_eq!(piece.header("content-type"), "application/octet-stream");
        assert!(piece.is_download, "a stream has no time limit, and few slots");
    }
    assert!(uploaded(&sent) == content());
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_cut() {
    let cuts: [fn() -> Reply; 5] = [
        || failure(MailProblem::NotSent),
        || failure(MailProblem::Unavailable),
        || failure(MailProblem::Slow),
        || error(503, "x"),
        || error(416, "x"),
    ];
    for cut in cuts {
        // Nothing of the second piece has arrived, a part of it, or all.
        for (arrived, puts) in [(PIECE, 2), (PIECE + 320 * 1024, 1), (2 * PIECE, 1)] {
            let begun = [no_files(), session(), next(PIECE), cut(), next(arrived)];
            let rest = (1..puts).map(|_| next(2 * PIECE)).chain([empty(201)]);
            let wire = Wire::new(begun.into_iter().chain(rest));
            assert_eq!(attach(&wire).await, None);
            let sent = wire.sent();
            let lines: Vec<_> = sent[2..].iter().map(Sent::line).collect();
            assert_eq!(lines[..3], [PUT, PUT, GET]);
            assert!(lines[3..].iter().all(|line| line == PUT) && lines.len() == 3 + puts);
            assert!(sent[5].header("content-range").starts_with(&format!("bytes {arrived}-")));
            assert!(uploaded(&sent) == content());
        }
    }
}

#[tokio::test]
async fn an_upload_that_is_throttled_goes_on_with_the_same_piece() {
    let wire = Wire::new([
        no_files(),
        session(),
        next(PIECE),
        error(429, "x"),
        error(429, "x"),
        next(2 * PIECE),
        error(429, "x"),
        empty(201),
    ]);
    assert_eq!(attach(&wire).await, None);
    let sent = wire.sent();
    let lines: Vec<_> = sent[2..].iter().map(Sent::line).collect();
    assert_eq!(lines, [PUT; 6]);
    assert!(uploaded(&sent) == content());
}

#[tokio::test]
async fn the_draft_tells_whether_a_file_has_arrived_whose_session_is_gone() {
    let cut =
        || [no_files(), session(), next(PIECE), next(2 * PIECE), failure(MailProblem::Slow), error(404, "x")];
    let wire = Wire::new(cut().into_iter().chain([no_files()]));
    assert_eq!(attach(&wire).await, Some(MailProblem::Slow));
    let mark = wire.sent()[1].json()["AttachmentItem"]["contentId"].clone();
    let there = json!({ "value": [{ "id": "a1", "name": "large.pdf", "contentId": mark }] });
    let wire = Wire::new(cut().into_iter().chain([found(there)]));
    assert_eq!(attach(&wire).await, None);
    assert_eq!(wire.sent().len(), 7);
}

#[tokio::test]
async fn an_upload_that_gets_nowhere_is_given_up() {
    let cut = || [failure(MailProblem::Slow), next(0)];
    let begun = [no_files(), session()];
    let cuts = (0..3).flat_map(|_| cut());
    let wire = Wire::new(begun.into_iter().chain(cuts).chain([no_files()]));
    assert_eq!(attach(&wire).await, Some(MailProblem::Slow));
    let replies =
        [no_files(), session(), failure(MailProblem::Slow), failure(MailProblem::Unavailable), no_files()];
    let wire = Wire::new(replies);
    assert_eq!(attach(&wire).await, Some(MailProblem::Slow));
    assert_eq!(wire.sent().len(), 5);
}

#[tokio::test]
async fn an_upload_that_is_refused_leaves_nothing() {
    let throttled = MailProblem::Throttled { limit: Limit::Provider, retry_after: None };
    let refused: [fn() -> Reply; 2] = [|| error(429, "x"), || error(400, "ErrorQuotaExceeded")];
    for (reply, (tries, expected)) in refused.into_iter().zip([(3, throttled), (1, MailProblem::Refused)]) {
        let begun = [no_files(), session()];
        let wire = Wire::new(begun.into_iter().chain((0..tries).map(|_| reply())).chain([empty(204)]));
        assert_eq!(attach(&wire).await, Some(expected));
        assert_eq!(wire.lines()[2 + tries], PUT.replace("PUT", "DELETE"));
    }
    // The file ends before it should: the last piece is not sent.
    let wire = Wire::new([no_files(), session(), next(PIECE), next(2 * PIECE), empty(204)]);
    let longer = OutgoingFile { size: content().len() as u64 + 1, ..large() };
    let broken = problem(wire.mailbox.attach(&wire.call(), "d1", &longer).await);
    assert!(matches!(broken, Some(MailProblem::InvalidValue(_))), "{broken:?}");
    assert!(wire.lines()[4].starts_with("DELETE https://outlook.office.test/"));
}

#[tokio::test]
async fn a_session_at_a_wrong_address_gets_nothing_and_no_error_names_the_address() {
    for url in [
        "http://outlook.office.test/?token=canary-upload",
        "https://10.0.0.1/?token=canary-upload",
        "canary-upload",
    ] {
        let wire = Wire::new([no_files(), answer(201, json!({ "uploadUrl": url })), no_files()]);
        let refused = wire.mailbox.attach(&wire.call(), "d1", &large()).await.expect_err("a wrong address");
        assert_eq!(refused.problem, MailProblem::Garbled);
        assert!(!format!("{refused:?} {refused}").contains("canary"));
        assert_eq!(wire.sent().len(), 3);
    }
}

#[tokio::test]
async fn a_file_at_the_limit_between_both_ways_takes_the_one_that_graph_accepts() {
    let at_limit = |size: usize| file("f.pdf", vec![7; size]);
    // Too large for a request by our count, too small for a session by Graph's.
    let wire = Wire::new([no_files(), error(400, "ErrorInvalidRequest"), found(json!({ "id": "a1" }))]);
    wire.mailbox.attach(&wire.call(), "d1", &at_limit(3_000_000)).await.expect("a file");
    let lines = wire.lines();
    assert_eq!(lines[1], "POST /me/messages/d1/attachments/createUploadSession");
    assert_eq!(lines[2], "POST /me/messages/d1/attachments");
    // Small enough for a request by our count, too large by Graph's.
    let wire = Wire::new([no_files(), error(413, "ErrorMessageSizeExceeded"), session(), empty(201)]);
    wire.mailbox.attach(&wire.call(), "d1", &at_limit(2_999_000)).await.expect("a file");
    assert_eq!(wire.lines()[3], PUT);
}
