use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use clap::Parser;
use html5gum::{Token, Tokenizer};
use proptest::prelude::*;
use secrecy::SecretString;
use time::macros::date;
use uuid::Uuid;

use super::*;
use crate::{
    connectors::{
        model::{ClientId, ConnectorState, ExpiryDate, FailureReason, ServiceName},
        service::ConnectorId,
    },
    platform::clock::Timestamp,
    providers::{
        Application, ProviderOptions, Refusal, RefusalKind, SharedPinned, SharedProvider, Values,
        http::ProviderHttp,
        provider::{Fact, Identity},
    },
};

const TODAY: Date = date!(2026 - 11 - 29);

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

/// An application of which a row shows who may sign in: words, and a company.
#[derive(Debug)]
struct Registered(&'static str, Option<&'static str>);

#[async_trait]
impl Application for Registered {
    fn settings(&self) -> String {
        "{}".to_owned()
    }

    fn values(&self) -> Values {
        Values::new()
    }

    fn audience(&self) -> (&'static str, Option<String>) {
        (self.0, self.1.map(str::to_owned))
    }

    fn facts(&self) -> Vec<Fact> {
        Vec::new()
    }

    fn directory<'a>(&'a self, proved: Option<&'a str>) -> Option<&'a str> {
        proved
    }

    fn pin(&self, _proved: Option<&str>) -> SharedPinned {
        unreachable!("a row starts no sign-in")
    }

    fn pin_grant(&self, _identity: &Identity) -> SharedPinned {
        unreachable!("a row keeps no grant")
    }

    fn consent_address(&self, _redirect_uri: &str, _scopes: &[String]) -> Option<String> {
        None
    }

    fn can_try_credentials(&self) -> bool {
        false
    }

    async fn try_credentials(
        &self,
        _http: &dyn ProviderHttp,
        _secret: &SecretString,
        _redirect_uri: &str,
    ) -> Result<(), Refusal> {
        Err(RefusalKind::Garbled.into())
    }
}

fn application_id(text: &str) -> ClientId {
    ClientId::parse(PROVIDER.form(), text).expect("a client ID")
}

fn connector(name: &str) -> Listed {
    Listed {
        id: ConnectorId(Uuid::from_u128(7)),
        provider: PROVIDER.clone(),
        service_name: ServiceName::parse(name).expect("a name"),
        name_key: String::new(),
        client_id: application_id("11111111-2222-4333-8444-555555555555"),
        secret_expires_on: None,
        application: Arc::new(Registered("Every account", None)),
        scopes: vec!["User.Read".to_owned(), "offline_access".to_owned()],
        state: ConnectorState::NotVerified,
        created_at: Timestamp::from_micros(0),
        deleted_at: None,
    }
}

fn row(connector: &Listed) -> String {
    let mut html = Markup::default();
    write_row(&mut html, connector, TODAY, false);
    html.into_string()
}

