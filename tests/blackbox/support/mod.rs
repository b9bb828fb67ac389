//! What the tests have in common: a program on a database of its own, browsers, and a provider whose
//! answers are canned.

mod assets;
pub mod authenticator;
mod browser;
mod clock;
mod database;
pub mod jobs;
mod load;
mod log;
mod organisations;
mod provider;
mod world;

pub use assets::assets;
pub use browser::{Answer, Browser, form};
pub use database::{Kind, Place, Raw, hex};
pub use load::{busy_with, too_busy};
pub use log::Log;
pub use provider::{Canned, Claims, tokens};
pub use world::{
    NewConnector, PASSWORD, SECRET, World, callback, held, parameter, sign_in_path, under_way, write_key,
    write_keys,
};
