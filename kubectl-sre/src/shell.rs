//! The streams, and what a terminal can show. Results go to stdout, everything else to stderr.

use crate::output::escape;
use jiff::tz::TimeZone;
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write};

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The characters that a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// All.
    #[default]
    Utf8,
    /// Those of ASCII, and perhaps others that are not those of UTF-8.
    Ascii,
}

/// The streams to which output goes.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about a stream"
)]
pub struct Shell {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    out_is_terminal: bool,
    shows_progress: bool,
    environment_allows_color: bool,
    charset: Charset,
    reader_is_gone: bool,
}

impl Shell {
    /// The streams of this process.
    #[must_use]
    #[allow(
        clippy::disallowed_methods,
        reason = "the rim: NO_COLOR, TERM and the locale are read here and nowhere else"
    )]
    pub fn for_process() -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        Self {
            out: Box::new(std::io::BufWriter::with_capacity(
                64 << 10,
                std::io::stdout().lock(),
            )),
            err: Box::new(std::io::stderr()),
            out_is_terminal: std::io::stdout().is_terminal(),
            shows_progress: std::io::stderr().is_terminal() && !dumb,
            environment_allows_color: !no_color && !dumb,
            charset: Charset::by_locale(|name| std::env::var_os(name)),
            reader_is_gone: false,
        }
    }

    /// Writes a part of the result. It is no error if the reader has gone away: the exit code still carries the verdict.
    pub fn print(&mut self, text: &str) {
        let written = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush());
        self.note_reader(&written);
    }

    /// Writes the result by calling `write`.
    pub fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) {
        let written = write(&mut self.out).and_then(|()| self.out.flush());
        self.note_reader(&written);
        if let Err(error) = written
            && !self.reader_is_gone
        {
            self.complain(&format!("error: the result could not be written: {error}"));
        }
    }

    fn note_reader(&mut self, written: &std::io::Result<()>) {
        let is_broken = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
        self.reader_is_gone |= written.as_ref().err().is_some_and(is_broken);
    }

    /// Whether a write to stdout has shown that its reader is gone, as with `| head -1`.
    #[must_use]
    pub fn reader_is_gone(&self) -> bool {
        self.reader_is_gone
    }

    /// Writes a message to stderr. It may hold words of the command line or of a server, whose control characters are written
    /// out.
    pub fn complain(&mut self, message: &str) {
        for line in message.lines() {
            let _ = writeln!(self.err, "{}", escape(line));
        }
    }

    /// Writes to stderr as it is: the bytes that draw on a terminal.
    pub fn draw(&mut self, bytes: &str) {
        let _ = self
            .err
            .write_all(bytes.as_bytes())
            .and_then(|()| self.err.flush());
    }

    /// Columns and rows of stderr's terminal; `None` if nobody watches it.
    #[must_use]
    pub fn progress_size(&self) -> Option<(usize, usize)> {
        if !self.shows_progress {
            return None;
        }
        let (width, height) = terminal_size::terminal_size_of(std::io::stderr())?;
        let known = |n: u16| Some(usize::from(n)).filter(|n| *n > 0);
        Some((known(width.0)?, known(height.0)?))
    }

    /// Whether to colour the result.
    #[must_use]
    pub fn colors(&self, when: Color) -> bool {
        match when {
            Color::Auto => self.out_is_terminal && self.environment_allows_color,
            Color::Always => true,
            Color::Never => false,
        }
    }

    /// The characters that the result may have beside those of the cluster.
    #[must_use]
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// Columns and rows of stdout's terminal; `None` if it is no terminal, or does not know its size.
    #[must_use]
    pub fn size(&self) -> Option<(usize, usize)> {
        let (width, height) = terminal_size::terminal_size().filter(|_| self.out_is_terminal)?;
        let known = |n: u16| Some(usize::from(n)).filter(|n| *n > 0);
        Some((known(width.0)?, known(height.0)?))
    }

    /// Whether a person may be reading the result as it is written.
    #[must_use]
    pub fn is_on_terminal(&self) -> bool {
        self.out_is_terminal
    }

    /// Whether a person may be watching stdout, on a terminal that can write over its lines.
    #[must_use]
    pub fn redraws(&self) -> bool {
        self.out_is_terminal && self.shows_progress && self.size().is_some()
    }

    /// Whether a person may be watching stderr, on a terminal that can write over a line.
    #[must_use]
    pub fn shows_progress(&self) -> bool {
        self.shows_progress
    }
}

