//! Results as CSV: RFC 4180, with a header.

use driftlock::Audit;
use driftlock::script::Dialect;
use serde_json::Value;

use crate::json;

/// One record a row of the history. Each ends with a carriage return: the line feed comes with printing it.
pub(crate) fn audit(audit: &Audit, dialect: Dialect) -> Vec<String> {
    let header = json::AUDIT_COLUMNS.iter().map(|column| field(&Value::from(*column)));
    let mut records = vec![record(header)];
    for attempt in &audit.attempts {
        for row in &attempt.rows {
            records.push(record(json::audit_values(row, attempt.statements, dialect).iter().map(field)));
        }
    }
    records
}

fn record(fields: impl Iterator<Item = String>) -> String {
    let mut record = fields.collect::<Vec<_>>().join(",");
    record.push('\r');
    record
}

/// NULL is empty. A text that a spreadsheet would take for a formula gets an apostrophe in front, which makes it a text there: commit
/// authors, reasons and errors are other people's words. (OWASP, "CSV Injection".)
fn field(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_needs_it_and_keeps_formulas_texts() {
        for (value, written) in [
            (Value::Null, ""),
            (Value::from(12), "12"),
            (Value::from("plain text"), "plain text"),
            (Value::from("a,b"), "\"a,b\""),
            (Value::from("say \"no\""), "\"say \"\"no\"\"\""),
            (Value::from("two\nlines"), "\"two\nlines\""),
            (Value::from("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\""),
            (Value::from("-1"), "'-1"),
            (Value::from("@SUM(A1)"), "'@SUM(A1)"),
        ] {
            assert_eq!(field(&value), written, "{value}");
        }
    }
}
