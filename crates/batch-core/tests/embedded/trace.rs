//! What a process asked of the system, as strace saw it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use crate::child::{Place, Task, command};

const CALLS: &str =
    "trace=openat,pwrite64,write,writev,lseek,fsync,fdatasync,ftruncate,rename,unlink,mkdir";

/// A call that succeeded, and what matters of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Open {
        path: PathBuf,
        fd: i32,
        flags: String,
    },
    Write {
        path: PathBuf,
        fd: i32,
        at: Option<u64>,
        bytes: Vec<u8>,
    },
    Seek {
        fd: i32,
        to: u64,
    },
    Sync {
        path: PathBuf,
        fd: i32,
        data_only: bool,
    },
    Truncate {
        path: PathBuf,
        len: u64,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink {
        path: PathBuf,
    },
    MakeDir {
        path: PathBuf,
    },
}

impl Call {
    pub(crate) fn is_sync_of(&self, wanted: &Path) -> bool {
        matches!(self, Self::Sync { path, .. } if path == wanted)
    }
}

/// A call begins and ends; others may lie between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Begin(usize),
    End(usize),
}

#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) calls: Vec<Call>,
    pub(crate) moments: Vec<Moment>,
    pub(crate) status: ExitStatus,
}

impl Trace {
    /// Runs a process under strace, with faults to inject, such as `fdatasync:error=EIO:when=3`.
    pub(crate) fn of(task: Task, place: &Place, faults: &[&str]) -> Self {
        let record = place.report.with_extension("trace");
        let output = record.to_str().unwrap();
        let faults: Vec<String> = faults.iter().map(|f| format!("inject={f}")).collect();
        let mut wrapper = vec!["strace", "-f", "-y", "-xx", "-s", "4000000", "-o", output];
        wrapper.extend(["-e", CALLS]);
        faults
            .iter()
            .for_each(|fault| wrapper.extend(["-e", fault]));
        let status = command(&wrapper, task, place)
            .status()
            .expect("strace runs");
        let text = std::fs::read_to_string(&record).unwrap();
        let (calls, moments) = parse(&text);
        Self {
            calls,
            moments,
            status,
        }
    }

    /// The calls in the order in which they ended.
    pub(crate) fn ended(&self) -> impl Iterator<Item = &Call> {
        self.moments.iter().filter_map(|moment| match moment {
            Moment::End(call) => Some(&self.calls[*call]),
            Moment::Begin(_) => None,
        })
    }
}

fn parse(text: &str) -> (Vec<Call>, Vec<Moment>) {
    let mut calls = Vec::new();
    let mut moments: Vec<(Moment, bool)> = Vec::new();
    let mut open: HashMap<&str, (String, usize)> = HashMap::new();
    let mut next = 0;
    let mut known = HashMap::new();
    for line in text.lines() {
        let (pid, rest) = line.split_once(' ').unwrap();
        let rest = rest.trim_start();
        let (whole, id) = if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            open.insert(pid, (begun.trim_end().to_owned(), next));
            moments.push((Moment::Begin(next), true));
            next += 1;
            continue;
        } else if rest.starts_with("<... ") {
            let Some((begun, id)) = open.remove(pid) else {
                continue;
            };
            let tail = rest.split_once("resumed>").unwrap().1;
            (format!("{begun}{tail}"), id)
        } else {
            moments.push((Moment::Begin(next), true));
            next += 1;
            (rest.to_owned(), next - 1)
        };
        if let Some(call) = parse_call(&whole) {
            known.insert(id, calls.len());
            calls.push(call);
            moments.push((Moment::End(id), true));
        }
    }
    let numbered = moments.into_iter().filter_map(|(moment, _)| match moment {
        Moment::Begin(id) => known.get(&id).map(|n| Moment::Begin(*n)),
        Moment::End(id) => known.get(&id).map(|n| Moment::End(*n)),
    });
    let moments = numbered.collect();
    (calls, moments)
}

/// `None` for calls that failed, and for those that do not matter.
fn parse_call(line: &str) -> Option<Call> {
    let (name, rest) = line.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') || result.starts_with('?') {
        return None;
    }
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let parts: Vec<&str> = arguments.split(", ").collect();
    let call = match name {
        "openat" => Call::Open {
            path: string(parts[1]).into(),
            fd: descriptor(result)?.0,
            flags: parts[2].to_owned(),
        },
        "pwrite64" | "write" => {
            let (fd, path) = descriptor(parts[0])?;
            let at = parts.get(3).map(|at| at.parse().unwrap());
            Call::Write {
                path,
                fd,
                at,
                bytes: unhex(parts[1].trim_matches('"')),
            }
        }
        "writev" => parse_writev(arguments, result)?,
        "lseek" => Call::Seek {
            fd: descriptor(parts[0])?.0,
            to: result.trim().parse().ok()?,
        },
        "fsync" | "fdatasync" => {
            let (fd, path) = descriptor(parts[0])?;
            Call::Sync {
                path,
                fd,
                data_only: name == "fdatasync",
            }
        }
        "ftruncate" => Call::Truncate {
            path: descriptor(parts[0])?.1,
            len: parts[1].parse().ok()?,
        },
        "rename" => Call::Rename {
            from: string(parts[0]).into(),
            to: string(parts[1]).into(),
        },
        "unlink" => Call::Unlink {
            path: string(parts[0]).into(),
        },
        "mkdir" => Call::MakeDir {
            path: string(parts[0]).into(),
        },
        _ => return None,
    };
    Some(call)
}

/// `5<\x2f\x61>` is descriptor 5, of the file `/a`.
fn descriptor(text: &str) -> Option<(i32, PathBuf)> {
    let (fd, path) = text.trim().split_once('<')?;
    let path = String::from_utf8(unhex(path.strip_suffix('>')?)).ok()?;
    Some((fd.parse().ok()?, path.into()))
}

/// A write from several places: `5<\x2f\x61>, [{iov_base="\x61", iov_len=1}, ...], 2`.
fn parse_writev(arguments: &str, result: &str) -> Option<Call> {
    let (fd, path) = descriptor(arguments.split(", ").next()?)?;
    let begun = arguments.split("iov_base=\"").skip(1);
    let pieces = begun.map(|rest| rest.split_once('"').unwrap().0);
    let mut bytes: Vec<u8> = pieces.flat_map(unhex).collect();
    bytes.truncate(result.trim().parse().unwrap());
    Some(Call::Write {
        path,
        fd,
        at: None,
        bytes,
    })
}

fn string(text: &str) -> String {
    String::from_utf8(unhex(text.trim_matches('"'))).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap() as u8;
    let pieces = text.as_bytes().chunks_exact(4);
    assert!(pieces.remainder().is_empty(), "not all in hex: {text:.60}");
    pieces
        .map(|piece| digit(piece[2]) << 4 | digit(piece[3]))
        .collect()
}
