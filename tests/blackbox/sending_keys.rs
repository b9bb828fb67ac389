//! Keys and repeats: what is a repeat of a call, what it gets, and what is refused before anything is asked.

mod kept;

use std::sync::Arc;

use mail360::{
    mail::{
        sending::{Key, NoStops, SendFailure, Step, StopPoint},
        service::MailFailure,
        uploads::UploadId,
    },
    people::access::{Caller, Reach},
    platform::failure::Failure,
    providers::mailbox::{Address, Basis},
};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    Kind,
    api_clients::everything,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Scopes, Site},
    jobs::until,
    outbox::Fault,
    sending::{CALL, DRAFT, FINDABLE, Office, StopAt, message},
};

#[expect(clippy::unnecessary_wraps, reason = "the parameter of a call")]
fn key(text: &str) -> Option<Key> {
    Some(Key::parse(text).expect("a key"))
}

#[rstest]
#[tokio::test]
async fn a_repeat_with_the_same_key_has_the_result_of_the_first_call(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(DRAFT, FINDABLE)] scopes: Scopes,
) {
    let office = Office::new(site, scopes).await;
    let first = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert!(!first.is_replay);
    assert_eq!(first.shown.subject, "a");
    let again = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert!(again.is_replay);
    assert_eq!((&again.message_id, &again.shown), (&first.message_id, &first.shown));
    let other = office.another(Arc::new(NoStops)).await;
    let elsewhere = office.send_at(&other, Some("k-1"), message("a")).await.expect("sent");
    assert_eq!(elsewhere, again);
    assert_eq!(office.outbox.delivered(), [first.internet_message_id]);
}

