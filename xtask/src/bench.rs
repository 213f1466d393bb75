//! bench
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) only: Vec<String>,
    pub(crate) pairs: Option<usize>,
    pub(crate) cold: bool,
    pub(crate) list: bool,
}
pub(crate) fn run(_: &Options, _: &crate::process::Interrupt) -> crate::fail::Result<bool> {
    Ok(true)
}
