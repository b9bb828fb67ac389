//! Contacts.

use std::collections::BTreeSet;

use mail360::providers::mailbox::{
    Contact, ContactChanges, ContactEmail, ContactFields, ContactPhone, ContactPlace, ContactQuery,
    ContactSearch, MailProblem, PhoneKind, PlaceKind, Position, PostalAddress,
};
use rstest::rstest;
use time::macros::date;

use super::{Bench, Company};

/// A contact that every provider can hold.
fn ada() -> ContactFields {
    let address = PostalAddress {
        street: Some("1 Engine Court".to_owned()),
        city: Some("London".to_owned()),
        state: Some("LDN".to_owned()),
        postal_code: Some("EC1A".to_owned()),
        country: Some("United Kingdom".to_owned()),
    };
    let phone = |kind, number: &str| ContactPhone { kind, number: number.to_owned() };
    ContactFields {
        folder: None,
        display_name: Some("Ada King Lovelace".to_owned()),
        first_name: Some("Ada".to_owned()),
        middle_name: Some("King".to_owned()),
        last_name: Some("Lovelace".to_owned()),
        nick_name: Some("Addie".to_owned()),
        company: Some("Fabrikam".to_owned()),
        department: Some("Engines".to_owned()),
        job_title: Some("Analyst".to_owned()),
        emails: Some(vec![
            ContactEmail { address: "ada@example.test".to_owned(), name: Some("Ada".to_owned()) },
            ContactEmail { address: "old@example.test".to_owned(), name: None },
        ]),
        phones: Some(vec![
            phone(PhoneKind::Business, "+44 1"),
            phone(PhoneKind::Home, "+44 2"),
            phone(PhoneKind::Mobile, "+44 3"),
        ]),
        places: Some(vec![ContactPlace { kind: PlaceKind::Business, address }]),
        urls: Some(vec!["https://fabrikam.test/ada".to_owned()]),
        birthday: Some(Some(date!(1815 - 12 - 10))),
        notes: Some("Prefers letters.".to_owned()),
    }
}

/// What a contact says, in the form of a change.
fn said(contact: &Contact) -> ContactFields {
    let contact = contact.clone();
    ContactFields {
        folder: None,
        display_name: contact.display_name,
        first_name: contact.first_name,
        middle_name: contact.middle_name,
        last_name: contact.last_name,
        nick_name: contact.nick_name,
        company: contact.company,
        department: contact.department,
        job_title: contact.job_title,
        emails: Some(contact.emails),
        phones: Some(contact.phones),
        places: Some(contact.places),
        urls: Some(contact.urls),
        birthday: Some(contact.birthday),
        notes: contact.notes,
    }
}

impl Bench {
    async fn contact(&self, id: &str) -> Contact {
        self.mailbox.get_contact(&self.call(), id).await.expect("a contact")
    }

    async fn search(&self, search: ContactSearch) -> Vec<String> {
        let found = self.mailbox.search_contacts(&self.call(), &search, 30).await.expect("contacts");
        found.into_iter().map(|contact| contact.id).collect()
    }

    /// The ids of all contacts of a folder, read in parts of this size.
    async fn contacts(&self, folder: Option<&str>, limit: u32) -> Vec<String> {
        let folder = folder.map(str::to_owned);
        let mut query = ContactQuery { folder, position: Position::Skip(0), limit };
        let mut ids = Vec::new();
        loop {
            let page = self.mailbox.list_contacts(&self.call(), &query).await.expect("a page");
            ids.extend(page.contacts.into_iter().map(|contact| contact.id));
            match page.next {
                Some(next) => query.position = Position::After(next),
                None => return ids,
            }
        }
    }

