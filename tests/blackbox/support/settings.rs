//! The settings of a program, from flags as on the command line.

use clap::Parser;
use mail360::{
    platform::config::{Config, Options, PasswordWork},
    providers::{ProviderOptions, Providers},
};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    providers: ProviderOptions,
}

/// The settings of the program and of its providers.
pub fn settings(arguments: &[String]) -> (Config, Providers) {
    let line = ["mail360".to_owned()].into_iter().chain(arguments.iter().cloned());
    let Line { options, providers } = Line::parse_from(line);
    (options.check().expect("a sound configuration"), providers.check().expect("sound providers"))
}

/// The flag that asks for the real work of a password hash.
pub const REAL_WORK: [&str; 2] = ["--password-memory", "19456"];

/// The settings from these flags. Unless they name the work of a password hash, it is the least that argon2 takes:
/// most tests log somebody in, and few of them are about hashing.
pub fn cheap_settings(arguments: &[String]) -> (Config, Providers) {
    let (config, providers) = settings(arguments);
    if arguments.iter().any(|flag| flag.starts_with("--password-")) {
        return (config, providers);
    }
    (Config { password_work: PasswordWork { memory: 8, passes: 1 }, ..config }, providers)
}
