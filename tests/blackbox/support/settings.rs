//! The settings of a program, from flags as on the command line.

use clap::Parser;
use mail360::{
    platform::config::{Config, Options},
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
