use std::{
    borrow::Borrow,
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    num::NonZeroU32,
    sync::Arc,
};

/// Stands for a value of a [`Pool`]: four bytes, also inside an `Option`.
pub(crate) struct Id<T: ?Sized> {
    number: NonZeroU32,
    of: PhantomData<fn(&T)>,
}

impl<T: ?Sized> Id<T> {
    /// The id of the value at a place.
    pub(crate) fn at(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
        Self { number: number.expect("fewer than 2^32 distinct values fit into memory"), of: PhantomData }
    }

    /// After all others.
    pub(crate) const LAST: Self = Self { number: NonZeroU32::MAX, of: PhantomData };

    /// From 0 on, in the order in which the values came.
    pub(crate) const fn index(self) -> usize {
        self.number.get() as usize - 1
    }
}

impl<T: ?Sized> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Id<T> {}

impl<T: ?Sized> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<T: ?Sized> Eq for Id<T> {}

impl<T: ?Sized> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: ?Sized> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}

impl<T: ?Sized> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl<T: ?Sized> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.index())
    }
}

/// Distinct values, each kept once. A value that nothing names any more may go; its id stays unused.
#[derive(Debug, PartialEq)]
pub(crate) struct Pool<T: ?Sized + Eq + Hash> {
    values: Vec<Option<Arc<T>>>,
    ids: HashMap<Arc<T>, Id<T>>,
}

impl<T: ?Sized + Eq + Hash> Pool<T> {
    pub(crate) fn intern(&mut self, value: &T) -> Id<T>
    where
        T: ToOwned,
        Arc<T>: From<T::Owned>,
    {
        if let Some(id) = self.find(value) {
            return id;
        }
        let id = Id::at(self.values.len());
        let value: Arc<T> = value.to_owned().into();
        self.values.push(Some(Arc::clone(&value)));
        self.ids.insert(value, id);
        id
    }

    /// Adds what a pool had at its next place; not where it's the value of another place.
    pub(crate) fn restore(&mut self, value: Option<Arc<T>>) -> bool {
        let id = Id::at(self.values.len());
        self.values.push(value.clone());
        value.is_none_or(|value| self.ids.insert(value, id).is_none())
    }

    /// Drops the values that aren't kept.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(Id<T>) -> bool) {
        for (index, place) in self.values.iter_mut().enumerate() {
            if !keep(Id::at(index))
                && let Some(value) = place.take()
            {
                self.ids.remove(&value);
            }
        }
    }

    pub(crate) fn find<Q: ?Sized + Eq + Hash>(&self, value: &Q) -> Option<Id<T>>
    where
        Arc<T>: Borrow<Q>,
    {
        self.ids.get(value).copied()
    }

    pub(crate) fn get(&self, id: Id<T>) -> &T {
        self.values[id.index()].as_deref().expect("what is named is kept")
    }

    /// The same, to be kept.
    pub(crate) fn shared(&self, id: Id<T>) -> Arc<T> {
        Arc::clone(self.values[id.index()].as_ref().expect("what is named is kept"))
    }

    /// The id at a place, if there is a value.
    pub(crate) fn id(&self, index: usize) -> Option<Id<T>> {
        self.values.get(index)?.as_ref().map(|_| Id::at(index))
    }

    /// The values by place, with the gaps of those that went.
    pub(crate) fn values(&self) -> &[Option<Arc<T>>] {
        &self.values
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = Id<T>> + use<T> {
        (0..self.values.len()).map(Id::at)
    }
}

impl<T: ?Sized + Eq + Hash> Clone for Pool<T> {
    fn clone(&self) -> Self {
        Self { values: self.values.clone(), ids: self.ids.clone() }
    }
}

impl<T: ?Sized + Eq + Hash> Default for Pool<T> {
    fn default() -> Self {
        Self { values: Vec::new(), ids: HashMap::new() }
    }
}
