//! Answers that are lost, come late, or refuse: what becomes of a message by the permissions of its mailbox.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use mail360::{
    mail::{
        sending::{Key, SendFailure, Step, StopPoint},
        service::MailFailure,
    },
    providers::mailbox::{MailError, MailProblem},
};
use rstest::rstest;

use crate::support::{
    Kind, MailAnswer, OpenBodies,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Scopes, Site},
    jobs::until,
    outbox::Fault,
    sending::{BLIND, DRAFT, FINDABLE, Office, message},
};

#[rstest]
#[case::draft_without_answer(&[Fault::AnswerLost])]
#[case::no_draft_and_no_answer(&[Fault::RequestLost])]
#[case::late_draft(&[Fault::Late(5)])]
#[case::sent_without_answer(&[Fault::None, Fault::AnswerLost])]
#[case::not_sent_and_no_answer(&[Fault::None, Fault::RequestLost])]
#[case::sent_late(&[Fault::None, Fault::Late(5)])]
#[case::both_without_answer(&[Fault::AnswerLost, Fault::AnswerLost])]
#[case::three_times_nothing(&[Fault::RequestLost, Fault::None, Fault::RequestLost, Fault::RequestLost])]
#[case::no_connection(&[Fault::NoConnection, Fault::None, Fault::NoConnection])]
#[case::throttled(&[Fault::Throttled, Fault::None, Fault::Throttled])]
#[case::token_refused(&[Fault::TokenRefused, Fault::None, Fault::TokenRefused])]
#[case::lost_and_throttled(&[Fault::None, Fault::RequestLost, Fault::Throttled])]
#[case::lost_and_refused_because_it_was_sent(&[Fault::None, Fault::Late(11), Fault::Refused])]
#[tokio::test]
async fn with_a_draft_a_message_is_sent_exactly_once_whatever_is_lost(
    // At Gmail, a mailbox without delays would only be a simpler one.
    #[values(
        (OUTLOOK, (0, 0)),
        (OUTLOOK, (3, 2)),
        (OUTLOOK_ON_POSTGRES, (0, 0)),
        (OUTLOOK_ON_POSTGRES, (3, 2)),
        (GMAIL, (3, 2))
    )]
    mailbox: (Site, (u64, u64)),
    #[case] faults: &[Fault],
) {
    let (site, delays) = mailbox;
    let office = Office::new(site, DRAFT).await;
    office.outbox.delay(delays.0, delays.1);
    office.outbox.fail_next(faults.iter().copied());
    let sent = office.send(Some("k-1"), message("a")).await.expect("sent");
    office.pass(&[&office.sender], 30.0).await;
    assert_eq!(office.outbox.delivered(), [sent.internet_message_id]);
    assert_eq!((office.outbox.drafts_made(), office.outbox.drafts()), (1, 0));
    assert!(office.outbox.has_sent(&sent.message_id), "not the id of the message: {}", sent.message_id);
}

