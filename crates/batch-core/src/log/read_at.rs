use std::fs::File;
use std::io;

/// Reads from a place in a file, which leaves the place where it is written alone.
#[cfg(unix)]
pub(super) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

/// Elsewhere a read moves the place at which the file is written, so it is moved back.
#[cfg(not(unix))]
pub(super) fn read_exact_at(mut file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    let before = file.stream_position()?;
    file.seek(SeekFrom::Start(offset))?;
    let read = file.read_exact(buffer);
    file.seek(SeekFrom::Start(before))?;
    read
}
