//! The results of a search, compared with the rule read from whole names.

use super::*;
use crate::platform::database::word_index::WordIndex;

/// More than a search finds.
const SOME: usize = 2_000;

/// Gives our connectors other names, as a program of an earlier version does: without their words.
async fn rename(database: &Database) {
    const FIRST: [&str; 8] =
        ["Mail", "Mailbox", "Mail-archive", "Mails", "mail", "Archive", "Straße", "& Co"];
    const SECOND: [&str; 9] =
        ["archive", "EU (mail)", "face", "mailbox", "Re\u{301}sumé", "ab", "μ", "x", "— 📧"];
    let renames: Vec<String> = (0..SOME)
        .map(|number| {
            let name = format!("{} {} {number} team", FIRST[number % 8], SECOND[number / 8 % 9]);
            let key = text::fold(&name);
            format!(
                "UPDATE connectors SET service_name = '{name}', name_key = '{key}' WHERE name_key = 'mail {number}' \
                 AND organisation_id = (SELECT id FROM organisations WHERE short_name = 'org-1')"
            )
        })
        .collect();
    let written = database.write::<_, DatabaseError, _>(async |tx| {
        tx.connection().execute_unprepared(&renames.join(";")).await?;
        Ok(())
    });
    written.await.expect("renamed");
}

/// The words of a text.
fn words_of(text: &str) -> Vec<String> {
    let folded = text::fold(text);
    let marked: String = folded.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    marked.split_whitespace().map(str::to_owned).collect()
}

/// The values of a connector that the rule reads.
struct Known {
    hit: Hit,
    words: Vec<String>,
    client_id: String,
}

impl Known {
    fn of(connector: &Listed) -> Self {
        Self {
            hit: hit_of(connector),
            words: words_of(connector.service_name.as_str()),
            client_id: connector.client_id.to_string(),
        }
    }
}

fn hit_of(connector: &Listed) -> Hit {
    Hit { sort_key: connector.name_key.clone(), id: connector.id.0 }
}

/// The rule: each typed word begins a word, or the text begins a client ID. A text without a word begins the name.
fn find_by_rule(all: &[Known], text: &str) -> Vec<Hit> {
    let (typed, name, client_id) = (words_of(text), text::fold(text), text.to_lowercase());
    let has = |known: &Known, typed: &str| known.words.iter().any(|word| word.starts_with(typed));
    let by_name = |known: &Known| {
        if typed.is_empty() {
            known.hit.sort_key.starts_with(&name)
        } else {
            typed.iter().all(|typed| has(known, typed))
        }
    };
    let found = all.iter().filter(|known| by_name(known) || known.client_id.starts_with(&client_id));
    found.map(|known| known.hit.clone()).collect()
}

/// All that a search finds, page by page, and how much it says that it has found.
async fn find(on: &Read, ours: Connectors<'_>, text: &str) -> (Vec<Hit>, Found) {
    let search = search(text);
    let (mut all, mut before): (Vec<Hit>, Option<Found>) = (Vec::new(), None);
    loop {
        let (found, hits) = ours.search(on, &search, all.last(), 400).await.expect("hits");
        assert!(before.is_none_or(|before| before == found), "each page says the same");
        before = Some(found);
        if hits.is_empty() {
            return (all, found);
        }
        all.extend(hits);
    }
}

