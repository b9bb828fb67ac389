//! Messages with uploads: each file is attached once, and its upload ends when the message was sent.

use axum::body::Bytes;
use mail360::{
    mail::{
        sending::{SendRequest, Step, StopPoint},
        uploads::{FileName, NewUpload},
    },
    providers::mailbox::MailError,
};
use rstest::rstest;

use crate::support::{
    Kind,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Scopes, Site},
    outbox::Fault,
    sending::{DRAFT, FINDABLE, Office, message},
};

/// A message with two files that were uploaded.
async fn with_files(office: &Office) -> SendRequest {
    let mut request = message("a");
    for name in ["one.txt", "two.txt"] {
        let content = Bytes::from(format!("canary-file {name}"));
        let new = NewUpload {
            name: FileName::parse(name).expect("a name"),
            content_type: Some("text/plain".to_owned()),
            length: Some(content.len() as u64),
        };
        let body = Box::pin(futures_util::stream::iter([Ok::<_, MailError>(content)]));
        let added = office.sender.program.uploads.add(&office.caller(), office.account, new, body).await;
        request.files.push(added.expect("an upload").id);
    }
    request
}

async fn uploads(office: &Office) -> i64 {
    office.scene.world.raw.count("uploads").await
}

#[rstest]
#[case::before(StopPoint::Claimed(Step::Attach))]
#[case::after(StopPoint::Answered(Step::Attach))]
#[case::stored(StopPoint::Committed(Step::Attach))]
#[tokio::test]
async fn a_kill_amid_the_files_leaves_each_attached_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] point: StopPoint,
) {
    let office = Office::new(kind, DRAFT).await;
    let request = with_files(&office).await;
    office.kill_at(point, Some("k-1"), request.clone()).await;
    let sent = office.send(Some("k-1"), request.clone()).await.expect("sent");
    assert!(sent.is_replay);
    assert_eq!((office.outbox.delivered().len(), office.outbox.files()), (1, 2));
    assert_eq!(uploads(&office).await, 0);
    // A repeat needs no files any more.
    assert!(office.send(Some("k-1"), request).await.expect("sent").is_replay);
}

#[rstest]
#[case::before(StopPoint::Claimed(Step::CreateDraft))]
#[case::after(StopPoint::Answered(Step::CreateDraft))]
#[case::stored(StopPoint::Committed(Step::CreateDraft))]
#[tokio::test]
async fn a_kill_amid_a_draft_that_is_made_with_its_files_leaves_each_once(#[case] point: StopPoint) {
    let office = Office::new(GMAIL, DRAFT).await;
    let request = with_files(&office).await;
    office.kill_at(point, Some("k-1"), request.clone()).await;
    let sent = office.send(Some("k-1"), request).await.expect("sent");
    assert!(sent.is_replay);
    assert_eq!((office.outbox.drafts_made(), office.outbox.files()), (1, 2));
    assert_eq!((office.outbox.delivered().len(), uploads(&office).await), (1, 0));
}

#[rstest]
#[tokio::test]
async fn a_file_whose_answer_was_lost_is_attached_once(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(Fault::AnswerLost, Fault::RequestLost, Fault::Throttled)] fault: Fault,
) {
    let office = Office::new(site, DRAFT).await;
    let request = with_files(&office).await;
    let draft = site.company.facts().attaches.then_some(Fault::None);
    office.outbox.fail_next(draft.into_iter().chain([fault, Fault::None, fault]));
    office.send(Some("k-1"), request).await.expect("sent");
    assert_eq!((office.outbox.delivered().len(), office.outbox.files()), (1, 2));
}

#[rstest]
#[tokio::test]
async fn uploads_live_on_after_a_send_that_failed_and_end_with_one_that_succeeds(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(DRAFT, FINDABLE)] scopes: Scopes,
) {
    let office = Office::new(site, scopes).await;
    let request = with_files(&office).await;
    office.outbox.fail_next([Fault::Refused]);
    office.send(Some("k-1"), request.clone()).await.expect_err("refused");
    assert_eq!(uploads(&office).await, 2);
    office.send(Some("k-2"), request).await.expect("sent");
    assert_eq!((office.outbox.delivered().len(), uploads(&office).await), (1, 0));
}