#[rstest]
#[tokio::test]
async fn a_key_with_other_values_is_refused_before_and_after_the_outcome(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    let stops = StopAt::new(StopPoint::Claimed(Step::SendDraft));
    let other = office.another(stops.clone()).await;
    let call = office.begin(&other, Some("k-1"), message("a"));
    until(|| stops.is_reached()).await;
    let reused = office.send(Some("k-1"), message("b")).await;
    assert!(matches!(reused, Err(SendFailure::KeyReused)), "{reused:?}");
    call.abort();
    office.send(Some("k-1"), message("a")).await.expect("sent");
    let reused = office.send(Some("k-1"), message("b")).await;
    assert!(matches!(reused, Err(SendFailure::KeyReused)), "{reused:?}");
    assert_eq!(office.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_key_counts_for_one_client_and_one_call(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let office = Office::new(kind, DRAFT).await;
    let sending = &office.sender.sending;
    let (account, caller) = (office.account, office.caller());
    let another = office.scene.world.add_api_client("ada@contoso.test", &everything("Other")).await;
    let other = Caller::of_client(office.scene.organisation, another.id, Reach::All, None, None);
    for (caller, call) in [(&caller, CALL), (&caller, "reply"), (&other, CALL)] {
        let sent = sending.send(caller, account, call, key("k-1"), message("a")).await.expect("sent");
        assert!(!sent.is_replay);
    }
    let draft = sending.create_draft(&caller, account, key("k-1"), message("a")).await.expect("a draft");
    assert!(!draft.is_replay);
    assert_eq!((office.outbox.delivered().len(), office.outbox.drafts()), (3, 1));
    let again = sending.create_draft(&caller, account, key("k-1"), message("a")).await.expect("a draft");
    assert_eq!((again.is_replay, &again.draft_id), (true, &draft.draft_id));
    assert_eq!(office.outbox.drafts(), 1);
    // Without a key each call makes a draft.
    for _ in 0..2 {
        sending.create_draft(&caller, account, None, message("a")).await.expect("a draft");
    }
    assert_eq!(office.outbox.drafts(), 3);
}

#[rstest]
#[tokio::test]
async fn a_draft_is_sent_once_for_a_key_and_for_calls_at_the_same_time(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, DRAFT).await;
    let (sending, caller) = (office.sender.sending.clone(), office.caller());
    let draft = office.outbox.add_draft();
    let first = sending.send_draft(&caller, office.account, &draft, key("k-1")).await.expect("sent");
    assert!(!first.is_replay && office.outbox.has_sent(&first.message_id), "{}", first.message_id);
    assert_eq!(first.internet_message_id, "<own@contoso.test>");
    assert_eq!((first.shown.to.as_str(), first.shown.subject.as_str()), ("to@contoso.test", "Hello"));
    let again = sending.send_draft(&caller, office.account, &draft, key("k-1")).await.expect("sent");
    assert!(again.is_replay);
    assert_eq!(office.outbox.delivered().len(), 1);

    let second = office.outbox.add_draft();
    let begin = || {
        let (sending, caller, draft) = (sending.clone(), caller.clone(), second.clone());
        let account = office.account;
        tokio::spawn(async move { sending.send_draft(&caller, account, &draft, None).await })
    };
    // The first sending takes some time.
    office.outbox.fail_next([Fault::RequestLost]);
    let (one, two) = (begin(), begin());
    let mut replays = Vec::new();
    for call in [one, two] {
        let sent = office.finish(&[&office.sender], call).await.expect("sent");
        replays.push(sent.is_replay);
    }
    assert_eq!(replays.iter().filter(|is_replay| **is_replay).count(), 1, "{replays:?}");
    assert_eq!(office.outbox.delivered().len(), 2);

    let missing = sending.send_draft(&caller, office.account, "letter-99", None).await;
    assert!(matches!(missing, Err(SendFailure::Mail(MailFailure::Mail(_)))), "{missing:?}");
    // A draft of the user that is refused stays.
    let third = office.outbox.add_draft();
    office.outbox.fail_next([Fault::Refused]);
    sending.send_draft(&caller, office.account, &third, None).await.expect_err("refused");
    assert_eq!(office.outbox.drafts(), 1);
}

#[rstest]
#[tokio::test]
async fn a_second_caller_waits_for_the_first_and_then_learns_that_it_is_under_way(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Some("k-1"), None)] key: Option<&str>,
) {
    let office = Office::new(kind, DRAFT).await;
    let stops = StopAt::new(StopPoint::Claimed(Step::SendDraft));
    let slow = office.another(stops.clone()).await;
    let first = office.begin(&slow, key, message("a"));
    until(|| stops.is_reached()).await;
    // The other process lives, so that its lease is renewed, and its send is stopped.
    let second = office.begin(&office.sender, key, message("a"));
    let second = office.finish(&[&office.sender, &slow], second).await;
    match key {
        Some(_) => assert!(matches!(second, Err(SendFailure::InProgress)), "{second:?}"),
        None => assert!(matches!(second, Err(SendFailure::UnderWay { .. })), "{second:?}"),
    }
    // It has waited as long.
    until(|| first.is_finished()).await;
    assert_eq!(office.outbox.drafts_made(), 1);
}

