//! Turns the text of a search into what the list looks for. Also writes the words of accounts that lack them.

use super::{super::store::Search, AccountService};
use crate::{
    accounts::store::Accounts,
    jobs::service::Lease,
    platform::{database::Unscoped, failure::Failure, search::Terms, text},
};

/// Number of accounts whose words one transaction writes.
const AT_ONCE: u64 = 200;
/// The most characters that a search looks at.
const MAX_TYPED: usize = 320;

impl AccountService {
    /// Writes the words of all accounts that lack them. Each transaction writes those of some accounts, so others can
    /// write in between.
    pub async fn write_missing_words(&self, lease: &Lease) -> Result<(), Failure> {
        // Nearly always there is no such account. So this looks first, without a transaction.
        let read = self.database.read();
        let mut last = None;
        while let Some(organisation) = Unscoped.next_organisation_without_account_words(&read, last).await? {
            let accounts = Accounts::of(organisation);
            loop {
                let written = self
                    .database
                    .write::<_, Failure, _>(async |tx| {
                        lease.hold(&tx).await?;
                        Ok(accounts.write_missing_words(&tx, AT_ONCE).await?)
                    })
                    .await?;
                if written < AT_ONCE {
                    break;
                }
            }
            last = Some(organisation);
        }
        Ok(())
    }
}

/// What to look for: an email that begins with the text, if it has an `@` and no blank; otherwise words that begin with
/// the typed ones. `None` if the text is empty.
pub(super) fn parse(typed: &str) -> Option<Search> {
    // `line` removes NUL, which PostgreSQL would refuse.
    let typed: String = text::line(typed).chars().take(MAX_TYPED).collect();
    let folded = text::fold(text::unwrapped(&typed));
    if folded.is_empty() {
        return None;
    }
    if folded.contains('@') && !folded.contains(text::is_blank) {
        return Some(Search::Email(folded));
    }
    Some(Terms::parse(&folded).map_or(Search::Nothing, Search::Words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_an_at_sign_is_the_beginning_of_an_email_and_any_other_text_is_words() {
        let email = |text: &str| Some(Search::Email(text.to_owned()));
        let words = |text: &str| Terms::parse(text).map(Search::Words);
        assert_eq!((parse(""), parse(" \u{200b} ")), (None, None));
        assert_eq!(parse(" Grace@Contoso.TEST, "), email("grace@contoso.test"));
        assert_eq!(parse("<grace@con>"), email("grace@con"));
        assert_eq!(parse("Ｇrace＠contoso"), email("grace@contoso"), "as emails are compared");
        assert_eq!(parse("Grace H"), words("grace h"));
        assert_eq!(parse("grace @contoso"), words("grace contoso"));
        assert_eq!(parse("grace.h"), words("grace h"));
        assert_eq!(parse("— 📧"), Some(Search::Nothing), "not the whole list");
        assert_eq!(parse("a\0b"), words("ab"));
    }
}
