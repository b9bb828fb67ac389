//! Assembles the program from its parts. Start with [`Program::new`].

use std::{ops::Deref, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::extract::FromRef;

use crate::{
    activity::{
        model::{Action, Detail},
        service::{Activity, ActivityLog, RepeatedActivity},
    },
    connectors::service::{self as connectors, ConnectorService},
    jobs::{
        runner::{Runner, Worker},
        service::Jobs,
    },
    log_in::{
        administration::Administration,
        devices::DeviceCookies,
        profile::Profiles,
        service::{self as log_in, LogInService},
        session::{SessionFollower, Sessions},
        set_up::SetUp,
        throttle::Throttles,
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
        database::{Database, DatabaseError, Tx},
        failure::Failure,
        id::OrganisationId,
        monotonic::SharedMonotonic,
        periodic::PeriodicWork,
        randomness::{Hash, SharedRandomness},
    },
    providers::{Providers, http::ProviderHttp},
    sign_ins::service::{self as sign_ins, SignInDependencies, SignIns},
    vault::{
        Vault,
        reseal::{ResealError, Resealed, SealedColumn, Survey},
    },
};

use super::sweep::{SWEEP, sweep_all_tables};

/// All columns of sealed values, except the key checks and the values in sessions.
const SEALED: [SealedColumn; 5] =
    [connectors::SEALED, connectors::SEALED_KEPT, people::SEALED, sign_ins::SEALED, sign_ins::SEALED_WORDS];

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
    pub sign_ins: SignIns,
    /// Reads the activity.
    pub activity_log: ActivityLog,
    pub jobs: Jobs,
}

/// Numbers of what [`Program::end_sessions`] has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Number of browsers that were logged out.
    pub browsers: u64,
    /// Number of open sign-ins that were ended.
    pub sign_ins: u64,
    /// Number of links of invitations and for new passwords that were withdrawn.
    pub links: u64,
}

impl std::ops::Add for Ended {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            browsers: self.browsers + other.browsers,
            sign_ins: self.sign_ins + other.sign_ins,
            links: self.links + other.links,
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { browsers, sign_ins, links } = self;
        write!(f, "Browsers logged out: {browsers}, sign-ins ended: {sign_ins}, links withdrawn: {links}")
    }
}

/// Secrets that are kept for a form follow the session to its new id, so that the form can use them.
struct KeptSecretsFollow(ConnectorService);

#[async_trait]
impl SessionFollower for KeptSecretsFollow {
    async fn follow(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        old: Hash,
        new: Hash,
    ) -> Result<(), Failure> {
        self.0.take_kept_secrets_along(tx, organisation, old, new).await
    }
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
    pub randomness: SharedRandomness,
    pub assets: Assets,
    /// The HTTP client for the provider.
    pub http: Arc<dyn ProviderHttp>,
}

impl Program {
    /// Assembles the program.
    ///
    /// # Errors
    /// [`Failure::Unexpected`] if the parameters of password hashing are invalid.
    pub fn new(foundations: Foundations) -> Result<Self, Failure> {
        let Foundations { config, providers, database, vault, clock, randomness, assets, http } = foundations;
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
        let sign_ins = SignIns::new(SignInDependencies {
            database: database.clone(),
            vault: vault.clone(),
            connectors: connectors.clone(),
            people: people.clone(),
            activity: activity.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            http,
            providers: providers.clone(),
            public_url: config.public_url.clone(),
        });
        let throttles = Throttles::new(database.clone(), clock.clone(), vault.clone());
        let devices = DeviceCookies::new(database.clone(), clock.clone(), randomness.clone());
        let repeated = RepeatedActivity::new(database.clone(), activity.clone());
        let sessions = Sessions::new(database.clone(), clock.clone(), randomness.clone());
        let jobs = Jobs::new(database.clone(), clock.clone(), randomness.clone(), &[&SWEEP]);
        Ok(Self(Arc::new(Services {
            profiles: Profiles::new(
                database.clone(),
                people.clone(),
                sessions.clone(),
                activity.clone(),
                throttles.clone(),
                Arc::new(KeptSecretsFollow(connectors.clone())),
            ),
            administration: Administration::new(people.clone(), sessions.clone()),
            log_ins: Arc::new(LogInService::new(log_in::LogInDependencies {
                database: database.clone(),
                people: people.clone(),
                activity,
                repeated,
                throttles: throttles.clone(),
                devices: devices.clone(),
                sessions: sessions.clone(),
                clock: clock.clone(),
                randomness: randomness.clone(),
            })),
            throttles,
            devices,
            activity_log: ActivityLog::new(database.clone(), clock.clone()),
            set_up: SetUp::new(database.clone(), people.clone(), clock.clone(), randomness.clone()),
            sessions,
            config: Arc::new(config),
            providers,
            database,
            vault,
            clock,
            randomness,
            assets,
            people,
            connectors,
            sign_ins,
            jobs,
        })))
    }

