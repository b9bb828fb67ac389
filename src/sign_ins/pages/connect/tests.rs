//! Tests of the pages for people without a user, by drawing each in every language.

use std::sync::LazyLock;

use clap::Parser;
use leptos::prelude::{Owner, RenderHtml, provide_context};
use time::Duration;

use super::*;
use crate::{
    accounts::service::consent_links::ConsentProblem,
    platform::page::Frame,
    providers::{ProviderOptions, SharedProvider},
    ui::moment::Now,
};

mod approvals;

const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);

/// The settings of all providers, which are not set here.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    providers: ProviderOptions,
}

/// The first provider.
static PROVIDER: LazyLock<SharedProvider> = LazyLock::new(|| {
    let providers = Line::parse_from(["mail360"]).providers.check().expect("sound settings");
    providers.all()[0].clone()
});

fn appearance() -> Appearance {
    Appearance {
        name: "Canary <b>& Sons".to_owned(),
        contact: Some("help@canary.test".to_owned()),
        privacy_url: Some("https://canary.test/privacy".to_owned()),
        logo_url: Some("/connect/logo/abc".to_owned()),
    }
}

fn scopes() -> Vec<String> {
    ["openid", "Mail.Read", "Mail.Send"].map(str::to_owned).to_vec()
}

fn asker() -> Asker {
    Asker {
        appearance: appearance(),
        provider: PROVIDER.clone(),
        application: "Mail archive".to_owned(),
        client_id: "11111111-2222-4333-8444-555555555555".to_owned(),
        scopes: scopes(),
        approval: Some("https://login.example/adminconsent".to_owned()),
    }
}

fn connect(language: Language, again: bool, too_many: bool) -> Page {
    let view = ConnectView {
        asker: asker(),
        language,
        path: "/connect/token".to_owned(),
        expected: Some("alice@canary.test".to_owned()),
        again,
        expires_at: NOW.plus(Duration::days(3)),
        too_many,
    };
    view.page()
}

fn leaving(language: Language) -> Page {
    let view = LeavingView {
        asker: asker(),
        language,
        path: "/connect/token".to_owned(),
        url: "https://login.example/authorize?a=1&b=2".to_owned(),
        host: "login.example".to_owned(),
    };
    view.page()
}

const PROBLEMS: [BrokenLink; 6] = [
    BrokenLink::Unknown,
    BrokenLink::Used,
    BrokenLink::Expired,
    BrokenLink::Revoked,
    BrokenLink::Unavailable,
    BrokenLink::Exhausted,
];

fn broken(language: Language, problem: BrokenLink) -> Page {
    let appearance = (problem != BrokenLink::Unknown).then(appearance);
    BrokenLinkView { problem, appearance, language, path: "/connect/token".to_owned() }.page()
}

fn endings() -> Vec<Ending> {
    let email = || "alice@canary.test".to_owned();
    let mut all = vec![
        Ending::Checking,
        Ending::Interrupted,
        Ending::Connected { email: email(), missing: Vec::new() },
        Ending::Connected { email: email(), missing: vec!["Mail.Send".to_owned()] },
        Ending::Unconfirmed { email: email(), missing: Vec::new() },
        Ending::Unconfirmed { email: email(), missing: vec!["Mail.Send".to_owned()] },
        Ending::NotConfirmed,
        Ending::UnexpectedMailbox { account: "bob@canary.test".to_owned(), expected: email() },
        Ending::OtherConnector { email: email() },
        Ending::PermissionsMissing(vec!["Mail.Read".to_owned()]),
        Ending::ApprovalNeeded,
        Ending::Cancelled,
        Ending::NoMailbox { email: email() },
        Ending::Incomplete,
        Ending::ConnectorChanged,
        Ending::TooLate,
        Ending::Unreachable,
        Ending::Failed { reference: "01932b5e".to_owned() },
    ];
    all.extend(PROBLEMS.map(Ending::Link));
    all
}

fn outcome(language: Language, ending: Ending, has_return: bool) -> Page {
    let returns = || Return {
        url: "https://crm.canary.test/back?status=failed".to_owned(),
        host: "crm.canary.test".to_owned(),
    };
    let view = OutcomeView {
        asker: asker(),
        language,
        path: "/connect/outcome/1".to_owned(),
        ending,
        again: Some("/connect/token".to_owned()),
        returns: has_return.then(returns),
    };
    view.page()
}

const CONSENT_PROBLEMS: [ConsentProblem; 5] = [
    ConsentProblem::Unknown,
    ConsentProblem::Approved,
    ConsentProblem::Expired,
    ConsentProblem::Revoked,
    ConsentProblem::Unavailable,
];

fn consent(language: Language, is_reported: bool, too_many: bool) -> Page {
    let view = ConsentView {
        asker: asker(),
        language,
        path: "/consent/token".to_owned(),
        company: "fabrikam.test".to_owned(),
        expires_at: NOW.plus(Duration::days(3)),
        reported_at: is_reported.then(|| NOW.minus(Duration::days(1))),
        too_many,
    };
    view.page()
}

