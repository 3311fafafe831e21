//! x
mod answer;
mod format;
