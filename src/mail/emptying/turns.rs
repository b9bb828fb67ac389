//! Which of the open jobs of an account may run: one at a time.

use super::model::{MailJobId, OpenJob};

/// Whether it is the turn of a job. `open` are the open jobs of its account, the first one first.
///
/// A job that has begun keeps its turn until it ends or gives way. Then it is the turn of the first one that waits for its
/// first run, and of those before it, which have given way: whichever looks first.
pub(super) fn has_turn(open: &[OpenJob], id: MailJobId) -> bool {
    match open.iter().find(|job| job.is_running && !job.gives_way) {
        Some(running) => running.id == id,
        None => open.iter().take_while(|job| job.id != id).all(|job| job.gives_way),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// The jobs 0, 1 and so on: `q` is queued, `r` runs, `w` gives way. The result names those whose turn it is.
    fn turns(states: &str) -> Vec<usize> {
        let id = |number: usize| MailJobId(Uuid::from_u128(number as u128));
        let job = |(number, state): (usize, char)| OpenJob {
            id: id(number),
            is_running: state != 'q',
            gives_way: state == 'w',
        };
        let open: Vec<OpenJob> = states.chars().enumerate().map(job).collect();
        (0..open.len()).filter(|number| has_turn(&open, id(*number))).collect()
    }

    #[test]
    fn jobs_run_in_their_order_and_one_that_runs_keeps_its_turn() {
        assert_eq!(turns("q"), [0]);
        assert_eq!(turns("qqq"), [0]);
        assert_eq!(turns("rqq"), [0]);
        assert_eq!(turns("qrq"), [1]);
        // Two have begun at the same moment.
        assert_eq!(turns("rr"), [0]);
    }

    #[test]
    fn a_job_that_gives_way_holds_no_other_and_waits_for_one_that_runs() {
        assert_eq!(turns("w"), [0]);
        assert_eq!(turns("wq"), [0, 1]);
        assert_eq!(turns("wrq"), [1]);
        assert_eq!(turns("rw"), [0]);
        assert_eq!(turns("wwqq"), [0, 1, 2]);
        assert_eq!(turns("qw"), [0]);
    }
}
