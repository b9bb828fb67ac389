//! The scopes of API clients: what a client may do, in Mail360's notation, such as `MailApps.messages.READ`. The route
//! table names the scope that each call needs.

use std::{collections::BTreeSet, fmt, str::FromStr};

use strum::{EnumString, IntoStaticStr, VariantArray};

/// A kind of calls that an API client may make. Its text is Mail360's.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr, VariantArray,
)]
pub enum Scope {
    #[strum(serialize = "MailApps.accounts.CREATE")]
    AccountsCreate,
    #[strum(serialize = "MailApps.accounts.READ")]
    AccountsRead,
    #[strum(serialize = "MailApps.accounts.UPDATE")]
    AccountsUpdate,
    #[strum(serialize = "MailApps.accounts.DELETE")]
    AccountsDelete,
    /// Messages, and what belongs to them: drafts, threads, schedules, jobs.
    #[strum(serialize = "MailApps.messages.CREATE")]
    MessagesCreate,
    #[strum(serialize = "MailApps.messages.READ")]
    MessagesRead,
    #[strum(serialize = "MailApps.messages.UPDATE")]
    MessagesUpdate,
    #[strum(serialize = "MailApps.messages.DELETE")]
    MessagesDelete,
    #[strum(serialize = "MailApps.attachments.CREATE")]
    AttachmentsCreate,
    #[strum(serialize = "MailApps.attachments.READ")]
    AttachmentsRead,
    #[strum(serialize = "MailApps.attachments.UPDATE")]
    AttachmentsUpdate,
    #[strum(serialize = "MailApps.attachments.DELETE")]
    AttachmentsDelete,
    #[strum(serialize = "MailApps.folders.CREATE")]
    FoldersCreate,
    #[strum(serialize = "MailApps.folders.READ")]
    FoldersRead,
    #[strum(serialize = "MailApps.folders.UPDATE")]
    FoldersUpdate,
    #[strum(serialize = "MailApps.folders.DELETE")]
    FoldersDelete,
    /// Labels, which Mail360's scopes call tags.
    #[strum(serialize = "MailApps.tags.CREATE")]
    TagsCreate,
    #[strum(serialize = "MailApps.tags.READ")]
    TagsRead,
    #[strum(serialize = "MailApps.tags.UPDATE")]
    TagsUpdate,
    #[strum(serialize = "MailApps.tags.DELETE")]
    TagsDelete,
    #[strum(serialize = "MailApps.contacts.CREATE")]
    ContactsCreate,
    #[strum(serialize = "MailApps.contacts.READ")]
    ContactsRead,
    #[strum(serialize = "MailApps.contacts.UPDATE")]
    ContactsUpdate,
    #[strum(serialize = "MailApps.contacts.DELETE")]
    ContactsDelete,
    /// Reading the provider's access tokens, which give all of an account's permissions at the provider.
    #[strum(serialize = "MailApps.tokens.READ")]
    TokensRead,
    /// Sending any request to the provider with an account's permissions.
    #[strum(serialize = "MailApps.proxy.ALL")]
    ProxyAll,
}

/// The areas whose four scopes `ALL` names together, in the order of the screen.
pub const AREAS: [&str; 6] = ["accounts", "messages", "attachments", "folders", "tags", "contacts"];

impl Scope {
    /// Every scope, in the order of the screen.
    pub const EVERY: &'static [Self] = Self::VARIANTS;

