//! A provider that takes eight requests at a time, and counts their cost in units.

use super::*;
use crate::providers::mailbox::Reserved;

const UNITS: MailboxLimits = MailboxLimits { at_once: 8, window: Duration::from_mins(1), units: 6_000 };

#[tokio::test]
async fn a_refused_request_that_the_provider_counts_elsewhere_leaves_the_mailbox_open_and_is_not_repeated() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    *http.refusal.lock().expect("no test panicked") = Some((429, Some("2")));
    let client = limits.http(ADA, UNITS, http.clone(), Duration::from_secs(5));
    client.begin();
    assert_eq!(client.send(costing(0)).await.expect("an answer").status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!client.may_wait(Some(Duration::from_secs(2))));
    assert_eq!(limits.closed_for(ADA), None);
    client.begin();
    client.send(costing(1)).await.expect("an answer");
    assert!(client.may_wait(None));
    assert!(limits.closed_for(ADA).is_some());
}

/// A request that costs this many units.
fn costing(units: u32) -> MailRequest {
    MailRequest { units, ..request(1, false) }
}

#[tokio::test]
async fn a_provider_that_takes_eight_requests_at_a_time_gets_eight() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    let mut tasks = JoinSet::new();
    for _ in 0..12 {
        let client = limits.http(ADA, UNITS, http.clone(), Duration::from_secs(20));
        tasks.spawn(async move { client.send(costing(20)).await.map(|answer| answer.status) });
    }
    until(|| http.under_way.load(Ordering::SeqCst) == 8 && limits.lock().waiting == 4).await;
    let open = open(&http);
    while let Some(answer) = tasks.join_next().await {
        assert_eq!(answer.expect("a task").expect("an answer"), StatusCode::OK);
    }
    open.abort();
    assert_eq!(http.most.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn a_mailbox_that_has_used_the_units_of_its_window_is_refused_until_enough_are_left() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    *http.refusal.lock().expect("no test panicked") = Some((200, None));
    let client = limits.http(ADA, UNITS, http.clone(), Duration::from_secs(5));
    for _ in 0..59 {
        client.send(costing(100)).await.expect("an answer");
    }
    client.send(costing(90)).await.expect("an answer");
    let refused = client.send(costing(20)).await.err().expect("too many").problem;
    let MailProblem::Throttled { limit: Limit::Mailbox, retry_after: Some(wait) } = refused else {
        panic!("{refused:?}");
    };
    assert!(wait > Duration::from_secs(40) && wait < Duration::from_secs(61), "{wait:?}");
    client.send(costing(10)).await.expect("the last units");
    client.send(costing(0)).await.expect("the provider counts it elsewhere");
}

#[tokio::test]
async fn units_are_set_aside_for_a_whole_call_or_not_at_all_and_the_rest_is_given_back() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    *http.refusal.lock().expect("no test panicked") = Some((200, None));
    let client = || limits.http(ADA, UNITS, http.clone(), Duration::from_secs(5));
    let (first, second) = (client(), client());
    assert_eq!(first.reserve(5_000).await.expect("a count"), Reserved::All);
    assert_eq!(first.reserve(5_000).await.expect("a count"), Reserved::All, "it has them");
    let Reserved::TooFew { left: 1_000, retry_after } = second.reserve(1_200).await.expect("a count") else {
        panic!("they are set aside");
    };
    assert!(retry_after > Duration::from_secs(55), "{retry_after:?}");
    assert_eq!(second.reserve(1_000).await.expect("a count"), Reserved::All);
    let other = client();
    assert!(other.send(costing(1)).await.is_err(), "all are used or set aside");
    first.of_another_part().send(costing(2_000)).await.expect("an answer");
    second.send(costing(1_000)).await.expect("an answer");
    assert!(second.send(costing(1)).await.is_err());
    drop(first);
    assert_eq!(other.reserve(3_001).await.map(|reserved| reserved == Reserved::All), Ok(false));
    other.send(costing(3_000)).await.expect("what was not used");
}
