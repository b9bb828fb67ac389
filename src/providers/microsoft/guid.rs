//! Finds the GUID in a pasted text, with the words, the label or the address round it. This module only reads the text;
//! the parsers of client IDs, tenants and client secrets decide what they accept. Start at [`find_guid`].

use crate::platform::text;

/// How many hexadecimal digits each group of a GUID has (RFC 9562, 4).
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
/// How many times percent-encoding is removed: an address inside an address is encoded twice.
const ROUNDS: usize = 2;

/// The kind of ID that the text in front of a GUID names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuidLabel {
    /// The Application (client) ID.
    Client,
    /// The Directory (tenant) ID.
    Tenant,
    /// The Object ID, which the portal shows below the Application (client) ID.
    Object,
    /// The Secret ID, which the portal shows beside the secret's Value.
    Secret,
    /// An ID that no field of the form takes, such as the one of a subscription.
    Other,
}

/// The result of [`find_guid`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundGuid {
    /// The text has no GUID, or one of which it is not certain where it begins and ends.
    Nothing,
    /// The text has exactly one GUID, perhaps several times.
    One {
        /// The GUID, in lower case.
        id: String,
        /// The kind of ID, if the text in front of it names one.
        label: Option<GuidLabel>,
    },
    /// The text has two or more GUIDs that differ.
    Several,
}

/// Names in front of a GUID, without spaces and punctuation. The first entry with which the text ends counts, so a name
/// that ends with another name comes before it. For a client ID `api://` counts too.
const LABELS: [(&str, GuidLabel); 20] = [
    ("resourceappid", GuidLabel::Other),
    ("subscriptions", GuidLabel::Other),
    ("subscriptionid", GuidLabel::Other),
    ("principalid", GuidLabel::Other),
    ("objectid", GuidLabel::Object),
    ("secretid", GuidLabel::Secret),
    ("keyid", GuidLabel::Secret),
    ("tenantid", GuidLabel::Tenant),
    ("tenant", GuidLabel::Tenant),
    ("directoryid", GuidLabel::Tenant),
    ("loginmicrosoftonlinecom", GuidLabel::Tenant),
    ("loginmicrosoftonlineus", GuidLabel::Tenant),
    ("loginpartnermicrosoftonlinecn", GuidLabel::Tenant),
    ("loginwindowsnet", GuidLabel::Tenant),
    ("stswindowsnet", GuidLabel::Tenant),
    ("portalazurecom", GuidLabel::Tenant),
    ("entramicrosoftcom", GuidLabel::Tenant),
    ("clientid", GuidLabel::Client),
    ("applicationid", GuidLabel::Client),
    ("appid", GuidLabel::Client),
];
/// The length of the longest name in [`LABELS`].
const LONGEST_LABEL: usize = 29;

/// Finds the GUID in a text. Invisible characters, dashes and digits of other scripts, letters that look like `a` to
/// `f`, percent-encoding, and blanks beside the hyphens of the GUID do not hide it. A GUID that is part of a longer
/// run of letters and digits, of a name with hyphens or of a host name is not certain, and is not returned.
pub fn find_guid(text: &str) -> FoundGuid {
    let mut text = text::ascii(text);
    for _ in 0..ROUNDS {
        let found = scan(&text);
        if found != FoundGuid::Nothing || !text::is_percent_encoded(&text) {
            return found;
        }
        text = text::ascii(&text::percent_decode(&text));
    }
    scan(&text)
}

/// The GUID of a text that contains nothing else. Characters that [`text::unwrapped`] removes may be around it.
pub fn parse_guid(text: &str) -> Option<String> {
    let plain = text::ascii(text);
    match find_guid(text) {
        FoundGuid::One { id, .. } if text::unwrapped(&plain).chars().count() == id.len() => Some(id),
        _ => None,
    }
}

