//! The table of measured values.

use std::{fmt::Write, io, path::Path};

use mail360::platform::clock::{Clock, SystemClock};

/// A row of the table.
pub struct Row {
    pub what: &'static str,
    pub budget: String,
    pub value: String,
    pub met: bool,
}

/// The table.
#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// Adds a row and prints it, because the whole run takes minutes.
    pub fn add(&mut self, row: Row) {
        println!("{}\n    {}: {} -> {}", row.what, verdict(&row), row.budget, row.value);
        self.0.push(row);
    }

    /// Whether every budget is met.
    pub fn is_met(&self) -> bool {
        self.0.iter().all(|row| row.met)
    }

    /// Writes it with the machine and the date.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = String::from("# Budgets, measured\n\n");
        let cpu = first("/proc/cpuinfo", "model name");
        let memory = first("/proc/meminfo", "MemTotal");
        let cores = std::thread::available_parallelism()?;
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "By `make bench` on {}: {cores} cores of {cpu}, {memory} of memory, shared with the load generator \
             (`wrk`) and perhaps with others. Ratios are of one run; times and rates hold for this machine.\n",
            SystemClock.now().for_people()
        );
        text.push_str("| what | budget | value | verdict |\n|---|---|---|---|\n");
        for row in &self.0 {
            let _ = writeln!(text, "| {} | {} | {} | {} |", row.what, row.budget, row.value, verdict(row));
        }
        text.push_str(
            "\nWhere the time of the Connectors page goes: [flame.svg](flame.svg), by `scripts/bench.sh flame`. \
             Two budgets are measured elsewhere: Lighthouse must give 100 / 100 / 100 in `make audit`, whose results are \
             in [SECURITY.md](../SECURITY.md), and the time of `make test` is in [tests.md](../docs/tests.md).\n",
        );
        println!("\n{text}");
        std::fs::write(path, text)
    }
}

const fn verdict(row: &Row) -> &'static str {
    if row.met { "met" } else { "**not met**" }
}

/// The first value with this name in a file such as `/proc/cpuinfo`.
fn first(path: &str, name: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':')).map_or("an unknown kind", |(_, value)| value.trim()).to_owned()
}
