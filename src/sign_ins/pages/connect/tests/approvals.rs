//! The pages behind a consent link, for an administrator of a company.

use super::*;

#[test]
fn the_page_behind_a_consent_link_says_who_asks_for_which_company_and_that_no_mailbox_is_connected() {
    let page = consent(Language::English, true, false);
    assert_eq!(page.title, "Allow software for your company · Canary <b>& Sons");
    assert_eq!(page.status, StatusCode::OK);
    let html = html(&page);
    let shown = words(&html);
    for expected in [
        "Canary <b>& Sons asks you to allow software for your company",
        "For the company fabrikam.test",
        "Read your mail",
        "No mailbox is connected to you.",
        "This link works until 26 November 2026, 06:57\u{a0}UTC (in 3 days).",
        "An approval was reported on 22 November 2026, 06:57\u{a0}UTC",
    ] {
        assert!(shown.contains(expected), "{expected:?} is not in: {shown}");
    }
    assert!(html.contains("action=\"/consent/token?language=en\""), "{html}");
}

#[test]
fn a_refused_approval_offers_to_try_again_and_a_reported_one_does_not() {
    assert_eq!(consent(Language::English, false, true).status, StatusCode::TOO_MANY_REQUESTS);
    for (problem, status) in CONSENT_PROBLEMS.into_iter().zip([404, 200, 410, 410, 410]) {
        assert_eq!(closed_consent(Language::English, problem).status, status, "{problem:?}");
    }
    let refused = html(&consent_outcome(Language::English, Some(ConsentRefusal::Denied)));
    assert!(refused.contains("Try again</button>") && words(&refused).contains("E1234"), "{refused}");
    let reported = html(&consent_outcome(Language::English, None));
    assert!(!reported.contains("<form") && words(&reported).contains("No mailbox is connected to you."));
}
