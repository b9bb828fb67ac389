//! How an organisation presents itself to people who have no user here: a name, a contact, a privacy notice and a logo.
//! The pages behind links show it. Start with [`Appearances`].

pub mod logo;

use url::Url;

use self::logo::Logo;
use super::super::store::appearances::OrganisationAppearance;
pub use super::super::store::appearances::{AppearanceTexts, StoredAppearance, StoredLogo};
use crate::{
    activity::{
        model::{Action, Entry},
        service::Activity,
    },
    people::{access::Admin, service::People},
    platform::{
        database::{Database, DatabaseError, Unscoped},
        failure::Failure,
        id::OrganisationId,
        randomness::Hash,
        text,
    },
};

/// Maximum number of characters of the public name.
pub const MAX_NAME: usize = 100;
/// Maximum number of characters of the contact.
pub const MAX_CONTACT: usize = 200;
/// Maximum number of bytes of the address of the privacy notice.
pub const MAX_PRIVACY_URL: usize = 2048;

/// The part of an organisation that people without a user see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// The public name, or the organisation's name.
    pub name: String,
    /// An email address, a telephone number, or another way to reach the organisation.
    pub contact: Option<String>,
    pub privacy_url: Option<String>,
    /// The path of the logo.
    pub logo_url: Option<String>,
}

/// Mistakes in a form: the name of the field, and what to change.
pub type AppearanceErrors = Vec<(&'static str, &'static str)>;

/// The result of changing the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppearanceChange {
    Changed,
    /// Some values are wrong. Nothing was changed.
    Wrong(AppearanceErrors),
    /// Another administrator has changed the appearance since the form was opened. Nothing was changed.
    Outdated,
}

/// Parses typed texts. All may be empty.
///
/// # Errors
/// Every mistake, in the order of the form.
pub fn parse_texts(typed: &AppearanceTexts) -> Result<AppearanceTexts, AppearanceErrors> {
    let mut errors = Vec::new();
    let mut parse = |name, typed: &str, parser: fn(&str) -> Result<String, &'static str>| {
        if text::trim(typed).is_empty() {
            return String::new();
        }
        parser(typed).unwrap_or_else(|words| {
            errors.push((name, words));
            String::new()
        })
    };
    let parsed = AppearanceTexts {
        name: parse("name", &typed.name, |typed| {
            text::name(typed, MAX_NAME).map_err(|_| {
                "Enter the name that users know. It may have up to 100 characters, and none that is invisible."
            })
        }),
        contact: parse("contact", &typed.contact, |typed| {
            text::name(typed, MAX_CONTACT).map_err(|_| {
                "Enter an email address or a telephone number. It may have up to 200 characters, and none that is \
                 invisible."
            })
        }),
        privacy_url: parse("privacy_url", &typed.privacy_url, |typed| {
            parse_privacy_url(typed).ok_or(
                "Enter the complete address of a page, such as https://www.example.com/privacy. It must begin with \
                 https.",
            )
        }),
    };
    if errors.is_empty() { Ok(parsed) } else { Err(errors) }
}

/// The address of a page with https. An address with user information could show another host than it leads to.
fn parse_privacy_url(typed: &str) -> Option<String> {
    let typed = text::unwrapped(typed);
    let url = Url::parse(typed).ok().filter(|_| typed.len() <= MAX_PRIVACY_URL)?;
    let is_plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    let text = String::from(url);
    (is_plain && text.len() <= MAX_PRIVACY_URL).then_some(text)
}

/// The path under which a logo is served.
pub fn logo_path(hash: Hash) -> String {
    format!("/connect/logo/{hash}")
}

/// The use cases of appearances.
#[derive(Clone)]
pub struct Appearances {
    database: Database,
    people: People,
    activity: Activity,
}

impl Appearances {
    /// Use cases on this database.
    pub const fn new(database: Database, people: People, activity: Activity) -> Self {
        Self { database, people, activity }
    }

    /// The appearance of an organisation, for pages that its links lead to.
    pub async fn of_organisation(&self, organisation: OrganisationId) -> Result<Appearance, Failure> {
        let stored = OrganisationAppearance::of(organisation).get(&self.database.read()).await?;
        let StoredAppearance { texts: AppearanceTexts { name, contact, privacy_url }, logo, .. } = stored;
        let name = if name.is_empty() { self.people.organisation_name(organisation).await? } else { name };
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(Appearance {
            name,
            contact: some(contact),
            privacy_url: some(privacy_url),
            logo_url: logo.map(logo_path),
        })
    }