fn closed_consent(language: Language, problem: ConsentProblem) -> Page {
    let appearance = (problem != ConsentProblem::Unknown).then(appearance);
    ClosedConsentView { problem, appearance, language, path: "/consent/token".to_owned() }.page()
}

fn consent_outcome(language: Language, refusal: Option<ConsentRefusal>) -> Page {
    let view = ConsentOutcomeView {
        asker: asker(),
        language,
        path: "/consent/token".to_owned(),
        company: "fabrikam.test".to_owned(),
        refusal,
        code: refusal.map(|_| "E1234".to_owned()),
    };
    view.page()
}

/// Every page of a consent link.
fn consent_pages(language: Language) -> Vec<Page> {
    use ConsentRefusal::{Denied, Other, Unavailable};
    let links = [(false, false), (true, false), (false, true)];
    let mut all = links.map(|(reported, many)| consent(language, reported, many)).to_vec();
    all.extend(CONSENT_PROBLEMS.map(|problem| closed_consent(language, problem)));
    let refusals = [None, Some(Denied), Some(Unavailable), Some(Other)];
    all.extend(refusals.map(|refusal| consent_outcome(language, refusal)));
    all
}

/// Every page of a language.
fn pages(language: Language) -> Vec<Page> {
    let mut all = vec![
        connect(language, false, false),
        connect(language, true, false),
        connect(language, false, true),
        leaving(language),
        foreign_page(language),
    ];
    all.extend(PROBLEMS.map(|problem| broken(language, problem)));
    for has_return in [false, true] {
        all.extend(endings().into_iter().map(|ending| outcome(language, ending, has_return)));
    }
    all.extend(consent_pages(language));
    all
}

fn html(page: &Page) -> String {
    Owner::new().with(|| {
        provide_context(Now(NOW));
        page.content.make_view().expect("a view that was not made yet").to_html()
    })
}

/// The subject and the text of the email that a link of a page prepares.
fn email(tag: &str) -> Option<[String; 2]> {
    let (_, rest) = tag.split_once("href=\"mailto:?")?;
    let (query, _) = rest.split_once('"')?;
    let query = query.replace("&amp;", "&");
    let mut values = url::form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned());
    Some([values.next()?, values.next()?.replace("\r\n", "\n")])
}

