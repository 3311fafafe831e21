/// Why a row can't be converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The column at fault; `None` where it's the whole row.
    pub column: Option<String>,
    /// What is wrong.
    pub detail: String,
    /// What to do about it.
    pub remedy: String,
}
