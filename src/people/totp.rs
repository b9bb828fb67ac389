//! Time-based one-time passwords (RFC 6238) as authenticator apps make them: SHA-1, 6 digits, 30 seconds. A
//! library does the arithmetic.

use qrcode::{EcLevel, QrCode, render::svg::Color};
use secrecy::{ExposeSecret, SecretString};
use time::Duration;
use totp_rs::{Builder, Secret, Totp};

use crate::platform::{
    clock::{SKEW, Timestamp},
    cpu::Turn,
    randomness::Randomness,
};

/// Length of a step, in seconds. A code belongs to one step.
const STEP: i64 = 30;

/// The latest step that can have been used by `now`: one after the current step, by a clock that is ahead by
/// the allowed skew. A later step was written by a clock that was wrong.
pub fn latest_credible_step(now: Timestamp) -> i64 {
    now.plus(SKEW).seconds() / STEP + 1
}

/// The name of this program in authenticator apps.
const ISSUER: &str = "Mail360 Connectors";

/// How far from now a code of another time is looked for, in steps: ten minutes.
const NEAR: i64 = 20;

/// The key that an authenticator app and the program share: 160 bits (RFC 4226, 4), as base32.
#[derive(Clone, Debug)]
pub struct TotpKey(SecretString);

/// A key that no authenticator app could use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key of a second factor has an impossible form")]
pub struct BadKey;

