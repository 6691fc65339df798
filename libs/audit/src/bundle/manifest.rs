//! The list of a bundle's files. It keeps accidents from passing unseen; against intent there are signatures.

use std::fmt::Write as _;

use merkle::{Hasher, Hex, Sha256};

use super::{Fault, Files, What, names};

const HEADER: &str = "fenghuo audit bundle v1";

/// A line for every file: SHA-256, size, name, in the order of names.
pub(super) fn write(files: &Files) -> Vec<u8> {
    let mut text = format!("{HEADER}\n");
    for (name, bytes) in files {
        let _ = writeln!(text, "{} {} {name}", digest(bytes), bytes.len());
    }
    text.into_bytes()
}

/// Compares every file with its line, and the lines with the files.
pub(super) fn compare(files: &Files) -> Result<(), Fault> {
    let name = names::MANIFEST;
    let manifest = files.get(name).ok_or_else(|| Fault::new(name, What::Missing))?;
    let mut lines = names::lines(name, manifest)?;
    if lines.next() != Some(HEADER) {
        return Err(Fault::unreadable(name, "it has another first line"));
    }
    let mut listed = Vec::new();
    for line in lines {
        let (digest, size, file) = parts(line).ok_or_else(|| Fault::unreadable(name, format!("{line:?}")))?;
        compare_one(files, file, digest, size)?;
        listed.push(file);
    }
    if !listed.is_sorted_by(|one, next| one < next) {
        return Err(Fault::unreadable(name, "its lines are not in order"));
    }
    let stranger = files.keys().find(|file| *file != name && listed.binary_search(&file.as_str()).is_err());
    stranger.map_or(Ok(()), |file| Err(Fault::new(file, What::Stranger)))
}

fn compare_one(files: &Files, file: &str, listed: Hex<32>, size: usize) -> Result<(), Fault> {
    let bytes = files.get(file).ok_or_else(|| Fault::new(file, What::Missing))?;
    if bytes.len() != size {
        return Err(Fault::new(file, What::Size));
    }
    if digest(bytes) == listed { Ok(()) } else { Err(Fault::new(file, What::Digest)) }
}

fn parts(line: &str) -> Option<(Hex<32>, usize, &str)> {
    let (digest, rest) = line.split_once(' ')?;
    let (size, file) = rest.split_once(' ')?;
    Some((digest.parse().ok()?, names::number(size)?, file))
}

pub(super) fn digest(bytes: &[u8]) -> Hex<32> {
    Sha256::digest(&[bytes]).into()
}
