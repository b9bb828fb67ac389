use proptest::prelude::*;

use super::*;

const JOB: JobId = JobId(uuid::Uuid::from_u128(1));

fn owner(number: u128) -> Owner {
    Owner(uuid::Uuid::from_u128(number))
}

fn at(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

#[test]
fn a_job_without_an_owner_may_be_taken_at_once() {
    let state = LeaseState { owner: None, counter: 7 };
    assert!(may_take(state, None, Instant::now()));
}

#[test]
fn a_lease_may_be_taken_once_it_was_seen_unchanged_for_30_seconds() {
    let start = Instant::now();
    let state = LeaseState { owner: Some(owner(1)), counter: 7 };
    let renewed = LeaseState { counter: 8, ..state };
    let another = LeaseState { owner: Some(owner(2)), ..state };
    let seen = Some(Sighting { state, since: start });
    assert!(!may_take(state, None, at(start, 100)), "it was not seen before");
    for (seconds, may) in [(0, false), (29, false), (30, true), (100, true)] {
        assert_eq!(may_take(state, seen, at(start, seconds)), may, "{seconds}");
        assert!(!may_take(renewed, seen, at(start, seconds)), "{seconds}");
        assert!(!may_take(another, seen, at(start, seconds)), "{seconds}");
    }
}

#[test]
fn the_30_seconds_are_between_the_first_answer_and_the_last_question() {
    let start = Instant::now();
    let lease = [(JOB, LeaseState { owner: Some(owner(1)), counter: 7 })];
    let mut watch = Watch::default();
    assert_eq!(watch.record_leases(lease, start, at(start, 8)), []);
    assert_eq!(watch.record_leases(lease, at(start, 30), at(start, 38)), [], "22 seconds for certain");
    assert_eq!(watch.record_leases(lease, at(start, 38), at(start, 40)), [JOB]);
    // A lease that is gone is forgotten.
    assert_eq!(watch.record_leases([], at(start, 41), at(start, 41)), []);
    assert_eq!(watch.record_leases(lease, at(start, 90), at(start, 90)), []);
    watch.forget();
    assert_eq!(watch.record_leases(lease, at(start, 130), at(start, 130)), [], "the database was away");
    assert_eq!(watch.record_leases(lease, at(start, 160), at(start, 160)), [JOB]);
}

/// A process of the model.
#[derive(Debug)]
struct Process {
    /// Where its clock began, and how fast it runs, in thousandths.
    start: Instant,
    rate: u64,
    watch: Watch,
    /// The lease that it has found free to take, and has not yet tried to take.
    wants: Option<LeaseState>,
    /// The job that the process runs: the owner id, and the moment by its own clock at which it ends the work.
    runs: Option<(Owner, Instant)>,
    /// When it sent a renewal that the database has not got yet.
    sent: Option<Instant>,
}

impl Process {
    fn now(&self, millis: u64) -> Instant {
        self.start + Duration::from_micros(millis * self.rate)
    }

    /// Whether its work is still running. The runner cancels it when the term is over.
    fn is_working(&self, millis: u64) -> bool {
        self.runs.is_some_and(|(_, until)| self.now(millis) < until)
    }
}

/// An event of a process. Times are in milliseconds.
#[derive(Clone, Debug)]
enum Step {
    /// Time passes for all.
    Wait(u64),
    /// The process asks for the leases, gets the state of this much later, and the answer this much later again.
    Look(u64, u64),
    /// The process takes the jobs that it has found, with an answer this much later.
    Take(u64),
    /// The process sends a renewal.
    Renew,
    /// The database gets the renewal; its answer comes or is lost.
    Renewed(bool),
    /// The process has done its work, and ends the lease.
    End,
    /// The process is killed, and another one is started in its place.
    Kill,
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let what = prop_oneof![
        4 => (0..12_000_u64).prop_map(Step::Wait),
        6 => (0..3_000_u64, 0..3_000_u64).prop_map(|(query, answer)| Step::Look(query, answer)),
        6 => (0..3_000_u64).prop_map(Step::Take),
        3 => Just(Step::Renew),
        3 => any::<bool>().prop_map(Step::Renewed),
        1 => Just(Step::End),
        1 => Just(Step::Kill),
    ];
    (0..3_usize, what)
}

/// A database with one job, and three processes whose clocks have nothing in common and differ in speed by up to a
/// tenth.
struct Model {
    millis: u64,
    stored: LeaseState,
    owners: u128,
    processes: Vec<Process>,
}

impl Model {
    fn new(clocks: &[(u64, u64)]) -> Self {
        let base = Instant::now();
        let process = |(offset, rate): &(u64, u64)| Process {
            start: at(base, *offset),
            rate: *rate,
            watch: Watch::default(),
            wants: None,
            runs: None,
            sent: None,
        };
        let stored = LeaseState { owner: None, counter: 0 };
        Self { millis: 0, stored, owners: 0, processes: clocks.iter().map(process).collect() }
    }

    /// # Returns
    /// Whether a job was taken.
    fn step(&mut self, index: usize, step: &Step) -> bool {
        let asked = self.processes[index].now(self.millis);
        match *step {
            Step::Wait(millis) => self.millis += millis,
            Step::Look(query, answer) => {
                self.millis += query;
                let state = self.stored;
                self.millis += answer;
                let process = &mut self.processes[index];
                let answered = process.now(self.millis);
                let leases = state.owner.map(|_| (JOB, state));
                let free = process.watch.record_leases(leases, asked, answered);
                let may = state.owner.is_none() || free.contains(&JOB);
                process.wants = (may && process.runs.is_none()).then_some(state);
            }
            Step::Take(answer) => {
                let Some(wanted) = self.processes[index].wants.take() else { return false };
                if wanted != self.stored {
                    return false;
                }
                self.owners += 1;
                let new = owner(self.owners);
                self.stored = LeaseState { owner: Some(new), counter: wanted.counter + 1 };
                self.millis += answer;
                self.processes[index].runs = Some((new, asked + TERM));
                return true;
            }
            Step::Renew => {
                let working = self.processes[index].is_working(self.millis);
                self.processes[index].sent = working.then_some(asked);
            }
            Step::Renewed(answered) => {
                let process = &mut self.processes[index];
                let (Some(sent), Some((mine, _))) = (process.sent.take(), process.runs) else { return false };
                let ours = self.stored.owner == Some(mine);
                if ours {
                    self.stored.counter += 1;
                }
                // An answer after the end of the term comes too late.
                if answered && process.is_working(self.millis) {
                    process.runs = ours.then_some((mine, sent + TERM));
                }
            }
            Step::End => {
                let process = &mut self.processes[index];
                let Some((mine, _)) = process.runs.take() else { return false };
                process.sent = None;
                if self.stored.owner == Some(mine) {
                    self.stored.owner = None;
                }
            }
            Step::Kill => {
                let process = &mut self.processes[index];
                process.watch = Watch::default();
                (process.wants, process.runs, process.sent) = (None, None, None);
            }
        }
        false
    }

    fn working(&self) -> usize {
        self.processes.iter().filter(|process| process.is_working(self.millis)).count()
    }
}

fn clocks() -> impl Strategy<Value = Vec<(u64, u64)>> {
    prop::collection::vec((0..100_000_u64, 950..1_050_u64), 3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn two_processes_never_work_at_one_job_at_once(
        clocks in clocks(),
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut model = Model::new(&clocks);
        for (index, step) in &steps {
            model.step(*index, step);
            prop_assert!(model.working() <= 1, "after {step:?} of {index}: {:?}", model.processes);
        }
    }

    #[test]
    fn whatever_happened_before_a_process_that_goes_on_looking_gets_the_job(
        clocks in clocks(),
        steps in prop::collection::vec(step(), 0..100),
    ) {
        let mut model = Model::new(&clocks);
        for (index, step) in &steps {
            model.step(*index, step);
        }
        for index in 0..3 {
            model.step(index, &Step::Kill);
        }
        // 30 seconds by its own clock, and a look at each end.
        let until = model.millis + 45_000;
        let mut taken = false;
        while !taken && model.millis < until {
            model.step(0, &Step::Look(10, 10));
            taken = model.step(0, &Step::Take(10));
            model.step(0, &Step::Wait(5_000));
        }
        prop_assert!(taken);
    }
}
