//! Texts in twenty scripts, and such that have a meaning in a header.

use proptest::prelude::*;

/// Letters of each script.
const SCRIPTS: [&str; 20] = [
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "äöüßéèêçñåøæœłžšđ",
    "αβγδεζηθικλμνξοπρστυφχψωΆΈ",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяЁ",
    "աբգդեզէըթժիլխծկհձղճմյն",
    "აბგდევზთიკლმნოპჟრსტუფქ",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "कखगघचछजझटठडढतथदधनपफबभम",
    "কখগঘচছজঝটঠডঢতথদধনপফবভম",
    "કખગઘચછજઝટઠડઢતથદધનપફબભમ",
    "ਕਖਗਘਚਛਜਝਟਠਡਢਤਥਦਧਨਪਫਬਭਮ",
    "கஙசஞடணதநபமயரலவழளறன",
    "కఖగఘచఛజఝటఠడఢతథదధనపఫబభమ",
    "กขคงจฉชซญดตถทนบปผฝพฟ",
    "កខគឃងចឆជឈញដឋឌឍណតថទធន",
    "ሀለሐመሠረሰሸቀበተቸኀነኘአከኸወዐ",
    "日本語中文漢字電子郵件測試",
    "あいうえおカキクケコサシスセソ",
    "한글전자우편제목이름파일",
];

/// Texts that a reader could take for something else.
const ODD: [&str; 12] = [
    "=?utf-8?Q?a?=",
    "a\"b\\c",
    "a, b; c: d",
    "<a@b.test>",
    "x  y",
    "(comment)",
    "--=_boundary",
    "100% 'sure'",
    "a=b_c?d",
    "..",
    "\u{1f600}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "e\u{301}",
];

fn word() -> impl Strategy<Value = String> {
    let of = |letters: &'static str| {
        let letters: Vec<char> = letters.chars().collect();
        proptest::collection::vec(proptest::sample::select(letters), 1..12)
            .prop_map(|letters| letters.into_iter().collect::<String>())
    };
    prop_oneof![
        8 => (0..SCRIPTS.len()).prop_flat_map(move |script| of(SCRIPTS[script])),
        1 => proptest::sample::select(ODD.to_vec()).prop_map(str::to_owned),
    ]
}

/// A text of up to 200 characters, without white space at its ends.
pub fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(word(), 1..16).prop_map(|words| words.join(" "))
}