/// The parts that a parser of HTML reads: every tag with its attributes in alphabetical order, and every text.
fn read(html: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut after_text = false;
    for token in Tokenizer::new(html) {
        let is_text = matches!(token, Ok(Token::String(_)));
        match token.expect("a string can be read") {
            Token::StartTag(tag) => {
                let attributes = tag.attributes.iter();
                let attributes = attributes.map(|(name, value)| format!(" {}={}", utf8(name), utf8(value)));
                parts.push(format!("<{}{}>", utf8(&tag.name), attributes.collect::<Vec<_>>().concat()));
            }
            Token::EndTag(tag) => parts.push(format!("</{}>", utf8(&tag.name))),
            Token::String(text) if after_text => {
                if let Some(before) = parts.last_mut() {
                    before.push_str(&utf8(&text));
                }
            }
            Token::String(text) => parts.push(utf8(&text)),
            other => parts.push(format!("{other:?}")),
        }
        after_text = is_text;
    }
    parts
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The row of the first test: one tag or text a line. A space at the edge of a text is drawn as a dot. Capital letters
/// are a name of the provider's.
const DRAWN: &str = "\
<tr role=row>
<th role=rowheader scope=row>
<div class=named>
<img alt=SERVICE class=sign height=32 src=IMAGE width=32>
<div>
<a href=/connectors/00000000-0000-0000-0000-000000000007>
<bdi>
R&D <mail>
</bdi>
</a>
<p class=soft note>
<span class=unseen>
Client ID·
</span>
<code>
11111111-2222-4333-8444-555555555555
</code>
</p>
</div>
</div>
</th>
<td data-label=Who may sign in role=cell>
<div>
<p>
Accounts of one company
</p>
<p class=soft note>
<code>
contoso.com
</code>
</p>
</div>
</td>
<td data-label=State role=cell>
<div>
<span class=badge bad>
<svg aria-hidden=true class=icon viewbox=0 0 16 16>
<circle cx=8 cy=8 r=6.25>
</circle>
<path d=m6 6 4 4m0-4-4 4>
</path>
</svg>
<span>
<b>
Failing:
</b>
·PROVIDER does not accept the Client ID and secret
</span>
</span>
</div>
</td>
<td class=brief data-label=Secret expires role=cell>
<div>
<p>
<span class=badge warn>
<svg aria-hidden=true class=icon viewbox=0 0 16 16>
<path d=M8 2 14.4 13.4H1.6zM8 6.4v3.2m0 1.8v.01>
</path>
</svg>
<span>
in 10 days
</span>
</span>
</p>
<p class=soft note>
<time datetime=2026-12-09>
9 Dec 2026
</time>
</p>
</div>
</td>
<td class=brief data-label=Permissions role=cell>
<div>
<p>
2 permissions
</p>
</div>
</td>
</tr>";

#[test]
fn a_row_has_the_roles_labels_and_links_of_a_table_that_may_be_shown_as_cards() {
    let mut connector = connector("R&D <mail>");
    connector.application = Arc::new(Registered("Accounts of one company", Some("contoso.com")));
    connector.state = ConnectorState::Failing(FailureReason::CredentialsRejected);
    connector.secret_expires_on = ExpiryDate::parse("2026-12-09").expect("a date");
    let html = row(&connector);
    assert!(html.contains("<bdi>R&amp;D &lt;mail&gt;</bdi>"), "{html}");
    let drawn: Vec<_> = read(&html)
        .into_iter()
        .map(|part| {
            let inner = part.trim_matches(' ');
            match part.split_once(inner) {
                Some((before, after)) => {
                    format!("{}{inner}{}", "·".repeat(before.len()), "·".repeat(after.len()))
                }
                None => part,
            }
        })
        .collect();
    let names = PROVIDER.names();
    let expected = DRAWN.replace("SERVICE", names.service).replace("IMAGE", names.image);
    assert_eq!(drawn.join("\n"), expected.replace("PROVIDER", names.provider));
}

#[test]
fn a_row_shows_state_expiry_and_account_type_of_its_connector() {
    let mut connector = connector("Mail");
    for (state, class, words) in [
        (ConnectorState::NotVerified, "badge idle", "Not verified"),
        (ConnectorState::Verified, "badge good", "Verified"),
    ] {
        connector.state = state;
        let html = row(&connector);
        assert!(html.contains(class) && html.contains(&format!("<span>{words}</span>")), "{html}");
    }
    for (date, words) in [
        ("", "<p>unknown</p>"),
        ("2026-11-28", "<span>expired yesterday</span>"),
        ("2027-01-28", "<span>in 60 days</span></span></p>"),
        ("2027-01-29", "<p>in 61 days</p>"),
    ] {
        connector.secret_expires_on = ExpiryDate::parse(date).expect("a date");
        let html = row(&connector);
        assert!(html.contains(words), "{date}: {html}");
    }
    for (words, company) in [("Every account", None), ("Accounts of one company", Some("contoso.com"))] {
        connector.application = Arc::new(Registered(words, company));
        let html = row(&connector);
        assert!(html.contains(words), "{html}");
        assert_eq!(html.contains("contoso.com"), company.is_some(), "{html}");
    }
    for (number, words) in [(1, "<p>1 permission</p>"), (7, "<p>7 permissions</p>")] {
        connector.scopes = vec!["User.Read".to_owned(); number];
        assert!(row(&connector).contains(words), "{words}");
    }
}

#[test]
fn a_row_names_its_provider_if_the_list_has_several() {
    let (connector, service) = (connector("Mail"), PROVIDER.names().service);
    let shown = |several| {
        let mut html = Markup::default();
        write_row(&mut html, &connector, TODAY, several);
        html.into_string()
    };
    assert!(shown(false).contains(&format!("alt=\"{service}\"")));
    assert!(!shown(false).contains(&format!("</code> {service}</p>")));
    // The words say it, so the picture does not say it again.
    assert!(shown(true).contains("alt=\"\"") && shown(true).contains(&format!("</code> {service}</p>")));
}

proptest! {
    #[test]
    fn a_parser_reads_the_same_row_with_whatever_name_and_ids_back(
        name in "(\\PC|[&<>\"'=/;#x!-]){1,60}",
        id in any::<u128>(),
        client_id in any::<u128>(),
    ) {
        let Ok(service_name) = ServiceName::parse(&name) else { return Ok(()) };
        let (id, client_id) = (Uuid::from_u128(id), Uuid::from_u128(client_id).to_string());
        let changed = Listed {
            id: ConnectorId(id),
            service_name,
            client_id: application_id(&client_id),
            ..connector("Mail")
        };
        let mut expected = read(&row(&connector("Mail")));
        for part in &mut expected {
            match part.as_str() {
                "Mail" => *part = changed.service_name.as_str().to_owned(),
                "<a href=/connectors/00000000-0000-0000-0000-000000000007>" => {
                    *part = format!("<a href=/connectors/{id}>");
                }
                "11111111-2222-4333-8444-555555555555" => part.clone_from(&client_id),
                _ => {}
            }
        }
        prop_assert_eq!(read(&row(&changed)), expected);
    }
}
