//! `mail360 serve`: serves the console until it is asked to stop.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use mail360::{
    platform::{
        assets::Assets,
        database::sole::SoleServer,
        monotonic::SystemMonotonic,
        periodic::PeriodicWork,
        server::{self, ConnectionLimits},
    },
    router::{Program, router},
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{CommandResult, Opened, Settings, describe_failure, print_line, proxy_warnings};

/// How long open requests and sign-ins may take after SIGTERM.
const DRAIN_TIME: Duration = Duration::from_secs(9);
/// How long the database may take to close after that.
const CLOSING: Duration = Duration::from_millis(800);

/// Serves until SIGTERM or SIGINT.
pub async fn run(settings: Settings, migrate: bool) -> CommandResult {
    let assets = load_assets()?;
    let listen = settings.config.listen;
    // Before the database is opened, so that starting the program twice fails at once.
    let listener = server::listen(listen).map_err(|error| cannot_listen(listen, &error))?;
    server::warn_of_short_queue();
    let trusted_proxies = settings.config.trusted_proxies.clone();
    let limits = ConnectionLimits { trusted_proxies, ..ConnectionLimits::default() };
    let opened = Opened::new(settings, migrate).await?;
    if migrate {
        opened.migrate().await?;
    } else {
        opened.register_key().await?;
    }
    let program = opened.program(assets).await?;
    // Until the end of this function.
    let _sole = SoleServer::of(&program.config.database)?;
    let proxy_warnings = proxy_warnings(&program.providers).into_iter().map(|warning| warning.text);
    program.uploads.open().await.map_err(|error| error.to_string())?;
    for warning in program.config.warnings().into_iter().chain(proxy_warnings) {
        tracing::warn!("{warning}");
    }
    let work: Vec<_> = program.periodic_work().into_iter().map(PeriodicWork::start).collect();
    let stop_jobs = CancellationToken::new();
    let mut jobs = tokio::spawn(program.runner(Arc::new(SystemMonotonic)).run(stop_jobs.clone()));
    let mut refreshes = tokio::spawn(program.refresher().run(stop_jobs.clone()));
    // Before the start is announced: without a handler, a signal would kill the process during a response.
    let asked = asked_to_stop()?;
    announce(&program).await?;

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let app = router(&program);
    let mut server = tokio::spawn(server::serve(listener, app, limits, async move {
        // An error means that the sender is gone, which also means to stop.
        let _ = stopped.await;
    }));
    tokio::select! {
        () = asked => {}
        // The server only ends by itself after a fault. Return an error, so that the supervisor of the
        // process sees it.
        ended = &mut server => return Err(format!("The server ended by itself: {ended:?}.")),
        ended = &mut jobs => return Err(format!("The runner of jobs ended by itself: {ended:?}.")),
        ended = &mut refreshes => return Err(format!("The refresher of grants ended by itself: {ended:?}.")),
    }
    tracing::info!("stopping");
    for work in work {
        work.abort();
    }
    stop_jobs.cancel();
    let _ = stop.send(());
    let drained = async {
        // The server first, so that no new token exchange begins.
        let _ = server.await;
        program.sign_ins.wait_for_exchanges().await;
        // Before the limits of mailboxes: it still asks them.
        program.sending.close().await;
        program.mail.close().await;
        if let Err(failure) = program.log_ins.flush().await {
            tracing::error!(?failure, "could not record refused log-ins");
        }
        if let Err(failure) = program.calls.flush().await {
            tracing::error!(?failure, "could not record API calls");
        }
        if let Err(failure) = program.clients.flush_uses().await {
            tracing::error!(?failure, "could not record the last use of API clients");
        }
        if let Err(error) = jobs.await {
            tracing::error!(%error, "the runner of jobs has failed");
        }
        if let Err(error) = refreshes.await {
            tracing::error!(%error, "the refresher of grants has failed");
        }
    };
    if tokio::time::timeout(DRAIN_TIME, drained).await.is_err() {
        tracing::warn!("requests or sign-ins were cut off at shutdown");
    }
    let close = async {
        program.uploads.close().await?;
        program.database.close().await
    };
    match tokio::time::timeout(CLOSING, close).await {
        Ok(closed) => closed.map_err(|error| error.to_string()),
        // Everything committed is on the disk. SQLite merges its log at the next start.
        Err(_) => Ok(()),
    }
}

/// Why the program cannot listen on the address, and what to write instead.
fn cannot_listen(listen: SocketAddr, error: &io::Error) -> String {
    let port = listen.port();
    let fix = match error.kind() {
        ErrorKind::AddrInUse => {
            format!(
                "Port {port} is already in use. Stop the other program, or choose another port with MAIL360_LISTEN."
            )
        }
        ErrorKind::AddrNotAvailable => format!(
            "This machine does not have the address {}. In MAIL360_LISTEN write 127.0.0.1:{port}, or 0.0.0.0:{port} for \
             all of its addresses.",
            listen.ip()
        ),
        ErrorKind::PermissionDenied => format!(
            "Only root may use port {port}. Choose a port from 1024 on with MAIL360_LISTEN, and let a reverse proxy \
             listen on {port}."
        ),
        _ => "The program cannot listen there. Choose another address with MAIL360_LISTEN.".to_owned(),
    };
    format!("{fix} ({listen}: {error})")
}

/// Completes when SIGTERM or SIGINT arrives. Handles signals from the call on.
fn asked_to_stop() -> Result<impl Future<Output = ()>, String> {
    let wrong = |error: io::Error| format!("The program cannot receive signals: {error}.");
    let mut terminate = signal(SignalKind::terminate()).map_err(wrong)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(wrong)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Loads the folder `site/` beside the executable.
fn load_assets() -> Result<Assets, String> {
    let executable =
        std::env::current_exe().map_err(|error| format!("The program's own file was not found: {error}."))?;
    let folder = executable.parent().map(|folder| folder.join("site")).unwrap_or_default();
    Assets::load(&folder).map_err(|error| {
        format!(
            "Cannot read the folder {} ({error}). It must be beside the program's own file. `make run` creates it.",
            folder.display()
        )
    })
}

/// Prints the URL to open. The set-up link only goes to standard output, never into a log.
async fn announce(program: &Program) -> CommandResult {
    let public_url = &program.config.public_url;
    match program.set_up.open().await.map_err(describe_failure)? {
        Some(token) => print_line(&format!(
            "Set up Mail360 Connectors within 24 hours at:\n\n  {}\n\nOnly the newest link works: each start makes a new \
             one.\n",
            public_url.join(&format!("/set-up/{}", token.expose()))
        )),
        None => print_line(&format!("Mail360 Connectors is at:\n\n  {}\n", public_url.origin())),
    }
    tracing::info!(listen = %program.config.listen, "serving");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn c39_an_address_that_cannot_be_used_gives_an_error_with_what_to_write_instead() {
        let held = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let taken = held.local_addr().expect("an address");
        let words = |listen: SocketAddr| {
            cannot_listen(listen, &server::listen(listen).expect_err("it cannot be listened on"))
        };
        assert!(words(taken).contains("choose another port with MAIL360_LISTEN"), "{}", words(taken));
        // An address reserved for documentation (RFC 5737), which no machine has.
        let foreign = words("192.0.2.1:3000".parse().expect("an address"));
        assert!(foreign.contains("write 127.0.0.1:3000"), "{foreign}");
        let low =
            cannot_listen("0.0.0.0:80".parse().expect("an address"), &ErrorKind::PermissionDenied.into());
        assert!(low.contains("from 1024 on") && low.contains("reverse proxy"), "{low}");
    }
}