    /// All changes since a token: the ids of what is new or different and of what is gone, and the next token.
    async fn changes(&self, token: Option<&str>) -> (BTreeSet<String>, BTreeSet<String>, String) {
        let (mut changed, mut removed) = (BTreeSet::new(), BTreeSet::new());
        let mut since = token.map(str::to_owned);
        loop {
            let part = self.mailbox.contact_changes(&self.call(), since.as_deref()).await.expect("changes");
            let ContactChanges { changed: some, removed: gone, token, has_more } = part;
            changed.extend(some.into_iter().map(|contact| contact.id));
            removed.extend(gone);
            if !has_more {
                return (changed, removed, token);
            }
            since = Some(token);
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_contact_is_read_and_found_as_it_was_created(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let created = bench.mailbox.create_contact(&bench.call(), &ada()).await.expect("a contact");
    assert_eq!(said(&created), ada());
    let read = bench.contact(&created.id).await;
    assert_eq!((said(&read), &read.etag), (ada(), &created.etag));
    bench.world.add_contact("Adam Smith", "adam@example.test");
    for search in [
        ContactSearch::Email("ADA@example.test".to_owned()),
        ContactSearch::Email("old@example.test".to_owned()),
        ContactSearch::Name("ada king".to_owned()),
        ContactSearch::Name("Love".to_owned()),
        ContactSearch::Name("fabri".to_owned()),
    ] {
        assert_eq!(bench.search(search.clone()).await, [created.id.as_str()], "{search:?}");
    }
    for search in [ContactSearch::Email("ada@example".to_owned()), ContactSearch::Name("King".to_owned())] {
        assert!(bench.search(search.clone()).await.is_empty(), "{search:?}");
    }
    assert_eq!(bench.search(ContactSearch::Name("ADA".to_owned())).await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_contact_is_changed_only_at_the_version_that_was_read(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let created = mailbox.create_contact(&call, &ada()).await.expect("a contact");
    let etag = created.etag.clone().expect("a version");
    let change = ContactFields {
        notes: Some("Prefers email.".to_owned()),
        nick_name: Some(String::new()),
        ..ContactFields::default()
    };
    let changed = mailbox.update_contact(&call, &created.id, &change, &etag).await.expect("a contact");
    let expected = ContactFields { notes: Some("Prefers email.".to_owned()), nick_name: None, ..ada() };
    assert_eq!(said(&changed), expected, "what was not named stays");
    assert_eq!(bench.contact(&created.id).await, changed);

    let error =
        mailbox.update_contact(&call, &created.id, &change, &etag).await.expect_err("the version before");
    assert_eq!(error.problem, MailProblem::EtagMismatch);
    let etag = changed.etag.expect("a version");
    bench.world.touch_contact(&created.id);
    let error =
        mailbox.update_contact(&call, &created.id, &change, &etag).await.expect_err("changed by another");
    assert_eq!(error.problem, MailProblem::EtagMismatch);

    mailbox.delete_contact(&call, &created.id).await.expect("deleted");
    for problem in [
        mailbox.get_contact(&call, &created.id).await.map(drop),
        mailbox.update_contact(&call, &created.id, &change, &etag).await.map(drop),
        mailbox.delete_contact(&call, &created.id).await,
    ] {
        assert_eq!(problem.map_err(|error| error.problem), Err(MailProblem::NotFound));
    }
}

#[rstest]
#[tokio::test]
async fn parts_of_a_list_of_contacts_have_no_gap_and_nothing_twice(
    #[values(Company::Google, Company::Microsoft)] company: Company,
    #[values(1, 2, 3, 6, 7, 8, 200)] limit: u32,
) {
    let bench = Bench::new(company);
    let mut added = Vec::new();
    for number in 0..7 {
        added.push(bench.world.add_contact(&format!("{number} Smith"), &format!("{number}@example.test")));
    }
    assert_eq!(bench.contacts(None, limit).await, added);
}

#[rstest]
#[tokio::test]
async fn a_contact_is_created_in_a_folder(#[values(Company::Google, Company::Microsoft)] company: Company) {
    let bench = Bench::new(company);
    let folder = bench.world.add_contact_folder("Friends");
    let folders = bench.mailbox.list_contact_folders(&bench.call()).await.expect("folders");
    assert!(folders.iter().any(|known| known.id == folder && known.name == "Friends"), "{folders:?}");
    let fields = ContactFields { folder: Some(folder.clone()), ..ada() };
    let created = bench.mailbox.create_contact(&bench.call(), &fields).await.expect("a contact");
    assert!(created.folders.contains(&folder), "{:?}", created.folders);
    assert_eq!(bench.contacts(Some(&folder), 2).await, [created.id]);
    let nowhere = ContactFields { folder: Some("nowhere1".to_owned()), ..ada() };
    let error = bench.mailbox.create_contact(&bench.call(), &nowhere).await.expect_err("no folder");
    assert_eq!(error.problem, MailProblem::NotFound);
}

#[rstest]
#[tokio::test]
async fn changes_of_contacts_are_followed_until_their_token_expires(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let first = bench.world.add_contact("Ada", "ada@example.test");
    let second = bench.world.add_contact("Bob", "bob@example.test");
    let none = BTreeSet::new;
    let set = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<BTreeSet<String>>();
    let (changed, removed, token) = bench.changes(None).await;
    assert_eq!((changed, removed), (set(&[&first, &second]), none()));
    let (changed, removed, token) = bench.changes(Some(&token)).await;
    assert_eq!((changed, removed), (none(), none()));
    bench.world.touch_contact(&second);
    let third = bench.world.add_contact("Carl", "carl@example.test");
    bench.mailbox.delete_contact(&bench.call(), &first).await.expect("deleted");
    let (changed, removed, token) = bench.changes(Some(&token)).await;
    assert_eq!((changed, removed), (set(&[&second, &third]), set(&[&first])));
    bench.world.forget_changes();
    let error = bench.mailbox.contact_changes(&bench.call(), Some(&token)).await.expect_err("expired");
    assert_eq!(error.problem, MailProblem::SyncTokenExpired);
    let (changed, removed, _) = bench.changes(None).await;
    assert_eq!((changed, removed), (set(&[&second, &third]), none()));
}
