use argon2::Block;

use super::*;
use crate::platform::randomness::SystemRandomness;

const CHEAP: PasswordWork = PasswordWork { memory: 8, passes: 1 };
const STRANGER: Asker = Asker { network: None, known: false };

fn hasher(work: PasswordWork) -> Hasher {
    Hasher::new(work, CpuPool::of(2), Arc::new(SystemRandomness)).expect("a hasher")
}

fn password(text: &str) -> Password {
    Password::try_out(SecretString::from(text)).expect("a password")
}

#[tokio::test]
async fn l4_a_password_is_judged_by_its_length_and_by_how_soon_it_is_guessed() {
    let hasher = hasher(CHEAP);
    let choose = async |text: &str| {
        let about = ["ada@contoso.test", "Ada Lovelace", "Contoso Testing"];
        hasher.choose(STRANGER, SecretString::from(text), &about).await.expect("an answer")
    };
    let many = "correct horse battery ".repeat(40);
    for good in [
        "fifteen letters",
        "nur kleine Buchstaben hier",
        "パスワードは長いほど安全です、とても",
        "2jf9-1kd0-xm3a-77",
        "blank space at the end ",
        &many,
    ] {
        assert!(choose(good).await.is_ok(), "{good:?} was refused");
    }
    for (bad, why) in [
        ("fourteen chars", "15 characters"),
        ("passwordpassword", "attackers guess"),
        ("password1234567", "attackers guess"),
        ("qwertyuiopasdfghjkl", "attackers guess"),
        ("123456789012345678", "attackers guess"),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", "attackers guess"),
        ("iloveyouiloveyou", "attackers guess"),
        ("ContosoContoso2026", "attackers guess"),
        ("contosotesting1", "attackers guess"),
        ("ada@contoso.test1", "attackers guess"),
    ] {
        let said = choose(bad).await.expect_err(bad);
        assert!(said.contains(why), "{bad:?}: {said}");
    }
    assert!(choose(&"x7 ".repeat(342)).await.expect_err("too long").contains("1024 bytes"));
    assert!(Password::try_out(SecretString::from("x".repeat(1025))).is_none(), "and is never hashed");
}

#[tokio::test]
async fn l1_a_hash_is_argon2id_with_the_parameters_of_the_cheat_sheet_and_a_salt_of_its_own() {
    let hasher = hasher(PasswordWork::LEAST);
    let one = hasher.hash(STRANGER, &password("correct horse battery")).await.expect("a hash");
    let other = hasher.hash(STRANGER, &password("correct horse battery")).await.expect("a hash");
    assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
    let salt = one.split('$').nth(4).expect("a salt");
    assert_eq!(salt.len(), 22, "16 bytes in base64");
    assert_ne!(one, other);
}

#[tokio::test]
async fn l1_a_hash_with_older_parameters_is_replaced() {
    let old = hasher(PasswordWork { memory: 8_192, passes: 1 });
    let stored = old.hash(STRANGER, &password("correct horse battery")).await.expect("a hash");
    let hasher = hasher(PasswordWork::LEAST);

    let verdict = hasher.verify(STRANGER, &password("correct horse battery"), Some(&stored)).await;
    assert_eq!(verdict.expect("a verdict"), Verdict::RightButOld);
    let newer = hasher.hash(STRANGER, &password("correct horse battery")).await.expect("a hash");
    let verdict = hasher.verify(STRANGER, &password("correct horse battery"), Some(&newer)).await;
    assert_eq!(verdict.expect("a verdict"), Verdict::Right);
    let verdict = hasher.verify(STRANGER, &password("wrong horse battery"), Some(&stored)).await;
    assert_eq!(verdict.expect("a verdict"), Verdict::Wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_waiting_hashes_share_argon2_memory_and_the_last_one_frees_it() {
    let hasher = hasher(PasswordWork::LEAST);
    let waiting = hasher.memory();
    let kept = || -> Vec<*const Block> { waiting.free.lock().expect("it").iter().map(Vec::as_ptr).collect() };
    let stored = hasher.hash(STRANGER, &password("correct horse battery")).await.expect("a hash");
    let before = kept();
    assert_eq!(before.len(), 1);
    let verdict = hasher.verify(STRANGER, &password("correct horse battery"), Some(&stored)).await;
    assert_eq!(verdict.expect("a verdict"), Verdict::Right);
    assert_eq!(kept(), before);
    let empty = |blocks: &Vec<Block>| blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0));
    assert!(waiting.free.lock().expect("it").iter().all(empty), "the memory is wiped");
    drop(waiting);
    hasher.hash(STRANGER, &password("correct horse battery")).await.expect("a hash");
    assert!(hasher.memory.lock().expect("it").upgrade().is_none());
}

#[tokio::test]
async fn no_password_matches_the_decoy() {
    let hasher = hasher(PasswordWork::LEAST);
    let verdict = hasher.verify(STRANGER, &password("a password of no user"), None).await;
    assert_eq!(verdict.expect("a verdict"), Verdict::Wrong);
}

#[tokio::test]
async fn l4_a_password_is_never_cut_short() {
    let hasher = hasher(CHEAP);
    let long = "x".repeat(72);
    let stored = hasher.hash(STRANGER, &password(&format!("{long}a"))).await.expect("a hash");
    let verdict = hasher.verify(STRANGER, &password(&format!("{long}b")), Some(&stored)).await;
    assert_eq!(verdict.expect("a verdict"), Verdict::Wrong);
}