#[rstest]
#[tokio::test]
async fn a_caller_who_waits_for_a_draft_without_a_key_is_not_told_to_repeat_the_call(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Some("k-1"), None)] name: Option<&'static str>,
) {
    let office = Office::new(kind, DRAFT).await;
    let stops = StopAt::new(StopPoint::Claimed(Step::CreateDraft));
    let slow = office.another(stops.clone()).await;
    let call = tokio::spawn({
        let (sending, caller, account) = (slow.sending.clone(), office.caller(), office.account);
        async move { sending.create_draft(&caller, account, name.and_then(key), message("a")).await }
    });
    until(|| stops.is_reached()).await;
    let waited = office.finish(&[&slow], call).await;
    match name {
        Some(_) => assert!(matches!(waited, Err(SendFailure::InProgress)), "{waited:?}"),
        None => assert!(matches!(waited, Err(SendFailure::DraftUnderWay)), "{waited:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn calls_at_the_same_moment_are_one_send(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(Some("k-1"), None)] key: Option<&str>,
) {
    let office = Office::new(site, DRAFT).await;
    let other = office.another(Arc::new(NoStops)).await;
    // The send takes some time, so that none of the calls is told before all have come.
    office.outbox.fail_next([Fault::None, Fault::RequestLost]);
    let calls: Vec<_> = (0..6)
        .map(|number| {
            let sender = if number % 2 == 0 { &office.sender } else { &other };
            office.begin(sender, key, message("a"))
        })
        .collect();
    let mut replays = 0;
    for call in calls {
        let sent = office.finish(&[&office.sender, &other], call).await.expect("sent");
        replays += usize::from(sent.is_replay);
    }
    assert_eq!((replays, office.outbox.delivered().len()), (5, 1));
}

#[rstest]
#[tokio::test]
async fn a_caller_without_a_key_who_went_away_joins_and_one_who_was_told_sends_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    let told = office.send(None, message("a")).await.expect("sent");
    let second = office.send(None, message("a")).await.expect("sent");
    assert!(!told.is_replay && !second.is_replay, "they are two messages");
    assert_eq!(office.outbox.delivered().len(), 2);

    office.outbox.fail_next([Fault::None, Fault::RequestLost]);
    let call = office.begin(&office.sender, None, message("b"));
    until(|| office.outbox.drafts() == 1).await;
    call.abort();
    office.wait_for_ended(&[&office.sender], 3).await;
    let joined = office.send(None, message("b")).await.expect("sent");
    assert!(joined.is_replay);
    assert_eq!(office.outbox.delivered().len(), 3);
    let another = office.send(None, message("b")).await.expect("sent");
    assert!(!another.is_replay);
    assert_eq!(office.outbox.delivered().len(), 4);
}

#[rstest]
#[tokio::test]
async fn a_caller_without_a_key_joins_for_five_minutes(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Answered(Step::SendDraft), None, message("a")).await;
    office.wait_for_ended(&[&office.sender], 1).await;
    office.scene.world.clock.advance(time::Duration::minutes(6));
    let sent = office.send(None, message("a")).await.expect("sent");
    assert!(!sent.is_replay);
    assert_eq!(office.outbox.delivered().len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_caller_without_a_key_joins_an_open_send_for_five_minutes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values((4, true), (6, false))] age: (i64, bool),
) {
    let (minutes, joins) = age;
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Claimed(Step::SendDraft), None, message("a")).await;
    office.scene.world.clock.advance(time::Duration::minutes(minutes));
    let sent = office.send(None, message("a")).await.expect("sent");
    assert_eq!(sent.is_replay, joins);
    office.wait_for_ended(&[&office.sender], if joins { 1 } else { 2 }).await;
    assert_eq!(office.outbox.delivered().len(), if joins { 1 } else { 2 });
}

