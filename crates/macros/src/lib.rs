//! The macros of [driftlock](https://docs.rs/driftlock), which has them under its own name: nothing here is to be used by itself.

mod arguments;
mod embed;
mod watched;

use std::path::{Path, PathBuf};

use proc_macro::{Delimiter, Group, Literal, Span, TokenStream, TokenTree};

use arguments::Arguments;
use embed::Embedded;

/// `driftlock::migrations!`, with the path of that crate before its arguments: `embed!($crate; "migrations")`.
#[proc_macro]
pub fn embed(input: TokenStream) -> TokenStream {
    let (library, arguments) = arguments::split(input);
    let arguments = match Arguments::read(arguments) {
        Ok(arguments) => arguments,
        Err((span, message)) => return errors(span, &[message]),
    };
    match expand(&arguments) {
        Ok(Embedded { bytes, manifest }) => {
            let mut body = TokenStream::new();
            if let Some(path) = manifest.as_deref().and_then(Path::to_str) {
                // The build script watches the directory alone; this is how the compiler learns of another file.
                let path = Literal::string(path);
                body.extend(tokens(&format!("const _: &[u8] = ::core::include_bytes!({path});")));
            }
            body.extend(library);
            body.extend(tokens("::Migrations::embedded"));
            let bytes = TokenTree::from(Literal::byte_string(&bytes));
            body.extend([TokenTree::from(Group::new(Delimiter::Parenthesis, bytes.into()))]);
            block(body)
        }
        Err(messages) => errors(arguments.span, &messages),
    }
}

fn expand(arguments: &Arguments) -> Result<Embedded, Vec<String>> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = package.ok_or_else(|| vec!["cargo doesn't say which package this is".to_owned()])?;
    // Where cargo's own messages have their paths from.
    let seen_from = std::env::current_dir().unwrap_or_default();
    if !package.join(&arguments.path).is_dir() {
        let what = "there is no such directory; the path is from the folder of Cargo.toml";
        return Err(vec![format!("{}: {what}", arguments.path)]);
    }
    let embedded = embed::embed(&package, &seen_from, &arguments.path, arguments.layout);
    let watched = watched::check(&package, &arguments.path);
    match (embedded, watched) {
        (Ok(embedded), Ok(())) => Ok(embedded),
        (Ok(_), Err(message)) => Err(vec![message]),
        (Err(messages), Ok(())) => Err(messages),
        (Err(messages), Err(message)) => Err(messages.into_iter().chain([message]).collect()),
    }
}

/// An error of the compiler for each message.
fn errors(span: Span, messages: &[String]) -> TokenStream {
    let one = |message: &String| {
        let text = TokenTree::from(Literal::string(message));
        let text = TokenTree::from(Group::new(Delimiter::Brace, text.into()));
        let all = tokens("::core::compile_error!").into_iter().chain([text]);
        all.map(|mut token| {
            token.set_span(span);
            token
        })
        .collect::<TokenStream>()
    };
    block(messages.iter().map(one).collect())
}

fn block(body: TokenStream) -> TokenStream {
    TokenTree::from(Group::new(Delimiter::Brace, body)).into()
}

/// Tokens of text that is known to be Rust.
fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_default()
}
