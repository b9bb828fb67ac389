//! What the program consists of, and how it is put together.

use std::{ops::Deref, sync::Arc, time::Duration};

use axum::extract::FromRef;

use crate::{
    activity::{
        model::Action,
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
        session::Sessions,
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
        monotonic::SharedMonotonic,
        periodic::PeriodicWork,
        randomness::SharedRandomness,
    },
    sign_ins::{
        http::ProviderHttp,
        service::{self as sign_ins, Parts, SignIns},
    },
    vault::{
        Vault,
        reseal::{ResealError, Resealed, SealedColumn, Survey},
    },
};

use super::sweep::{SWEEP, sweep};

/// Everything that is sealed at rest, but for the key checks and what a session holds.
const SEALED: [SealedColumn; 4] =
    [connectors::SEALED, people::SEALED, sign_ins::SEALED, sign_ins::SEALED_WORDS];

/// The program, made once at start. A clone is another hold on the same: every request takes some.
#[derive(Clone)]
pub struct Program(Arc<Services>);

impl Deref for Program {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}

/// What the program consists of.
pub struct Services {
    /// The configuration.
    pub config: Arc<Config>,
    /// The database.
    pub database: Database,
    /// The vault.
    pub vault: Vault,
    /// The clock.
    pub clock: SharedClock,
    /// The randomness.
    pub randomness: SharedRandomness,
    /// The assets.
    pub assets: Assets,
    /// Organisations and users.
    pub people: People,
    /// Logging in and out.
    pub log_ins: Arc<LogInService>,
    /// What users do with their own account.
    pub profiles: Profiles,
    /// What administrators do with other users.
    pub administration: Administration,
    /// The throttles.
    pub throttles: Throttles,
    /// The device cookies.
    pub devices: DeviceCookies,
    /// The set-up.
    pub set_up: SetUp,
    /// The sessions.
    pub sessions: Sessions,
    /// The connectors.
    pub connectors: ConnectorService,
    /// The sign-ins.
    pub sign_ins: SignIns,
    /// What was recorded.
    pub activity_log: ActivityLog,
    /// The jobs.
    pub jobs: Jobs,
}

/// What was ended at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// In so many browsers somebody was logged in.
    pub browsers: u64,
    /// So many sign-ins waited for Microsoft to send somebody back.
    pub sign_ins: u64,
    /// So many links of invitations and for new passwords were taken back.
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
        write!(f, "Browsers logged out: {browsers}, sign-ins ended: {sign_ins}, links taken back: {links}")
    }
}

/// What a program is made of.
pub struct Foundations {
    /// The configuration.
    pub config: Config,
    /// The database, migrated.
    pub database: Database,
    /// The vault.
    pub vault: Vault,
    /// The clock.
    pub clock: SharedClock,
    /// The randomness.
    pub randomness: SharedRandomness,
    /// The assets.
    pub assets: Assets,
    /// The way to the provider.
    pub http: Arc<dyn ProviderHttp>,
}

impl Program {
    /// Puts it together.
    ///
    /// # Errors
    /// Where passwords could not be hashed.
    pub fn new(foundations: Foundations) -> Result<Self, Failure> {
        let Foundations { config, database, vault, clock, randomness, assets, http } = foundations;
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
        );
        let sign_ins = SignIns::new(Parts {
            database: database.clone(),
            vault: vault.clone(),
            connectors: connectors.clone(),
            people: people.clone(),
            activity: activity.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            http,
            urls: config.microsoft.clone(),
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
            ),
            administration: Administration::new(people.clone(), sessions.clone()),
            log_ins: Arc::new(LogInService::new(log_in::Parts {
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

    /// Which keys have sealed what is in the database, and what does not open.
    pub async fn survey(&self) -> Result<Survey, DatabaseError> {
        self.vault.survey(&self.database.read(), &SEALED).await
    }

    /// Seals everything anew that another key than the newest has sealed, and records it.
    pub async fn reseal(&self) -> Result<Resealed, ResealError> {
        let record = async |tx: &Tx| {
            // Not how many: that would tell one organisation of the others.
            let detail = format!("with the key {}", self.vault.newest_key());
            for organisation in self.people.organisations(tx).await? {
                self.people.record_of_operator(tx, &organisation, Action::SecretsResealed, &detail).await?;
            }
            Ok(())
        };
        self.vault.reseal(&self.database, &SEALED, record).await
    }

    /// Logs everybody out, ends the sign-ins that wait for Microsoft to send somebody back, and takes back the links
    /// that were given out: after a backup was restored, what was ended since is open again.
    pub async fn end_sessions(&self) -> Result<Ended, DatabaseError> {
        self.database
            .write(async |tx| {
                let mut all = Ended::default();
                for organisation in self.people.organisations(&tx).await? {
                    // Users before sessions: as everything else that ends them.
                    let links = self.people.close_ways_in(&tx, organisation.id).await?;
                    DeviceCookies::end_all_within(&tx, organisation.id).await?;
                    let browsers = self.sessions.end_all_within(&tx, organisation.id).await?;
                    let sign_ins = self.sign_ins.end_all(&tx, organisation.id).await?;
                    let ended = Ended { browsers, sign_ins, links };
                    let (action, detail) = (Action::SessionsEnded, ended.to_string());
                    self.people.record_of_operator(&tx, &organisation, action, &detail).await?;
                    all = all + ended;
                }
                Sessions::end_half_way(&tx).await?;
                Ok(all)
            })
            .await
    }

    /// What this process does again and again for itself.
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
            async move { sweep(&program, &lease).await }
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
