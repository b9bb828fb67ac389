//! A small mailbox at a provider, whose answers a test decides: which are lost, late or refused. Its log has each delivery.
//! `exchange` and `gmail` do what their providers do.

mod exchange;
mod gmail;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use mail360::{platform::monotonic::Monotonic, providers::mailbox::MailProblem};
use tokio::time::Instant;

use self::{exchange::Exchange, gmail::AtGmail};
use super::{MailAnswer, MailSeen, TestMonotonic, company::Company};

/// What happens to a request that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It is carried out, and its answer is lost.
    AnswerLost,
    /// It is not carried out, and there is no answer.
    RequestLost,
    /// There is no connection to the provider.
    NoConnection,
    /// It is carried out after this number of seconds, and its answer is lost.
    Late(u64),
    /// The provider wants fewer requests.
    Throttled,
    /// The provider refuses the access token.
    TokenRefused,
    /// The provider refuses the request for good.
    Refused,
}

/// How the provider treats what was sent.
#[derive(Clone, Copy, Debug)]
struct Habits {
    /// Seconds that a message stays where its draft was after it was asked to be sent, and then those until it is found.
    delays: (u64, u64),
    /// Whether messages that were sent can be found.
    keeps_sent: bool,
}

/// What a provider does.
trait Post: Send {
    /// Lets everything happen that is due.
    fn settle(&mut self, now: Instant, habits: Habits);
    fn read(&mut self, seen: &MailSeen, now: Instant) -> MailAnswer;
    fn write(&mut self, seen: &MailSeen, now: Instant, habits: Habits) -> MailAnswer;
    /// The answer to a request that meets a fault.
    fn refuse(&self, fault: Fault) -> MailAnswer;
    fn add_draft(&mut self) -> String;
    fn delete_drafts(&mut self);
    fn delivered(&self) -> Vec<String>;
    fn drafts(&self) -> usize;
    fn drafts_made(&self) -> usize;
    fn files(&self) -> usize;
    fn has_sent(&self, id: &str) -> bool;
}

struct State {
    monotonic: Arc<TestMonotonic>,
    post: Box<dyn Post>,
    habits: Habits,
    faults: VecDeque<Fault>,
    /// What the reading requests answer: a problem for as many of them.
    away: usize,
    /// Requests that are carried out later.
    late: Vec<(Instant, MailSeen)>,
}

/// The mailbox. A clone is the same one.
#[derive(Clone)]
pub struct Outbox(Arc<Mutex<State>>);

impl Outbox {
    /// A mailbox at Microsoft whose time is that of this clock. Messages leave it at once.
    pub fn new(monotonic: &Arc<TestMonotonic>) -> Self {
        Self::of(Company::Microsoft, monotonic)
    }

    /// The same at this company.
    pub fn of(company: Company, monotonic: &Arc<TestMonotonic>) -> Self {
        let post: Box<dyn Post> = match company {
            Company::Microsoft => Box::new(Exchange::default()),
            Company::Google => Box::new(AtGmail::default()),
        };
        Self(Arc::new(Mutex::new(State {
            monotonic: monotonic.clone(),
            post,
            habits: Habits { delays: (0, 0), keeps_sent: true },
            faults: VecDeque::new(),
            away: 0,
            late: Vec::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panicked")
    }

    /// What happens to the next requests that write, in their order.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    /// Takes back the faults that no request has met.
    pub fn heal(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.away = 0;
    }

    /// The next requests that read have no answer.
    pub fn be_away_for(&self, requests: usize) {
        self.state().away = requests;
    }

    /// How long a message stays where its draft was after it was asked to be sent, and how long it then is nowhere. At
    /// Gmail no search finds it for both times.
    pub fn delay(&self, draft: u64, nowhere: u64) {
        self.state().habits.delays = (draft, nowhere);
    }

    /// Messages leave no trace when they are sent.
    pub fn forget_sent(&self) {
        self.state().habits.keeps_sent = false;
    }

    /// Deletes all drafts, as the user may.
    pub fn delete_drafts(&self) {
        self.state().post.delete_drafts();
    }

    /// A draft that is there from the beginning.
    pub fn add_draft(&self) -> String {
        self.state().post.add_draft()
    }

    /// The Message-IDs of the messages that were delivered so far, in their order.
    pub fn delivered(&self) -> Vec<String> {
        let mut state = self.state();
        state.settle();
        state.post.delivered()
    }

    /// Number of drafts that are there.
    pub fn drafts(&self) -> usize {
        let mut state = self.state();
        state.settle();
        state.post.drafts()
    }

    /// How often a draft was made.
    pub fn drafts_made(&self) -> usize {
        self.state().post.drafts_made()
    }

    /// Number of attachments of all messages.
    pub fn files(&self) -> usize {
        self.state().post.files()
    }

    /// Whether a message that was sent has this id.
    pub fn has_sent(&self, id: &str) -> bool {
        let mut state = self.state();
        state.settle();
        state.post.has_sent(id)
    }

    /// Answers a request.
    pub fn answer(&self, seen: &MailSeen) -> MailAnswer {
        let mut state = self.state();
        state.settle();
        let (now, habits) = (state.monotonic.now(), state.habits);
        if seen.method == http::Method::GET {
            if state.away > 0 {
                state.away -= 1;
                return MailAnswer::Failure(MailProblem::Unavailable);
            }
            return state.post.read(seen, now);
        }
        match state.faults.pop_front().unwrap_or(Fault::None) {
            Fault::None => state.post.write(seen, now, habits),
            Fault::AnswerLost => {
                state.post.write(seen, now, habits);
                MailAnswer::Failure(MailProblem::Slow)
            }
            Fault::RequestLost => MailAnswer::Failure(MailProblem::Unavailable),
            Fault::NoConnection => MailAnswer::Failure(MailProblem::NotSent),
            fault @ Fault::Late(seconds) => {
                state.late.push((now + Duration::from_secs(seconds), seen.clone()));
                state.post.refuse(fault)
            }
            fault @ (Fault::Throttled | Fault::TokenRefused | Fault::Refused) => state.post.refuse(fault),
        }
    }
}

impl State {
    /// Lets everything happen that is due.
    fn settle(&mut self) {
        let (now, habits) = (self.monotonic.now(), self.habits);
        let late = std::mem::take(&mut self.late);
        let (mut due, later): (Vec<_>, Vec<_>) = late.into_iter().partition(|(at, _)| *at <= now);
        self.late = later;
        due.sort_by_key(|(at, _)| *at);
        for (at, seen) in due {
            // Not now: no request may have come since.
            self.post.write(&seen, at, habits);
        }
        self.post.settle(now, habits);
    }
}
