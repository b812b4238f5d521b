//! Owns the files of the page: its style sheet, its script and its icons.

use sre_shared::digest::OverallHealth;

/// A file that belongs to every page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageFile {
    /// The style sheet.
    Style,
    /// The script.
    Script,
    /// The icon of a state.
    Icon(OverallHealth),
}

impl PageFile {
    /// The file of a path behind `/page/`.
    pub fn from_path(segments: &[&str]) -> Option<Self> {
        match segments {
            ["style.css"] => Some(Self::Style),
            ["script.js"] => Some(Self::Script),
            ["icon", name] => match name.strip_suffix(".svg")? {
                "ok" => Some(Self::Icon(OverallHealth::Ok)),
                "progressing" => Some(Self::Icon(OverallHealth::Progressing)),
                "degraded" => Some(Self::Icon(OverallHealth::Degraded)),
                "unknown" => Some(Self::Icon(OverallHealth::Unknown)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Its path.
    pub fn template(self) -> &'static str {
        match self {
            Self::Style => "/page/style.css",
            Self::Script => "/page/script.js",
            Self::Icon(_) => "/page/icon/{state}.svg",
        }
    }

    /// The type of its content.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Icon(_) => "image/svg+xml",
        }
    }

    /// Its content.
    pub fn content(self) -> &'static str {
        match self {
            Self::Style => include_str!("files/style.css"),
            Self::Script => include_str!("files/script.js"),
            Self::Icon(OverallHealth::Ok) => include_str!("files/icon/ok.svg"),
            Self::Icon(OverallHealth::Progressing) => include_str!("files/icon/progressing.svg"),
            Self::Icon(OverallHealth::Degraded) => include_str!("files/icon/degraded.svg"),
            Self::Icon(OverallHealth::Unknown) => include_str!("files/icon/unknown.svg"),
        }
    }
}
