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
//! [`Snapshots`] keeps the book on disk: a snapshot holds every record with what is known of it alone, in chunks, and what changed is written again in one step. What follows
//! from the records, such as which claims name an exchange, is worked out when it's read.
//!
//! Invariants:
//! 1. A fold is pure and total: it reads no clock, takes every record that the ledger accepts, and a record that was applied before changes nothing.
//! 2. The same records give the same answers, byte for byte.
//! 3. Unknown is never 0: a direction in which nothing was claimed has no figure, and one without a number has no upper bound.
//! 4. A snapshot is either whole or not used, whatever its bytes, and says which records it's of by the root of their tree. Everything in it can be folded again.
//! 5. What a redaction takes away is in no snapshot once the redaction itself is.

mod agreed;
mod answer;
mod book;
mod candidates;
mod changes;
mod channels;
mod cited;
mod claim;
mod discrepancies;
mod dossier;
mod effects;
mod evidence;
mod exchange;
mod extent;
mod feed;
mod figure;
mod fold;
mod frameworks;
mod grouping;
mod identity;
mod integrity;
mod intern;
mod keeper;
mod knowledge;
mod known;
mod line;
mod lineage;
mod listed;
mod mention;
mod metrics;
mod near;
mod office;
mod offices;
mod place;
mod plans;
mod policy;
mod progress;
mod projection;
mod reconciliation;
mod reports;
mod settings;
mod settle;
mod sheet;
mod snapshot;
mod snapshots;
mod source;
mod status;
mod step;
mod tally;
mod third_parties;
mod ties;
mod timeline;
mod totals;
mod valid;
mod views;
mod wire;

pub use answer::{AsOf, Days};
pub use book::{Applied, ApplyError, Book, Differs, FOLD_VERSION, Input};
pub use candidates::{Against, Candidate, Candidates, CandidatesQuery, Compared, For, Pair, With, candidates};
pub use changes::{Change, Changes, ChangesQuery, ExchangeChange, FigureChange, OldAndNew, changes};
pub use channels::{AnnouncerView, Channel, ChannelStatement, Channels, ChannelsQuery, CompletedExchange, MAX_STATEMENTS, channels};
pub use cited::MAX_CITED;
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
pub use metrics::Metrics;
pub use offices::{Contested, Contradicted, Office, Offices, OfficesQuery, Replaced, offices};
pub use plans::{HandedOver, Plan, PlannedCount, Plans, PlansQuery, PutOff, plans};
pub use policy::Policy;
pub use progress::{Cause, Progress, Rebuild, Rebuilt, State};
pub use projection::{OrderError, Projection, Stamp, TimedOut};
pub use reconciliation::{ExchangesLine, Gap, Hypothesis, Line, OtherScope, Reconciled, Reconciliation, ReconciliationQuery, Verdict, reconciliation};
pub use reports::{Lineages, Telling, Told, Variant, lineage};
pub use settings::Settings;
pub use settle::{Settled, settle};
pub use snapshot::{Stand, Unusable};
pub use snapshots::{Slot, Snapshots};
pub use source::{Page, Source, SourceError};
pub use status::{MODELS, ModelStatus};
pub use tally::Sum;
pub use third_parties::{Credit, Credited, ThirdParties, ThirdPartiesQuery, third_parties};
pub use timeline::{Exchange, Helper, Timeline, TimelineQuery, timeline};
pub use totals::{Excluded, Total, Totals, TotalsQuery, totals};
pub use valid::Valid;
pub use views::run_views;