    /// Counts which keys have sealed the values in the database, and finds values that do not open.
    pub async fn survey(&self) -> Result<Survey, DatabaseError> {
        self.vault.survey(&self.database.read(), &SEALED).await
    }

    /// Seals again every value that an older key has sealed, and records it.
    pub async fn reseal(&self) -> Result<Resealed, ResealError> {
        let record = async |tx: &Tx| {
            // Without the number of values, which would tell an organisation about the others.
            for organisation in self.people.organisations(tx).await? {
                let detail = Detail::Key { key: self.vault.newest_key().to_owned() };
                self.people
                    .record_operator_action(tx, &organisation, Action::SecretsResealed, detail)
                    .await?;
            }
            Ok(())
        };
        self.vault.reseal(&self.database, &SEALED, record).await
    }

    /// Logs all users out, erases all device cookies, ends open sign-ins, and withdraws all links. Run it after a
    /// backup was restored: sessions, sign-ins and links that ended since the backup are open in it.
    pub async fn end_sessions(&self) -> Result<Ended, DatabaseError> {
        self.database
            .write(async |tx| {
                let mut all = Ended::default();
                for organisation in self.people.organisations(&tx).await? {
                    // Lock users before sessions, as everywhere, against deadlocks.
                    let links =
                        self.people.withdraw_links_and_note_ended_sessions(&tx, organisation.id).await?;
                    DeviceCookies::end_all_within(&tx, organisation.id).await?;
                    let browsers = self.sessions.end_all_within(&tx, organisation.id).await?;
                    let sign_ins = self.sign_ins.end_all(&tx, organisation.id).await?;
                    let detail = Detail::Ended { browsers, sign_ins, links };
                    let action = Action::SessionsEnded;
                    self.people.record_operator_action(&tx, &organisation, action, detail).await?;
                    all = all + Ended { browsers, sign_ins, links };
                }
                Sessions::end_half_way(&tx).await?;
                Ok(all)
            })
            .await
    }

    /// Work that runs repeatedly beside the requests.
    pub fn periodic_work(&self) -> Vec<PeriodicWork> {
        let log_ins = self.log_ins.clone();
        let flush = PeriodicWork::new("record of repeated events", Duration::from_secs(5), move || {
            let log_ins = log_ins.clone();
            async move { log_ins.flush().await }
        });
        vec![flush]
    }

    /// The runner of the jobs that this process shares with the others.
    pub fn runner(&self, monotonic: SharedMonotonic) -> Runner {
        let program = self.clone();
        let sweep = Worker::new(&SWEEP, move |lease, _| {
            let program = program.clone();
            async move { sweep_all_tables(&program, &lease).await }
        });
        Runner::new(self.jobs.clone(), vec![sweep], monotonic)
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
part!(SignIns, sign_ins);
part!(People, people);
part!(ActivityLog, activity_log);
