//! A network of its own for a client, whose packets a test can let vanish.
//!
//! A proxy can be silent, and its kernel says all the same that everything arrived. To a peer that is truly gone nobody answers:
//! not to data, not to keep-alives, not to a new connection.

use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::fail::{Context, Failure, Result};
use crate::process::{self, find_program};

/// A cable between this machine and a network namespace. Dropping it removes both.
pub struct Link {
    /// Whose end is the end of the namespace.
    holder: Child,
    here: Ipv4Addr,
    there: Ipv4Addr,
}

impl Link {
    /// Makes both. Only root may.
    ///
    /// # Errors
    /// When the kernel or the sandbox doesn't allow it.
    pub fn new() -> Result<Self> {
        let pid = std::process::id();
        // Out of a network that is nobody's as a rule, four addresses for each process.
        let [.., third, fourth] = (pid.wrapping_mul(4)).to_be_bytes();
        let address = |last: u8| Ipv4Addr::new(10, 213, third, fourth | last);
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "unshare", "--net", "--", "sleep", "infinity"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let holder = process::spawn(command).context("can't start setpriv")?;
        let link = Link { holder, here: address(1), there: address(2) };
        link.await_namespace()?;
        let _ = link.route("del");
        let (name, holder) = (format!("dl{pid}"), link.holder.id().to_string());
        ip(&["link", "add", &name, "type", "veth", "peer", "name", "dl0", "netns", &holder])?;
        ip(&["address", "add", &format!("{}/30", link.here), "dev", &name])?;
        ip(&["link", "set", &name, "up"])?;
        for arguments in [
            &["address", "add", &format!("{}/30", link.there), "dev", "dl0"][..],
            &["link", "set", "dl0", "up"],
            &["link", "set", "lo", "up"],
        ] {
            finish(link.command("ip").args(arguments))?;
        }
        Ok(link)
    }

    /// It is there when it isn't ours any more.
    fn await_namespace(&self) -> Result<()> {
        let began = Instant::now();
        let of = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net"));
        let ours = of(std::process::id()).context("/proc/self/ns/net")?;
        while of(self.holder.id()).is_ok_and(|theirs| theirs == ours) {
            if began.elapsed() > Duration::from_secs(10) {
                return Err(Failure::new("there is no network namespace to be had: unshare --net doesn't make one"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// This machine's address, as programs in the namespace see it.
    #[must_use]
    pub fn here(&self) -> Ipv4Addr {
        self.here
    }

    /// A program in the namespace.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.holder.id())).arg("--").arg(program);
        command
    }

    /// From now on no packet gets from here to there.
    ///
    /// # Errors
    /// When the route can't be made.
    pub fn cut(&self) -> Result<()> {
        self.route("add")
    }

    /// Everything passes again.
    ///
    /// # Errors
    /// When the route can't be removed.
    pub fn mend(&self) -> Result<()> {
        self.route("del")
    }

    fn route(&self, what: &str) -> Result<()> {
        ip(&["route", what, "blackhole", &format!("{}/32", self.there)])
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _ = self.mend();
        // With the last process in it the namespace goes, and with it the cable.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let program = find_program("ip")
        .ok_or_else(|| Failure::new("`ip` is in no folder of PATH; `cargo xtask setup` installs it"))?;
    finish(Command::new(program).args(arguments))
}

fn finish(command: &mut Command) -> Result<()> {
    let output = command.output().context("can't be started")?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::setup;

    #[test]
    fn a_cut_link_carries_nothing() {
        setup().unwrap();
        let link = Link::new().unwrap();
        let listener = std::net::TcpListener::bind((link.here(), 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let connects = || {
            let script = format!("exec 3<>/dev/tcp/{}/{port}", link.here());
            link.command("timeout").args(["2", "bash", "-c", &script]).status().unwrap().success()
        };
        assert!(connects());
        link.cut().unwrap();
        assert!(!connects());
        link.mend().unwrap();
        assert!(connects());
    }
}
