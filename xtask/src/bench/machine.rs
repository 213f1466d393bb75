//! What a reader must know of the machine to believe a figure.

use std::fs;
use std::time::Duration;

/// The machine at the run's beginning.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    processors: usize,
    processor: String,
    system: String,
    load: String,
}

impl Machine {
    pub(super) fn look() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let value = |text: &str, key: &str| {
            let line = text.lines().find(|line| line.trim_start().starts_with(key))?;
            line.split_once([':', '=']).map(|(_, value)| value.trim().trim_matches('"').to_owned())
        };
        let unknown = || "unknown".to_owned();
        Machine {
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            processor: value(&read("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
            system: value(&read("/etc/os-release"), "PRETTY_NAME").unwrap_or_else(unknown),
            load: read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" "),
        }
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Machine { processors, processor, system, load } = self;
        write!(f, "{system}, {processors} × {processor}, load before the run {load}")
    }
}

/// How much of all processors others use while nothing is measured, from 0 to 1: looked at for half a second. `None` where the
/// system doesn't say.
pub(super) fn others() -> Option<f64> {
    let before = Ticks::now()?;
    std::thread::sleep(Duration::from_millis(500));
    Ticks::now()?.busy_since(before)
}

#[derive(Debug, Clone, Copy)]
struct Ticks {
    idle: f64,
    all: f64,
}

impl Ticks {
    fn now() -> Option<Self> {
        Ticks::read(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// `cpu  user nice system idle iowait irq softirq steal …`: see proc(5). What is stolen by other machines is busy to us.
    fn read(stat: &str) -> Option<Self> {
        let line = stat.lines().next()?.strip_prefix("cpu ")?;
        let numbers: Vec<f64> = line.split_whitespace().take(8).filter_map(|number| number.parse().ok()).collect();
        let (idle, waiting) = (numbers.get(3)?, numbers.get(4)?);
        Some(Ticks { idle: idle + waiting, all: numbers.iter().sum() })
    }

    fn busy_since(self, before: Self) -> Option<f64> {
        let all = self.all - before.all;
        (all > 0.0).then(|| (1.0 - (self.idle - before.idle) / all).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_is_what_is_not_idle() {
        let before = Ticks::read("cpu  10 0 10 70 10 0 0 0 0 0\ncpu0 1 2 3 4").unwrap();
        let after = Ticks::read("cpu  40 0 10 100 20 0 0 30 0 0\n").unwrap();
        assert!((after.busy_since(before).unwrap() - 0.6).abs() < 1e-9);
        assert!(before.busy_since(before).is_none());
        assert!(Ticks::read("intr 1 2 3").is_none());
    }

    #[test]
    fn the_machine_is_named() {
        let machine = Machine::look().to_string();
        assert!(machine.contains(" × ") && machine.contains("load before the run "), "{machine}");
    }
}