/// The texts of a page, what its attributes say, and the emails that its links prepare.
fn words(html: &str) -> String {
    let mut words = String::new();
    for part in html.split('<') {
        let (tag, text) = part.split_once('>').unwrap_or(("", part));
        let label = tag.split_once("aria-label=\"").and_then(|(_, rest)| rest.split_once('"'));
        words.push_str(label.map_or("", |(label, _)| label));
        words.push_str(&email(tag).map(|email| email.join("\n")).unwrap_or_default());
        words.push_str(text);
    }
    words.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

/// The parts of a text between its values, if they are long enough to belong to one language.
fn pieces(text: &'static str) -> impl Iterator<Item = &'static str> {
    let outside = |part: &'static str| part.split_once('}').map_or(part, |(_, after)| after);
    text.split('{').map(outside).filter(|piece| piece.chars().filter(|c| c.is_alphabetic()).count() > 4)
}

#[test]
fn every_page_is_in_its_language_and_in_no_other() {
    for language in Language::ALL {
        for page in pages(language) {
            assert_eq!((page.language, page.frame), (language, Frame::Guest));
            let shown = format!("{}\n{}", page.title, words(&html(&page)));
            for other in Language::ALL.into_iter().filter(|other| *other != language) {
                let own: String = Texts::of(language).all().iter().map(|(_, text)| *text).collect();
                for (name, text) in Texts::of(other).all() {
                    for piece in pieces(text).filter(|piece| !own.contains(piece)) {
                        assert!(
                            !shown.contains(piece),
                            "{name} in {other:?} is on a page in {language:?}: {shown}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_text_is_on_a_page() {
    for language in Language::ALL {
        let all: Vec<String> =
            pages(language).iter().flat_map(|page| [page.title.clone(), words(&html(page))]).collect();
        let all = all.join("\n");
        // Other tests make these: a page has one time.
        let times = ["in_a_minute", "in_minutes", "in_an_hour", "in_hours", "in_a_day", "first_day"];
        for (name, text) in Texts::of(language).all() {
            for piece in pieces(text).filter(|_| !times.contains(&name)) {
                assert!(all.contains(piece), "{language:?} {name}: {piece:?} is on no page");
            }
        }
    }
}

#[test]
fn the_languages_are_plain_links_and_the_one_of_the_page_is_marked() {
    for language in Language::ALL {
        let html = html(&connect(language, false, false));
        for other in Language::ALL {
            let code = other.code();
            assert!(html.contains(&format!("href=\"/connect/token?language={code}\"")), "{html}");
        }
        assert_eq!(html.matches("aria-current=\"true\"").count(), 1);
        let link = html.split("<a ").find(|link| link.contains("aria-current")).expect("a link");
        assert!(link.contains(language.name()), "{link}");
        // The form keeps the language.
        let form = format!("action=\"/connect/token?language={}\"", language.code());
        assert!(html.contains(&form), "{html}");
    }
}

#[test]
fn a_page_has_at_most_one_main_button_and_one_heading() {
    for language in Language::ALL {
        for page in pages(language) {
            let html = html(&page);
            assert!(html.matches("button primary").count() <= 1, "{}: {html}", page.title);
            assert_eq!(html.matches("<h1").count(), 1, "{}: {html}", page.title);
        }
    }
}

#[test]
fn what_an_organisation_has_typed_is_text() {
    for page in pages(Language::English) {
        let html = html(&page);
        assert!(!html.contains("<b>") && !html.contains("Canary <"), "{html}");
    }
    let html = html(&connect(Language::English, false, false));
    assert!(html.contains("<bdi>Canary &lt;b&gt;&amp; Sons</bdi>"), "{html}");
    assert!(html.contains("href=\"mailto:help@canary.test\""), "{html}");
    assert!(html.contains("src=\"/connect/logo/abc\""), "{html}");
}

#[test]
fn the_page_behind_a_link_says_who_asks_for_what_and_until_when() {
    let page = connect(Language::German, false, false);
    assert_eq!(page.title, "Postfach verbinden · Canary <b>& Sons");
    let html = html(&page);
    let shown = words(&html);
    for expected in [
        "Canary <b>& Sons möchte Ihr Postfach verbinden",
        "Für das Postfach alice@canary.test",
        "Dieser Link gilt bis 26. November 2026, 06:57\u{a0}Uhr (UTC) (in 3 Tagen).",
        "https://login.example/adminconsent",
        "Datenschutzhinweise",
    ] {
        assert!(shown.contains(expected), "{expected:?} is not in: {shown}");
    }
    assert!(html.contains("datetime=\"2026-11-26T06:57:10Z\""), "{html}");
}

#[test]
fn statuses_and_what_the_browser_does_next_fit_the_ending() {
    let english = Language::English;
    assert_eq!(connect(english, false, false).status, StatusCode::OK);
    assert_eq!(connect(english, false, true).status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(broken(english, BrokenLink::Unknown).status, StatusCode::NOT_FOUND);
    assert_eq!(broken(english, BrokenLink::Used).status, StatusCode::GONE);
    assert!(matches!(leaving(english).then, Some(Then::GoTo(to)) if to.ends_with("a=1&b=2")));
    for ending in endings() {
        let then = outcome(english, ending.clone(), true).then;
        match ending {
            Ending::Checking => assert!(matches!(then, Some(Then::Reload(2)))),
            Ending::Connected { .. } | Ending::Unconfirmed { .. } => {
                assert!(matches!(then, Some(Then::GoTo(_))));
            }
            _ => assert!(then.is_none(), "{ending:?} leaves the page"),
        }
        assert!(!matches!(outcome(english, ending, false).then, Some(Then::GoTo(_))));
    }
}

#[test]
fn a_missing_approval_is_asked_for_by_email_before_another_try() {
    for language in Language::ALL {
        let shown = html(&outcome(language, Ending::ApprovalNeeded, false));
        let tags = shown.split("<a ").filter_map(|link| link.split_once('>'));
        let mut main = tags.map(|(tag, _)| tag).filter(|tag| tag.contains("button primary"));
        let [subject, text] = main.next().and_then(email).expect("an email");
        assert!(subject.contains("Mail archive"), "{subject}");
        assert!(text.contains("https://login.example/adminconsent"), "{text}");
        assert!(shown.contains("<form") && shown.matches("button primary").count() == 1, "{shown}");
    }
}

#[test]
fn an_ending_offers_to_start_again_only_if_that_can_help() {
    for (ending, button) in [
        (Ending::Cancelled, Some("Try again")),
        (
            Ending::UnexpectedMailbox {
                account: "b@canary.test".to_owned(),
                expected: "a@canary.test".to_owned(),
            },
            Some("Choose another account"),
        ),
        (Ending::PermissionsMissing(scopes()), Some("Ask again")),
        (Ending::ConnectorChanged, None),
        (Ending::Link(BrokenLink::Revoked), None),
        (Ending::OtherConnector { email: "a@canary.test".to_owned() }, None),
    ] {
        let shown = html(&outcome(Language::English, ending.clone(), false));
        assert_eq!(shown.contains("<form"), button.is_some(), "{ending:?}");
        match button {
            Some(button) => assert!(shown.contains(&format!("{button}</button>")), "{ending:?}: {shown}"),
            None => assert!(words(&shown).contains("You can close this page."), "{ending:?}: {shown}"),
        }
    }
}
