//! The forms of a connector that are not saved: they come back with every typed value, or with a message at the field.

use rstest::rstest;

use crate::{
    new_secret::NEW_SECRET,
    support::{Answer, Browser, Kind, NewConnector, World},
};

const ADD: &str = "/connectors/new";
const CLIENT_ID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
pub const KEPT: &str = "Kept from your last try. Type to replace it.";
pub const GONE: &str = "Paste the secret again. For safety it was not kept.";

/// The three forms into which a secret is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Add,
    Edit,
    Replace,
}

pub const ALL: [Which; 3] = [Which::Add, Which::Edit, Which::Replace];

/// A form of an administrator, to change and send. Its secret is [`NEW_SECRET`].
#[derive(Clone)]
pub struct Form {
    /// The page that shows it.
    pub page: String,
    pub action: &'static str,
    pub fields: Vec<(String, String)>,
}

impl Form {
    pub async fn open(browser: &mut Browser, which: Which, connector: &str) -> Self {
        let (page, action) = match which {
            Which::Add => (ADD.to_owned(), "/do/connectors/add"),
            Which::Edit => (format!("{connector}/edit"), "/do/connectors/change"),
            Which::Replace => (format!("{connector}/secret"), "/do/connectors/replace-secret"),
        };
        let target = if which == Which::Add { &["form"][..] } else { &["connector", "version"] };
        let shown = browser.get(&page).await;
        shown.assert_status(200);
        let mut form = Self { page, action, fields: Vec::new() };
        for name in target.iter().chain(&["owner"]) {
            form = form.with(name, &shown.hidden(name));
        }
        let settings = [
            ("provider", "outlook"),
            ("service_name", if which == Which::Add { "Added" } else { "Mail archive" }),
            ("client_id", CLIENT_ID),
            ("account_type", "tenants_and_personal"),
            ("tenant", ""),
        ];
        let secret = [
            ("client_secret", NEW_SECRET),
            ("secret_expires_in", "date"),
            ("secret_expires_on", "2028-11-23"),
        ];
        let settings = if which == Which::Replace { &[] } else { &settings[..] };
        for (name, value) in settings.iter().chain(&secret) {
            form = form.with(name, value);
        }
        form
    }

    /// The same form with another value in a field, or with a further field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(field, _)| field == name) {
            Some(field) => value.clone_into(&mut field.1),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// The same form with a mistake that the server finds.
    #[must_use]
    pub fn wrong(self) -> Self {
        if self.page.ends_with("/secret") {
            self.with("secret_expires_on", "2020-01-01")
        } else {
            self.with("client_id", "no client id")
        }
    }

    /// The same form without the mistake, as this page shows it: without a typed secret, it relies on the kept one.
    #[must_use]
    pub fn corrected(self, page: &Answer) -> Self {
        let form = self.relying_on(&page.hidden("secret_kept"));
        if form.page == ADD { form } else { form.with("version", &page.hidden("version")) }
    }

    /// The same form without the mistake and without a typed secret. It relies on the kept secret with this id.
    #[must_use]
    pub fn relying_on(self, kept: &str) -> Self {
        let form = self.with("client_secret", "").with("secret_kept", kept);
        let form = form.with("secret_expires_on", "2028-11-23");
        if form.page.ends_with("/secret") { form } else { form.with("client_id", CLIENT_ID) }
    }

    /// The value of a field.
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    pub async fn send(&self, browser: &mut Browser) -> Answer {
        let fields: Vec<_> =
            self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        browser.post(self.action, &fields).await
    }

    /// Sends the form, which is refused, and returns its page.
    pub async fn refused(&self, browser: &mut Browser) -> Answer {
        assert_eq!(self.send(browser).await.location(), self.page);
        browser.get(&self.page).await
    }

    /// Sends the form, whose kept secret is gone.
    pub async fn assert_gone(&self, browser: &mut Browser, why: &str) {
        let page = self.refused(browser).await;
        page.assert_says(GONE);
        assert!(!page.text().contains(KEPT) && !page.body.contains("secret_kept"), "{why}");
    }
}

/// The element with this id, without its content. `None` if the page has none.
fn tag<'a>(page: &'a Answer, id: &str) -> Option<&'a str> {
    let at = page.body.find(&format!(" id=\"{id}\""))?;
    let begin = page.body[..at].rfind('<')?;
    let length = page.body[begin..].find('>')?;
    Some(&page.body[begin..begin + length])
}

/// The value that a field shows; empty for a hidden one such as the secret.
fn shown<'a>(page: &'a Answer, name: &str) -> &'a str {
    let value = tag(page, name).and_then(|tag| tag.split_once(" value=\"")).map(|(_, rest)| rest);
    value.and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