/// [`find_guid`] for a text in which look-alikes of ASCII characters are already replaced by ASCII.
fn scan(text: &str) -> FoundGuid {
    // No page of Microsoft has control characters, so it is not certain where this text comes from.
    if text.contains(text::is_hidden) {
        return FoundGuid::Nothing;
    }
    let signs: Vec<char> = text.chars().collect();
    let mut found = None;
    let (mut known_label, mut is_certain) = (None, true);
    let mut at = 0;
    while at < signs.len() {
        let Some((id, end)) = read_guid_at(&signs, at) else {
            at += 1;
            continue;
        };
        if *found.get_or_insert_with(|| id.clone()) != id {
            return FoundGuid::Several;
        }
        is_certain &= !is_joined(signs[..at].iter().rev()) && !is_joined(signs[end..].iter());
        known_label = known_label.or_else(|| read_label(&signs[..at]));
        at = end;
    }
    match found {
        Some(id) if is_certain => FoundGuid::One { id, label: known_label },
        _ => FoundGuid::Nothing,
    }
}

/// The GUID that begins at this character, in lower case, and the index after it. Blanks beside its hyphens are
/// allowed, because programs that break lines add them.
fn read_guid_at(signs: &[char], start: usize) -> Option<(String, usize)> {
    let after_blanks = |at: usize| at + signs[at..].iter().take_while(|c| **c == ' ').count();
    let mut id = String::new();
    let mut at = start;
    for length in GROUPS {
        if !id.is_empty() {
            at = after_blanks(at);
            if signs.get(at) != Some(&'-') {
                return None;
            }
            at = after_blanks(at + 1);
            id.push('-');
        }
        for _ in 0..length {
            id.push(read_hex_digit(*signs.get(at)?)?);
            at += 1;
        }
    }
    Some((id, at))
}

/// The hexadecimal digit that a character is, or that it looks like: Cyrillic and Greek keyboards have such letters,
/// and word processors put them in place of Latin ones.
fn read_hex_digit(c: char) -> Option<char> {
    match c {
        '0'..='9' | 'a'..='f' => Some(c),
        'A'..='F' => Some(c.to_ascii_lowercase()),
        // Cyrillic, then Greek, then other letters and numerals.
        '\u{430}' | '\u{410}' | '\u{3b1}' | '\u{391}' | '\u{251}' => Some('a'),
        '\u{432}' | '\u{412}' | '\u{44c}' | '\u{42c}' | '\u{3b2}' | '\u{392}' => Some('b'),
        '\u{441}' | '\u{421}' | '\u{3f2}' | '\u{3f9}' | '\u{217d}' | '\u{216d}' => Some('c'),
        '\u{501}' | '\u{500}' | '\u{217e}' | '\u{216e}' => Some('d'),
        '\u{435}' | '\u{415}' | '\u{3b5}' | '\u{395}' => Some('e'),
        '\u{3dd}' | '\u{3dc}' => Some('f'),
        _ => None,
    }
}

/// Whether other characters touch a GUID, so that it is a part of a longer text. `outwards` has the characters after
/// its end, or those before its beginning in reverse order.
fn is_joined<'a>(outwards: impl Iterator<Item = &'a char>) -> bool {
    let mut signs = outwards.skip_while(|c| matches!(c, '-' | '_'));
    match signs.next() {
        // A host name or an e-mail address. At the end of a sentence no letter follows.
        Some('.' | '@') => signs.next().is_some_and(|c| is_letter_or_digit(*c)),
        Some(c) => is_letter_or_digit(*c),
        None => false,
    }
}

/// Whether a character can continue an ID: Latin, Greek and Cyrillic letters, their accents, and digits. Languages
/// without spaces between words, such as Chinese, put their letters directly beside an ID.
fn is_letter_or_digit(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '\u{aa}' | '\u{b5}' | '\u{ba}' | '\u{c0}'..='\u{58f}' | '\u{1e00}'..='\u{1fff}')
}

