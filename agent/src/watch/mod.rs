//! The tasks that keep the state current: watches, reviews, and searches for causes and related objects.

pub mod causes;
pub mod deletions;
pub mod kinds;
pub mod related;
pub mod review;
mod watcher;
