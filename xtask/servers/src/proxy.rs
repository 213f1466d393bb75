//! A network between a client and a server that a test can make bad: slow, silent, cut.
//!
//! ```no_run
//! # use driftlock_servers::proxy::{Cut, Proxy, Way};
//! let proxy = Proxy::to(5432)?;
//! proxy.cut_after(Way::ToClient, 2000, Cut::Reset);     // the next connection: after 2000 bytes of answers
//! # Ok::<(), driftlock_servers::fail::Failure>(())
//! ```

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{sleep, spawn};
use std::time::Duration;

use socket2::SockRef;

use crate::fail::{Context, Result};

/// A listener on a free port that hands everything on to a port of 127.0.0.1.
pub struct Proxy {
    address: Ipv4Addr,
    port: u16,
    shared: Arc<Shared>,
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Requests.
    ToServer,
    /// Answers.
    ToClient,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Both ends are told that it is broken (RST).
    Reset,
    /// Both ends are told that it is over (FIN), perhaps in the middle of a message.
    Close,
    /// Nobody is told anything: it stands open, and nothing passes any more (half-open).
    Silence,
}

#[derive(Default)]
struct Shared {
    ended: AtomicBool,
    silent: AtomicBool,
    /// Connections are taken and ended at once.
    refusing: AtomicBool,
    taken: AtomicU64,
    settings: Mutex<Settings>,
    /// Where pieces ended, by direction.
    pieces: Mutex<[Vec<u64>; 2]>,
    unanswered: Mutex<Option<Unanswered>>,
    connections: Mutex<Vec<Arc<Connection>>>,
}

#[derive(Default, Clone, Copy)]
struct Settings {
    delay: Duration,
    cut: Option<(Way, u64, Cut)>,
    /// Bytes that passed so far, of all connections.
    to_server: u64,
    to_client: u64,
}

/// A request whose answer doesn't come back.
struct Unanswered {
    text: &'static [u8],
    /// So many of them are seen before it passes.
    left: u32,
    how: Cut,
}

struct Connection {
    client: TcpStream,
    server: TcpStream,
    silent: AtomicBool,
    /// It is to end without a word: closing it is all.
    reset: AtomicBool,
}

