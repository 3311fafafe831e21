use async_nats::Client;
use event_store::{Ledger, control};
use jiff::Timestamp;
use projection::{MODELS, Projection, Source};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What an operator asks of the read models of a running server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", deny_unknown_fields)]
pub(crate) enum ProjectionCommand {
    #[serde(rename = "projection-status")]
    Status,
    #[serde(rename = "projection-rebuild")]
    Rebuild {
        #[serde(default)]
        name: Option<String>,
    },
    #[serde(rename = "projection-cancel")]
    Cancel,
}

/// What the control socket answers from.
#[derive(Clone)]
pub(crate) struct Operated {
    pub(crate) ledger: Option<Ledger>,
    pub(crate) client: Option<Client>,
    /// The read models, where this process keeps any, and where they read records.
    pub(crate) projection: Option<(Projection, Source)>,
}

impl Operated {
    pub(crate) async fn answer(self, line: Vec<u8>) -> Result<String, String> {
        match (serde_json::from_slice(&line), &self.ledger) {
            (Ok(command), _) => self.of_projection(command).await.map(|answer| answer.to_string()),
            (Err(_), Some(ledger)) => control::answer(&line, ledger, self.client.as_ref()).await,
            (Err(_), None) => Err("this server holds no ledger; ask the one that does".to_owned()),
        }
    }

    async fn of_projection(&self, command: ProjectionCommand) -> Result<Value, String> {
        let (projection, source) = self.projection.as_ref().ok_or("this server keeps no read models; ask one that does")?;
        match command {
            ProjectionCommand::Status => Ok(json!({"projections": projection.status(source, Timestamp::now()).await})),
            ProjectionCommand::Rebuild { name } => {
                if let Some(name) = name.filter(|name| !MODELS.contains(&name.as_str())) {
                    return Err(format!("there is no read model {name}; there are {}", MODELS.join(", ")));
                }
                projection.rebuild().await.map_err(|error| error.to_string())?;
                Ok(json!({"rebuilding": MODELS, "records": projection.progress().size}))
            }
            ProjectionCommand::Cancel => {
                projection.cancel_rebuild().await.map_err(|error| error.to_string())?;
                Ok(json!({"cancelled": MODELS}))
            }
        }
    }
}
