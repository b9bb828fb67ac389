//! An authenticator app, and the set-up of a second factor with it.

use mail360::platform::clock::Clock;
use totp_rs::{Builder, Secret, Totp};

use super::{Answer, Browser, World};

/// The path of the set-up.
pub const HERE: &str = "/profile/second-factor";

/// An authenticator app that has scanned the key of a page.
pub fn app(page: &Answer) -> Totp {
    let text = page.text();
    let (_, rest) = text.split_once("time-based, 6 digits.").expect("the key");
    // Eight groups of four.
    let key: String = rest.chars().take(39).filter(|c| *c != ' ').collect();
    let secret = Secret::try_from_base32(key).expect("base32");
    Builder::new().with_secret(secret).build().expect("a key")
}

/// The code of the app at the clock's time plus this number of steps.
pub fn code(world: &World, app: &Totp, steps: i64) -> String {
    let seconds = world.clock.now().seconds() + 30 * steps;
    app.generate(u64::try_from(seconds).expect("a time")).to_string()
}

/// Sets a second factor up. Returns the app and the recovery codes.
pub async fn set_up(world: &World, browser: &mut Browser) -> (Totp, Vec<String>) {
    assert_eq!(browser.post(HERE, &[]).await.assert_status(303).location(), HERE);
    let app = app(browser.get(HERE).await.assert_status(200));
    let answer = browser.post("/profile/second-factor/finish", &[("code", &code(world, &app, 0))]).await;
    (app, recovery_codes(&answer))
}

/// The recovery codes that a page shows.
pub fn recovery_codes(page: &Answer) -> Vec<String> {
    page.assert_status(200).assert_says("Save these ten codes");
    let parts = page.body.split("<li><code>").skip(1);
    let codes: Vec<_> = parts.map(|part| part.split('<').next().expect("a code").to_owned()).collect();
    assert_eq!(codes.len(), 10);
    codes
}
