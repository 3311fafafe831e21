use announcement::Kind;

use crate::{
    arguments::Schema,
    exit::{Code, Failure},
    output::print,
};

pub(crate) fn run(arguments: &Schema) -> Result<(), Failure> {
    let Some(name) = &arguments.kind else {
        let names: String = Kind::ALL.iter().map(|kind| format!("{}\n", kind.as_str())).collect();
        return print(names.as_bytes());
    };
    let kind = Kind::ALL.iter().find(|kind| kind.as_str() == name);
    let kind = kind.ok_or_else(|| Failure::new(Code::Usage, format_args!("{name:?} is no kind; handover schema lists them")))?;
    let schema = serde_json::to_string_pretty(&kind.event_schema()).map_err(|error| Failure::new(Code::Failed, error))?;
    print(format!("{schema}\n").as_bytes())
}
