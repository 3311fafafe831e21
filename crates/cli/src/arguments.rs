mod serve;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::connection::{HttpAccess, NatsAccess};
pub(crate) use serve::{Log, Reads, Role, Serve};

/// A ledger of announced exchanges between warring parties: of the fallen, of prisoners, of civilians.
///
/// Data goes to stdout, words to stderr. Exit codes: 0; 1 failed; 2 usage; 10 checked and found unhealthy; 65 bad data; 69 server or NATS unreachable; 78 configuration.
#[derive(Debug, Parser)]
#[command(name = "handover", version)]
pub(crate) struct Arguments {
    /// A file (TOML) with a table for each command (serve, for example) whose keys are named like the options; an option or the environment goes before it
    #[arg(long, env = "HANDOVER_CONFIG", value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the ledger, its read models and the HTTP server
    Serve(Serve),
    /// Publish announcements and say what became of each
    Publish(Publish),
    /// Make announcements of a spreadsheet's rows (CSV) or of JSON lines, for handover publish -
    Convert(crate::convert::Convert),
    /// Propose announcements from a news text, by rules, for a person to edit and publish
    Draft(crate::draft::Draft),
    /// What was published with --outbox and has no receipt yet
    Outbox(crate::outbox::Outbox),
    /// What happened, newest first
    Exchanges(crate::read::Exchanges),
    /// Who said what about one exchange
    Exchange(crate::read::Exchange),
    /// How many, by direction and category
    Totals(crate::read::Totals),
    /// Is it blocked, and who says so
    Channels(crate::read::Channels),
    /// Do official totals fit the exchanges that they cover
    Reconciliation(crate::read::Reconciliation),
    /// Where statements about one exchange differ
    Discrepancies(crate::read::Discrepancies),
    /// Were the plans carried out
    Plans(crate::read::Plans),
    /// How much of what was agreed is done
    Frameworks(crate::read::Frameworks),
    /// Whom statements credit with help
    ThirdParties(crate::read::ThirdParties),
    /// What each office has said, and what contradicts it since
    Offices(crate::read::Offices),
    /// What became of the bodies
    Identity(crate::read::Identity),
    /// Which statements about one exchange are independent, and which are copies
    Lineage(crate::read::Lineage),
    /// What each record changed: figures, days and state of exchanges, old and new
    Changes(crate::read::Changes),
    /// Why totals moved between two moments, with the records that moved them
    Knowledge(crate::read::Knowledge),
    /// What may be one exchange and is kept as two, with what speaks for it and against it
    Candidates(crate::read::Candidates),
    /// Size, root, last checkpoint, last verified backup, refusals, and how far the read models have come
    Integrity(crate::read::Integrity),
    /// The ledger's records
    Records(crate::read::Records),
    /// All nodes of a deployment on one screen; exit code 10 where something isn't well, 69 where nothing can be reached
    Status(crate::status::Status),
    /// What is wrong on this machine, and the next command; exit code 10 where something is
    Doctor(crate::doctor::Doctor),
    /// Operate the ledger of a running server
    Ledger(Ledger),
    /// Operate the read models of a running server
    Projection(Projection),
    /// What the ledger refused, and why
    Refusals(Refusals),
    /// Have the payload of a record removed that holds personal data; its leaf hash, its place and the reason stay
    Redact(Redact),
    /// Read everything once more: whether each record, tile, index entry and root is as it was written; exit code 10 where one isn't
    Verify(Verify),
    /// Get everything that shows offline that a record is in the ledger
    Prove(Prove),
    /// Check a proof with nothing but a checkpoint that came another way; exit code 10 where it doesn't hold
    CheckProof(CheckProof),
    /// What the ledger stands at, signed
    Checkpoint {
        #[command(subcommand)]
        command: CheckpointCommand,
    },
    /// Who may publish over HTTP: make tokens, list and revoke them
    Token(crate::token::Token),
    /// The key that checkpoints are signed with
    Key(Key),
    #[command(hide = true)]
    VerifyVolume(VerifyVolume),
    /// Copy the ledger into a folder while it's served; volumes that are there already are left as they are
    Backup(Backup),
    /// Put a backup into an empty data folder
    Restore(Restore),
    /// Every record a line, with its own bytes, to stdout
    Export(Export),
    /// Take an export into a data folder that no server runs on: the same records give the same tree
    Import(Import),
    /// Give the records out again, in their order
    Replay(Replay),
    /// What the configuration comes to, and whether it's right
    Config(crate::config::Config),
    /// What a deployment needs: users of nats-server, certificates
    Deploy(crate::deploy::Deploy),
    /// Measure the ledger on this machine
    Bench(crate::bench::Bench),
    /// JSON Schema (2020-12) of a kind of announcement, or of all
    Schema(Schema),
    /// A completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// One object, an array, or JSON lines; - is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) files: Vec<PathBuf>,
    /// A server (http://…) or NATS (nats://…)
    #[arg(long, env = "HANDOVER_TO", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub(crate) to: String,
    /// The publisher's name on NATS; over HTTP the server knows it
    #[arg(long = "as", env = "HANDOVER_AS", value_name = "NAME")]
    pub(crate) publisher: Option<String>,
    #[command(flatten)]
    pub(crate) nats_access: NatsAccess,
    #[command(flatten)]
    pub(crate) access: HttpAccess,
    /// What is printed of the receipts: a summary in words only, or each
    #[arg(short, long, default_value = "summary")]
    pub(crate) output: ReceiptFormat,
    /// How long each announcement may take until its receipt, in seconds
    #[arg(long, default_value_t = 60, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout_s: u64,
    /// Keep each announcement in this folder until its receipt, also over a stop, and send what is there already; for nats:// only
    #[arg(long, env = "HANDOVER_OUTBOX", value_name = "DIR", conflicts_with = "timeout_s")]
    pub(crate) outbox: Option<PathBuf>,
    /// How long what is in the outbox is sent before the rest is left for later: 10s, 5m; exit code 75 where some is left
    #[arg(long, default_value = "10s", value_name = "TIME", requires = "outbox", value_parser = duration)]
    pub(crate) wait: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReceiptFormat {
    Summary,
    Json,
    Jsonl,
}

/// Which server is asked.
#[derive(Debug, Args)]
pub(crate) struct Server {
    /// The server
    #[arg(long, env = "HANDOVER_SERVER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub(crate) server: String,
    #[command(flatten)]
    pub(crate) access: HttpAccess,
}

/// Which server is asked, and how its answer is printed.
#[derive(Debug, Args)]
pub(crate) struct Asking {
    #[command(flatten)]
    pub(crate) server: Server,
    /// How the answer is printed
    #[arg(short, long, default_value = "table")]
    pub(crate) output: Format,
    /// Wait until the answer rests on the record at this position
    #[arg(long, value_name = "POSITION")]
    pub(crate) at_least: Option<u64>,
}

/// The same of a read model, and which past of it.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    #[command(flatten)]
    pub(crate) asking: Asking,
    /// As it was known once the record at this position was taken in, at this instant (RFC 3339), or at the end of this day in UTC
    #[arg(long, value_name = "POSITION|INSTANT|DAY")]
    pub(crate) as_known_at: Option<String>,
    /// Only of what had been announced by the end of this day
    #[arg(long, value_name = "DAY")]
    pub(crate) announced_until: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Jsonl,
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct Projection {
    #[command(subcommand)]
    pub(crate) command: ProjectionCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectionCommand {
    /// The read models' names
    List(Data),
    /// Where each read model stands, and what became of a rebuild
    Status(Data),
    /// Fold everything anew beside what is answered from, compare, and switch; a start after a stop goes on with it
    Rebuild(RebuildProjection),
    /// End a rebuild; what is answered from stays
    Cancel(Data),
}

#[derive(Debug, Args)]
pub(crate) struct RebuildProjection {
    /// The read model that is meant; all are made from one fold, so all are rebuilt
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Ledger {
    #[command(subcommand)]
    pub(crate) command: LedgerCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Size, root, epoch, stream position, disk, and whether it takes records in; exit code 10 where it doesn't
    Status(Data),
    /// Bring a ledger of the first format to the one of this program; what was there is put aside
    Migrate(Data),
    /// Let a stopped intake go on with the stream as it is: begins an epoch
    AdoptStream(Data),
    /// Take from the stream ANNOUNCEMENTS what is older, every node has read, and the last verified backup holds
    Trim(Trim),
    /// Bring a node that is behind to where the others are
    CatchUp(CatchUp),
    /// Begin an epoch: this ledger was restored without what it had handed out checkpoints of
    NewEpoch(NewEpoch),
}

#[derive(Debug, Args)]
pub(crate) struct Trim {
    /// How much is kept: 7d, 12h, 30m, 90s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) keep: Duration,
    #[command(flatten)]
    pub(crate) data: Data,
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, seconds) = match text.split_at_checked(text.len().saturating_sub(1)) {
        Some((number, "d")) => (number, 86_400),
        Some((number, "h")) => (number, 3_600),
        Some((number, "m")) => (number, 60),
        Some((number, "s")) => (number, 1),
        _ => return Err("expected a number and d, h, m or s".to_owned()),
    };
    let number: u64 = number.parse().map_err(|error| format!("{error}"))?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| "too long".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct CatchUp {
    /// The records of another node, by the stream LEDGER; the stream ANNOUNCEMENTS, which a running node reads by itself; or a backup
    #[arg(long)]
    pub(crate) from: Source,
    /// The backup
    #[arg(value_name = "DIR", required_if_eq("from", "backup"))]
    pub(crate) backup: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Source {
    Ledger,
    Stream,
    Backup,
}

#[derive(Debug, Args)]
pub(crate) struct NewEpoch {
    /// Everyone who has a checkpoint of what is lost will see it
    #[arg(long)]
    pub(crate) yes: bool,
    /// The key that checkpoints are signed with (ledger.key in the data folder)
    #[arg(long, env = "HANDOVER_KEY", value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Data {
    /// The data folder
    #[arg(long, env = "HANDOVER_DATA", default_value = "data", global = true)]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Redact {
    /// The record's position, or the event's id with --source
    #[arg(value_name = "POSITION|ID", required_unless_present = "streams", requires = "reason")]
    pub(crate) event: Option<String>,
    /// The event's source
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Who published it (local)
    #[arg(long, requires = "source")]
    pub(crate) publisher: Option<String>,
    /// Why; it's recorded and shown, so it must not repeat what is removed
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Who redacts
    #[arg(long = "as", env = "HANDOVER_AS", value_name = "NAME", default_value = "local")]
    pub(crate) operator: String,
    /// NATS (nats://…), from where the data folder isn't at hand
    #[arg(long, value_name = "URL", conflicts_with = "streams")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) nats_access: NatsAccess,
    /// Make the stream LEDGER anew instead, once every node has removed what was redacted: it's filled again without
    #[arg(long, conflicts_with = "event")]
    pub(crate) streams: bool,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Where the copy is made that's read; it takes as much room as the ledger (beside the ledger)
    #[arg(long, value_name = "DIR")]
    pub(crate) work: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// The record's position, or the event's id with --source
    #[arg(value_name = "POSITION|ID")]
    pub(crate) event: String,
    /// The event's source
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Who published it (local)
    #[arg(long, requires = "source")]
    pub(crate) publisher: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct CheckProof {
    /// What handover prove printed
    #[arg(value_name = "FILE")]
    pub(crate) proof: PathBuf,
    /// A checkpoint of the same size that came another way
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: PathBuf,
    /// The ledger's key, as handover key show prints it
    #[arg(long)]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CheckpointCommand {
    /// Print it
    Show {
        #[command(flatten)]
        server: Server,
    },
    /// Keep each one in a folder, and end with exit code 10 at one that isn't an extension of the one before
    Watch(Watch),
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Where they are kept: somewhere that the ledger's operator can't write to
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) server: Server,
    /// The ledger's key, as handover key show prints it
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// How often it's asked, in seconds
    #[arg(long, default_value_t = 60, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) every_s: u64,
    /// Ask once and end
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Key {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key in a new file, for all nodes of one ledger; prints its public part
    New {
        /// The file
        file: PathBuf,
        /// The ledger's name, without white space and plus signs (handover- and eight digits)
        #[arg(long)]
        name: Option<String>,
    },
    /// Print the public part of a data folder's key
    Show {
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Args)]
pub(crate) struct VerifyVolume {
    pub(crate) dir: PathBuf,
    pub(crate) volume: u64,
    pub(crate) volume_records: u64,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Backup {
    #[command(subcommand)]
    pub(crate) command: Option<BackupCommand>,
    /// Where the backup is kept
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Restore a backup into a folder of its own, verify that, and remove it; exit code 10 where something isn't as it was. The ledger in --data notes it, for trim
    Verify {
        /// The backup
        dir: PathBuf,
        /// Where it's restored; it takes as much room as the backup (beside the backup)
        #[arg(long, value_name = "DIR")]
        work: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// From this position on
    #[arg(long, value_name = "POSITION")]
    pub(crate) from: Option<u64>,
    /// Up to this position
    #[arg(long, value_name = "POSITION")]
    pub(crate) to: Option<u64>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Exports; - is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// From this position on
    #[arg(long, value_name = "POSITION", conflicts_with = "since")]
    pub(crate) from: Option<u64>,
    /// Up to this position
    #[arg(long, value_name = "POSITION")]
    pub(crate) to: Option<u64>,
    /// What was recorded from this instant on (RFC 3339)
    #[arg(long, value_name = "INSTANT")]
    pub(crate) since: Option<jiff::Timestamp>,
    /// What was recorded up to this instant (RFC 3339)
    #[arg(long, value_name = "INSTANT")]
    pub(crate) until: Option<jiff::Timestamp>,
    /// Only this kind
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Only this publisher
    #[arg(long)]
    pub(crate) publisher: Option<String>,
    /// How fast: max, realtime (as far apart as they were recorded), or a rate like 100/s
    #[arg(long, default_value = "max")]
    pub(crate) speed: crate::replay::Speed,
    /// Where to: stdout, file:PATH (appended to), or nats:SUBJECT
    #[arg(long, default_value = "stdout")]
    pub(crate) into: String,
    #[command(flatten)]
    pub(crate) nats_access: NatsAccess,
    /// The nats-server of nats:SUBJECT
    #[arg(long, env = "HANDOVER_NATS", value_name = "URL")]
    pub(crate) nats: Option<String>,
    /// A file that keeps where it got to; a replay that finds it goes on there
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RefusalsCommand {
    /// All of them (the same as without a command)
    List,
    /// One of them, with the bytes that are kept
    Show {
        /// Its number
        number: u64,
    },
    /// Publish it once more: it's decided on anew
    Resubmit {
        /// Its number
        number: u64,
    },
    /// Drop its bytes; that it was refused, and the reason given here, stay
    Drop {
        /// Its number
        number: u64,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Refusals {
    #[command(subcommand)]
    pub(crate) command: Option<RefusalsCommand>,
    /// From this number on
    #[arg(long, default_value_t = 0, value_name = "NUMBER", global = true)]
    pub(crate) from: u64,
    /// How they are printed
    #[arg(short, long, default_value = "table", global = true)]
    pub(crate) output: Format,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// completed, confirmed, planned …; without it the names of all
    pub(crate) kind: Option<String>,
}
