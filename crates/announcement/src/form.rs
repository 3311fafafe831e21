use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{IntoDeserializer, Visitor, value::CowStrDeserializer},
    forward_to_deserialize_any,
};

/// Reads a field that may be left out: where it's given it has a value, since `null` would be written again as nothing.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads a struct from an object only and a choice from its name only. Derived code alone takes an array of the fields' values too, and an object with the choice's
/// name, and both would be written again in another form.
pub(crate) struct OneForm<D>(pub(crate) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for OneForm<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, D::Error> {
        let name: CowStrDeserializer<'_, D::Error> = Cow::<str>::deserialize(self.0)?.into_deserializer();
        visitor.visit_enum(name)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple tuple_struct map
        identifier ignored_any
    }
}

/// Serde for types that derive it as `#[serde(remote = "Self")]`: written as derived, read by [`OneForm`].
macro_rules! one_form {
    ($($type:ty),*) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$type>::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$type>::deserialize($crate::form::OneForm(deserializer))
            }
        }
    )*};
}

pub(crate) use one_form;
