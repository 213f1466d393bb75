//! The protocol's packets (dev.mysql.com, "MySQL Client/Server Protocol"): framed, numbered, and the answers in them.

use driftlock_tls::Duplex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};

/// The longest part of a packet; a packet that has one of this length goes on.
const LONGEST: usize = 0xff_ffff;

/// The most that the protocol can carry; the server's own limit is its own to report.
const LARGEST: usize = 1 << 30;

/// Why there is no result.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The server's error.
    Answer(Answer),
    /// The connection can't be used any more.
    Broken(String),
}

/// An error of the server's.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) state: String,
    pub(crate) message: String,
}

/// What the server says of a statement that it has run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Okay {
    pub(crate) affected: u64,
    pub(crate) status: u16,
    pub(crate) warnings: u16,
    pub(crate) info: String,
}

/// A transaction is open.
pub(crate) const IN_TRANSACTION: u16 = 0x0001;
/// Another result follows.
pub(crate) const MORE_RESULTS: u16 = 0x0008;

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Fault::Broken(driftlock_tls::explain(&error).unwrap_or_else(|| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => "the server closed it".to_owned(),
            _ => error.to_string(),
        }))
    }
}

/// An answer that the protocol doesn't have here.
pub(crate) fn unexpected(what: &str) -> Fault {
    Fault::Broken(format!("the server's {what} is not as the protocol has it"))
}

/// A connection as packets.
pub(crate) struct Packets {
    stream: BufReader<Box<dyn Duplex>>,
    sequence: u8,
}

impl Packets {
    /// `sequence` is the number of the next packet, whoever sends it.
    pub(crate) fn new(stream: Box<dyn Duplex>, sequence: u8) -> Self {
        Packets { stream: BufReader::with_capacity(16 * 1024, stream), sequence }
    }

    /// Reads a packet, all its parts.
    pub(crate) async fn read(&mut self) -> Result<Vec<u8>, Fault> {
        read(&mut self.stream, &mut self.sequence).await
    }

    /// Begins a command: its first packet has the number zero.
    pub(crate) async fn command(&mut self, command: u8, argument: &[u8]) -> Result<(), Fault> {
        if argument.len() >= LARGEST {
            return Err(Fault::Broken(
                "a statement is larger than 1 GiB, the most that the protocol can carry".to_owned(),
            ));
        }
        self.sequence = 0;
        self.write_parts(&[&[command], argument]).await
    }

    /// Sends a packet.
    pub(crate) async fn write(&mut self, payload: &[u8]) -> Result<(), Fault> {
        self.write_parts(&[payload]).await
    }

    async fn write_parts(&mut self, parts: &[&[u8]]) -> Result<(), Fault> {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        let mut framed = Vec::with_capacity(length + 4 * (length / LONGEST + 1));
        let mut left = length;
        let mut bytes = parts.iter().flat_map(|part| part.chunks(LONGEST));
        let mut piece: &[u8] = &[];
        loop {
            let part = left.min(LONGEST);
            frame(&mut framed, part, self.sequence);
            self.sequence = self.sequence.wrapping_add(1);
            let mut wanted = part;
            while wanted > 0 {
                if piece.is_empty() {
                    piece = bytes.next().unwrap_or_default();
                    continue;
                }
                let (now, later) = piece.split_at(wanted.min(piece.len()));
                framed.extend_from_slice(now);
                wanted -= now.len();
                piece = later;
            }
            left -= part;
            // One that fills its last part is followed by an empty one.
            if part < LONGEST {
                break;
            }
        }
        self.stream.write_all(&framed).await?;
        Ok(self.stream.flush().await?)
    }

    /// Says goodbye.
    pub(crate) async fn quit(mut self) {
        const COM_QUIT: u8 = 1;
        // The connection ends in any case; an error here only says that it had ended before.
        let _ = self.command(COM_QUIT, &[]).await;
        let _ = self.stream.shutdown().await;
    }
}

/// A packet's header.
pub(crate) fn frame(out: &mut Vec<u8>, length: usize, sequence: u8) {
    let [first, second, third, ..] = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    out.extend_from_slice(&[first, second, third, sequence]);
}

/// Reads one packet and not a byte more than it asks of the stream.
pub(crate) async fn read<S: tokio::io::AsyncRead + Unpin>(stream: &mut S, sequence: &mut u8) -> Result<Vec<u8>, Fault> {
    let mut payload = Vec::new();
    loop {
        let mut header = [0; 4];
        stream.read_exact(&mut header).await?;
        let [first, second, third, number] = header;
        if number != *sequence {
            return Err(Fault::Broken("the server's packets are out of order".to_owned()));
        }
        *sequence = sequence.wrapping_add(1);
        let length = usize::try_from(u32::from_le_bytes([first, second, third, 0])).unwrap_or(LONGEST);
        if payload.len() + length > LARGEST {
            return Err(Fault::Broken("a row is larger than 1 GiB, the most that the protocol can carry".to_owned()));
        }
        let start = payload.len();
        payload.resize(start + length, 0);
        stream.read_exact(&mut payload[start..]).await?;
        if length < LONGEST {
            return Ok(payload);
        }
    }
}

