//! Forms that ask the same address again: what they ask for is in the address, so that it can be kept and sent on.

use maud::{Markup, html};
use projection::Policy;

use super::{visit::Here, words::Word};

/// A field of a form.
pub(super) enum Field {
    /// A day.
    Day(&'static str, Word),
    /// A text, with what is expected in it.
    Text(&'static str, Word, Option<Word>),
    /// One of several values, each with its words; an empty value stands for none of them.
    Choice(&'static str, Word, Vec<(&'static str, String)>),
}

impl Field {
    const fn name(&self) -> &'static str {
        match self {
            Self::Day(name, _) | Self::Text(name, ..) | Self::Choice(name, ..) => name,
        }
    }

    fn markup(&self, here: &Here) -> Markup {
        let language = here.language;
        let (name, given) = (self.name(), here.given(self.name()));
        let (Self::Day(_, label) | Self::Text(_, label, _) | Self::Choice(_, label, _)) = self;
        html! {
            div.field {
                label for=(name) { (language.say(*label)) }
                @match self {
                    Self::Day(..) => input type="date" id=(name) name=(name) value=(given);,
                    Self::Text(_, _, None) => input type="text" id=(name) name=(name) value=(given) maxlength="200";,
                    Self::Text(_, _, Some(hint)) => {
                        input type="text" id=(name) name=(name) value=(given) maxlength="200" aria-describedby={ (name) "-hint" };
                        small id={ (name) "-hint" } { (language.say(*hint)) }
                    },
                    Self::Choice(_, _, values) => select id=(name) name=(name) {
                        @for (value, words) in values { option value=(value) selected[*value == given] { (words) } }
                    },
                }
            }
        }
    }
}

/// A form of these fields; the other parameters of the page are carried along.
pub(super) fn form(legend: Word, fields: &[Field], submit: Word, here: &Here) -> Markup {
    let names: Vec<&str> = fields.iter().map(Field::name).collect();
    let is_used = names.iter().any(|name| !here.given(name).is_empty());
    html! {
        form method="get" aria-label=(here.language.say(legend)) {
            @for (name, value) in here.carried(&names) { input type="hidden" name=(name) value=(value); }
            @for field in fields { (field.markup(here)) }
            div.field.act {
                button type="submit" { (here.language.say(submit)) }
                @if is_used { a href=(here.without(&[names.as_slice(), &["after"]].concat())) { (here.language.say(Word::Reset)) } }
            }
        }
    }
}

/// Asks for what was known at another moment; folded away where that's not what the page shows.
pub(super) fn past(here: &Here) -> Markup {
    let fields = [Field::Text("as_known_at", Word::AsKnownAt, Some(Word::AsKnownAtHint)), Field::Day("announced_until", Word::AnnouncedUntil)];
    html! {
        details.ask open[!here.is_now()] {
            summary { (here.language.say(Word::ShowThePast)) }
            (form(Word::ShowThePast, &fields, Word::Show, here))
        }
    }
}

/// How figures are made, with the words for each way.
pub(super) fn policy(here: &Here) -> Field {
    let value = |policy: Policy| (if policy == Policy::default() { "" } else { policy.as_str() }, here.language.policy_name(policy).to_owned());
    Field::Choice("policy", Word::PolicyLabel, Policy::ALL.into_iter().map(value).collect())
}
