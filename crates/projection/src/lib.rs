//! The read models: pure folds of the ledger's records, and what keeps them up with it.
//!
//! ```text
//! Source ──pages──▶ Book::apply ──▶ timeline · dossier · totals · channels · reconciliation · discrepancies · plans · frameworks
//!                                   third parties · offices · lineage · identity · changes · knowledge · candidates
//! ```
//!
//! [`Book`] is the fold that all models share: every claim with its numbers, and what later records did to it. A figure is made when it's asked for, from the claims of its
//! exchange, under the reader's [`Policy`]; it carries the positions of these claims. Texts stay in the ledger.
//!
//! Invariants:
//! 1. A fold is pure and total: it reads no clock, takes every record that the ledger accepts, and a record that was applied before changes nothing.
//! 2. The same records give the same answers, byte for byte.
//! 3. Unknown is never 0: a direction in which nothing was claimed has no figure, and one without a number has no upper bound.

mod agreed;
mod answer;
mod book;
mod candidates;
mod changes;
mod channels;
mod claim;
mod discrepancies;
mod dossier;
mod effects;
mod evidence;
mod exchange;
mod extent;
mod figure;
mod frameworks;
mod grouping;
mod identity;
mod integrity;
mod intern;
mod knowledge;
mod known;
mod lineage;
mod mention;
mod near;
mod office;
mod offices;
mod place;
mod plans;
mod policy;
mod projection;
mod reconciliation;
mod reports;
mod settle;
mod sheet;
mod source;
mod step;
mod tally;
mod third_parties;
mod ties;
mod timeline;
mod totals;
mod views;

pub use answer::{AsOf, Days};
pub use book::{Applied, ApplyError, Book, FOLD_VERSION, Input};
pub use candidates::{Against, Candidate, Candidates, CandidatesQuery, Compared, For, Pair, With, candidates};
pub use changes::{Change, Changes, ChangesQuery, ExchangeChange, FigureChange, OldAndNew, changes};
pub use channels::{AnnouncerView, Channel, ChannelStatement, Channels, ChannelsQuery, CompletedExchange, channels};
pub use discrepancies::{Between, Discrepancies, DiscrepanciesQuery, Discrepancy, Field, SaidAt, Standing, Value, discrepancies};
pub use dossier::{Difference, Dossier, Merging, Statement, dossier};
pub use effects::{Act, Out, Why};
pub use exchange::{FigureAnswer, Status};
pub use frameworks::{Framework, Frameworks, FrameworksQuery, Term, frameworks};
pub use grouping::{By, Grouping, Period};
pub use identity::{Bodies, Found, Identity, IdentityQuery, UnassignedFinding, identity};
pub use integrity::{Folded, folded};
pub use knowledge::{Gain, Knowledge, KnowledgeQuery, Move, Moved, Part, knowledge};
pub use known::{AsKnown, Known, Moment};
pub use mention::Direction;
pub use offices::{Contested, Contradicted, Office, Offices, OfficesQuery, Replaced, offices};
pub use plans::{HandedOver, Plan, PlannedCount, Plans, PlansQuery, PutOff, plans};
pub use policy::Policy;
pub use projection::{Progress, Projection, State, TimedOut};
pub use reconciliation::{ExchangesLine, Gap, Hypothesis, Line, OtherScope, Reconciled, Reconciliation, ReconciliationQuery, Verdict, reconciliation};
pub use reports::{Lineages, Telling, Told, Variant, lineage};
pub use settle::{Settled, settle};
pub use source::{Page, Source, SourceError};
pub use tally::Sum;
pub use third_parties::{Credit, Credited, ThirdParties, ThirdPartiesQuery, third_parties};
pub use timeline::{Exchange, Helper, Timeline, TimelineQuery, timeline};
pub use totals::{Excluded, Total, Totals, TotalsQuery, totals};
pub use views::{VIEWS_BUCKET, run_views};
