//! Calendar and pack files from the disk into crate `law`, which reads none itself.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use law::{BadFile, Calendar, Fault, RulePack, Source};

use crate::error::{Because, Error};

/// Files that are laid over the built-in calendar.
#[derive(Debug, Args)]
pub(crate) struct CalendarFiles {
    /// Calendar files over the built-in ones: a year in either form, or local closures
    #[arg(long, value_name = "FILE", num_args = 1..)]
    with: Vec<PathBuf>,
}

impl CalendarFiles {
    pub(crate) fn calendar(&self) -> Result<Arc<Calendar>, Error> {
        calendar(&self.with)
    }
}

/// The built-in calendar with these files over it.
pub(super) fn calendar(files: &[PathBuf]) -> Result<Arc<Calendar>, Error> {
    let built_in = Calendar::builtin();
    if files.is_empty() {
        return Ok(built_in);
    }
    let files = files.iter().map(|file| text(file)).collect::<Result<Vec<_>, _>>()?;
    let named = files.iter().map(|(name, text)| Source { name, text }).collect::<Vec<_>>();
    built_in.with(&named).map(Arc::new).map_err(refused)
}

/// The pack of a file, or the built-in one.
pub(super) fn pack(file: Option<&Path>) -> Result<Arc<RulePack>, Error> {
    let Some(file) = file else { return Ok(RulePack::builtin()) };
    let (name, text) = text(file)?;
    RulePack::parse(Source { name: &name, text: &text }, &[]).map(Arc::new).map_err(refused)
}

/// A file's name, as errors shall tell it, and its text.
pub(crate) fn text(file: &Path) -> Result<(String, String), Error> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).because(format!("读取 {name}"), format!("read {name}"))?;
    Ok((name, text))
}

/// File, line and reason in both languages.
pub(super) fn refused<F: Fault>(error: BadFile<F>) -> Error {
    Error::told(error.zh(), error.to_string())
}
