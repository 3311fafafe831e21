use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedSemaphorePermit;

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    /// Guards the connection's place among those of requests, given back once.
    place: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl Client {
    pub(super) fn new(address: IpAddr, place: OwnedSemaphorePermit) -> Self {
        Self { address, place: Arc::new(Mutex::new(Some(place))) }
    }

    /// Gives back the connection's place: it has one elsewhere, and no further request comes on it.
    pub(crate) fn leave(&self) {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