    /// The appearance as stored, for the page of its settings.
    pub async fn get(&self, admin: &Admin) -> Result<StoredAppearance, Failure> {
        Ok(OrganisationAppearance::of(admin.organisation()).get(&self.database.read()).await?)
    }

    /// Changes the texts, if the appearance still has the version that the form showed.
    pub async fn change_texts(
        &self,
        admin: &Admin,
        version: i64,
        typed: &AppearanceTexts,
    ) -> Result<AppearanceChange, Failure> {
        let texts = match parse_texts(typed) {
            Ok(texts) => texts,
            Err(errors) => return Ok(AppearanceChange::Wrong(errors)),
        };
        let store = OrganisationAppearance::of(admin.organisation());
        let changed = self
            .database
            .write(async |tx| {
                let before = store.get(&tx).await?;
                if before.version != version {
                    return Ok(false);
                }
                if before.texts == texts {
                    return Ok(true);
                }
                let changed = store.change_texts(&tx, version, &texts).await?;
                if changed {
                    self.activity.record(&tx, admin.actor(), Self::entry(admin)).await?;
                }
                Ok::<_, DatabaseError>(changed)
            })
            .await;
        match changed {
            Ok(true) => Ok(AppearanceChange::Changed),
            Ok(false) => Ok(AppearanceChange::Outdated),
            // On PostgreSQL another transaction can add the first row concurrently.
            Err(error) if error.is_conflict() => Ok(AppearanceChange::Outdated),
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces the logo.
    pub async fn set_logo(&self, admin: &Admin, logo: Logo) -> Result<(), Failure> {
        let hash = logo.hash();
        let stored = StoredLogo { media_type: logo.format.media_type().to_owned(), bytes: logo.bytes };
        self.write_logo(admin, Some((hash, stored))).await
    }

    /// Removes the logo. Does nothing if there is none.
    pub async fn remove_logo(&self, admin: &Admin) -> Result<(), Failure> {
        self.write_logo(admin, None).await
    }

    async fn write_logo(&self, admin: &Admin, logo: Option<(Hash, StoredLogo)>) -> Result<(), Failure> {
        let store = OrganisationAppearance::of(admin.organisation());
        self.database
            .write(async |tx| {
                let before = store.get(&tx).await?.logo;
                if before == logo.as_ref().map(|(hash, _)| *hash) {
                    return Ok(());
                }
                store.set_logo(&tx, logo).await?;
                Ok(self.activity.record(&tx, admin.actor(), Self::entry(admin)).await?)
            })
            .await
    }

    /// The record of a change. It names no values: they are on the page.
    fn entry(admin: &Admin) -> Entry {
        Entry::done(Action::AppearanceChanged, "", admin.organisation().0)
    }

    /// The logo with this hash, of any organisation.
    pub async fn logo(&self, hash: Hash) -> Result<Option<StoredLogo>, Failure> {
        Ok(Unscoped.logo_by_hash(&self.database.read(), hash).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str, contact: &str, privacy_url: &str) -> AppearanceTexts {
        AppearanceTexts {
            name: name.to_owned(),
            contact: contact.to_owned(),
            privacy_url: privacy_url.to_owned(),
        }
    }

    #[test]
    fn typed_texts_are_cleaned_and_may_be_empty() {
        assert_eq!(parse_texts(&texts("", " ", "\u{200b}")), Ok(AppearanceTexts::default()));
        let parsed = parse_texts(&texts(" Contoso  Werke ", "help@contoso.test", "<HTTPS://contoso.test/p>"));
        assert_eq!(parsed, Ok(texts("Contoso Werke", "help@contoso.test", "https://contoso.test/p")));
    }

    #[test]
    fn a_privacy_notice_is_a_page_with_https() {
        for wrong in [
            "contoso.test/privacy",
            "http://contoso.test/privacy",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://bank.test@evil.test/",
            "https://",
            &format!("https://contoso.test/{}", "x".repeat(MAX_PRIVACY_URL)),
        ] {
            let errors = parse_texts(&texts("", "", wrong)).expect_err(wrong);
            assert_eq!(errors.first().map(|(field, _)| *field), Some("privacy_url"), "{wrong}");
        }
    }

    #[test]
    fn every_mistake_is_named_in_the_order_of_the_form() {
        let long = "x".repeat(MAX_CONTACT + 1);
        let errors = parse_texts(&texts(&long, &long, "nowhere")).expect_err("mistakes");
        let fields: Vec<_> = errors.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["name", "contact", "privacy_url"]);
    }
}
