//! The streams, and what a terminal can show. Results go to stdout, everything else to stderr.

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

/// The streams to which output goes.
pub struct Shell {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    out_is_terminal: bool,
    err_is_terminal: bool,
    environment_allows_color: bool,
}

impl Shell {
    /// The streams of this process.
    #[must_use]
    #[allow(
        clippy::disallowed_methods,
        reason = "the rim: NO_COLOR and TERM are read here and nowhere else"
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
            err_is_terminal: std::io::stderr().is_terminal(),
            environment_allows_color: !no_color && !dumb,
        }
    }

    /// Writes a part of the result. It is no error if the reader has gone away: the exit code still carries the verdict.
    pub fn print(&mut self, text: &str) {
        let _ = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush());
    }

    /// Writes the result by calling `write`.
    pub fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) {
        let written = write(&mut self.out).and_then(|()| self.out.flush());
        if let Err(error) = written
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            self.complain(&format!("error: the result could not be written: {error}"));
        }
    }

    /// Writes one line to stderr.
    pub fn complain(&mut self, line: &str) {
        let _ = writeln!(self.err, "{line}");
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

    /// Columns of stdout's terminal; `None` if it is no terminal.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        if !self.out_is_terminal {
            return None;
        }
        terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
    }

    /// Whether a person may be watching stderr.
    #[must_use]
    pub fn shows_progress(&self) -> bool {
        self.err_is_terminal
    }
}
