//! The one file that a bundle is sent as: a zip archive with one spelling (PKWARE APPNOTE 6.3, entries stored).
//!
//! Every unzip reads it. Reading here takes the canonical spelling only, so a flipped bit in a header or a date is
//! found like any other; that spelling must outlive versions of libraries, which is why it is written here.

use super::{Fault, Files, What, names};

/// Largest archive that is written or read.
pub const MAX_BYTES: usize = 512 << 20;
/// Without the extension for more (zip64), which not every reader has.
const MAX_FILES: usize = 65_000;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const LOCAL_LENGTH: usize = 30;
/// 2.0, by a Unix system.
const MADE_BY: u16 = 0x0314;
const NEEDED: u16 = 10;
/// 1980-01-01, the first that the format knows: the same contents give the same bytes.
const DATE: u16 = 0x0021;
/// A regular file that everybody may read.
const MODE: u32 = 0o100_644 << 16;

/// Writes the archive.
pub fn pack(files: &Files) -> Result<Vec<u8>, Fault> {
    let large = || Fault::new("zip", What::TooLarge);
    let length = files.iter().map(|(name, bytes)| 2 * (name.len() + 50) + bytes.len()).sum::<usize>();
    if length > MAX_BYTES || files.len() > MAX_FILES {
        return Err(large());
    }
    let (mut archive, mut directory) = (Vec::with_capacity(length), Vec::new());
    for (name, bytes) in files {
        let offset = u32::try_from(archive.len()).map_err(|_| large())?;
        let fields = fields(name, bytes).ok_or_else(large)?;
        archive.extend(LOCAL.to_le_bytes().into_iter().chain(fields.clone()).chain(name.bytes()));
        archive.extend_from_slice(bytes);
        directory.extend(CENTRAL.to_le_bytes().into_iter().chain(MADE_BY.to_le_bytes()).chain(fields));
        // No comment, on the first disk, binary.
        directory.extend([0; 6].into_iter().chain(MODE.to_le_bytes()).chain(offset.to_le_bytes()));
        directory.extend_from_slice(name.as_bytes());
    }
    let end = end(files.len(), directory.len(), archive.len()).ok_or_else(large)?;
    archive.extend(directory.into_iter().chain(end));
    Ok(archive)
}

/// What local header and directory say alike.
fn fields(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let (length, size) = (u16::try_from(name.len()).ok()?, u32::try_from(bytes.len()).ok()?);
    let version = [NEEDED, 0, 0, 0, DATE].into_iter().flat_map(u16::to_le_bytes);
    let sizes = [crc32fast::hash(bytes), size, size].into_iter().flat_map(u32::to_le_bytes);
    Some(version.chain(sizes).chain([length, 0].into_iter().flat_map(u16::to_le_bytes)).collect())
}

fn end(files: usize, directory: usize, offset: usize) -> Option<Vec<u8>> {
    let files = u16::try_from(files).ok()?;
    let place = [u32::try_from(directory).ok()?, u32::try_from(offset).ok()?];
    let counts = [0, 0, files, files].into_iter().flat_map(u16::to_le_bytes);
    let place = place.into_iter().flat_map(u32::to_le_bytes);
    Some(END.to_le_bytes().into_iter().chain(counts).chain(place).chain([0; 2]).collect())
}

/// Reads an archive that is spelt as [`pack`] spells it.
pub fn unpack(archive: &[u8]) -> Result<Files, Fault> {
    if archive.len() > MAX_BYTES {
        return Err(Fault::new("zip", What::TooLarge));
    }
    let (mut files, mut rest) = (Files::new(), archive);
    while let Some((name, bytes, after)) = entry(rest) {
        if !names::is_safe(name) {
            return Err(Fault::new(name.escape_default().to_string(), What::UnsafeName));
        }
        files.insert(name.to_owned(), bytes.to_vec());
        rest = after;
    }
    if pack(&files)? == archive { Ok(files) } else { Err(Fault::new("zip", What::NotCanonical)) }
}

/// The first file: its name, its bytes, and what comes after it.
fn entry(archive: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let header = archive.get(..LOCAL_LENGTH).filter(|header| header.starts_with(&LOCAL.to_le_bytes()))?;
    let number = |at: usize, width: usize| {
        let bytes = header[at..at + width].iter().rev();
        bytes.fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let (size, length) = (number(22, 4), number(26, 2));
    let (name, rest) = archive[LOCAL_LENGTH..].split_at_checked(length)?;
    let (bytes, rest) = rest.split_at_checked(size)?;
    Some((str::from_utf8(name).ok()?, bytes, rest))
}
