//! One file of a dump: its text as UTF-8, without the lines that other programs wrote between the objects.
//!
//! People write `kubectl get ... > file 2>&1`: lines of stderr stand before, between and behind the objects, and
//! `kubectl cluster-info dump` puts the logs of pods between them. None of these lines can be part of an object:
//! they begin at the margin with text that begins no line of JSON or YAML. They are blanked in place, so that every object
//! stays a slice of the file and every line keeps its number.

use super::gap::UnseenObjects;
use super::refusal::{self, StderrLine};
use memchr::{memchr, memmem};

/// The most characters of a line that a message repeats.
const LONGEST: usize = 80;
/// The most refusals of one file that are listed one by one.
const MOST: usize = 200;

/// One file of a dump.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// Its name in messages.
    pub name: String,
    /// Its text, as UTF-8, with lines of other programs blanked.
    pub(super) bytes: Vec<u8>,
    /// What the other lines of the file say.
    pub(super) remarks: Vec<Remark>,
    /// Whether any line was blanked.
    pub(super) cleared: bool,
}

/// The meaning of a line that is no part of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remark {
    /// The line; `None` for the whole file.
    pub line: Option<usize>,
    pub count: usize,
    pub unit: &'static str,
    pub why: String,
    pub about: Option<UnseenObjects>,
    pub refusal: bool,
}

impl File {
    /// A file with these bytes, in UTF-8 or UTF-16, with a byte order mark or without.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        let mut remarks = Vec::new();
        let mut bytes = to_utf8(bytes, &mut remarks);
        let cleared = blank_foreign_lines(&mut bytes, &mut remarks);
        Self {
            name: name.into(),
            bytes,
            remarks,
            cleared,
        }
    }

    /// The file with a note that a part could not be read, and why.
    #[must_use]
    pub fn with_unread_part(mut self, why: impl Into<String>) -> Self {
        self.remarks.push(Remark {
            line: None,
            count: 1,
            unit: "part",
            why: why.into(),
            about: None,
            refusal: false,
        });
        self
    }
}

/// The text in UTF-8 without a byte order mark. PowerShell's `>` writes UTF-16.
fn to_utf8(mut bytes: Vec<u8>, remarks: &mut Vec<Remark>) -> Vec<u8> {
    let wide = |bytes: &[u8], little: bool| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let read = if little {
            u16::from_le_bytes
        } else {
            u16::from_be_bytes
        };
        let units = pairs.iter().map(|pair| read(*pair));
        let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
        let mut text: String = text.collect();
        if !rest.is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        text.into_bytes()
    };
    // JSON and YAML begin with an ASCII character, so a zero beside it shows the byte order.
    let text = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => wide(rest, true),
        [0xfe, 0xff, rest @ ..] => wide(rest, false),
        [0, first, ..] if *first != 0 => wide(&bytes, false),
        [first, 0, ..] if *first != 0 => wide(&bytes, true),
        [0xef, 0xbb, 0xbf, ..] => {
            bytes.drain(..3);
            bytes
        }
        _ => bytes,
    };
    let valid = match std::str::from_utf8(&text) {
        Ok(_) => return text,
        Err(error) => error.valid_up_to(),
    };
    remarks.push(Remark {
        line: Some(memchr::memchr_iter(b'\n', &text[..valid]).count() + 1),
        count: 1,
        unit: "character",
        why: "text that is neither UTF-8 nor UTF-16: it is not known what is damaged".into(),
        about: None,
        refusal: false,
    });
    String::from_utf8_lossy(&text).into_owned().into_bytes()
}

const LOG: &[u8] = b"==== START logs for container ";

