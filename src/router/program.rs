//! Assembles the program from its parts. Start with [`Program::new`].

mod account_parts;
mod background;
mod ended;
mod hooks;
mod log_in_parts;
mod mail_parts;
mod operator;
mod upload_parts;

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;

use crate::{
    accounts::service::{
        AccountService,
        appearance::Appearances,
        consent_links::ConsentLinks,
        grants::{self, APPLICATION_CHANGE, GATE_OPENING, Grants},
        links::{self, ConnectLinks, confirming::Confirmations},
        of_connector::{AccountsOfConnectors, DELETION},
        return_addresses::{self, ReturnAddresses},
    },
    activity::service::{Activity, ActivityLog},
    clients::{
        calls::{CallLimits, Calls},
        service::ClientService,
    },
    connectors::service::{self as connectors, ConnectorService},
    jobs::{model::Kind, service::Jobs},
    log_in::{
        administration::Administration, devices::DeviceCookies, profile::Profiles, service::LogInService,
        session::Sessions, set_up::SetUp, throttle::Throttles,
    },
    mail::{
        access::AccountAccess,
        emptying::{FOLDER_EMPTYING, MailJobDependencies, MailJobs},
        first_uses::FirstUses,
        schedules::{self, Schedules},
        sending::{self, Sending},
        service::{Mail, MailDependencies},
        uploads::{self, Uploads},
    },
    people::{
        passwords::Hasher,
        service::{self as people, People},
    },
    platform::{
        assets::Assets,
        clock::SharedClock,
        config::Config,
        cpu::CpuPool,
        database::{Database, DatabaseUrl},
        failure::Failure,
        monotonic::SharedMonotonic,
        randomness::SharedRandomness,
        settled_time::SettledTime,
    },
    providers::{Providers, http::ProviderHttp, mailbox::MailHttp},
    sign_ins::service::{self as sign_ins, SignIns},
    vault::{Vault, reseal::SealedColumn},
};

use self::{
    account_parts::{AccountBase, AccountParts},
    log_in_parts::LogInBase,
};
use super::sweep::SWEEP;
pub use ended::Ended;

/// All columns of sealed values, except the key checks and the values in sessions.
const SEALED: &[SealedColumn] = &[
    connectors::SEALED,
    connectors::SEALED_KEPT,
    people::SEALED,
    sign_ins::SEALED,
    sign_ins::SEALED_WORDS,
    grants::SEALED_REFRESH_TOKENS,
    grants::SEALED_ACCESS_TOKENS,
    links::SEALED_PENDING_GRANTS,
    return_addresses::SEALED_RETURN_SECRETS,
    return_addresses::SEALED_PREVIOUS_RETURN_SECRETS,
    sending::SEALED_REQUESTS,
    sending::SEALED_ANSWERS,
    sending::SEALED_KEPT_RESULTS,
    uploads::SEALED_UPLOADS,
    schedules::SEALED_SCHEDULES,
    schedules::SEALED_SHOWN,
];

/// The assembled program. A clone shares the parts; every request takes some of them. It is a type of its own, because
/// axum's `FromRef` cannot be implemented for an `Arc`.
#[derive(Clone)]
pub struct Program(Arc<Services>);

impl Deref for Program {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}

/// The parts of the program.
pub struct Services {
    pub config: Arc<Config>,
    pub providers: Providers,
    pub database: Database,
    pub vault: Vault,
    pub clock: SharedClock,
    pub randomness: SharedRandomness,
    pub assets: Assets,
    /// Organisations and users.
    pub people: People,
    /// Logging in and out.
    pub log_ins: Arc<LogInService>,
    /// Use cases of users' own profiles.
    pub profiles: Profiles,
    /// Use cases of administrators about other users.
    pub administration: Administration,
    pub throttles: Throttles,
    pub devices: DeviceCookies,
    pub set_up: SetUp,
    pub sessions: Sessions,
    pub connectors: ConnectorService,
    /// The grants of accounts.
    pub grants: Grants,
    pub accounts: AccountService,
    /// The accounts of connectors that are changed or deleted.
    pub of_connectors: Arc<AccountsOfConnectors>,
    /// Links with which people without a user connect their mailboxes.
    pub links: ConnectLinks,
    pub confirmations: Confirmations,
    /// Links with which administrators of other companies allow the permissions of a connector.
    pub consents: ConsentLinks,
    pub return_addresses: ReturnAddresses,
    pub sign_ins: SignIns,
    /// The mailboxes of accounts, for the API.
    pub mail: Mail,
    /// The jobs that applications start in mailboxes.
    pub mail_jobs: MailJobs,
    /// Tokens and raw calls for applications.
    pub access: AccountAccess,
    /// Sends mail, and does other calls, exactly once.
    pub sending: Sending,
    /// Files that applications upload before they send them.
    pub uploads: Uploads,
    /// Messages that are sent later.
    pub schedules: Schedules,
    /// How organisations present themselves to people without a user.
    pub appearances: Appearances,
    /// Reads the activity.
    pub activity_log: ActivityLog,
    /// Records of API calls.
    pub calls: Calls,
    /// API clients, and the checking of their credentials.
    pub clients: ClientService,
    pub jobs: Jobs,
    /// The time by which the sweep erases what is not to be lost.
    pub settled_time: SettledTime,
}

/// The foundations that a program is assembled from.
pub struct Foundations {
    pub config: Config,
    /// The providers that connectors may use.
    pub providers: Providers,
    /// The database, with a current schema.
    pub database: Database,
    pub vault: Vault,
    pub clock: SharedClock,
    pub monotonic: SharedMonotonic,
    pub randomness: SharedRandomness,
    pub assets: Assets,
    /// The HTTP client for the provider.
    pub http: Arc<dyn ProviderHttp>,
    /// The HTTP client for mail.
    pub mail_http: Arc<dyn MailHttp>,
}