/// The ID that the characters in front of a GUID name.
fn read_label(before: &[char]) -> Option<GuidLabel> {
    let name: Vec<&char> =
        before.iter().rev().filter(|c| c.is_ascii_alphanumeric()).take(LONGEST_LABEL).collect();
    let name: String = name.into_iter().rev().map(char::to_ascii_lowercase).collect();
    let named = LABELS.iter().find(|(ending, _)| name.ends_with(*ending)).map(|(_, label)| *label);
    named.or_else(|| before.ends_with(&['a', 'p', 'i', ':', '/', '/']).then_some(GuidLabel::Client))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const GUID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    const OTHER: &str = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";

    fn found_one(label: Option<GuidLabel>) -> FoundGuid {
        FoundGuid::One { id: GUID.to_owned(), label }
    }

    #[test]
    fn c29_the_label_in_front_of_a_guid_says_which_id_it_is() {
        for (before, label) in [
            ("", None),
            ("urn:uuid:", None),
            ("My own number is ", None),
            ("Application (client) ID: ", Some(GuidLabel::Client)),
            ("Application (client) ID\t", Some(GuidLabel::Client)),
            ("Directory (tenant) ID; Client-ID = ", Some(GuidLabel::Client)),
            ("CLIENT_ID=\"", Some(GuidLabel::Client)),
            ("{\"appId\": \"", Some(GuidLabel::Client)),
            ("api://", Some(GuidLabel::Client)),
            ("https://portal.azure.com/#view/Blade/~/Overview/appId/", Some(GuidLabel::Client)),
            ("Directory (tenant) ID: ", Some(GuidLabel::Tenant)),
            ("https://login.microsoftonline.com/", Some(GuidLabel::Tenant)),
            ("https://sts.windows.net/", Some(GuidLabel::Tenant)),
            ("https://portal.azure.com/", Some(GuidLabel::Tenant)),
            ("https://portal.azure.com/#@", Some(GuidLabel::Tenant)),
            ("Object ID ", Some(GuidLabel::Object)),
            ("objectId%2F", Some(GuidLabel::Object)),
            ("Secret ID: ", Some(GuidLabel::Secret)),
            ("\"keyId\":\"", Some(GuidLabel::Secret)),
            ("\"resourceAppId\":\"", Some(GuidLabel::Other)),
            ("https://portal.azure.com/#@contoso.com/resource/subscriptions/", Some(GuidLabel::Other)),
        ] {
            assert_eq!(find_guid(&format!("{before}{GUID}")), found_one(label), "{before}");
        }
    }

    #[test]
    fn c29_labels_are_in_an_order_in_which_each_can_be_found() {
        for (at, (name, label)) in LABELS.iter().enumerate() {
            assert_eq!(find_guid(&format!("{name} {GUID}")), found_one(Some(*label)), "{name}");
            assert!(name.len() <= LONGEST_LABEL, "{name}");
            assert!(LABELS[..at].iter().all(|(earlier, _)| !name.ends_with(*earlier)), "{name}");
        }
    }

    #[test]
    fn c29_a_guid_that_is_part_of_something_longer_is_not_certain() {
        for text in [
            format!("{GUID}0"),
            format!("a{GUID}"),
            format!("g{GUID}"),
            format!("{GUID}é"),
            format!("{GUID}\u{301}"),
            format!("ж{GUID}"),
            format!("{GUID}-1"),
            format!("prefix-{GUID}"),
            format!("prefix_{GUID}"),
            format!("{GUID}.onmicrosoft.com"),
            format!("host.{GUID}"),
            format!("{GUID}@contoso.com"),
            format!("{GUID} {GUID}0"),
            format!("{GUID}\u{1b}[31m"),
            GUID.replace('-', ""),
            GUID.replace('-', " "),
            GUID.replacen('-', "--", 1),
            GUID[1..].to_owned(),
            GUID.replacen("1b4e", "1b 4e", 1),
        ] {
            assert!(matches!(find_guid(&text), FoundGuid::Nothing), "{text}");
        }
    }

    #[test]
    fn c29_signs_that_cannot_continue_a_guid_may_be_directly_beside_it() {
        for text in [
            format!("{GUID}."),
            format!("{GUID}..."),
            format!("{GUID},"),
            format!("_{GUID}_"),
            format!("- {GUID}"),
            format!("**{GUID}**"),
            format!("&quot;{GUID}&quot;"),
            format!("应用程序编号{GUID}。"),
            format!("{GUID}/.default"),
            format!("{GUID}\n{GUID}"),
            format!("%22{GUID}%22"),
            format!("%2522{GUID}%2522"),
            format!("{GUID}%20"),
            GUID.replace('-', "-\n"),
            GUID.replace('-', " - "),
            GUID.replace('-', "%2D"),
        ] {
            assert_eq!(find_guid(&text), found_one(None), "{text}");
        }
    }

    #[test]
    fn c29_letters_that_look_like_hexadecimal_digits_are_read_as_those() {
        for (latin, others) in
            [("a", "аАαΑ"), ("b", "вВьЬβΒ"), ("c", "сСϲϹ"), ("d", "ԁԀ"), ("e", "еЕεΕ"), ("f", "ϝϜ")]
        {
            for other in others.chars() {
                let text = GUID.replace(latin, &other.to_string());
                assert_ne!(text, GUID);
                assert_eq!(find_guid(&text), found_one(None), "{text}");
            }
        }
        assert_eq!(find_guid(&GUID.replace('a', "ж")), FoundGuid::Nothing);
        assert_eq!(parse_guid(&GUID.replace('a', "а")).as_deref(), Some(GUID));
    }

    #[test]
    fn c29_two_different_guids_are_several_with_any_separator() {
        for between in [" ", ",", "\n", ".", "-", "_", "@", "/objectId/", " or "] {
            assert_eq!(find_guid(&format!("{GUID}{between}{OTHER}")), FoundGuid::Several, "{between:?}");
        }
        assert_eq!(find_guid(&format!("client%3D{GUID}%26tenant%3D{OTHER}")), FoundGuid::Several);
        assert_eq!(find_guid(&format!("{GUID} {}", GUID.to_uppercase())), found_one(None));
    }

    #[test]
    fn a_text_that_is_a_guid_and_nothing_else_is_told_from_one_that_holds_it() {
        for text in [GUID, &format!("{{{GUID}}},"), &format!("“{GUID}” ")] {
            assert_eq!(parse_guid(text).as_deref(), Some(GUID), "{text}");
        }
        for text in [format!("ID: {GUID}"), format!("api://{GUID}"), format!("{GUID}."), String::new()] {
            assert_eq!(parse_guid(&text), None, "{text}");
        }
    }

    /// A GUID, as programs write it.
    fn guids() -> impl Strategy<Value = String> {
        any::<[u8; 16]>().prop_map(|bytes| Uuid::from_bytes(bytes).to_string())
    }

    proptest! {
        #[test]
        fn c29_a_guid_is_found_between_words(
            id in guids(),
            before in "([G-Zg-z ,;:=/&?(){}\\[\\]\"'<>#|]{0,30}[ ,;:=/&?({\\[\"'<#|])?",
            after in "([ ,;:/&?)}\\]\"'>#|][G-Zg-z ,;:=/&?(){}\\[\\]\"'<>#|]{0,30})?",
        ) {
            let found = find_guid(&format!("{before}{id}{after}"));
            prop_assert!(matches!(&found, FoundGuid::One { id: found, .. } if *found == id), "{found:?}");
        }

        #[test]
        fn c29_a_guid_with_a_letter_or_digit_beside_it_is_nothing(id in guids(), beside in "[0-9a-zA-Zà-öа-яά-ώ]{1,8}") {
            let texts = [format!("{beside}{id}"), format!("{id}{beside}"), format!("x {beside}{id}{beside} x")];
            for text in texts {
                prop_assert_eq!(find_guid(&text), FoundGuid::Nothing, "{}", text);
            }
        }

        #[test]
        fn c29_two_guids_are_several(one in guids(), other in guids(), between in "[ -/:-@]{1,5}") {
            prop_assume!(one != other);
            prop_assert_eq!(find_guid(&format!("{one}{between}{other}")), FoundGuid::Several);
        }

        #[test]
        fn c29_a_found_guid_is_one_that_is_found_alone(text in "([0-9a-f]{4}|-|%2|[аеВ]|\\PC|\\p{Cf}){0,40}") {
            if let FoundGuid::One { id, .. } = find_guid(&text) {
                prop_assert_eq!(Uuid::try_parse(&id).map(|id| id.to_string()), Ok(id.clone()));
                prop_assert_eq!(parse_guid(&id), Some(id));
            }
        }
    }
}
