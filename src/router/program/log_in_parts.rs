//! Assembles the parts with which users log in and out, and with which users are changed.

use std::sync::Arc;

use super::{
    Foundations,
    account_parts::AccountParts,
    hooks::{KeptSecretsFollow, LinksAreRevoked},
};
use crate::{
    activity::service::{Activity, RepeatedActivity},
    connectors::service::ConnectorService,
    log_in::{
        administration::Administration,
        devices::DeviceCookies,
        profile::Profiles,
        service::{LogInDependencies, LogInService},
        session::Sessions,
        set_up::SetUp,
        throttle::Throttles,
    },
    people::service::People,
};

/// The parts that logging in is built on.
pub(super) struct LogInBase<'a> {
    pub foundations: &'a Foundations,
    pub people: &'a People,
    pub activity: &'a Activity,
    pub throttles: &'a Throttles,
    pub connectors: &'a ConnectorService,
    pub accounts: &'a AccountParts,
}

/// The parts that concern users and their sessions.
pub(super) struct LogInParts {
    pub log_ins: Arc<LogInService>,
    pub profiles: Profiles,
    pub administration: Administration,
    pub devices: DeviceCookies,
    pub set_up: SetUp,
    pub sessions: Sessions,
}

impl LogInBase<'_> {
    pub(super) fn assemble(&self) -> LogInParts {
        let Self { foundations, people, activity, throttles, connectors, accounts } = *self;
        let Foundations { database, clock, randomness, .. } = foundations;
        let devices = DeviceCookies::new(database.clone(), clock.clone(), randomness.clone());
        let sessions = Sessions::new(database.clone(), clock.clone(), randomness.clone());
        let log_ins = LogInService::new(LogInDependencies {
            database: database.clone(),
            people: people.clone(),
            activity: activity.clone(),
            repeated: RepeatedActivity::new(database.clone(), activity.clone()),
            throttles: throttles.clone(),
            devices: devices.clone(),
            sessions: sessions.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
        });
        let profiles = Profiles::new(
            database.clone(),
            people.clone(),
            sessions.clone(),
            activity.clone(),
            throttles.clone(),
            Arc::new(KeptSecretsFollow(connectors.clone())),
        );
        let links = Arc::new(LinksAreRevoked(accounts.links.clone(), accounts.consents.clone()));
        LogInParts {
            log_ins: Arc::new(log_ins),
            profiles,
            administration: Administration::new(people.clone(), sessions.clone(), links),
            devices,
            set_up: SetUp::new(database.clone(), people.clone(), clock.clone(), randomness.clone()),
            sessions,
        }
    }
}
