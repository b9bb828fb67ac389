//! A connection to PostgreSQL that breaks in the moment in which a transaction was committed: the answer is lost, and the
//! program cannot know that its rows are there.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use mail360::platform::database::{Database, DatabaseUrl, Secret};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The cable of all connections of one database.
pub struct Cable {
    pub database: Database,
    breaks: Arc<AtomicBool>,
}

impl Cable {
    /// A cable to the PostgreSQL server of this address.
    pub async fn new(url: &DatabaseUrl) -> Self {
        let DatabaseUrl::Postgres(Secret(url)) = url else { unreachable!("it needs PostgreSQL") };
        let (login, place) = url.split_once('@').expect("a user");
        let (server, name) = place.split_once('/').expect("a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let breaks = Arc::new(AtomicBool::new(false));
        tokio::spawn(lay(listener, server.to_owned(), breaks.clone()));
        let through = format!("{login}@127.0.0.1:{port}/{name}?sslmode=disable");
        let database = Database::open(&DatabaseUrl::Postgres(Secret(through))).await.expect("a database");
        Self { database, breaks }
    }

    /// Breaks the connection whose transaction is committed next. Others are whole.
    pub fn break_at_next_commit(&self) {
        self.breaks.store(true, Ordering::SeqCst);
    }

    /// Whether no connection is to be broken any more.
    pub fn is_broken(&self) -> bool {
        !self.breaks.load(Ordering::SeqCst)
    }
}

async fn lay(listener: TcpListener, server: String, breaks: Arc<AtomicBool>) {
    loop {
        let (client, _) = listener.accept().await.expect("a connection");
        let server = TcpStream::connect(&server).await.expect("the server answers");
        tokio::spawn(pass(client, server, breaks.clone()));
    }
}

/// Passes on what both sides say, until one goes away or the answer to a COMMIT is lost.
async fn pass(client: TcpStream, server: TcpStream, breaks: Arc<AtomicBool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut asked, mut answered) = (vec![0; 8_192], vec![0; 8_192]);
    let mut is_lost = false;
    loop {
        tokio::select! {
            read = from_client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let is_commit = asked[..length].windows(6).any(|part| part == b"COMMIT");
                is_lost |= is_commit && breaks.swap(false, Ordering::SeqCst);
                if to_server.write_all(&asked[..length]).await.is_err() {
                    return;
                }
            }
            read = from_server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if is_lost || to_client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
