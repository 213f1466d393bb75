//! What stands between the parentheses.

use driftlock_script::Layout;
use proc_macro::{Delimiter, Span, TokenStream, TokenTree};

const USAGE: &str = "`migrations!` wants a directory as a string, such as `migrations!(\"migrations\")`, and may be told its layout, as in `migrations!(\"db\", layout = \"goose\")`";

/// The arguments of `migrations!`.
pub(crate) struct Arguments {
    /// The directory, from the package's folder.
    pub(crate) path: String,
    /// Where that is said.
    pub(crate) span: Span,
    /// The layout, where one is said.
    pub(crate) layout: Option<Layout>,
}

/// The path of the library, and the arguments behind it.
pub(crate) fn split(input: TokenStream) -> (TokenStream, TokenStream) {
    let mut input = input.into_iter();
    let library = input.by_ref().take_while(|token| !is_punctuation(token, ';')).collect();
    (library, input.collect())
}

impl Arguments {
    /// # Errors
    /// Where it is wrong, and how it is meant.
    pub(crate) fn read(input: TokenStream) -> Result<Self, (Span, String)> {
        let usage = |token: Option<&TokenTree>| (token.map_or_else(Span::call_site, TokenTree::span), USAGE.to_owned());
        let mut input = input.into_iter();
        let path = input.next();
        let span = path.as_ref().map_or_else(Span::call_site, TokenTree::span);
        let path = path.as_ref().and_then(text).ok_or_else(|| usage(path.as_ref()))?;
        let mut arguments = Arguments { path, span, layout: None };
        let mut rest: Vec<TokenTree> = input.collect();
        rest.pop_if(|last| is_punctuation(last, ','));
        match rest.as_slice() {
            [] => {}
            [comma, key, equals, value]
                if is_punctuation(comma, ',') && key.to_string() == "layout" && is_punctuation(equals, '=') =>
            {
                let name = text(value).ok_or_else(|| usage(Some(value)))?;
                arguments.layout = Some(Layout::parse(&name).ok_or_else(|| {
                    let known: Vec<String> = Layout::ALL.iter().map(|layout| format!("`{}`", layout.name())).collect();
                    (value.span(), format!("there is no layout `{name}`; there are {}", known.join(", ")))
                })?);
            }
            [.., last] => return Err(usage(Some(last))),
        }
        Ok(arguments)
    }
}

fn is_punctuation(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == wanted)
}

/// What a string says that has no escapes in it: paths and names need none.
fn text(token: &TokenTree) -> Option<String> {
    match token {
        // Another macro handed it on.
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut inside = group.stream().into_iter();
            let only = inside.next().filter(|_| inside.next().is_none())?;
            text(&only)
        }
        TokenTree::Literal(literal) => {
            let written = literal.to_string();
            let (is_raw, written) = match written.strip_prefix('r') {
                Some(rest) => (true, rest.trim_matches('#').to_owned()),
                None => (false, written),
            };
            let inside = written.strip_prefix('"')?.strip_suffix('"')?;
            (is_raw || !inside.contains('\\')).then(|| inside.to_owned())
        }
        _ => None,
    }
}