#[tokio::test]
async fn n1_a_password_is_judged_in_the_pool_alone() {
    let hasher = hasher(CHEAP);
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let occupied: Vec<_> = (0..2)
        .map(|_| {
            let (pool, gate) = (hasher.pool().clone(), gate.clone());
            let wait = move |_: &_| gate.lock().expect("the gate").recv();
            tokio::spawn(async move { pool.run(STRANGER, 1, wait).await.expect("a turn") })
        })
        .collect();
    while hasher.pool().free() > 0 {
        tokio::task::yield_now().await;
    }
    let judging = tokio::spawn({
        let hasher = hasher.clone();
        async move { hasher.choose(STRANGER, SecretString::from("fifteen letters"), &[]).await }
    });
    while hasher.pool().waiting() == 0 {
        assert!(!judging.is_finished(), "it did not wait for the pool");
        tokio::task::yield_now().await;
    }
    for _ in &occupied {
        go.send(()).expect("the pool waits");
    }
    judging.await.expect("no panic").expect("a turn").expect("a good one");
}

const COMPOSED: &str = "pr\u{e9}lude z\u{e8}bre trombone";
const PARTED: &str = "pre\u{301}lude ze\u{300}bre trombone";

/// Verifies, and counts the runs of argon2.
async fn runs(hasher: &Hasher, typed: &str, stored: Option<&str>) -> (Verdict, usize) {
    let runs = Runs::default();
    let _heard = tracing::subscriber::set_default(runs.clone());
    let verdict = hasher.verify(STRANGER, &password(typed), stored).await.expect("a verdict");
    (verdict, runs.0.load(Ordering::SeqCst))
}

#[derive(Clone, Default)]
struct Runs(Arc<AtomicUsize>);

impl tracing::Subscriber for Runs {
    fn enabled(&self, of: &tracing::Metadata<'_>) -> bool {
        of.target().starts_with("mail360::people::passwords")
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn c31_a_password_with_other_accents_verifies_and_costs_the_same_for_an_unknown_user() {
    let hasher = hasher(CHEAP);
    let stored = hasher.hash(STRANGER, &password(PARTED)).await.expect("a hash");
    assert_eq!(runs(&hasher, COMPOSED, Some(&stored)).await, (Verdict::Right, 1));
    assert_eq!(runs(&hasher, PARTED, Some(&stored)).await, (Verdict::Right, 2));
    for (typed, count) in [("a plain wrong one", 1), ("a wr\u{f6}ng one", 1), ("a wro\u{308}ng one", 2)] {
        for stored in [Some(stored.as_str()), None] {
            assert_eq!(runs(&hasher, typed, stored).await, (Verdict::Wrong, count), "{typed}");
        }
    }
}

#[tokio::test]
async fn c31_a_hash_of_a_password_that_was_not_normalised_verifies_and_is_replaced() {
    let hasher = hasher(CHEAP);
    let kind = hasher.kinds_with(None).expect("kinds").remove(0);
    let before = hasher.pool().run(STRANGER, 1, move |turn| {
        Work::within(turn, Arc::default()).hash(&kind.params, &[7; SALT], PARTED.as_bytes())
    });
    let before = before.await.expect("a turn").expect("a hash");
    assert_eq!(runs(&hasher, PARTED, Some(&before)).await, (Verdict::RightButOld, 2));
    assert_eq!(runs(&hasher, COMPOSED, Some(&before)).await, (Verdict::Wrong, 1));
    let newer = hasher.hash(STRANGER, &password(PARTED)).await.expect("a hash");
    for typed in [PARTED, COMPOSED] {
        assert_eq!(runs(&hasher, typed, Some(&newer)).await.0, Verdict::Right);
    }
}

#[tokio::test]
async fn n4_a_wrong_password_costs_a_hash_for_each_known_parameter_set() {
    let (older, hasher) = (hasher(PasswordWork { memory: 16, passes: 1 }), hasher(CHEAP));
    let old = older.hash(STRANGER, &password("correct horse battery")).await.expect("a hash");
    let new = hasher.hash(STRANGER, &password("correct horse battery")).await.expect("a hash");
    assert_eq!(runs(&hasher, "wrong horse battery", None).await, (Verdict::Wrong, 1));
    hasher.note_kind(&old).expect("noted");
    for stored in [None, Some(new.as_str()), Some(&old)] {
        assert_eq!(runs(&hasher, "wrong horse battery", stored).await, (Verdict::Wrong, 2));
        assert_eq!(runs(&hasher, "wrong ho\u{308}rse battery", stored).await, (Verdict::Wrong, 4));
    }
    assert_eq!(runs(&hasher, "correct horse battery", Some(&old)).await, (Verdict::RightButOld, 2));
    // The number of parameter sets in a database must not make an attempt unbounded.
    for memory in 24..40 {
        let further = Kind::new(Params::new(memory, 1, 1, None).expect("parameters"), &SystemRandomness);
        hasher.note_kind(&further.expect("a kind").decoy.to_string()).expect("noted");
    }
    assert_eq!(runs(&hasher, "wrong horse battery", None).await, (Verdict::Wrong, 1 + OLDER));
    assert_eq!(hasher.known_kinds(), None);
    // A stored hash of a set that was not noted costs as many hashes as an unknown email.
    let unnoted = Kind::new(Params::new(99, 1, 1, None).expect("parameters"), &SystemRandomness);
    let unnoted = unnoted.expect("a kind").decoy.to_string();
    assert_eq!(runs(&hasher, "wrong horse battery", Some(&unnoted)).await, (Verdict::Wrong, 1 + OLDER));
}

#[test]
fn a_hash_begins_with_the_name_of_its_algorithm() {
    let hasher = hasher(PasswordWork::LEAST);
    let kind = hasher.kinds_with(None).expect("kinds").remove(0);
    assert_eq!(hasher.known_kinds(), Some(vec!["$argon2id$v=19$m=19456,t=2,p=1$".to_owned()]));
    assert!(kind.decoy.to_string().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}
