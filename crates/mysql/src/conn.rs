//! One connection to a server: a statement at a time, and every result of each.

use driftlock_script::to_bytes;

use crate::packets::{Answer, Fault, Fields, MORE_RESULTS, Okay, Packets, unexpected};
use crate::wire::TextRow;

const COM_QUERY: u8 = 3;

/// A session that was let in: by the login here, or by somebody else's driver.
pub(crate) enum Conn {
    Own(Own),
    #[cfg(feature = "mysql_async")]
    Lent(Box<mysql_async::Conn>),
}

impl Conn {
    /// Sends a statement and reads all that it answers: the rows of its first result, or how many rows it changed, and what it ended
    /// with. The first result's rows are kept where they are wanted.
    pub(crate) async fn query(&mut self, sql: &str, keep: Option<&mut Vec<TextRow>>) -> Result<(u64, Okay), Fault> {
        match self {
            Conn::Own(own) => own.query(sql, keep).await,
            #[cfg(feature = "mysql_async")]
            Conn::Lent(conn) => crate::lent::query(conn, sql, keep).await,
        }
    }

    /// Says goodbye. What the server answers is of no interest any more.
    pub(crate) async fn quit(self) {
        match self {
            Conn::Own(own) => own.packets.quit().await,
            // An error only says that it had ended before.
            #[cfg(feature = "mysql_async")]
            Conn::Lent(conn) => drop(conn.disconnect().await),
        }
    }
}

/// A session that was let in here.
pub(crate) struct Own {
    pub(crate) packets: Packets,
    /// The server's number of it.
    pub(crate) id: u32,
    pub(crate) version: (u16, u16, u16),
    /// Rows end with what every statement ends with.
    pub(crate) deprecate_eof: bool,
}

impl Own {
    async fn query(&mut self, sql: &str, mut keep: Option<&mut Vec<TextRow>>) -> Result<(u64, Okay), Fault> {
        // A dump's binary rows go as the bytes that they are.
        self.packets.command(COM_QUERY, to_bytes(sql).as_ref()).await?;
        let mut returned = None;
        loop {
            let (rows, last) = result(&mut self.packets, self.deprecate_eof, keep.take()).await?;
            // What follows the first one: a routine's others, its status, and an error of any of them.
            let first = *returned.get_or_insert(rows);
            if last.status & MORE_RESULTS == 0 {
                return Ok((first.unwrap_or(last.affected), last));
            }
        }
    }
}

/// Reads one result: how many rows it has, where it has any columns.
async fn result(
    packets: &mut Packets,
    deprecate_eof: bool,
    mut keep: Option<&mut Vec<TextRow>>,
) -> Result<(Option<u64>, Okay), Fault> {
    let first = packets.read().await?;
    let columns = match first.first() {
        Some(0x00) => return Okay::read(&first).map(|okay| (None, okay)).ok_or_else(|| unexpected("answer")),
        Some(0xff) => return Err(failed(&first)),
        Some(0xfb) => {
            return Err(Fault::Broken(
                "the server asked for a file of this machine (LOAD DATA LOCAL), which driftlock never sends".to_owned(),
            ));
        }
        _ => Fields(&first).integer().ok_or_else(|| unexpected("answer"))?,
    };
    for _ in 0..columns {
        packets.read().await?;
    }
    if !deprecate_eof {
        packets.read().await?;
    }
    let mut rows = 0;
    loop {
        let packet = packets.read().await?;
        match packet.first() {
            Some(0xff) => return Err(failed(&packet)),
            // A row's first column can begin so only where it is longer than this.
            Some(0xfe) if packet.len() < 0xff_ffff => {
                let last = if deprecate_eof { Okay::read(&packet) } else { Okay::read_old(&packet) };
                return last.map(|last| (Some(rows), last)).ok_or_else(|| unexpected("end of rows"));
            }
            _ => {
                rows += 1;
                if let Some(keep) = &mut keep {
                    keep.push(text_row(&packet).ok_or_else(|| unexpected("row"))?);
                }
            }
        }
    }
}

fn failed(packet: &[u8]) -> Fault {
    Answer::read(packet).map_or_else(|| unexpected("error"), Fault::Answer)
}

fn text_row(packet: &[u8]) -> Option<TextRow> {
    let mut fields = Fields(packet);
    let mut row = Vec::new();
    while let Some(first) = fields.0.first() {
        if *first == 0xfb {
            fields.byte();
            row.push(None);
        } else {
            row.push(Some(String::from_utf8_lossy(fields.counted()?).into_owned()));
        }
    }
    Some(row)
}
