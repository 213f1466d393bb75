//! The socket, and what passes through it that the driver keeps to itself.
//!
//! The driver doesn't tell whether the session is inside a transaction, nor which command a COMMIT turned out to be
//! (`ROLLBACK`, when the transaction had failed). Both stand in the server's messages, so they are read in passing.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use driftlock_tls::TlsStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// A connection to a server, of any kind.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Unix(UnixStream),
}

/// The other end of a connected socket: where a request to cancel goes to.
#[derive(Debug, Clone)]
pub(crate) enum Peer {
    Tcp(std::net::SocketAddr),
    Unix(PathBuf),
}

/// What the server's messages told, shared between the tap and the session.
#[derive(Debug)]
pub(crate) struct Seen {
    status: AtomicU8,
    ended: AtomicU8,
    copy: AtomicU8,
    /// Nobody reads the messages: a lent connection's are its lender's. What is known is told by [`is_in`](Self::is_in).
    blind: bool,
}

/// No COPY is on its way.
const NO_COPY: u8 = 0;
/// A COPY's end is not answered yet.
const UNANSWERED: u8 = 1;
/// It is; what comes now up to the answer to the statement's closing is superfluous.
const ANSWERED: u8 = 2;

impl Default for Seen {
    fn default() -> Self {
        Seen { status: AtomicU8::new(b'I'), ended: AtomicU8::new(0), copy: AtomicU8::new(NO_COPY), blind: false }
    }
}

impl Seen {
    /// Whether a transaction is open, failed or not.
    pub(crate) fn in_transaction(&self) -> bool {
        self.status.load(Ordering::Acquire) != b'I'
    }

    /// Of messages that nobody reads.
    pub(crate) fn nothing() -> Self {
        Seen { blind: true, ..Seen::default() }
    }

    /// Whether nobody reads the messages.
    pub(crate) fn is_blind(&self) -> bool {
        self.blind
    }

    /// Takes another's word for whether a transaction is open.
    pub(crate) fn is_in(&self, transaction: bool) {
        self.status.store(if transaction { b'T' } else { b'I' }, Ordering::Release);
    }

    /// Whether the last command that ended a transaction was a COMMIT that committed. Where nobody reads: as far as no error says otherwise;
    /// in a transaction that has failed, what goes before the COMMIT has failed too.
    pub(crate) fn committed(&self) -> bool {
        self.blind || self.ended.load(Ordering::Acquire) == b'C'
    }

    /// Forgets how the last transaction ended.
    pub(crate) fn forget_end(&self) {
        self.ended.store(0, Ordering::Release);
    }

    /// A COPY begins: of what answers it, up to `CloseComplete` of its prepared statement, one `ReadyForQuery` is handed on.
    ///
    /// The driver sends one Sync behind the statement and another behind the data or its CopyFail. A server that has
    /// begun to read data ignores the first; one that refuses the COPY before that answers both, and the second answer
    /// would be taken for that to the next request.
    pub(crate) fn begin_copy(&self) {
        self.copy.store(UNANSWERED, Ordering::Release);
    }
}

/// A socket that looks at what it reads.
#[derive(Debug)]
pub(crate) struct Tap {
    socket: Socket,
    seen: Arc<Seen>,
    /// Bytes read of which it isn't known yet what they are.
    inbox: Vec<u8>,
    /// Bytes to hand on, from `given`.
    ready: Vec<u8>,
    given: usize,
    /// So many of the next bytes belong to a message that nobody looks at.
    passing: usize,
    scratch: Box<[u8]>,
}

/// Longer ones are no command tag.
const TAG_LIMIT: usize = 256;

impl Tap {
    pub(crate) fn new(socket: Socket) -> (Self, Arc<Seen>) {
        let seen = Arc::new(Seen::default());
        let tap = Tap {
            socket,
            seen: Arc::clone(&seen),
            inbox: Vec::new(),
            ready: Vec::new(),
            given: 0,
            passing: 0,
            scratch: vec![0; 16 * 1024].into_boxed_slice(),
        };
        (tap, seen)
    }

    /// Moves what is understood from the inbox to what is ready.
    fn sort(&mut self) {
        let mut at = 0;
        while at < self.inbox.len() {
            let rest = &self.inbox[at..];
            if self.passing > 0 {
                let length = self.passing.min(rest.len());
                self.ready.extend_from_slice(&rest[..length]);
                self.passing -= length;
                at += length;
                continue;
            }
            let Some((tag, length)) = header(rest) else { break };
            let watched = matches!(tag, b'Z' | b'3') || (tag == b'C' && length <= TAG_LIMIT);
            if !watched {
                self.passing = length;
                continue;
            }
            let Some(message) = rest.get(..length) else { break };
            if self.seen.note(tag, &message[5..]) {
                self.ready.extend_from_slice(message);
            }
            at += length;
        }
        self.inbox.drain(..at);
    }
}