impl Connection {
    fn cut(&self, how: Cut) {
        for socket in [&self.client, &self.server] {
            match how {
                Cut::Silence => self.silent.store(true, Ordering::SeqCst),
                Cut::Close => drop(socket.shutdown(Shutdown::Both)),
                Cut::Reset => {
                    // With this, closing sends a reset; both pumps leave, and the last to go closes.
                    self.reset.store(true, Ordering::SeqCst);
                    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
                    let _ = socket.shutdown(Shutdown::Read);
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// In front of a port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn to(server: u16) -> Result<Self> {
        Self::on(Ipv4Addr::LOCALHOST, server)
    }

    /// The same, listening on another address of this machine.
    ///
    /// # Errors
    /// When there is no such address, or no free port on it.
    pub fn on(address: Ipv4Addr, server: u16) -> Result<Self> {
        let listener = TcpListener::bind((address, 0)).context(format_args!("no free port on {address}"))?;
        let port = listener.local_addr().context(format_args!("no free port on {address}"))?.port();
        let shared = Arc::new(Shared::default());
        let ours = Arc::clone(&shared);
        spawn(move || {
            for client in listener.incoming() {
                if ours.ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(client) = client else { continue };
                ours.taken.fetch_add(1, Ordering::SeqCst);
                if ours.refusing.load(Ordering::SeqCst) {
                    continue;
                }
                // A server that is down is a connection that ends at once.
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let connection = Arc::new(Connection {
                    client,
                    server,
                    silent: AtomicBool::new(false),
                    reset: AtomicBool::new(false),
                });
                lock(&ours.connections).push(Arc::clone(&connection));
                for way in [Way::ToServer, Way::ToClient] {
                    let (shared, connection) = (Arc::clone(&ours), Arc::clone(&connection));
                    spawn(move || pump(&shared, &connection, way));
                }
            }
        });
        Ok(Proxy { address, port, shared })
    }

    /// The port on which it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Holds every piece up for so long, in both directions.
    pub fn delay(&self, delay: Duration) {
        lock(&self.shared.settings).delay = delay;
    }

    /// Ends all connections that are open.
    pub fn cut(&self, how: Cut) {
        for connection in lock(&self.shared.connections).drain(..) {
            connection.cut(how);
        }
    }

    /// Cuts a connection as soon as so many bytes, of all connections from now on, have passed in a direction; the byte behind them doesn't.
    pub fn cut_after(&self, way: Way, bytes: u64, how: Cut) {
        let mut settings = lock(&self.shared.settings);
        settings.cut = Some((way, bytes, how));
        settings.to_server = 0;
        settings.to_client = 0;
        *lock(&self.shared.pieces) = [Vec::new(), Vec::new()];
    }

    /// Cuts a connection instead of handing on the answer to the `time`th request from now on that holds a text.
    pub fn cut_answer_to(&self, text: &'static [u8], time: u32, how: Cut) {
        *lock(&self.shared.unanswered) = Some(Unanswered { text, left: time, how });
    }

    /// How many requests are still to come before [`cut_answer_to`](Self::cut_answer_to) cuts.
    #[must_use]
    pub fn answers_left(&self) -> u32 {
        lock(&self.shared.unanswered).as_ref().map_or(0, |unanswered| unanswered.left)
    }

    /// Whether what [`cut_after`](Self::cut_after) asked for has come.
    #[must_use]
    pub fn has_cut(&self) -> bool {
        lock(&self.shared.settings).cut.is_none()
    }

    /// From now on nothing passes on any connection, new ones too; or everything does again, on connections that weren't cut.
    pub fn silence(&self, silent: bool) {
        self.shared.silent.store(silent, Ordering::SeqCst);
    }

    /// From now on new connections are ended at once; or no more.
    pub fn refuse(&self, refusing: bool) {
        self.shared.refusing.store(refusing, Ordering::SeqCst);
    }

    /// How many connections were taken so far.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.shared.taken.load(Ordering::SeqCst)
    }

    /// Behind which bytes there was a pause since the last [`cut_after`](Self::cut_after): as a rule where a message or several end.
    #[must_use]
    pub fn pieces(&self, way: Way) -> Vec<u64> {
        lock(&self.shared.pieces)[way as usize].clone()
    }

    /// How many bytes passed since the last [`cut_after`](Self::cut_after): to the server, to the client.
    #[must_use]
    pub fn passed(&self) -> (u64, u64) {
        let settings = lock(&self.shared.settings);
        (settings.to_server, settings.to_client)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.cut(Cut::Close);
        // Wakes the listener.
        let _ = TcpStream::connect((self.address, self.port));
    }
}

fn pump(shared: &Shared, connection: &Arc<Connection>, way: Way) {
    let (mut from, mut to) = match way {
        Way::ToServer => (&connection.client, &connection.server),
        Way::ToClient => (&connection.server, &connection.client),
    };
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).unwrap_or(0);
        if connection.reset.load(Ordering::SeqCst) {
            return;
        }
        let delay = lock(&shared.settings).delay;
        sleep(delay);
        while connection.silent.load(Ordering::SeqCst) || shared.silent.load(Ordering::SeqCst) {
            if shared.ended.load(Ordering::SeqCst) {
                return;
            }
            sleep(Duration::from_millis(5));
        }
        if read == 0 {
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
        if let Some(unanswered) = lock(&shared.unanswered).as_mut() {
            match way {
                Way::ToServer => {
                    let holds = buffer[..read].windows(unanswered.text.len()).any(|window| window == unanswered.text);
                    unanswered.left = unanswered.left.saturating_sub(u32::from(holds));
                }
                Way::ToClient if unanswered.left == 0 => {
                    lock(&shared.settings).cut = Some((way, 0, unanswered.how));
                    unanswered.left = u32::MAX;
                }
                Way::ToClient => {}
            }
        }
        let mut settings = lock(&shared.settings);
        let passed = match way {
            Way::ToServer => &mut settings.to_server,
            Way::ToClient => &mut settings.to_client,
        };
        let before = *passed;
        *passed += read as u64;
        lock(&shared.pieces)[way as usize].push(*passed);
        let cut = settings.cut.filter(|(of, ..)| *of == way);
        drop(settings);
        let (length, how) = match cut {
            Some((_, limit, how)) if before + read as u64 > limit => {
                (usize::try_from(limit.saturating_sub(before)).unwrap_or(0), Some(how))
            }
            _ => (read, None),
        };
        if to.write_all(&buffer[..length]).is_err() {
            connection.cut(Cut::Close);
            return;
        }
        if let Some(how) = how {
            // Once.
            lock(&shared.settings).cut = None;
            connection.cut(how);
            if how == Cut::Reset {
                // Nobody else may keep it open.
                lock(&shared.connections).retain(|other| !Arc::ptr_eq(other, connection));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says everything twice.
    fn echo() -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        spawn(move || {
            for client in listener.incoming() {
                spawn(move || {
                    let mut client = client.unwrap();
                    let mut byte = [0];
                    while client.read(&mut byte).is_ok_and(|read| read > 0) {
                        if client.write_all(&[byte[0], byte[0]]).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        port
    }

    fn connect(proxy: &Proxy) -> TcpStream {
        let client = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        client
    }

    #[test]
    fn hands_on_and_cuts() {
        let proxy = Proxy::to(echo()).unwrap();
        let mut answer = [0; 4];
        let mut client = connect(&proxy);
        client.write_all(b"ab").unwrap();
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"aabb");

        proxy.cut_after(Way::ToClient, 3, Cut::Close);
        client.write_all(b"cd").unwrap();
        let mut got = Vec::new();
        client.read_to_end(&mut got).unwrap();
        assert_eq!(got, b"ccd");

        let mut client = connect(&proxy);
        proxy.cut_after(Way::ToServer, 1, Cut::Reset);
        client.write_all(b"x").unwrap();
        client.read_exact(&mut answer[..2]).unwrap();
        client.write_all(b"y").unwrap();
        let error = client.read_exact(&mut answer).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        assert!(proxy.has_cut());

        let mut client = connect(&proxy);
        proxy.cut_answer_to(b"q", 2, Cut::Close);
        for text in [b"a", b"q", b"a"] {
            client.write_all(text).unwrap();
            client.read_exact(&mut answer[..2]).unwrap();
        }
        assert_eq!(proxy.answers_left(), 1);
        client.write_all(b"q").unwrap();
        assert_eq!(client.read(&mut answer).unwrap(), 0);

        let mut client = connect(&proxy);
        client.write_all(b"e").unwrap();
        client.read_exact(&mut answer[..2]).unwrap();
        proxy.cut(Cut::Reset);
        let error = client.read_exact(&mut answer).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

        for whole in [true, false] {
            let mut client = connect(&proxy);
            client.write_all(b"f").unwrap();
            client.read_exact(&mut answer[..2]).unwrap();
            if whole {
                proxy.silence(true);
            } else {
                proxy.cut(Cut::Silence);
            }
            client.write_all(b"g").unwrap();
            let error = client.read_exact(&mut answer).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "open, and nothing comes");
            proxy.silence(false);
        }
    }
}
