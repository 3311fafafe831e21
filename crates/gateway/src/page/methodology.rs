//! The page at `/methodology`: what is recorded, how figures are made of it, and what they can't tell.

use axum::response::Response;
use maud::{Markup, html};
use projection::Policy;

use super::{
    kept::answer,
    language::Language,
    layout::{Page, scrolling},
    visit::Visit,
    words::Word,
};
use crate::problem::Failure;

/// The terms that are worth comparing in the three languages.
const TERMS: [Word; 34] = [
    Word::BodiesOfFallen,
    Word::PrisonersOfWar,
    Word::Civilians,
    Word::Children,
    Word::Living,
    Word::HandedOver,
    Word::FromTo,
    Word::NothingAnnounced,
    Word::Unknown,
    Word::NumberNotGiven,
    Word::NoUpperBound,
    Word::Disputed,
    Word::OneSided,
    Word::Completed,
    Word::Cancelled,
    Word::Postponed,
    Word::Planned,
    Word::Mentioned,
    Word::KindCompleted,
    Word::KindConfirmed,
    Word::KindDisputed,
    Word::KindCorrected,
    Word::KindRetracted,
    Word::WhyRelay,
    Word::WhyOutranked,
    Word::ChannelOpen,
    Word::ChannelPaused,
    Word::ChannelBlocked,
    Word::ChannelResuming,
    Word::FrameworkLabel,
    Word::StageOf,
    Word::Attributes,
    Word::HelpCredited,
    Word::OutletVoice,
];

const SECTIONS: [(Word, Word); 5] = [
    (Word::MRecorded, Word::MRecordedText),
    (Word::MVoices, Word::MVoicesText),
    (Word::MUnknown, Word::MUnknownText),
    (Word::MProof, Word::MProofText),
    (Word::MLimits, Word::MLimitsText),
];

pub(crate) async fn methodology(mut visit: Visit) -> Result<Response, Failure> {
    visit.finish()?;
    let here = &visit.here;
    let language = here.language;
    let body = html! {
        @for (title, text) in SECTIONS { section { h2 { (language.say(title)) } p { (language.say(text)) } } }
        (policies(language))
        (terms(language))
    };
    let page =
        Page { title: language.say(Word::MethodologyPage).to_owned(), head: html! { p.lead { (language.say(Word::MethodologyLead)) } }, body, as_of: None };
    Ok(answer(page.render(here), here))
}

fn policies(language: Language) -> Markup {
    html! {
        section {
            h2 { (language.say(Word::MPolicies)) }
            p { (language.say(Word::MPoliciesText)) }
            dl { @for policy in Policy::ALL { dt { code { (policy) } } dd { (language.policy(policy)) } } }
        }
    }
}

/// The neutral terms, side by side. What is filled in is shown as an ellipsis.
fn terms(language: Language) -> Markup {
    let caption = language.say(Word::MTermsCaption);
    let shown = |language: Language, word| language.fill(word, &["…", "…"]);
    let table = html! {
        table.terms {
            caption { (caption) }
            thead { tr { @for column in Language::ALL { th scope="col" lang=(column.tag()) { (column.own_name()) } } } }
            tbody {
                @for word in TERMS {
                    tr { @for column in Language::ALL { td lang=(column.tag()) { (shown(column, word)) } } }
                }
            }
        }
    };
    html! { section { h2 { (language.say(Word::MTerms)) } (scrolling(caption, &table)) } }
}
