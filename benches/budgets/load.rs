//! Load: requests by `wrk`, and pages and log-ins at an even pace.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{task::JoinSet, time::Instant};

/// A client that follows no redirect and keeps no cookie.
#[expect(clippy::disallowed_methods, reason = "it speaks to the program, not to a provider")]
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// Requests for one page.
pub struct Load {
    url: String,
    /// The header that carries the credential, and its value.
    credential: (&'static str, String),
    connections: usize,
}

/// The result of a measurement.
#[derive(Debug)]
pub struct Measured {
    pub per_second: f64,
    pub requests: u64,
    pub median: Duration,
    pub p99: Duration,
    /// Responses other than a success, and connections that broke or timed out.
    pub failed: u64,
}

impl Load {
    pub fn new(url: &str, path: &str, cookie: &str) -> Self {
        Self { url: format!("{url}{path}"), credential: ("cookie", cookie.to_owned()), connections: 32 }
    }

    /// Calls of the API with this key.
    pub fn of_api(url: &str, path: &str, key: &str) -> Self {
        Self {
            url: format!("{url}{path}"),
            credential: ("authorization", format!("Bearer {key}")),
            connections: 32,
        }
    }

    pub fn with_connections(self, connections: usize) -> Self {
        Self { connections, ..self }
    }

    /// Runs it for this time.
    pub async fn run(&self, time: Duration) -> Measured {
        let mut command = Command::new("wrk");
        command
            .args(["-t2", "--latency", "--timeout", "10s"])
            .arg(format!("-c{}", self.connections))
            .arg(format!("-d{}s", time.as_secs()))
            .args(["-H", &format!("{}: {}", self.credential.0, self.credential.1)])
            .arg(&self.url)
            .stderr(Stdio::inherit());
        #[expect(clippy::disallowed_methods, reason = "no server runs in this process")]
        let output = tokio::task::spawn_blocking(move || command.output()).await;
        let output = output.expect("no panic").expect("wrk");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // For wrk a redirect to the log-in is a success too.
        let looked = self.request(&client()).send().await;
        assert_eq!(looked.expect("an answer").status(), 200, "{}", self.url);
        Measured::read(&text).unwrap_or_else(|| unreachable!("wrk said: {text}"))
    }

    fn request(&self, http: &reqwest::Client) -> reqwest::RequestBuilder {
        http.get(&self.url).header(self.credential.0, &self.credential.1)
    }

    /// Requests the page at an even pace until `until` ends. Each time counts from when the request was due, so that a
    /// pause of the program counts for all requests that were due in it.
    pub async fn run_at_pace<T>(&self, per_second: u32, until: impl Future<Output = T>) -> (Measured, T) {
        let http = client();
        let mut tasks = JoinSet::new();
        let began = Instant::now();
        let requests = async {
            let mut pace = tokio::time::interval(Duration::from_secs(1) / per_second);
            loop {
                let due = pace.tick().await;
                tasks.spawn(answer(self.request(&http), due));
            }
        };
        let result = tokio::select! {
            result = until => result,
            () = requests => unreachable!("the requests have no end"),
        };
        let lasted = began.elapsed();
        let answers = tasks.join_all().await;
        (Measured::of_answers(&answers, lasted), result)
    }
}

/// The time from when a request was due to the end of its answer, and whether the answer is a success.
async fn answer(request: reqwest::RequestBuilder, due: Instant) -> (Duration, bool) {
    let is_well = match request.send().await {
        Ok(answer) => answer.status() == 200 && answer.bytes().await.is_ok(),
        Err(_) => false,
    };
    (due.elapsed(), is_well)
}

/// The value at this share of the sorted values.
pub fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(values.len()).expect("a count"));
    let before = values.iter().zip(1_u32..).filter(|(_, rank)| f64::from(*rank) <= count * share);
    before.map(|(value, _)| *value).last().unwrap_or_default()
}

impl Measured {
    /// The same; panics if a request failed, because an error is faster than the page.
    pub fn all_well(self) -> Self {
        assert_eq!(self.failed, 0, "requests failed: {self:?}");
        self
    }

    /// The times of answers, each with whether it is a success, over this time.
    fn of_answers(answers: &[(Duration, bool)], lasted: Duration) -> Self {
        let mut times: Vec<f64> = answers.iter().map(|(time, _)| time.as_secs_f64()).collect();
        let requests = u32::try_from(answers.len()).expect("a count");
        let failed = answers.iter().filter(|(_, is_well)| !is_well).count();
        Self {
            per_second: f64::from(requests) / lasted.as_secs_f64(),
            requests: u64::from(requests),
            median: Duration::from_secs_f64(percentile(&mut times, 0.5)),
            p99: Duration::from_secs_f64(percentile(&mut times, 0.99)),
            failed: u64::try_from(failed).expect("a count"),
        }
    }

    /// Parses the output of `wrk`.
    fn read(text: &str) -> Option<Self> {
        let line = |start: &str| text.lines().map(str::trim).find_map(|line| line.strip_prefix(start));
        let requests = text.lines().find(|line| line.contains(" requests in "))?;
        let numbers = |text: &str| {
            text.split(|c: char| !c.is_ascii_digit()).filter_map(|it| it.parse::<u64>().ok()).sum()
        };
        let broken: u64 = line("Socket errors:").map_or(0, numbers);
        let refused: u64 = line("Non-2xx or 3xx responses:").map_or(0, numbers);
        Some(Self {
            per_second: line("Requests/sec:")?.trim().parse().ok()?,
            requests: requests.trim().split(' ').next()?.parse().ok()?,
            median: time(line("50%")?)?,
            p99: time(line("99%")?)?,
            failed: broken + refused,
        })
    }
}

/// `1.23ms`, `456.00us`, `1.20s`.
fn time(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        _ => return None,
    };
    Some(Duration::from_secs_f64(text.strip_suffix(unit)?.parse::<f64>().ok()? * seconds))
}

/// Sends log-ins of unknown users at this rate, each from its own address. Returns the statuses of the responses.
pub async fn log_ins(url: &str, per_second: u32, time: Duration) -> Answers {
    let statuses = Arc::new(Mutex::new(BTreeMap::<u16, u32>::new()));
    let mut pace = tokio::time::interval(Duration::from_secs(1) / per_second);
    let client = client();
    let mut tasks = JoinSet::new();
    let count = u32::try_from(time.as_secs()).expect("some seconds") * per_second;
    for n in 0..count {
        pace.tick().await;
        let (client, statuses, to) = (client.clone(), statuses.clone(), format!("{url}/login"));
        tasks.spawn(async move {
            let answer = client
                .post(to)
                .header("sec-fetch-site", "same-origin")
                .header("x-forwarded-for", format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(format!("email=stranger{n}%40contoso.test&password=certainly+not+this+one"))
                .send()
                .await;
            let status = answer.map_or(0, |answer| answer.status().as_u16());
            *statuses.lock().expect("a count").entry(status).or_default() += 1;
        });
    }
    tasks.join_all().await;
    let statuses = statuses.lock().expect("a count");
    Answers(statuses.clone())
}

/// The number of responses by status; 0 means no response.
pub struct Answers(pub BTreeMap<u16, u32>);

impl std::fmt::Display for Answers {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<_> = self.0.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        out.write_str(&parts.join(", "))
    }
}
