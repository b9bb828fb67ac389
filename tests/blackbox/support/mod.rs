//! Shared parts of the tests: a program with its own database, browsers, and a provider with canned
//! responses.

pub mod api_clients;
mod application;
mod assets;
pub mod authenticator;
mod browser;
pub mod cable;
pub mod clock;
pub mod company;
pub mod contoso_mail;
pub mod copies;
mod database;
pub mod gmail;
pub mod graph;
pub mod held;
pub mod jobs;
mod keys;
mod links;
mod load;
mod log;
mod mail;
mod organisations;
pub mod outbox;
mod provider;
pub mod refreshing;
pub mod sending;
mod settings;
mod sign_ins;
mod world;

pub use application::{Application, assert_refusal, data};
pub use assets::assets;
pub use browser::{Answer, Browser, form, without_reference};
pub use clock::TestMonotonic;
pub use database::{Kind, Place, Raw, hex};
pub use keys::{write_key, write_keys};
pub use links::{Linked, path_of};
pub use load::{busy_with, too_busy};
pub use log::Log;
pub use mail::{MailAnswer, MailSeen, OpenBodies};
pub use provider::{
    Canned, Claims, NEWEST_MESSAGE, Provider as CannedProvider, Seen, refreshed, rotate, tokens, tokens_of,
};
pub use sign_ins::{callback, held, parameter, sign_in_path, under_way};
pub use world::{NewConnector, PASSWORD, SECRET, World};