/// Blanks every line that is no part of an object, and keeps its meaning. Returns whether there was any.
fn blank_foreign_lines(bytes: &mut [u8], remarks: &mut Vec<Remark>) -> bool {
    let begins = std::iter::once(0).chain(memchr::memchr_iter(b'\n', bytes).map(|newline| newline + 1));
    let suspects: Vec<usize> = begins
        .filter(|at| bytes.get(*at).is_some_and(|first| may_be_foreign(*first)))
        .collect();
    let mut cleared = false;
    let mut foreign: Option<Remark> = None;
    let (mut counted, mut line, mut done) = (0, 1, 0);
    for at in suspects {
        if at < done {
            continue;
        }
        line += memchr::memchr_iter(b'\n', &bytes[counted..at]).count();
        counted = at;
        let end = line_end(bytes, at);
        let remark = |unit, why| Remark {
            line: Some(line),
            count: 1,
            unit,
            why,
            about: None,
            refusal: false,
        };
        let stop = if bytes[at..end].starts_with(LOG) {
            let (stop, why) = end_of_log(bytes, at, end);
            remarks.extend(why.map(|why| remark("log", why.to_owned())));
            stop
        } else if bytes[at..end].starts_with(RECORD) {
            end_of_record(bytes, end)
        } else {
            match line_meaning(&bytes[at..end]) {
                None => continue,
                Some(LineMeaning::Nothing) => {}
                Some(LineMeaning::Refused(refusal)) if remarks.len() < MOST => remarks.push(Remark {
                    about: refusal.about,
                    refusal: true,
                    ..remark("line", refusal.message)
                }),
                Some(meaning) => match &mut foreign {
                    Some(first) => first.count += 1,
                    None => {
                        foreign = Some(match meaning {
                            LineMeaning::Foreign(why) => remark("line", why),
                            _ => remark("line", "more refusals than are listed".to_owned()),
                        });
                    }
                },
            }
            end
        };
        blank(&mut bytes[at..stop]);
        cleared = true;
        done = stop;
    }
    remarks.extend(foreign);
    cleared
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n)
}

/// PowerShell writes a line of stderr as a record of an error: this, and lines that begin with a plus.
const RECORD: &[u8] = b"At line:";

/// The end of the record whose first line ends at `end`.
fn end_of_record(bytes: &[u8], mut end: usize) -> usize {
    while let Some(next) = bytes.get(end + 1..) {
        let next_end = line_end(bytes, end + 1);
        if !next.trim_ascii_start().starts_with(b"+ ") || next.first() == Some(&b'\n') {
            break;
        }
        end = next_end;
    }
    end
}

/// Whether a line with this first byte can be no part of an object. Nearly all lines begin with a space.
fn may_be_foreign(first: u8) -> bool {
    !matches!(
        first,
        b' ' | b'\t'
            | b'\r'
            | b'\n'
            | b'{'
            | b'}'
            | b'['
            | b']'
            | b'"'
            | b'\''
            | b','
            | b':'
            | b'#'
            | b'%'
            | b'-'
            | b'.'
            | b'0'..=b'9' | b'&' | b'*' | b'!' | b'|' | b'>' | b'?' | 0x1e
    )
}

enum LineMeaning {
    Nothing,
    Refused(refusal::ReportedGap),
    /// The line of an unknown program.
    Foreign(String),
}

fn line_meaning(line: &[u8]) -> Option<LineMeaning> {
    // A line of text is short. A longer one is an object on one line, or cannot be explained.
    let text = String::from_utf8_lossy(&line[..line.len().min(4096)]);
    let text = text.trim_end();
    match refusal::parse_line(text) {
        Some(StderrLine::Nothing) => return Some(LineMeaning::Nothing),
        Some(StderrLine::Refused(refusal)) => return Some(LineMeaning::Refused(refusal)),
        None => {}
    }
    if is_structure(text) {
        return None;
    }
    if text.starts_with("NAME ") || text.starts_with("NAMESPACE ") {
        return Some(LineMeaning::Foreign(
            "a table for people, which leaves most of an object out: write it with -o json".into(),
        ));
    }
    let short: String = text.chars().take(LONGEST).collect();
    let dots = if short.len() < text.len() { "..." } else { "" };
    Some(LineMeaning::Foreign(format!(
        "neither JSON nor YAML: \"{short}{dots}\""
    )))
}

/// Whether a line at the margin can be a part of YAML or JSON: a key, or a plain value of JSON.
fn is_structure(text: &str) -> bool {
    let key = text.split(char::is_whitespace).next().unwrap_or_default();
    // A key without blanks, as all keys of Kubernetes.
    key.ends_with(':') || ["true", "false", "null"].contains(&text.trim_end_matches(','))
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes {
        if *byte != b'\n' && *byte != b'\r' {
            *byte = b' ';
        }
    }
}

