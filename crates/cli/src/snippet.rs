//! A place in a script, with its line and a caret under it.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use driftlock::engine::Place;

/// The message, the line, and what more there is to say of it. Styled; the stream takes that out where nobody could see it.
pub(crate) fn render(place: &Place, details: &[(&'static str, String)]) -> String {
    let start =
        place.text.char_indices().nth(place.column.saturating_sub(1) as usize).map_or(place.text.len(), |(at, _)| at);
    let word =
        place.text[start..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum::<usize>();
    let one = place.text[start..].chars().next().map_or(0, char::len_utf8);
    let snippet = Snippet::source(place.text.as_str())
        .line_start(place.line as usize)
        .path(place.file.as_str())
        .annotation(AnnotationKind::Primary.span(start..start + word.max(one)));
    let mut group = Level::ERROR.primary_title(place.message.as_str()).element(snippet);
    for (label, text) in details {
        group = group.element(Level::NOTE.with_name(*label).message(text.as_str()));
    }
    Renderer::styled().render(&[group])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_at_the_word() {
        let place = Place {
            file: "m/1_a.up.sql".into(),
            line: 3,
            column: 8,
            text: "SELECT näme FROM t".into(),
            message: "no such column: näme [1]".into(),
        };
        let text = anstream::adapter::strip_str(&render(&place, &[("hint", "look again".into())])).to_string();
        assert!(text.starts_with("error: no such column: näme [1]\n"), "{text}");
        assert!(text.contains("m/1_a.up.sql:3:8\n"), "{text}");
        assert!(text.contains("3 | SELECT näme FROM t\n  |        ^^^^\n"), "{text}");
        assert!(text.contains("hint: look again"), "{text}");
        let end = Place { column: 99, ..place };
        assert!(render(&end, &[]).contains("SELECT"));
    }
}