#[rstest]
#[tokio::test]
async fn a_send_that_the_provider_refuses_leaves_no_draft_and_its_key_keeps_the_refusal(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(&[Fault::Refused][..], &[Fault::None, Fault::Refused], &[Fault::None, Fault::RequestLost, Fault::Refused])]
    faults: &[Fault],
) {
    let office = Office::new(site, DRAFT).await;
    office.outbox.fail_next(faults.iter().copied());
    let mut said = Vec::new();
    for _ in 0..2 {
        match office.send(Some("k-1"), message("a")).await {
            Err(SendFailure::Mail(MailFailure::Mail(MailError {
                problem: MailProblem::Refused,
                provider,
            }))) => {
                said.push(provider.expect("the provider's words"));
            }
            other => unreachable!("{other:?}"),
        }
    }
    assert_eq!(said[0].code.as_deref(), Some(site.company.facts().refusal));
    assert_eq!(said[0], said[1]);
    // The draft is deleted after the outcome is stored.
    until(|| office.outbox.drafts() == 0).await;
    assert_eq!(office.outbox.delivered().len(), 0);
    assert!(!office.scene.world.mail.take_requests().is_empty());
    office.send(Some("k-1"), message("a")).await.expect_err("refused");
    assert!(office.scene.world.mail.take_requests().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_second_draft_that_comes_late_is_never_sent(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, DRAFT).await;
    // The first one comes while the second one has left the drafts and is not in Sent yet.
    office.outbox.delay(0, 10);
    office.outbox.fail_next([Fault::Late(25), Fault::None, Fault::AnswerLost]);
    let sent = office.send(Some("k-1"), message("a")).await.expect("sent");
    office.pass(&[&office.sender], 60.0).await;
    assert_eq!(office.outbox.delivered(), [sent.internet_message_id]);
    assert_eq!((office.outbox.drafts_made(), office.outbox.drafts()), (2, 1));
    // It is found by its Message-ID, which the message that was sent has too.
    office.scene.world.clock.advance(time::Duration::minutes(2));
    office.sender.look().await;
    until(|| office.outbox.drafts() == 0).await;
    assert_eq!(office.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_draft_whose_deletion_has_no_answer_was_not_sent(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(Fault::AnswerLost, Fault::RequestLost, Fault::Late(7))] deletion: Fault,
) {
    let office = Office::new(site, DRAFT).await;
    office.outbox.fail_next([Fault::None, Fault::RequestLost, Fault::Refused, deletion]);
    let refused = office.send(Some("k-1"), message("a")).await;
    assert!(matches!(refused, Err(SendFailure::Mail(_))), "{refused:?}");
    office.pass(&[&office.sender], 10.0).await;
    assert_eq!((office.outbox.delivered().len(), office.outbox.drafts()), (0, 0));
}

#[rstest]
#[case::before_its_deletion_was_asked("withdrawing", "unknown")]
#[case::after_its_deletion_was_asked("deleting", "failed")]
#[tokio::test]
async fn a_draft_that_is_gone_was_deleted_only_if_its_deletion_was_asked(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] stage: &str,
    #[case] expected: &str,
) {
    let office = Office::new(site, DRAFT).await;
    office.outbox.forget_sent();
    office.kill_at(StopPoint::Answered(Step::SendDraft), Some("k-1"), message("a")).await;
    let raw = &office.scene.world.raw;
    raw.run(&format!("UPDATE sends SET state = '{stage}'")).await.expect("as after a kill");
    office.wait_for_ended(&[&office.sender], 1).await;
    assert_eq!(office.of_send::<String>("state").await, expected);
}

#[rstest]
#[case::six_doubts(&[Fault::RequestLost; 6])]
#[case::a_doubt_and_a_refusal(&[Fault::RequestLost, Fault::Refused])]
#[tokio::test]
async fn a_draft_of_the_user_that_stays_one_after_a_doubt_may_still_be_sent(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] faults: &[Fault],
) {
    let office = Office::new(site, DRAFT).await;
    let draft = office.outbox.add_draft();
    office.outbox.fail_next(faults.iter().copied());
    let mut outcome = Err(SendFailure::InProgress);
    while matches!(outcome, Err(SendFailure::InProgress)) {
        let (sending, caller, account) = (office.sender.sending.clone(), office.caller(), office.account);
        let (draft, key) = (draft.clone(), Key::parse("k-1").expect("a key"));
        let call = tokio::spawn(async move { sending.send_draft(&caller, account, &draft, Some(key)).await });
        outcome = office.finish(&[&office.sender], call).await;
    }
    assert!(matches!(outcome, Err(SendFailure::OutcomeUnknown { .. })), "{outcome:?}");
    assert_eq!((office.outbox.delivered().len(), office.outbox.drafts()), (0, 1));
}

