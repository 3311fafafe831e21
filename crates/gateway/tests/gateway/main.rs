//! The gateway as its clients meet it: over a socket, with a real ledger and real read models behind it.

mod harness;
mod hostile;
mod life;
mod page;
mod publishing;
mod reading;
