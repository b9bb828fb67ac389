//! Measurements of pages: two loads in turn, a page with many rows against few, and searches that check many rows.

use crate::{
    ROUND, ROUNDS,
    installation::Running,
    load::Load,
    median,
    table::{Row, Table},
};

/// The requests per second of two loads, of one after the other in each round.
pub async fn rates_in_turn(one: &Load, other: &Load) -> Vec<[f64; 2]> {
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let of_one = one.run(ROUND).await.all_well().per_second;
        let of_other = other.run(ROUND).await.all_well().per_second;
        rates.push([of_one, of_other]);
    }
    rates
}

/// The median requests per second of two loads.
pub async fn median_rates(one: &Load, other: &Load) -> [f64; 2] {
    let rates = rates_in_turn(one, other).await;
    [0, 1].map(|at| median(rates.iter().map(|pair| pair[at]).collect()))
}

/// Adds the time of these pages with many rows against few. Each is a path and a description.
pub async fn few_against_many(table: &mut Table, [few, many]: [&Running; 2], pages: &[(&str, &'static str)]) {
    for &(path, what) in pages {
        let rates = rates_in_turn(&few.load(path), &many.load(path)).await;
        let ratio = median(rates.into_iter().map(|[of_few, of_many]| of_few / of_many).collect());
        table.add(Row {
            what,
            budget: "at most 1.5 times the time".to_owned(),
            value: format!("{ratio:.2}"),
            met: ratio <= 1.5,
        });
    }
}

/// Adds the time of these searches for several frequent words, with two of them at once. Such a search checks a bounded
/// number of rows, which takes longer than one word. Each is a path, a description and the most milliseconds.
pub async fn searches(table: &mut Table, many: &Running, searches: &[(&str, &'static str, f64)]) {
    for &(path, what, max) in searches {
        let measured = many.load(path).with_connections(2).run(ROUND).await.all_well();
        let value = measured.median.as_secs_f64() * 1000.0;
        table.add(Row {
            what,
            budget: format!("median under {max} ms"),
            value: format!("{value:.1} ms"),
            met: value < max,
        });
    }
}