#[rstest]
#[tokio::test]
async fn a_schedule_is_a_key(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let office = Office::new(kind, DRAFT).await;
    let (sending, organisation) = (&office.sender.sending, office.scene.organisation);
    for is_replay in [false, true] {
        let schedule = Uuid::from_u128(7);
        let sent = sending.send_scheduled(
            organisation,
            schedule,
            None,
            office.account,
            office.client.id,
            message("a"),
        );
        assert_eq!(sent.await.expect("sent").is_replay, is_replay);
    }
    assert_eq!(office.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn only_own_addresses_send_and_nothing_is_stored_for_a_call_that_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    let from = |email: &str| {
        let mut request = message("a");
        request.message.from = Some(Address { name: None, email: email.to_owned() });
        request
    };
    let foreign = office.send(Some("k-1"), from("ada@contoso.test")).await;
    assert!(matches!(foreign, Err(SendFailure::FromUnknown)), "{foreign:?}");
    let mut unknown = message("a");
    unknown.files = vec![UploadId(Uuid::from_u128(1))];
    let unknown = office.send(Some("k-1"), unknown).await;
    assert!(matches!(unknown, Err(SendFailure::UnknownUpload { .. })), "{unknown:?}");
    let raw = &office.scene.world.raw;
    raw.run("UPDATE grants SET scopes = 'User.Read Mail.Read'").await.expect("taken");
    let lacking = office.send(Some("k-1"), message("a")).await;
    assert!(matches!(lacking, Err(SendFailure::Mail(MailFailure::Mail(_)))), "{lacking:?}");
    let elsewhere = Caller::of_client(
        office.scene.organisation,
        office.client.id,
        Reach::ConnectedBy(office.client.id),
        None,
        None,
    );
    let out_of_reach = office.sender.sending.send(&elsewhere, office.account, CALL, None, message("a")).await;
    assert!(
        matches!(out_of_reach, Err(SendFailure::Mail(MailFailure::Failure(Failure::NotFound)))),
        "{out_of_reach:?}"
    );
    assert_eq!(raw.count("sends").await, 0);

    office.scene.grant(DRAFT).await;
    for (number, own) in ["ALIAS@contoso.test", "grace@contoso.test"].into_iter().enumerate() {
        office.send(Some(&format!("k-{number}")), from(own)).await.expect("sent");
    }
    assert_eq!(office.outbox.delivered().len(), 2);
}

#[rstest]
#[tokio::test]
async fn more_sends_of_a_mailbox_than_places_wait_and_are_all_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    let calls: Vec<_> = (0..20)
        .map(|number| {
            office.begin(&office.sender, Some(&format!("k-{number}")), message(&format!("m {number}")))
        })
        .collect();
    for call in calls {
        let outcome = office.finish(&[&office.sender], call).await;
        assert!(matches!(outcome, Ok(_) | Err(SendFailure::InProgress)), "{outcome:?}");
    }
    office.wait_for_ended(&[&office.sender], 20).await;
    let mut delivered = office.outbox.delivered();
    delivered.sort_unstable();
    delivered.dedup();
    assert_eq!((delivered.len(), office.outbox.delivered().len()), (20, 20));
}

#[rstest]
#[tokio::test]
async fn the_activity_counts_messages_and_recipients_and_nothing_keeps_their_content(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    for (number, subject) in ["canary-a", "canary-b"].into_iter().enumerate() {
        office.send(Some(&format!("k-{number}")), message(subject)).await.expect("sent");
    }
    let mut answer = message("canary-c");
    answer.message.to.clear();
    answer.message.basis = Basis::Reply("letter-1".to_owned());
    office.send(None, answer).await.expect("sent");
    let raw = &office.scene.world.raw;
    let entry =
        "SELECT entity || ' ' || count || ' ' || detail FROM activity WHERE action = 'account.mail_sent'";
    let expected = r#"grace@contoso.test 3 {"kind":"mail_sent","recipients":5}"#;
    assert_eq!(raw.column::<String>(entry).await, [expected]);
    let page = office.scene.ada.clone().get("/settings/activity").await;
    assert!(page.body.contains("that day: 3 messages to 5 recipients"), "{}", page.body);
    // A draft is no message that was sent.
    let caller = office.caller();
    let draft = office.sender.sending.create_draft(&caller, office.account, None, message("canary-d"));
    draft.await.expect("a draft");
    assert_eq!(raw.column::<String>(entry).await, [expected]);
    office.scene.world.clock.advance(time::Duration::days(1));
    office.send(Some("k-9"), message("canary-e")).await.expect("sent");
    assert_eq!(raw.column::<String>(entry).await.len(), 2);

    let dump = raw.dump(&[]).await.join("\n").to_lowercase();
    for canary in ["canary-a", "canary-content", "two@contoso.test"] {
        let hex = crate::support::hex(canary.as_bytes());
        assert!(!dump.contains(canary) && !dump.contains(&hex), "{canary}");
    }
    assert_eq!(raw.one::<i64>("SELECT COUNT(*) FROM sends WHERE request IS NOT NULL").await, 0);
}
