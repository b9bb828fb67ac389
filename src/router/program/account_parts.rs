//! Assembles the parts that concern accounts: grants, accounts, links, return addresses, what a connector does to its
//! accounts, and the sign-ins that connect them.

use std::sync::Arc;

use crate::{
    accounts::service::{
        AccountService,
        consent_links::{ConsentLinkDependencies, ConsentLinks},
        grants::{GrantDependencies, Grants, NoStops},
        links::{ConnectLinks, LinkDependencies, confirming::Confirmations},
        of_connector::AccountsOfConnectors,
        return_addresses::ReturnAddresses,
    },
    activity::service::Activity,
    connectors::service::{ConnectorService, Dependants},
    jobs::service::Jobs,
    log_in::throttle::Throttles,
    people::service::People,
    platform::{
        clock::SharedClock, config::PublicUrl, database::Database, monotonic::SystemMonotonic,
        randomness::SharedRandomness,
    },
    providers::{Providers, http::ProviderHttp},
    sign_ins::service::{SignInDependencies, SignIns},
    vault::Vault,
};

/// The parts that accounts are built on.
pub(super) struct AccountBase<'a> {
    pub database: &'a Database,
    pub vault: &'a Vault,
    pub connectors: &'a ConnectorService,
    pub people: &'a People,
    pub providers: &'a Providers,
    pub activity: &'a Activity,
    pub jobs: &'a Jobs,
    pub throttles: &'a Throttles,
    pub clock: &'a SharedClock,
    pub randomness: &'a SharedRandomness,
    pub http: &'a Arc<dyn ProviderHttp>,
    pub public_url: &'a PublicUrl,
}

/// The parts that concern accounts.
pub(super) struct AccountParts {
    pub grants: Grants,
    pub accounts: AccountService,
    pub of_connectors: Arc<AccountsOfConnectors>,
    pub links: ConnectLinks,
    pub consents: ConsentLinks,
    pub return_addresses: ReturnAddresses,
    pub confirmations: Confirmations,
    pub sign_ins: SignIns,
}

impl AccountBase<'_> {
    /// Makes the parts, and gives the connectors the one through which they reach their accounts.
    pub(super) fn assemble(&self) -> AccountParts {
        let Self { database, vault, connectors, people, activity, clock, randomness, .. } = *self;
        let grants = Grants::new(GrantDependencies {
            database: database.clone(),
            vault: vault.clone(),
            connectors: connectors.clone(),
            providers: self.providers.clone(),
            activity: activity.clone(),
            jobs: self.jobs.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            monotonic: Arc::new(SystemMonotonic),
            http: self.http.clone(),
            stops: Arc::new(NoStops),
        });
        let accounts = AccountService::new(
            database.clone(),
            grants.clone(),
            activity.clone(),
            clock.clone(),
            randomness.clone(),
        );
        let return_addresses = ReturnAddresses::new(
            database.clone(),
            vault.clone(),
            people.clone(),
            activity.clone(),
            clock.clone(),
            randomness.clone(),
        );
        let links = ConnectLinks::new(LinkDependencies {
            database: database.clone(),
            connectors: connectors.clone(),
            people: people.clone(),
            activity: activity.clone(),
            return_addresses: return_addresses.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            public_url: self.public_url.clone(),
        });
        let consents = ConsentLinks::new(ConsentLinkDependencies {
            database: database.clone(),
            connectors: connectors.clone(),
            people: people.clone(),
            activity: activity.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            http: self.http.clone(),
            public_url: self.public_url.clone(),
        });
        let confirmations = Confirmations::new(links.clone(), accounts.clone(), vault.clone());
        let of_connectors = Arc::new(AccountsOfConnectors {
            database: database.clone(),
            accounts: accounts.clone(),
            connectors: connectors.clone(),
            jobs: self.jobs.clone(),
        });
        let dependants: Arc<dyn Dependants> = of_connectors.clone();
        connectors.set_dependants(&dependants);
        let sign_ins = SignIns::new(SignInDependencies {
            database: database.clone(),
            vault: vault.clone(),
            connectors: connectors.clone(),
            links: links.clone(),
            confirmations: confirmations.clone(),
            consents: consents.clone(),
            return_addresses: return_addresses.clone(),
            people: people.clone(),
            activity: activity.clone(),
            throttles: self.throttles.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            http: self.http.clone(),
            providers: self.providers.clone(),
            public_url: self.public_url.clone(),
        });
        AccountParts {
            grants,
            accounts,
            of_connectors,
            links,
            consents,
            return_addresses,
            confirmations,
            sign_ins,
        }
    }
}
