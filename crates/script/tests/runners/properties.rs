//! What holds of any file.

use driftlock_script::{
    Dialect, Layout,
    Part::{self, Down, Up},
    position,
};
use proptest::prelude::*;

use super::body;

/// Lines and pieces of lines in which the layouts' rules meet.
const FRAGMENTS: &[&str] = &[
    "-- +goose Up\n",
    "-- +goose Up\n",
    "-- +goose Down\n",
    "-- +goose StatementBegin\n",
    "-- +goose StatementBegin\r\n",
    "-- +goose StatementEnd\n",
    "--+goose StatementEnd",
    "-- +goose NO TRANSACTION\n",
    "-- +goose ENVSUB ON\n",
    "-- +goose ENVSUB OFF\n",
    "+goose",
    "-- migrate:up\n",
    "-- migrate:up\n",
    "-- migrate:down\n",
    "-- migrate:up transaction:false\n",
    "--migrate:down transaction:true\r\n",
    "-- no-transaction\n",
    "-- driftlock: no-transaction\n",
    "-- a comment\n",
    "--b\n",
    "\n",
    "\r\n",
    "\r",
    " \n",
    " ",
    "\u{a0}",
    "A;\n",
    "SELECT 1; SELECT 2;\r\n",
    "SELECT 1",
    ";",
    "'",
    "$$",
    "/*",
    "*/",
    "\\",
    "$",
    "$A ",
    "${A}",
    "${E}",
    "${",
    "}",
    "${U:-é}",
    "${U-${A}}",
    "${A:1:2}",
    "${U?no}",
    "é",
    "\u{fffd}",
    "💧\n",
];

const LAYOUTS: &[Layout] = &[Layout::Goose, Layout::Dbmate, Layout::Sqlx];

fn tangle() -> impl Strategy<Value = String> {
    let first =
        prop::sample::select(vec!["", "-- +goose Up\n", "-- migrate:up\n", "-- +goose Up\n-- +goose ENVSUB ON\n"]);
    (first, prop::collection::vec(prop::sample::select(FRAGMENTS), 0..40))
        .prop_map(|(first, pieces)| format!("{first}{}", pieces.concat()))
}

fn holds(text: &str, layout: Layout, part: Part) -> Result<(), TestCaseError> {
    let body = match body(layout, "1_a.sql", text, part, &[("A", "foo;\n-- é"), ("E", "")]) {
        Ok(body) => body,
        Err(driftlock_script::LoadError::Body { error, .. }) => {
            let offset = usize::try_from(error.offset).unwrap();
            prop_assert!(offset <= text.len() && text.is_char_boundary(offset));
            prop_assert_eq!((error.line, error.column), position(text, offset));
            return Ok(());
        }
        Err(_) => return Ok(()),
    };
    let mut end = 0;
    for section in body.sections() {
        prop_assert!(end <= section.span.start && section.span.start <= section.span.end);
        prop_assert!(body.text().get(section.span.clone()).is_some());
        end = section.span.end;
    }
    let (lines, mut before) = (u32::try_from(text.split('\n').count()).unwrap(), (1, 1));
    for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
        let Ok(statements) = body.statements(dialect) else { continue };
        for (statement, _) in &statements {
            let sections = body
                .sections()
                .iter()
                .filter(|section| section.span.start <= statement.span.start && statement.span.end <= section.span.end);
            prop_assert_eq!(sections.count(), 1, "a statement reaches over no section's end");
            prop_assert!((statement.line, statement.column) >= before && statement.line <= lines);
            before = (statement.line, statement.column);
        }
        before = (1, 1);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn sections_of_any_tangle_are_in_order(text in tangle()) {
        for &layout in LAYOUTS {
            for part in [Up, Down] {
                holds(&text, layout, part)?;
            }
        }
    }

    #[test]
    fn sections_of_any_text_are_in_order(text in any::<String>()) {
        for &layout in LAYOUTS {
            holds(&text, layout, Up)?;
        }
    }
}

/// Sixteen times the sections take about sixteen times as long, as in the splitters' own test of this.
#[test]
fn many_sections_take_linear_time() {
    let time = |layout, unit: &str, count: usize| {
        let text = unit.repeat(count);
        let text = if layout == Layout::Goose { format!("-- +goose Up\n{text}") } else { text };
        let started = std::time::Instant::now();
        let body = body(layout, "1_a.sql", &text, Up, &[("A", "foo")]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(body.statements(Dialect::Sqlite).unwrap().len(), count);
        started.elapsed()
    };
    let units = [
        (Layout::Goose, "-- +goose StatementBegin\nSELECT 1\n-- +goose StatementEnd\n"),
        (Layout::Goose, "-- +goose ENVSUB ON\nSELECT '$A',\r\n  1;\r\n-- +goose ENVSUB OFF\n"),
        (Layout::Dbmate, "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n"),
    ];
    for (layout, unit) in units {
        let (short, long) = (time(layout, unit, 1000), time(layout, unit, 16_000));
        let most = 100 * short.max(std::time::Duration::from_millis(2));
        assert!(long < most, "{unit:?}: {short:?}, and {long:?} for sixteen times as many");
    }
}