impl Foundations {
    fn mail(&self, accounts: &AccountParts) -> Mail {
        Mail::new(MailDependencies {
            database: self.database.clone(),
            // A SQLite file has only one serving process (`platform::database::sole`).
            is_shared: !matches!(self.config.database, DatabaseUrl::Sqlite(_)),
            vault: self.vault.clone(),
            accounts: accounts.accounts.clone(),
            grants: accounts.grants.clone(),
            clock: self.clock.clone(),
            randomness: self.randomness.clone(),
            monotonic: self.monotonic.clone(),
            // A pool of its own: mail from strangers must not delay log-ins.
            cpu: CpuPool::small(),
            http: self.mail_http.clone(),
        })
    }

    fn mail_jobs(&self, mail: &Mail, jobs: &Jobs) -> MailJobs {
        MailJobs::new(MailJobDependencies {
            mail: mail.clone(),
            database: self.database.clone(),
            jobs: jobs.clone(),
            clock: self.clock.clone(),
            randomness: self.randomness.clone(),
            monotonic: self.monotonic.clone(),
        })
    }
}

impl Program {
    /// Assembles the program.
    ///
    /// # Errors
    /// [`Failure::Unexpected`] if the parameters of password hashing are invalid.
    pub fn new(foundations: Foundations) -> Result<Self, Failure> {
        let Foundations { config, providers, database, vault, clock, monotonic, randomness, .. } =
            &foundations;
        let hasher = Hasher::new(config.password_work, CpuPool::new(), randomness.clone())?;
        let activity = Activity::new(clock.clone(), randomness.clone());
        let people = People::new(
            database.clone(),
            hasher,
            activity.clone(),
            vault.clone(),
            clock.clone(),
            randomness.clone(),
        );
        let connectors = ConnectorService::new(
            database.clone(),
            vault.clone(),
            activity.clone(),
            clock.clone(),
            randomness.clone(),
            providers.clone(),
        );
        let throttles = Throttles::new(database.clone(), clock.clone(), vault.clone());
        let kinds: &[&Kind] = &[&SWEEP, &DELETION, &APPLICATION_CHANGE, &GATE_OPENING, &FOLDER_EMPTYING];
        let jobs = Jobs::new(database.clone(), clock.clone(), randomness.clone(), kinds);
        let accounts = AccountBase {
            foundations: &foundations,
            connectors: &connectors,
            people: &people,
            activity: &activity,
            jobs: &jobs,
            throttles: &throttles,
        }
        .assemble();
        let users = LogInBase {
            foundations: &foundations,
            people: &people,
            activity: &activity,
            throttles: &throttles,
            connectors: &connectors,
            accounts: &accounts,
        }
        .assemble();
        let mail = foundations.mail(&accounts);
        let mail_jobs = foundations.mail_jobs(&mail, &jobs);
        let uploads = foundations.uploads(&accounts);
        let sending = foundations.sending(&mail, &uploads, &activity);
        let schedules = foundations.schedules(&accounts, &uploads, Arc::new(sending.clone()));
        let first_uses = FirstUses::new(database.clone(), activity.clone(), clock.clone());
        let access = AccountAccess::new(mail.clone(), first_uses, monotonic.clone());
        let calls = Calls::new(database.clone(), clock.clone(), randomness.clone(), CallLimits::default());
        Ok(Self(Arc::new(Services {
            appearances: Appearances::new(database.clone(), people.clone(), activity),
            activity_log: ActivityLog::new(database.clone()),
            log_ins: users.log_ins,
            profiles: users.profiles,
            administration: users.administration,
            throttles,
            devices: users.devices,
            set_up: users.set_up,
            sessions: users.sessions,
            config: Arc::new(foundations.config),
            providers: foundations.providers,
            database: foundations.database,
            vault: foundations.vault,
            clock: foundations.clock,
            randomness: foundations.randomness,
            assets: foundations.assets,
            people,
            connectors,
            grants: accounts.grants,
            accounts: accounts.accounts,
            of_connectors: accounts.of_connectors,
            links: accounts.links,
            confirmations: accounts.confirmations,
            consents: accounts.consents,
            return_addresses: accounts.return_addresses,
            sign_ins: accounts.sign_ins,
            calls,
            mail,
            mail_jobs,
            access,
            sending,
            uploads,
            schedules,
            clients: accounts.clients,
            jobs,
            settled_time: SettledTime::default(),
        })))
    }
}

macro_rules! part {
    ($type:ty, $field:ident) => {
        impl FromRef<Program> for $type {
            fn from_ref(program: &Program) -> Self {
                program.$field.clone()
            }
        }
    };
}

part!(Arc<Config>, config);
part!(Providers, providers);
part!(SharedClock, clock);
part!(SharedRandomness, randomness);
part!(Profiles, profiles);
part!(Administration, administration);
part!(Arc<LogInService>, log_ins);
part!(SetUp, set_up);
part!(Sessions, sessions);
part!(ConnectorService, connectors);
part!(Grants, grants);
part!(AccountService, accounts);
part!(ConnectLinks, links);
part!(Confirmations, confirmations);
part!(Throttles, throttles);
part!(ConsentLinks, consents);
part!(ReturnAddresses, return_addresses);
part!(SignIns, sign_ins);
part!(Mail, mail);
part!(MailJobs, mail_jobs);
part!(AccountAccess, access);
part!(Sending, sending);
part!(Uploads, uploads);
part!(Schedules, schedules);
part!(Appearances, appearances);
part!(People, people);
part!(ActivityLog, activity_log);
part!(Calls, calls);
part!(ClientService, clients);
