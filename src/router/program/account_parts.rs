//! Assembles the parts that concern accounts: grants, accounts, links, return addresses, what a connector does to its
//! accounts, the sign-ins that connect them, and the API clients that use them.

use std::sync::Arc;

use super::Foundations;
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
    clients::service::{ClientDependencies, ClientService},
    connectors::service::{ConnectorService, Dependants},
    jobs::service::Jobs,
    log_in::throttle::Throttles,
    people::service::People,
    sign_ins::service::{SignInDependencies, SignIns},
};

/// The parts that accounts are built on.
pub(super) struct AccountBase<'a> {
    pub foundations: &'a Foundations,
    pub connectors: &'a ConnectorService,
    pub people: &'a People,
    pub activity: &'a Activity,
    pub jobs: &'a Jobs,
    pub throttles: &'a Throttles,
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
    pub clients: ClientService,
}

impl AccountBase<'_> {
    /// Makes the parts, and gives the connectors the one through which they reach their accounts.
    pub(super) fn assemble(&self) -> AccountParts {
        let Self { foundations, connectors, people, activity, .. } = *self;
        let Foundations { config, database, vault, clock, randomness, .. } = foundations;
        let grants = Grants::new(GrantDependencies {
            database: database.clone(),
            vault: vault.clone(),
            connectors: connectors.clone(),
            providers: foundations.providers.clone(),
            activity: activity.clone(),
            jobs: self.jobs.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            monotonic: foundations.monotonic.clone(),
            http: foundations.http.clone(),
            redirect_uri: config.public_url.redirect_uri(),
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
            public_url: config.public_url.clone(),
        });
        let consents = ConsentLinks::new(ConsentLinkDependencies {
            database: database.clone(),
            connectors: connectors.clone(),
            people: people.clone(),
            activity: activity.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            http: foundations.http.clone(),
            public_url: config.public_url.clone(),
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
            http: foundations.http.clone(),
            providers: foundations.providers.clone(),
            public_url: config.public_url.clone(),
        });
        let clients = self.clients(&links);
        AccountParts {
            grants,
            accounts,
            of_connectors,
            links,
            consents,
            return_addresses,
            confirmations,
            sign_ins,
            clients,
        }
    }

    fn clients(&self, links: &ConnectLinks) -> ClientService {
        let foundations = self.foundations;
        ClientService::new(ClientDependencies {
            database: foundations.database.clone(),
            vault: foundations.vault.clone(),
            people: self.people.clone(),
            connectors: self.connectors.clone(),
            links: links.clone(),
            activity: self.activity.clone(),
            clock: foundations.clock.clone(),
            randomness: foundations.randomness.clone(),
            monotonic: foundations.monotonic.clone(),
        })
    }
}