/// The end of the log that begins at `at`. A log can hold anything, even its own end line. Then the last such line counts,
/// and the part in between is reported as not read.
fn end_of_log(bytes: &[u8], at: usize, end: usize) -> (usize, Option<&'static str>) {
    let title = bytes[at + b"==== START ".len()..end].trim_ascii_end();
    let mark = [b"==== END ", title].concat();
    let ends_a_line = |at: &usize| {
        let after = &bytes[at + mark.len()..];
        after.is_empty() || after.starts_with(b"\n") || after.starts_with(b"\r\n")
    };
    let mut ends = memmem::find_iter(&bytes[end..], &mark)
        .map(|n| end + n)
        .filter(ends_a_line);
    let Some(first) = ends.next() else {
        return (
            bytes.len(),
            Some("the file ends in the middle of a log: the rest is missing"),
        );
    };
    let last = ends.last();
    let stop = last.unwrap_or(first) + mark.len();
    let stop = memchr(b'\n', &bytes[stop..]).map_or(bytes.len(), |n| stop + n + 1);
    let why = last
        .is_some()
        .then_some("a log that holds its own end line: the part up to the last such line was not read");
    (stop, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleared(text: &str) -> (String, Vec<(Option<usize>, usize, String)>) {
        let file = File::new("f", text.as_bytes().to_vec());
        let remarks = file
            .remarks
            .into_iter()
            .map(|r| (r.line, r.count, r.why))
            .collect();
        (String::from_utf8_lossy(&file.bytes).into_owned(), remarks)
    }

    #[test]
    fn text_is_read_in_every_encoding_that_shells_write() {
        let text = "kind: Lößt 𝄞\r\n";
        let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let (little, big) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [b"\xff\xfe", little.as_slice()].concat(),
            [b"\xfe\xff", big.as_slice()].concat(),
            little,
            big,
        ] {
            let file = File::new("f", bytes.clone());
            assert_eq!(
                (file.bytes.as_slice(), file.remarks),
                (text.as_bytes(), vec![]),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn a_damaged_character_is_reported_with_its_line() {
        let file = File::new("f", b"a: 1\nb: caf\xe9\n".to_vec());
        assert_eq!(file.bytes, "a: 1\nb: caf\u{fffd}\n".as_bytes());
        assert_eq!((file.remarks[0].line, file.remarks.len()), (Some(2), 1));
    }

    #[test]
    fn lines_of_other_programs_are_blanked_and_keep_their_numbers() {
        let text =
            "Warning: old\n{\"kind\":\n  \"Pod\"}\nuser@host:~$ ls\nhello there\nerror: no\n---\nkind: Pod\n";
        let (text, remarks) = cleared(text);
        assert_eq!(
            text,
            "            \n{\"kind\":\n  \"Pod\"}\n               \n           \n         \n---\nkind: Pod\n"
        );
        assert_eq!(
            remarks,
            [
                (Some(6), 1, "no".to_owned()),
                (
                    Some(4),
                    2,
                    "neither JSON nor YAML: \"user@host:~$ ls\"".to_owned()
                )
            ]
        );
    }

    #[test]
    fn a_record_of_an_error_that_powershell_writes_is_no_part_of_an_object() {
        let record = "kubectl : Warning: v1 ComponentStatus is deprecated in v1.19+\r\nAt line:1 char:1\r\n+ kubectl get cs -o json 2>&1\r\n+ ~~~~\r\n    + CategoryInfo          : NotSpecified: (Warning:String) [], RemoteException\r\n    + FullyQualifiedErrorId : NativeCommandError\r\n \r\n";
        let (text, remarks) = cleared(&format!("{record}{{}}\r\n"));
        assert_eq!((text.trim(), remarks), ("{}", vec![]));
    }

    #[test]
    fn a_log_is_left_out_whole_even_if_it_holds_objects() {
        let start = "==== START logs for container app of pod shop/web ====\n";
        let end = "==== END logs for container app of pod shop/web ====\n";
        let (text, remarks) = cleared(&format!(
            "{{}}\n{start}{{\"kind\": \"Pod\"}}\nno line end{end}{{}}\n"
        ));
        assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["{}", "{}"]);
        assert_eq!((remarks, text.lines().count()), (vec![], 5));
        let (text, remarks) = cleared(&format!("{start}{end}{{\"kind\": \"Pod\"}}\n{end}{{}}\n"));
        assert_eq!(text.trim(), "{}");
        assert_eq!(remarks[0].0, Some(1));
        let (text, remarks) = cleared(&format!("{{}}\n{start}{{\"kind\": \"Pod\"}}\n"));
        assert_eq!((text.trim(), remarks[0].0), ("{}", Some(2)));
    }
}
