//! Who may ask: tokens are reviewed by the API server, and its answers are remembered for a while.

pub mod authenticator;
mod known_tokens;
mod verdicts;
