use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use announcement::Date;
use clap::Args;
use draft::{DraftError, Drafted, MAX_ARTICLE, Options};

use crate::{
    exit::{Code, Failure, say},
    output::print,
};

/// How many bytes of a sentence are shown.
const SHOWN: usize = 160;

#[derive(Debug, Args)]
pub(crate) struct Draft {
    /// The news text, in English, Russian or Ukrainian; - is standard input
    #[arg(value_name = "ARTICLE")]
    pub(crate) article: PathBuf,
    /// When it was published: a day, or as much of it as is known. Gives the year of "January 29", the day of "on Thursday"
    #[arg(long, value_name = "DATE")]
    pub(crate) published: Option<Date>,
    /// The outlet's name
    #[arg(long)]
    pub(crate) outlet: Option<String>,
    /// Its address
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// The source of the events, a URI-reference
    #[arg(long, default_value = "urn:handover:draft")]
    pub(crate) source: String,
    /// Say on stderr of each sentence with a number, or about an exchange, why nothing is proposed from it
    #[arg(long)]
    pub(crate) explain: bool,
}

pub(crate) fn run(arguments: &Draft) -> Result<(), Failure> {
    let article = read(&arguments.article)?;
    let options = Options { published: arguments.published, outlet: arguments.outlet.as_deref(), url: arguments.url.as_deref(), source: &arguments.source };
    let drafted = draft::draft(&article, &options).map_err(|error| match error {
        DraftError::TooLong(_) => Failure::new(Code::BadData, error),
        DraftError::Published | DraftError::Option(_) => Failure::new(Code::Usage, error),
    })?;
    let mut lines = Vec::new();
    for proposal in &drafted.proposals {
        serde_json::to_writer(&mut lines, proposal).map_err(|error| Failure::new(Code::Failed, error))?;
        lines.push(b'\n');
    }
    print(&lines)?;
    explain(&article, &drafted, arguments);
    Ok(())
}

fn read(file: &Path) -> Result<String, Failure> {
    let standard = file.as_os_str() == "-";
    let name = if standard { "standard input".to_owned() } else { file.display().to_string() };
    let unreadable = |error: std::io::Error| Failure::new(Code::BadData, format_args!("{name}: {error}"));
    let reader: Box<dyn Read> = if standard { Box::new(std::io::stdin()) } else { Box::new(File::open(file).map_err(unreadable)?) };
    let mut bytes = Vec::new();
    // One byte more than is read, so that a longer article is refused and not cut.
    reader.take(MAX_ARTICLE as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > MAX_ARTICLE {
        return Err(Failure::new(Code::BadData, format_args!("{name}: more than {MAX_ARTICLE} bytes; cut off what isn't the article")));
    }
    String::from_utf8(bytes)
        .map_err(|error| Failure::new(Code::BadData, format_args!("{name}: not UTF-8 after byte {}; convert it", error.utf8_error().valid_up_to())))
}

fn explain(article: &str, drafted: &Drafted, arguments: &Draft) {
    if drafted.language.is_none() {
        return say("announcements proposed: 0; the text isn't in English, Russian or Ukrainian, as far as can be told");
    }
    let numbers = drafted.skipped.iter().filter(|skipped| skipped.has_number).count();
    let proposed = drafted.proposals.len();
    say(format_args!("announcements proposed, to be read and edited before they are published: {proposed}; sentences with numbers that gave none: {numbers}"));
    if arguments.published.is_none() {
        say("without --published only what is fully dated in the text is proposed");
    }
    for skipped in drafted.skipped.iter().filter(|_| arguments.explain) {
        let sentence = &article[skipped.start..skipped.end];
        let end = (0..=SHOWN.min(sentence.len())).rev().find(|end| sentence.is_char_boundary(*end)).unwrap_or(0);
        let more = if end < sentence.len() { "…" } else { "" };
        say(format_args!("{}..{}: {}: {}{more}", skipped.start, skipped.end, skipped.why, sentence[..end].replace(['\n', '\r'], " ")));
    }
}