#[rstest]
#[tokio::test]
async fn without_a_trace_the_outcome_is_unknown_and_no_repeat_sends(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(DRAFT, FINDABLE, BLIND)] scopes: Scopes,
    #[values(Some("k-1"), None)] key: Option<&str>,
) {
    let office = Office::new(site, scopes).await;
    office.outbox.forget_sent();
    let before = if scopes == DRAFT { vec![Fault::None] } else { Vec::new() };
    office.outbox.fail_next(before.into_iter().chain([Fault::AnswerLost]));
    let mut ids = Vec::new();
    for _ in 0..3 {
        match office.send(key, message("a")).await {
            Err(SendFailure::OutcomeUnknown { message_id }) => ids.push(message_id),
            other => unreachable!("{other:?}"),
        }
    }
    assert_eq!(office.outbox.delivered(), [ids[0].clone()]);
    assert!(ids.iter().all(|id| *id == ids[0]));
    office.scene.world.clock.advance(time::Duration::minutes(6));
    let later = office.send(key, message("a")).await;
    match key {
        Some(_) => assert!(matches!(later, Err(SendFailure::OutcomeUnknown { .. })), "{later:?}"),
        None => assert!(later.is_ok(), "after five minutes the same values are another message: {later:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn a_message_that_had_no_connection_is_sent_later(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(FINDABLE, BLIND)] scopes: Scopes,
) {
    let office = Office::new(site, scopes).await;
    office.outbox.fail_next([Fault::NoConnection, Fault::NoConnection]);
    let sent = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert_eq!(office.outbox.delivered(), [sent.internet_message_id]);
}

#[rstest]
#[tokio::test]
async fn a_message_whose_time_ends_before_the_provider_is_asked_to_send_it_is_sent_later(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(FINDABLE, BLIND)] scopes: Scopes,
) {
    let office = Office::new(site, scopes).await;
    let (outbox, is_first) = (office.outbox.clone(), AtomicBool::new(true));
    let facts = site.company.facts();
    office.scene.world.mail.answer(move |seen| {
        // The addresses of the mailbox are read before a message of a thread is sent.
        if seen.path() == facts.addresses && is_first.swap(false, Ordering::SeqCst) {
            return MailAnswer::Unending(0, OpenBodies::default());
        }
        outbox.answer(seen)
    });
    let mut request = message("a");
    request.message.in_reply_to = Some("<0@contoso.test>".to_owned());
    office.send(Some("k-1"), request).await.expect("sent");
    assert_eq!(office.outbox.delivered().len(), 1);
    let sends = office.scene.world.mail.take_requests();
    assert_eq!(sends.iter().filter(|seen| seen.path() == facts.send).count(), 1);
}

#[rstest]
#[tokio::test]
async fn a_message_without_a_draft_is_found_in_sent(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, FINDABLE).await;
    office.outbox.delay(3, 2);
    office.outbox.fail_next([Fault::AnswerLost]);
    let sent = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert_eq!(office.outbox.delivered(), [sent.internet_message_id]);
    // Without a doubt nothing is looked for, and the answer is all that is known.
    let sent = office.send(Some("k-2"), message("b")).await.expect("sent");
    if site.company.facts().tells_id {
        assert!(office.outbox.has_sent(&sent.message_id), "{}", sent.message_id);
    } else {
        assert_eq!(sent.message_id, sent.internet_message_id);
    }
    office.pass(&[&office.sender], 5.0).await;
    assert_eq!(office.outbox.delivered().len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_message_without_a_draft_that_was_not_sent_is_not_sent_again(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, FINDABLE).await;
    office.outbox.fail_next([Fault::RequestLost]);
    let unknown = office.send(Some("k-1"), message("a")).await;
    assert!(matches!(unknown, Err(SendFailure::OutcomeUnknown { .. })), "{unknown:?}");
    assert_eq!(office.outbox.delivered().len(), 0);
    // What was surely not sent is sent later.
    office.outbox.fail_next([Fault::Throttled, Fault::TokenRefused]);
    office.send(Some("k-2"), message("a")).await.expect("sent");
    assert_eq!(office.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_draft_that_the_user_deletes_amid_a_doubt_leaves_an_unknown_outcome(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, DRAFT).await;
    office.outbox.fail_next([Fault::None, Fault::RequestLost]);
    let call = office.begin(&office.sender, Some("k-1"), message("a"));
    while office.outbox.drafts() == 0 || office.of_send::<String>("state").await != "sending" {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    office.pass(&[&office.sender], 1.0).await;
    office.outbox.delete_drafts();
    call.abort();
    let unknown = office.send(Some("k-1"), message("a")).await;
    assert!(matches!(unknown, Err(SendFailure::OutcomeUnknown { .. })), "{unknown:?}");
}

#[rstest]
#[tokio::test]
async fn a_provider_that_is_away_for_minutes_is_asked_later_what_became_of_the_message(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(DRAFT, FINDABLE)] scopes: Scopes,
) {
    let office = Office::new(kind, scopes).await;
    let before = if scopes == DRAFT { vec![Fault::None] } else { Vec::new() };
    office.outbox.fail_next(before.into_iter().chain([Fault::AnswerLost]));
    office.outbox.be_away_for(8);
    let call = office.begin(&office.sender, Some("k-1"), message("a"));
    let first = office.finish(&[&office.sender], call).await;
    assert!(matches!(first, Err(SendFailure::InProgress)), "{first:?}");
    // Its record waits for minutes. The clock of the server decides when it goes on.
    let mut outcome = Err(SendFailure::InProgress);
    for _ in 0..30 {
        office.scene.world.clock.advance(time::Duration::minutes(5));
        let call = office.begin(&office.sender, Some("k-1"), message("a"));
        outcome = office.finish(&[&office.sender], call).await;
        if outcome.is_ok() {
            break;
        }
    }
    let sent = outcome.expect("sent");
    assert_eq!(office.outbox.delivered(), [sent.internet_message_id]);
}

#[rstest]
#[tokio::test]
async fn a_send_about_which_the_provider_was_never_asked_fails_after_ten_minutes_and_frees_its_key(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, DRAFT).await;
    office.outbox.fail_next([Fault::Throttled; 100]);
    let call = office.begin(&office.sender, Some("k-1"), message("a"));
    let first = office.finish(&[&office.sender], call).await;
    assert!(matches!(first, Err(SendFailure::InProgress)), "{first:?}");
    office.scene.world.clock.advance(time::Duration::minutes(11));
    office.wait_for_ended(&[&office.sender], 1).await;
    assert_eq!(office.of_send::<String>("state").await, "failed");
    office.outbox.heal();
    let sent = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert!(!sent.is_replay);
    assert_eq!(office.outbox.delivered().len(), 1);
}