    /// Mail360's text.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The part between the dots: `messages` of `MailApps.messages.READ`.
    pub fn area(self) -> &'static str {
        self.name().split('.').nth(1).unwrap_or_default()
    }

    /// Whether it lets a client act at the provider outside the other scopes. No `ALL` contains such a scope.
    pub const fn is_far_reaching(self) -> bool {
        matches!(self, Self::TokensRead | Self::ProxyAll)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

/// A text that names no scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownScope(pub String);

impl Scopes {
    /// Every scope except those that let a client act at the provider by itself.
    pub fn ordinary() -> Self {
        Scope::EVERY.iter().copied().filter(|scope| !scope.is_far_reaching()).collect()
    }

    /// Parses names of scopes, separated by blanks or commas. `MailApps.messages.ALL` names the four of its area.
    /// Upper and lower case are alike.
    ///
    /// # Errors
    /// The first text that names no scope.
    pub fn parse(text: &str) -> Result<Self, UnknownScope> {
        let mut scopes = BTreeSet::new();
        let separator = |c: char| c.is_whitespace() || c == ',';
        for name in text.split(separator).filter(|name| !name.is_empty()) {
            scopes.extend(named(name).ok_or_else(|| UnknownScope(name.to_owned()))?);
        }
        Ok(Self(scopes))
    }

    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// The scopes that both sets have.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.0.intersection(&other.0).copied().collect()
    }

    /// The scopes that this set has and the other has not.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.0.difference(&other.0).copied().collect()
    }

    /// Whether one of them lets a client act at the provider by itself.
    pub fn has_far_reaching(&self) -> bool {
        self.0.iter().any(|scope| scope.is_far_reaching())
    }

    /// The names, as short as possible: the four scopes of an area are its `ALL`.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut done = BTreeSet::new();
        for area in AREAS {
            let all = of_area(area);
            if all.is_subset(&self.0) {
                names.push(format!("MailApps.{area}.ALL"));
                done.extend(all);
            } else {
                names.extend(all.intersection(&self.0).map(ToString::to_string));
                done.extend(all);
            }
        }
        names.extend(self.0.difference(&done).map(ToString::to_string));
        names
    }
}

fn of_area(area: &str) -> BTreeSet<Scope> {
    let ordinary = Scope::EVERY.iter().copied().filter(|scope| !scope.is_far_reaching());
    ordinary.filter(|scope| scope.area() == area).collect()
}

/// The scopes that a name names; `None` if there is no such name.
fn named(name: &str) -> Option<BTreeSet<Scope>> {
    let known =
        |text: &str| Scope::EVERY.iter().copied().find(|scope| scope.name().eq_ignore_ascii_case(text));
    if let Some(scope) = known(name) {
        return Some(BTreeSet::from([scope]));
    }
    let area = AREAS.into_iter().find(|area| name.eq_ignore_ascii_case(&format!("MailApps.{area}.ALL")))?;
    Some(of_area(area))
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::parse(text)
    }
}

/// The names, separated by blanks.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_names_the_four_scopes_of_its_area_and_no_far_reaching_one() {
        for area in AREAS {
            let all = Scopes::parse(&format!("MailApps.{area}.ALL")).expect("a scope");
            assert_eq!(all.iter().count(), 4, "{area}");
            assert!(all.iter().all(|scope| scope.area() == area) && !all.has_far_reaching());
            assert_eq!(all.to_string(), format!("MailApps.{area}.ALL"));
        }
        assert_eq!(Scopes::parse("MailApps.tokens.ALL"), Err(UnknownScope("MailApps.tokens.ALL".to_owned())));
        assert_eq!(Scopes::parse("MailApps.proxy.READ"), Err(UnknownScope("MailApps.proxy.READ".to_owned())));
        assert!(!Scopes::ordinary().has_far_reaching());
    }

    #[test]
    fn names_are_taken_in_any_case_with_blanks_or_commas_between_them() {
        let scopes = Scopes::parse(" mailapps.MESSAGES.read,MailApps.proxy.ALL\n").expect("scopes");
        assert_eq!(scopes.iter().collect::<Vec<_>>(), [Scope::MessagesRead, Scope::ProxyAll]);
        assert_eq!(Scopes::parse("MailApps.mail.READ"), Err(UnknownScope("MailApps.mail.READ".to_owned())));
        assert!(Scopes::parse("").expect("none").is_empty());
    }

    proptest! {
        #[test]
        fn scopes_are_read_as_they_were_written(chosen in prop::collection::vec(any::<bool>(), Scope::EVERY.len())) {
            let scopes: Scopes =
                Scope::EVERY.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(scope, _)| *scope).collect();
            prop_assert_eq!(scopes.to_string().parse::<Scopes>(), Ok(scopes));
        }
    }
}