#[rstest]
#[tokio::test]
async fn a_search_finds_all_that_match_or_a_thousand_and_its_pages_follow_each_other(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = many(kind, SOME).await;
    let providers = providers();
    let (read, ours) = (database.read(), Connectors::of(OURS, &providers));
    rename(&database).await;
    // The words of the names before lead nowhere. Until there are words, connectors are found by the beginnings of
    // their names.
    for (text, count) in [("mail 4", 0), ("team", 0), ("archive", 250), ("mailbox eu", 28)] {
        let (connectors, _) = read_all(&read, ours, Some(&search(text)), Order::Name, 300).await;
        assert_eq!(connectors.len(), count, "{text}");
    }
    for left in [500, 500, 500, 500, 0] {
        let written =
            database.write::<_, DatabaseError, _>(async |tx| ours.write_missing_words(&tx, 500).await).await;
        assert_eq!(written.expect("written"), left);
    }

    let (listed, found) = read_all(&read, ours, None, Order::Name, 500).await;
    assert_eq!((listed.len(), found), (SOME, None));
    let all: Vec<Known> = listed.iter().map(Known::of).collect();
    let (mut exact, mut more) = (0, 0);
    let texts = [
        // One word. Every name has the word `team`.
        "mail|MAIL|mai|m|mailb|mails|Team|t|arch|strasse|STRAß|résumé|Μ|box",
        // Numbers and client IDs.
        "1|19|1999|f|face|9e3779b1|9e3779b1-0000-40|0000",
        // Several words.
        "arch mai|mail arch|mail 7|team mail|eu mail 1|team 1 m x|ma mail|mail archive 5 team|nothing mail",
        // Words with other characters, and none.
        "& co|co & 7|&|&  |—|%|_",
    ];
    for text in texts.iter().flat_map(|texts| texts.split('|')) {
        let expected = find_by_rule(&all, text);
        let (hits, found) = find(&read, ours, text).await;
        if expected.len() <= MAX_FOUND {
            assert_eq!((&hits, found), (&expected, Found::Exactly(expected.len())), "{text}");
            exact += usize::from(!expected.is_empty());
        } else {
            assert_eq!((hits.len(), found), (MAX_FOUND, Found::MoreThan(MAX_FOUND)), "{text}");
            assert!(hits.is_sorted_by(|a, b| a < b), "{text}");
            let expected: HashSet<_> = expected.iter().map(|hit| hit.id).collect();
            assert!(hits.iter().all(|hit| expected.contains(&hit.id)), "{text}");
            more += 1;
        }
    }
    assert!(exact > 10 && more > 5, "{exact} {more}");
    // Of one word the first ones by name are found.
    let (hits, _) = find(&read, ours, "tea").await;
    assert!(hits.iter().eq(all.iter().take(MAX_FOUND).map(|known| &known.hit)));
    // The list has a row for each hit.
    for text in ["mail 7", "1999", "9e3779b1", "& co"] {
        let (connectors, found) = read_all(&read, ours, Some(&search(text)), Order::Added, 40).await;
        let rows: Vec<Hit> = connectors.iter().map(hit_of).collect();
        assert_eq!(
            (rows, found),
            (find_by_rule(&all, text), Some(find(&read, ours, text).await.1)),
            "{text}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn a_search_of_several_frequent_words_checks_a_bounded_number_of_names_and_says_so(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = many(kind, 300).await;
    let words = "INSERT INTO connector_words (organisation_id, word, sort_key, connector_id, shared) \
                 SELECT organisation_id, CASE CAST(substr(name_key, 6) AS INTEGER) % 2 WHEN 0 THEN 'even' \
                 ELSE 'odd' END, name_key, id, 0 FROM connectors";
    let written = database.write::<_, DatabaseError, _>(async |tx| {
        tx.connection().execute_unprepared(words).await?;
        Ok(())
    });
    written.await.expect("written");
    let few = WordIndex { max_checked: 100, ..WORDS };
    let mut names: Vec<String> = (0..300).map(|number| format!("mail {number}")).collect();
    names.sort_unstable();
    let even = names.iter().take(100).filter(|name| name.ends_with(['0', '2', '4', '6', '8'])).count();
    let read = database.read();
    for (index, text, expected) in [
        (WORDS, "mail even", Found::Exactly(150)),
        (WORDS, "even odd", Found::Exactly(0)),
        // Each word has more names than the search checks. It checks the first ones of one word.
        (few, "mail even", Found::AtLeast(even)),
        (few, "even odd", Found::AtLeast(0)),
        // One word has fewer names, so all of these are checked.
        (few, "even 29", Found::Exactly(5)),
        (few, "mail even odd 29", Found::Exactly(0)),
        // One word alone needs no check.
        (few, "mail", Found::Exactly(300)),
    ] {
        let terms = Terms::parse(text).expect("words");
        let (found, hits) = index.find(&read, OURS, &terms, None, MAX_FOUND).await.expect("hits");
        let (Found::Exactly(count) | Found::AtLeast(count) | Found::MoreThan(count)) = expected;
        assert_eq!((found, hits.len()), (expected, count), "{text}");
        if let Some((_, rest)) = hits.split_at_checked(25) {
            let after = hits.get(24);
            let next = index.find(&read, OURS, &terms, after, MAX_FOUND).await.expect("hits");
            assert_eq!((next.0, next.1.as_slice()), (expected, rest), "{text}");
        }
    }
    assert!((25..75).contains(&even), "{even}");
}