/// Reads the fields of a packet. `None` where it ends too early.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    pub(crate) fn short(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.bytes(2)?.try_into().ok()?))
    }

    pub(crate) fn long(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(4)?.try_into().ok()?))
    }

    /// Up to a NUL, which is taken, or to the end.
    pub(crate) fn text(&mut self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0);
        let text = String::from_utf8_lossy(&self.0[..end.unwrap_or(self.0.len())]).into_owned();
        self.0 = end.map_or(&[], |end| &self.0[end + 1..]);
        text
    }

    /// An integer that says how long it is.
    pub(crate) fn integer(&mut self) -> Option<u64> {
        let length = match self.byte()? {
            short @ 0..=0xfa => return Some(u64::from(short)),
            0xfc => 2,
            0xfd => 3,
            0xfe => 8,
            _ => return None,
        };
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(self.bytes(length)?);
        Some(u64::from_le_bytes(bytes))
    }

    /// Bytes behind their length.
    pub(crate) fn counted(&mut self) -> Option<&'a [u8]> {
        let length = self.integer()?;
        self.bytes(usize::try_from(length).ok()?)
    }
}

/// Bytes behind their length, as a field.
pub(crate) fn counted(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = bytes.len();
    let digits = u64::try_from(length).unwrap_or(u64::MAX).to_le_bytes();
    match length {
        0..=0xfa => out.push(digits[0]),
        0xfb..=0xffff => out.extend_from_slice(&[0xfc, digits[0], digits[1]]),
        0x1_0000..=0xff_ffff => out.extend_from_slice(&[0xfd, digits[0], digits[1], digits[2]]),
        _ => {
            out.push(0xfe);
            out.extend_from_slice(&digits);
        }
    }
    out.extend_from_slice(bytes);
}

impl Answer {
    /// Reads an error, behind its first byte. One before the login has no state.
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let mut fields = Fields(payload.strip_prefix(&[0xff])?);
        let code = fields.short()?;
        let state = match fields.0.strip_prefix(b"#") {
            None => "HY000".to_owned(),
            Some(rest) => {
                fields.0 = rest;
                String::from_utf8_lossy(fields.bytes(5)?).into_owned()
            }
        };
        Some(Answer { code, state, message: String::from_utf8_lossy(fields.0).into_owned() })
    }
}

impl Okay {
    /// Reads what ends a statement, behind its first byte, which is 0x00, or 0xfe behind rows.
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let mut fields = Fields(payload.get(1..)?);
        let affected = fields.integer()?;
        fields.integer()?;
        let (status, warnings) = (fields.short()?, fields.short()?);
        // By the manual it goes to the end; both servers send its length.
        let info = fields.counted().unwrap_or_default();
        Some(Okay { affected, status, warnings, info: String::from_utf8_lossy(info).into_owned() })
    }

    /// Reads what ends rows on servers that don't know better.
    pub(crate) fn read_old(payload: &[u8]) -> Option<Self> {
        let mut fields = Fields(payload.get(1..)?);
        let (warnings, status) = (fields.short()?, fields.short()?);
        Some(Okay { status, warnings, ..Okay::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn packets_arrive_as_they_were_sent() {
        for length in [0, 1, 250, 70_000, LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST] {
            let (near, far) = tokio::io::duplex(64 * 1024);
            let argument: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let sent = argument.clone();
            let sender = tokio::spawn(async move { Packets::new(Box::new(near), 7).command(3, &sent).await });
            let mut receiver = Packets::new(Box::new(far), 0);
            let received = receiver.read().await.unwrap();
            sender.await.unwrap().unwrap();
            assert!(received[0] == 3 && received[1..] == argument, "{length}");
        }
    }

    #[tokio::test]
    async fn packets_out_of_order_end_the_connection() {
        let mut bytes: &[u8] = &[1, 0, 0, 5, 0];
        assert!(matches!(read(&mut bytes, &mut 0).await, Err(Fault::Broken(why)) if why.contains("out of order")));
        let mut cut: &[u8] = &[5, 0, 0, 0, 1];
        assert!(matches!(read(&mut cut, &mut 0).await, Err(Fault::Broken(why)) if why.contains("closed")));
    }

    #[test]
    fn fields_keep_their_length() {
        for length in [0, 250, 251, 65_535, 65_536, 16_777_216] {
            let mut out = Vec::new();
            counted(&mut out, &vec![b'x'; length]);
            let mut fields = Fields(&out);
            assert_eq!(fields.counted().map(<[u8]>::len), Some(length));
            assert!(fields.0.is_empty());
            assert!(Fields(&out[..out.len() - 1]).counted().is_none());
        }
    }

    #[test]
    fn reads_answers() {
        let okay = Okay::read(b"\x00\x02\x00\x01\x00\x03\x00\x05Rows!").unwrap();
        assert_eq!((okay.affected, okay.status, okay.warnings, okay.info.as_str()), (2, IN_TRANSACTION, 3, "Rows!"));
        let answer = Answer::read(b"\xff\x15\x04#28000denied").unwrap();
        assert_eq!((answer.code, answer.state.as_str(), answer.message.as_str()), (1045, "28000", "denied"));
        let early = Answer::read(b"\xff\x10\x04full").unwrap();
        assert_eq!((early.code, early.state.as_str(), early.message.as_str()), (1040, "HY000", "full"));
        for cut in 0..7 {
            assert!(Okay::read(&b"\x00\x02\x00\x01\x00\x03\x00"[..cut]).is_none(), "{cut}");
        }
    }
}