impl TotpKey {
    /// A new random key.
    pub fn random(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; 20];
        randomness.fill(&mut bytes);
        Self(SecretString::from(Secret::from(bytes).to_base32()))
    }

    /// A key that the vault opened.
    pub fn from_opened(key: SecretString) -> Self {
        Self(key)
    }

    /// The key itself, to be sealed or shown to its user.
    pub fn expose(&self) -> &SecretString {
        &self.0
    }

    /// The key in groups of four characters, for typing.
    pub fn for_people(&self) -> String {
        let signs: Vec<char> = self.0.expose_secret().chars().collect();
        signs.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }

    fn builder(&self) -> Result<Builder, BadKey> {
        let secret = Secret::try_from_base32(self.0.expose_secret()).map_err(|_| BadKey)?;
        Ok(Builder::new().with_secret(secret).with_skew(1))
    }

    fn totp(&self) -> Result<Totp, BadKey> {
        self.builder()?.build().map_err(|_| BadKey)
    }

    /// The step that this code belongs to: the current one, the one before or the one after, because clocks
    /// differ (RFC 6238, 5.2). `None` if the code is of no such step.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Result<Option<i64>, BadKey> {
        let seconds = u64::try_from(now.seconds()).unwrap_or(0);
        Ok(self.totp()?.check(code, seconds).and_then(|step| i64::try_from(step).ok()))
    }

    /// How long ago this code was valid, if at most ten minutes ago and [`Self::step_of`] finds no step.
    pub fn age_of(&self, code: &str, now: Timestamp) -> Result<Option<Duration>, BadKey> {
        self.nearest(code, now, (2..=NEAR).map(|steps| -steps))
    }

    /// The difference between our clock and the one that made this code, if at most ten minutes and
    /// [`Self::step_of`] finds no step.
    pub fn clock_difference(&self, code: &str, now: Timestamp) -> Result<Option<Duration>, BadKey> {
        self.nearest(code, now, (2..=NEAR).flat_map(|steps| [-steps, steps]))
    }

    /// The distance of the first of these relative steps that this code belongs to.
    fn nearest(
        &self,
        code: &str,
        now: Timestamp,
        mut steps: impl Iterator<Item = i64>,
    ) -> Result<Option<Duration>, BadKey> {
        let totp = self.builder()?.with_skew(0).build().map_err(|_| BadKey)?;
        let found = steps.find(|steps| {
            let seconds = u64::try_from(now.seconds().saturating_add(steps * STEP));
            seconds.is_ok_and(|seconds| totp.check(code, seconds).is_some())
        });
        Ok(found.map(|steps| Duration::seconds(steps.abs() * STEP)))
    }

    /// A QR code of the key for authenticator apps, as SVG: dark on light in any colour scheme, because
    /// scanners need it.
    pub fn qr_code(&self, _: &Turn, account: &str) -> Result<String, BadKey> {
        // In the URI, a colon separates issuer and account.
        let account = account.replace(':', ".");
        let totp = self
            .builder()?
            .with_issuer(Some(ISSUER))
            .with_account_name(account)
            .build()
            .map_err(|_| BadKey)?;
        let url = totp.to_url().map_err(|_| BadKey)?;
        #[expect(clippy::disallowed_methods, reason = "the turn shows that it runs in the pool")]
        let code = QrCode::with_error_correction_level(url, EcLevel::M).map_err(|_| BadKey)?;
        let drawn = code
            .render::<Color<'_>>()
            .min_dimensions(200, 200)
            .dark_color(Color("#000"))
            .light_color(Color("#fff"))
            .build();
        // An SVG inside a page needs no XML declaration.
        Ok(drawn.split_once("?>").map_or(drawn.clone(), |(_, svg)| svg.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::randomness::SystemRandomness;

    /// RFC 6238, appendix B: the key "12345678901234567890", its codes cut to six digits.
    const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn the_codes_of_the_rfc_are_taken() {
        let key = TotpKey::from_opened(SecretString::from(RFC));
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(key.step_of(code, at(seconds)), Ok(Some(seconds / 30)), "{seconds}");
        }
    }

    #[test]
    fn a_clock_may_be_off_by_one_step_and_no_more() {
        let key = TotpKey::from_opened(SecretString::from(RFC));
        // The code of the step that begins at 1,111,111,110 and lasts until 1,111,111,139.
        for (seconds, taken) in [(-31, false), (-30, true), (0, true), (30, true), (59, true), (60, false)] {
            let now = at(1_111_111_110 + seconds);
            assert_eq!(key.step_of("050471", now).expect("a key").is_some(), taken, "{seconds}");
        }
    }

    #[test]
    fn c34_a_code_of_another_time_tells_how_far_the_clocks_are_apart() {
        let key = TotpKey::from_opened(SecretString::from(RFC));
        // The code of the step that begins at 1,111,111,110.
        for (seconds, age, difference) in [
            (-601, None, None),
            (-600, None, Some(600)),
            (-90, None, Some(90)),
            (-60, None, Some(60)),
            (-30, None, None),
            (0, None, None),
            (59, None, None),
            (60, Some(60), Some(60)),
            (90, Some(90), Some(90)),
            (629, Some(600), Some(600)),
            (630, None, None),
        ] {
            let now = at(1_111_111_110 + seconds);
            assert_eq!(key.age_of("050471", now), Ok(age.map(Duration::seconds)), "{seconds}");
            assert_eq!(
                key.clock_difference("050471", now),
                Ok(difference.map(Duration::seconds)),
                "{seconds}"
            );
        }
        assert_eq!(key.age_of("000000", at(1_111_111_110)), Ok(None));
        assert_eq!(key.clock_difference("050471", at(0)), Ok(None));
    }

    #[test]
    fn n7_an_accepted_code_never_belongs_to_a_step_that_is_not_credible() {
        let key = TotpKey::from_opened(SecretString::from(RFC));
        // The code of the step that begins at 1,111,111,110, as early as it is taken.
        let early = at(1_111_111_110 - 30);
        let step = key.step_of("050471", early).expect("a key").expect("taken");
        assert!(step < latest_credible_step(early));
        assert!(step > latest_credible_step(early.minus(Duration::minutes(2))));
    }

    #[test]
    fn a_key_can_be_drawn_and_shown_but_never_appears_in_debug_output() {
        let key = TotpKey::random(&SystemRandomness);
        let svg = key.qr_code(&Turn::for_a_test(), "ada:of@contoso.test").expect("a code");
        assert!(svg.trim_start().starts_with("<svg") && svg.len() < 60_000, "{}", svg.len());
        assert_eq!(key.for_people().replace(' ', ""), key.expose().expose_secret());
        assert!(!format!("{key:?}").contains(key.expose().expose_secret()));
    }

    proptest! {
        #[test]
        fn an_invalid_code_is_refused_without_a_panic(text in ".{0,20}", seconds in any::<i64>()) {
            let key = TotpKey::from_opened(SecretString::from(RFC));
            let found = key.step_of(&text, Timestamp::from_micros(seconds));
            if !(text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())) {
                prop_assert_eq!(found, Ok(None));
                let now = Timestamp::from_micros(seconds);
                prop_assert_eq!(key.clock_difference(&text, now), Ok(None));
            }
        }
    }
}
