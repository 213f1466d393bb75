//! Events as lines: text or JSON, on stderr around the progress line, or in a file. Nobody who asks for no log pays for one.

use std::fmt::{Debug, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use driftlock::Settings;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::error::CommandError;
use crate::output::Output;

/// Begins the log that the settings ask for, if they ask for one.
pub(crate) fn start(settings: &Settings, output: &Arc<Output>) -> Result<(), CommandError> {
    let level = level(settings);
    if level == LevelFilter::OFF {
        return Ok(());
    }
    let file = match &settings.log_file {
        None => None,
        Some(path) => {
            let shown = path.value.display();
            let file = OpenOptions::new().create(true).append(true).open(&path.value);
            let file = file.map_err(|error| {
                CommandError::new(
                    driftlock::Kind::Failed,
                    "DL0704",
                    format!("{}: the log {shown} can't be written: {error}", path.origin),
                )
            })?;
            Some((file, path.value.clone()))
        }
    };
    let json = settings.log_format.as_ref().is_some_and(|format| format.value == "json");
    let log = Log { level, json, file, failed: AtomicBool::new(false), output: Arc::clone(output) };
    // It fails where a program has set another one already, and this program is its own.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(log));
    Ok(())
}

/// Who asks for a file or a format wants a log, and who asks for slow statements wants these.
fn level(settings: &Settings) -> LevelFilter {
    match &settings.log_level {
        Some(level) => match level.value.as_str() {
            "error" => LevelFilter::ERROR,
            "warn" => LevelFilter::WARN,
            "info" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            _ => LevelFilter::OFF,
        },
        None if settings.log_file.is_some() || settings.log_format.is_some() => LevelFilter::INFO,
        None if settings.slow.is_some() => LevelFilter::WARN,
        None => LevelFilter::OFF,
    }
}

/// The command failed: for a reason that is the run's, and told as such, or before or behind it.
pub(crate) fn failed(error: &CommandError) {
    tracing::event!(
        name: "driftlock.command.failed",
        target: "driftlock.command.failed",
        Level::ERROR,
        { code = error.code(), kind = error.kind().as_str(), exit_code = error.exit_code(), error = error.messages() },
        "the command failed"
    );
}

/// Writes lines.
struct Log {
    level: LevelFilter,
    json: bool,
    /// With its path; stderr without.
    file: Option<(File, PathBuf)>,
    /// It couldn't be written to, which was told.
    failed: AtomicBool,
    output: Arc<Output>,
}

/// A span's `run`.
struct Run(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        *metadata.level() <= self.level && metadata.target().starts_with("driftlock")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let (Some(Value::String(run)), Some(span)) = (fields.0.shift_remove("run"), context.span(id)) {
            span.extensions_mut().insert(Run(run));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if self.failed.load(Ordering::Relaxed) {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let run = context.event_scope(event).into_iter().flatten().find_map(|span| {
            let extensions = span.extensions();
            extensions.get::<Run>().map(|Run(id)| id.clone())
        });
        let message = match fields.0.shift_remove("message") {
            Some(Value::String(message)) => message,
            _ => String::new(),
        };
        let line = if self.json {
            json(event.metadata(), message, run, fields.0)
        } else {
            text(event.metadata(), &message, run.as_deref(), &fields.0, self.file.is_none())
        };
        self.write(&line);
    }
}

impl Log {
    /// A log that can't be written stops nothing: it is told once.
    fn write(&self, line: &str) {
        let result = match &self.file {
            // At once: several processes may write to it, and each of them appends.
            Some((file, _)) => (&mut &*file).write_all(line.as_bytes()),
            None => self.output.log(line),
        };
        let Err(error) = result else { return };
        if self.failed.swap(true, Ordering::Relaxed) {
            return;
        }
        match &self.file {
            Some((_, path)) => {
                let path = path.display();
                self.output
                    .tell(&format!("the log {path} can't be written any more: {error}; the run goes on without it"));
            }
            // Who closed it doesn't listen, and who can't take more there can't be told there.
            None if error.kind() == ErrorKind::BrokenPipe => {}
            None => self.output.tell(&format!("the log can't be written any more: {error}")),
        }
    }
}

/// The fields of an event or a span, in their order.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}

/// RFC 3339, UTC, to the microsecond.
fn now() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

/// `{"timestamp":"…","level":"info","event":"driftlock.lock.taken","message":"the lock is taken","run":"…","waited_ms":0.2}`
fn json(metadata: &Metadata<'_>, message: String, run: Option<String>, fields: Map<String, Value>) -> String {
    let mut line = Map::new();
    line.insert("timestamp".to_owned(), now().into());
    line.insert("level".to_owned(), metadata.level().as_str().to_ascii_lowercase().into());
    line.insert("event".to_owned(), metadata.name().into());
    line.insert("message".to_owned(), message.into());
    line.insert("run".to_owned(), run.into());
    line.extend(fields);
    format!("{}\n", Value::Object(line))
}

/// `2026-11-22T10:11:12.123456Z INFO  driftlock.lock.taken: the lock is taken waited_ms=0.2 run=…`
fn text(
    metadata: &Metadata<'_>,
    message: &str,
    run: Option<&str>,
    fields: &Map<String, Value>,
    coloured: bool,
) -> String {
    let style = match *metadata.level() {
        _ if !coloured => Style::new(),
        Level::ERROR => AnsiColor::Red.on_default().bold(),
        Level::WARN => AnsiColor::Yellow.on_default(),
        Level::INFO => AnsiColor::Green.on_default(),
        _ => Style::new().dimmed(),
    };
    // What comes from outside must not end the line or move the cursor.
    let message = message.replace(|c: char| c.is_control(), " ");
    let mut line = format!("{} {style}{:<5}{style:#} {}: {message}", now(), metadata.level().as_str(), metadata.name());
    let run = run.map(|run| ("run", Value::from(run)));
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.clone()));
    for (name, value) in fields.chain(run) {
        // Writing to a String can't fail.
        let _ = match value {
            Value::String(text) if is_plain(&text) => write!(line, " {name}={text}"),
            Value::String(text) => write!(line, " {name}={text:?}"),
            value => write!(line, " {name}={value}"),
        };
    }
    line.push('\n');
    line
}

/// Whether a text needs no quotes to be told from what stands around it.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\'))
}