impl Seen {
    /// Takes note of a message; says whether it is to be handed on.
    fn note(&self, tag: u8, body: &[u8]) -> bool {
        match tag {
            b'C' => {
                match body.strip_suffix(b"\0") {
                    Some(b"COMMIT") => self.ended.store(b'C', Ordering::Release),
                    Some(b"ROLLBACK") => self.ended.store(b'R', Ordering::Release),
                    _ => {}
                }
                true
            }
            // CloseComplete
            b'3' => {
                self.copy.store(NO_COPY, Ordering::Release);
                true
            }
            // ReadyForQuery
            _ => {
                if let Some(status) = body.first() {
                    self.status.store(*status, Ordering::Release);
                }
                match self.copy.load(Ordering::Acquire) {
                    UNANSWERED => {
                        self.copy.store(ANSWERED, Ordering::Release);
                        true
                    }
                    ANSWERED => false,
                    _ => true,
                }
            }
        }
    }
}

/// Tag and whole length of the message that begins here, if its header is there.
fn header(bytes: &[u8]) -> Option<(u8, usize)> {
    let length: [u8; 4] = bytes.get(1..5)?.try_into().ok()?;
    // A length below its own four bytes is nonsense that the driver will complain of.
    Some((bytes[0], (u32::from_be_bytes(length) as usize).max(4) + 1))
}

impl AsyncRead for Tap {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        while tap.given == tap.ready.len() {
            tap.ready.clear();
            tap.given = 0;
            let mut scratch = ReadBuf::new(&mut tap.scratch);
            ready!(tap.socket.poll_read(cx, &mut scratch))?;
            let filled = scratch.filled().len();
            if filled == 0 {
                return Poll::Ready(Ok(()));
            }
            tap.inbox.extend_from_slice(&tap.scratch[..filled]);
            tap.sort();
        }
        let length = buf.remaining().min(tap.ready.len() - tap.given);
        buf.put_slice(&tap.ready[tap.given..tap.given + length]);
        tap.given += length;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}

impl Socket {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Socket::Tcp(socket) => Pin::new(socket).poll_read(cx, buf),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
            Socket::Unix(socket) => Pin::new(socket).poll_read(cx, buf),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Tcp(socket) => Pin::new(socket).poll_write(cx, buf),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
            Socket::Unix(socket) => Pin::new(socket).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(socket) => Pin::new(socket).poll_flush(cx),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            Socket::Unix(socket) => Pin::new(socket).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            Socket::Unix(socket) => Pin::new(socket).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn through(bytes: &[u8], step: usize, copy: bool) -> (Vec<u8>, Arc<Seen>) {
        let (near, mut far) = UnixStream::pair().unwrap();
        let (mut tap, seen) = Tap::new(Socket::Unix(near));
        if copy {
            seen.begin_copy();
        }
        let mut out = Vec::new();
        for piece in bytes.chunks(step) {
            far.write_all(piece).await.unwrap();
        }
        drop(far);
        tap.read_to_end(&mut out).await.unwrap();
        (out, seen)
    }

    #[tokio::test]
    async fn hands_everything_on_and_reads_in_passing() {
        let bytes = b"T\0\0\0\x06\0\0C\0\0\0\x0bCOMMIT\0Z\0\0\0\x05T";
        for step in 1..bytes.len() {
            let (out, seen) = through(bytes, step, false).await;
            assert_eq!(out, bytes, "step {step}");
            assert!(seen.in_transaction() && seen.committed(), "step {step}");
        }
    }

    #[tokio::test]
    async fn a_copy_has_one_ready_up_to_its_closing() {
        let end = b"3\0\0\0\x04Z\0\0\0\x05EC\0\0\0\x0dROLLBACK\0Z\0\0\0\x05I";
        let wanted = [b"Z\0\0\0\x05E".as_slice(), end].concat();
        for superfluous in 0..3 {
            let bytes = [b"Z\0\0\0\x05E".repeat(superfluous + 1).as_slice(), end].concat();
            let (out, seen) = through(&bytes, 3, true).await;
            assert_eq!(out, wanted);
            assert!(!seen.committed() && !seen.in_transaction());
        }
    }
}
