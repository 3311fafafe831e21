use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use announcement::Publisher;
use clap::{Args, Subcommand};
use gateway::{Scope, Secret, TokenFile, TokenFileError};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    arguments::{Format, duration},
    exit::{Code, Failure, say},
    output::{Rows, answer, print},
    read::text,
};

/// Names that a NATS subject already means something else by.
const TAKEN: [&str; 3] = ["local", "rules", "epoch"];

#[derive(Debug, Args)]
pub(crate) struct Token {
    #[command(subcommand)]
    command: TokenCommand,
    /// The file of tokens; a server that has it as --tokens reads it again by itself
    #[arg(long, env = "HANDOVER_TOKENS", value_name = "FILE", global = true, default_value = "tokens.json")]
    tokens: PathBuf,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it, this once
    New(New),
    /// The tokens, and what they allow; not the tokens themselves
    List {
        /// How they are printed
        #[arg(short, long, default_value = "table")]
        output: Format,
    },
    /// Have a token refused from now on
    Revoke {
        /// Its id, as list and the log have it
        id: String,
    },
    /// Take what was revoked or has expired off the list
    Forget,
}

#[derive(Debug, Args)]
struct New {
    /// Whose it is: what comes with it is published by the server's --name, a dot, and NAME
    #[arg(value_name = "NAME")]
    publisher: Publisher,
    /// What it allows: read, publish, curate, operate
    #[arg(long, required = true, value_delimiter = ',', value_name = "SCOPE")]
    scope: Vec<Scope>,
    /// For how long: 90d, 12h (until it's revoked)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires: Option<Duration>,
    /// How many announcements a second its publisher may send (as the server says; 0: no bound)
    #[arg(long, value_name = "ANNOUNCEMENTS")]
    per_second: Option<u32>,
    /// How many announcements its publisher may send in a day, UTC (as the server says; 0: no bound)
    #[arg(long, value_name = "ANNOUNCEMENTS")]
    per_day: Option<u64>,
}

pub(crate) fn run(arguments: &Token) -> Result<(), Failure> {
    let file = TokenFile::at(&arguments.tokens);
    match &arguments.command {
        TokenCommand::New(new) => make(&file, new),
        TokenCommand::List { output } => list(&file, *output),
        TokenCommand::Revoke { id } => revoke(&file, id),
        TokenCommand::Forget => {
            let now = Timestamp::now();
            let gone = |token: &gateway::Token| token.revoked.is_some() || token.expires.is_some_and(|expires| expires <= now);
            let forgotten = file.change(|tokens| tokens.extract_if(.., |token| gone(token)).count()).map_err(wrong)?;
            say(format_args!("{forgotten} forgotten"));
            Ok(())
        }
    }
}

fn make(file: &TokenFile, new: &New) -> Result<(), Failure> {
    let name = new.publisher.as_str();
    if name.contains('.') || TAKEN.contains(&name) {
        return Err(Failure::new(
            Code::Usage,
            format_args!("{name} isn't a name for a publisher with a token: give one without a dot, other than {}", TAKEN.join(", ")),
        ));
    }
    let secret = Secret::random().map_err(|error| Failure::new(Code::Failed, error))?;
    let now = Timestamp::now();
    let scopes: BTreeSet<Scope> = new.scope.iter().copied().collect();
    let mut token = gateway::Token::new(&secret, new.publisher.clone(), scopes, now);
    (token.per_second, token.per_day) = (new.per_second, new.per_day);
    let expires = new.expires.map(|after| SignedDuration::try_from(after).ok().and_then(|after| now.checked_add(after).ok()));
    token.expires = match expires {
        Some(None) => return Err(Failure::new(Code::Usage, "--expires: that is too far away; leave it out for a token that doesn't expire")),
        Some(Some(expires)) => Some(expires),
        None => None,
    };
    let id = token.id.clone();
    file.change(|tokens| tokens.push(token)).map_err(wrong)?;
    say(format_args!("token {id} for {name}; it's shown this once, and only its SHA-256 is kept"));
    print(format!("{}\n", secret.expose()).as_bytes())
}

fn list(file: &TokenFile, output: Format) -> Result<(), Failure> {
    let mut tokens = json!(file.read().map_err(wrong)?);
    for token in tokens.as_array_mut().into_iter().flatten() {
        token.as_object_mut().map(|token| token.remove("sha256"));
    }
    let scopes = |token: &Value| token["scopes"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(" ");
    let row = |token: &Value| {
        let of = |name: &str| text(&token[name]);
        vec![of("id"), of("publisher"), scopes(token), of("made"), of("expires"), of("revoked"), of("per_second"), of("per_day")]
    };
    let mut rows = Rows::new(&["id", "publisher", "scopes", "made", "expires", "revoked", "per_second", "per_day"]);
    rows.rows = tokens.as_array().into_iter().flatten().map(row).collect();
    let title = format!("{} tokens", rows.rows.len());
    let body = json!({"tokens": tokens}).to_string();
    answer(body.as_bytes(), output, "tokens", |_| vec![(title, rows)])
}

fn revoke(file: &TokenFile, id: &str) -> Result<(), Failure> {
    let now = Timestamp::now();
    let revoked = file.change(|tokens| {
        let token = tokens.iter_mut().find(|token| token.id == id)?;
        Some(*token.revoked.get_or_insert(now))
    });
    match revoked.map_err(wrong)? {
        Some(since) => {
            say(format_args!("token {id} is refused since {since}"));
            Ok(())
        }
        None => Err(Failure::new(Code::BadData, format_args!("{} has no token with the id {id}; handover token list shows them", file.path().display()))),
    }
}

fn wrong(error: TokenFileError) -> Failure {
    Failure::new(Code::Configuration, error)
}
