//! app
use crate::Limits;
/// App
#[derive(Clone)]
pub struct App { pub(crate) limits: Limits }