/// The message at a field, if it is shown.
fn message(page: &Answer, name: &str) -> Option<String> {
    let id = format!("{name}-error");
    tag(page, &id).filter(|tag| tag.contains("data-tone=\"bad\""))?;
    let (_, rest) = page.body.split_once(&format!(" id=\"{id}\""))?;
    let inner = rest.split_once("</p>")?.0;
    let text: String =
        inner.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect();
    Some(text)
}

/// Asserts that the heading of a notice has the focus, and no field.
#[track_caller]
pub fn assert_notice_has_focus(page: &Answer) {
    let focused: Vec<_> = page.body.match_indices(" autofocus").collect();
    assert_eq!(focused.len(), 1, "{}", page.body);
    let before = &page.body[..focused[0].0];
    let tag = before.rsplit('<').next().unwrap_or_default();
    assert!(tag.starts_with("h2 "), "{tag}");
}

/// A form with a mistake: which form, and the fields that are sent otherwise.
type Refused = (Which, &'static [(&'static str, &'static str)]);

/// Every reason for which a form is not saved.
const REFUSED: &[Refused] = &[
    (Which::Add, &[("service_name", "")]),
    (Which::Add, &[("service_name", "Mail archive")]),
    (Which::Add, &[("service_name", NEW_SECRET)]),
    (Which::Add, &[("client_id", "no client id")]),
    (Which::Add, &[("client_id", NEW_SECRET)]),
    (Which::Add, &[("client_secret", CLIENT_ID)]),
    (Which::Add, &[("client_secret", "two words")]),
    (Which::Add, &[("client_secret", "")]),
    (Which::Add, &[("secret_expires_on", "2020-01-01")]),
    (Which::Add, &[("secret_expires_on", "some day")]),
    (Which::Add, &[("secret_expires_in", "7")]),
    (Which::Add, &[("account_type", "single_tenant")]),
    (Which::Add, &[("account_type", "single_tenant"), ("tenant", "no tenant")]),
    (Which::Add, &[("account_type", "single_tenant"), ("tenant", NEW_SECRET)]),
    (Which::Add, &[("account_type", "")]),
    (Which::Add, &[("scopes[]", "Everything")]),
    (Which::Add, &[("service_name", ""), ("client_id", ""), ("secret_expires_on", "2020-01-01")]),
    (Which::Edit, &[("service_name", "")]),
    (Which::Edit, &[("client_id", "no client id")]),
    (Which::Edit, &[("client_id", "no client id"), ("client_secret", "")]),
    (Which::Edit, &[("client_secret", CLIENT_ID)]),
    (Which::Edit, &[("client_secret", "")]),
    (Which::Edit, &[("secret_expires_on", "2020-01-01")]),
    (Which::Edit, &[("account_type", "single_tenant")]),
    (Which::Edit, &[("version", "0")]),
    (Which::Replace, &[("client_secret", CLIENT_ID)]),
    (Which::Replace, &[("client_secret", "")]),
    (Which::Replace, &[("client_secret", "  ")]),
    (Which::Replace, &[("secret_expires_on", "2020-01-01")]),
    (Which::Replace, &[("version", "0")]),
];

#[rstest]
#[tokio::test]
async fn after_any_refused_form_every_emptied_field_has_a_visible_message(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    for (which, changes) in REFUSED {
        // Another POST removes what the form before has left.
        ada.post("/profile/second-factor/cancel", &[]).await.assert_status(303);
        let mut form = Form::open(&mut ada, *which, &connector).await;
        for (name, value) in *changes {
            form = form.with(name, value);
        }
        let what = format!("{which:?} {changes:?}");
        let page = form.refused(&mut ada).await;
        let outdated = changes.iter().any(|(name, _)| *name == "version");
        assert_notice_has_focus(&page);
        assert!(!page.body.contains("canary"), "{what}: the page has the secret");
        for (name, sent) in &form.fields {
            let is_text = ["service_name", "client_id", "client_secret", "tenant", "secret_expires_on"];
            if !is_text.contains(&name.as_str()) {
                continue;
            }
            let said = message(&page, name);
            if !sent.is_empty() && shown(&page, name).is_empty() {
                let is_kept = name == "client_secret" && page.text().contains(KEPT);
                assert!(said.is_some() || is_kept, "{what}: {name} was emptied without a word");
                if name == "client_secret" {
                    assert_eq!(is_kept, page.body.contains("name=\"secret_kept\""), "{what}");
                }
            }
            if let Some(said) = said {
                assert!(!said.trim().is_empty(), "{what}: the message at {name} is empty");
                let field = tag(&page, name).expect("the field");
                assert!(field.contains("aria-invalid=\"true\""), "{what}: {field}");
                assert!(page.body.contains(&format!("href=\"#{name}\"")), "{what}: no link to {name}");
            }
        }
        assert_eq!(page.text().contains("your attention"), !outdated, "{what}: {}", page.text());
    }
    assert_eq!(world.raw.count("connectors").await, 1);
    let unchanged: i64 = world.raw.one("SELECT version FROM connectors").await;
    assert_eq!(unchanged, 1);
}