/// Takes the terminal from this process and its children, so that no message and no question disturbs a person who is typing
/// a command line: standard input and stderr become empty, and a credential plugin finds no terminal at all. If the system
/// refuses a part of that, the rest still holds.
#[cfg(unix)]
pub(crate) fn leave_terminal() {
    if let Ok(nothing) = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")
    {
        let _ = rustix::stdio::dup2_stdin(&nothing);
        let _ = rustix::stdio::dup2_stderr(&nothing);
    }
    // A session of its own has no terminal, so that /dev/tty cannot be opened.
    let _ = rustix::process::setsid();
}

/// Other systems have no such call. The shim and the scripts of the shells redirect both streams.
#[cfg(not(unix))]
pub(crate) fn leave_terminal() {}

/// The largest file with a time zone that is read. The largest of the time zone database has 4 KB.
const LARGEST_ZONE: u64 = 64 << 10;
/// Where systems keep the time zone of the machine.
const MACHINE_ZONE: &str = "/etc/localtime";

/// The time zone of this process: that of `TZ`, else that of the machine, else UTC.
#[must_use]
#[allow(
    clippy::disallowed_methods,
    reason = "the rim: TZ is read here and nowhere else"
)]
pub fn local_time_zone() -> TimeZone {
    zone(std::env::var("TZ").ok().as_deref(), || {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(MACHINE_ZONE).ok()?;
        std::io::Read::read_to_end(&mut std::io::Read::take(file, LARGEST_ZONE), &mut bytes).ok()?;
        TimeZone::tzif("local", &bytes).ok()
    })
}

/// The time zone that `TZ` names, as a name of the time zone database or in the form of POSIX.
fn zone(variable: Option<&str>, machine: impl FnOnce() -> Option<TimeZone>) -> TimeZone {
    let named = match variable.map(|text| text.strip_prefix(':').unwrap_or(text)) {
        None => machine(),
        Some("") => None,
        Some(name) => TimeZone::get(name).or_else(|_| TimeZone::posix(name)).ok(),
    };
    named.unwrap_or(TimeZone::UTC)
}

impl Charset {
    /// By the first of POSIX's variables that is set: `LC_ALL`, `LC_CTYPE`, `LANG`. ASCII if it is `C` or `POSIX`, or names
    /// another charset than UTF-8. Without a locale it is UTF-8: containers and CI set none, and show UTF-8.
    fn by_locale(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
        let Some(locale) = names.filter_map(variable).find(|value| !value.is_empty()) else {
            return Self::Utf8;
        };
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        let without_modifier = locale.split('@').next().unwrap_or_default();
        match without_modifier.split_once('.') {
            Some((_, "utf-8" | "utf8")) => Self::Utf8,
            Some(_) => Self::Ascii,
            None if matches!(without_modifier, "c" | "posix") => Self::Ascii,
            None => Self::Utf8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Charset, zone};
    use jiff::tz::TimeZone;

    #[test]
    fn the_variable_tz_names_the_time_zone_and_else_the_machine_does() {
        let machine = || TimeZone::get("Europe/Berlin").ok();
        let name = |variable| zone(variable, machine).iana_name().map(str::to_owned);
        assert_eq!(name(None).as_deref(), Some("Europe/Berlin"));
        assert_eq!(name(Some("Asia/Tokyo")).as_deref(), Some("Asia/Tokyo"));
        assert_eq!(name(Some(":Asia/Tokyo")).as_deref(), Some("Asia/Tokyo"));
        for unknown in ["", "no such zone"] {
            assert_eq!(zone(Some(unknown), machine), TimeZone::UTC, "{unknown:?}");
        }
        assert_eq!(zone(None, || None), TimeZone::UTC);
    }

    #[test]
    fn the_first_variable_of_the_locale_that_is_set_decides_about_ascii() {
        let ascii = |variables: &[(&str, &str)]| {
            let charset = Charset::by_locale(|name| {
                let set = variables.iter().find(|(known, _)| *known == name);
                set.map(|(_, value)| (*value).into())
            });
            charset == Charset::Ascii
        };
        for (variables, expected) in [
            (&[][..], false),
            (&[("LANG", "C")], true),
            (&[("LANG", "POSIX")], true),
            (&[("LANG", "C.UTF-8")], false),
            (&[("LANG", "en_US.utf8")], false),
            (&[("LANG", "uk_UA.KOI8-U")], true),
            (&[("LANG", "de_DE.ISO-8859-15@euro")], true),
            (&[("LANG", "de_DE.UTF-8@euro")], false),
            (&[("LANG", "en_US")], false),
            (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], true),
            (
                &[("LC_ALL", ""), ("LC_CTYPE", "en_US.UTF-8"), ("LANG", "C")],
                false,
            ),
        ] {
            assert_eq!(ascii(variables), expected, "{variables:?}");
        }
    }
}
