//! A case's audit bundle: its events out of every log, each with the proof that it stands under a signed checkpoint.
//!
//! The files of a bundle are made of its [`Contents`] alone, by one function. Verifying reads the contents out of the
//! files, proves them, makes the files anew and compares: whatever is derived cannot say anything else than what is
//! proved. `verify.sh` in the bundle does the same with stock tools, for those who do not want to trust this program.
//!
//! **Invariants**: the same contents give the same bytes. Bytes from outside are refused with a typed fault that says
//! where, and never make anything here panic.

mod check;
mod contents;
mod fault;
mod files;
mod gather;
mod manifest;
mod names;
mod read;
mod report;
mod zip;

use std::collections::BTreeMap;

pub use check::{LogSummary, Loose, Summary, Trust};
pub use contents::{Contents, Event, Log, Witnesses};
pub use fault::{Fault, What};
pub use gather::{GatherError, Source, gather};
pub use zip::{MAX_BYTES, pack, unpack};

/// The files of a bundle by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What verifies a bundle without this program.
pub const SCRIPT: &str = include_str!("bundle/verify.sh");

/// The program that makes bundles, as they name it.
pub const MAKER: &str = concat!("fenghuo ", env!("CARGO_PKG_VERSION"));

/// Verifies a bundle as it was written.
pub fn verify(bytes: &[u8], trust: &Trust) -> Result<Summary, Fault> {
    verify_files(&unpack(bytes)?, trust)
}

/// Verifies the files of a bundle.
pub fn verify_files(files: &Files, trust: &Trust) -> Result<Summary, Fault> {
    manifest::compare(files)?;
    let contents = read::contents(files)?;
    let summary = check::check(&contents, trust)?;
    derived(&contents, files)?;
    Ok(summary)
}

/// Everything that is not proved by itself is what the contents make of it.
fn derived(contents: &Contents, files: &Files) -> Result<(), Fault> {
    let made = contents.files();
    // Another version of this program tells the same in other words, which only its manifest vouches for.
    let worded = [names::REPORT, names::SCRIPT, names::MANIFEST];
    let is_compared = |name: &str| contents.maker == MAKER || !worded.contains(&name);
    for (name, bytes) in files {
        match made.get(name) {
            None => return Err(Fault::new(name, What::Stranger)),
            Some(made) if made != bytes && is_compared(name) => return Err(Fault::new(name, What::Derived)),
            Some(_) => {}
        }
    }
    match made.keys().find(|name| !files.contains_key(*name)) {
        Some(name) => Err(Fault::new(name, What::Missing)),
        None => Ok(()),
    }
}
