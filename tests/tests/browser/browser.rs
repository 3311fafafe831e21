//! A browser of its own for a test, over WebDriver; what WebDriver has no words for goes over the DevTools protocol.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use blackbox::{PATIENCE, Process, wait_for};
use serde_json::{Value, json};
use ureq::Agent;

/// The keys that tests press (WebDriver, section 17.4.2).
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";

pub(crate) struct Browser {
    session: String,
    agent: Agent,
    /// Ends, and the browser with it, when the test does.
    _driver: Process,
}

/// Runs one of the scripts beside the tests and gives the path that it prints.
pub(crate) fn path_from(script: &str) -> PathBuf {
    let got = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(script)).output().expect("the script can be run");
    assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
    String::from_utf8(got.stdout).expect("a path is text").trim_end().into()
}

fn driver() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| path_from("get-chromium"))
}

impl Browser {
    pub(crate) fn start() -> Self {
        Self::with(&json!({}))
    }

    /// With scripts forbidden on every page.
    pub(crate) fn without_scripts() -> Self {
        Self::with(&json!({ "profile.managed_default_content_settings.javascript": 2 }))
    }

    fn with(preferences: &Value) -> Self {
        let process = Process::start(driver(), &["--port=0"]);
        let port = wait_for("chromedriver", PATIENCE, || {
            let said = process.stdout();
            said.split_once("successfully on port ").and_then(|(_, rest)| rest.split_once('.')).map(|(port, _)| port.to_owned())
        });
        let agent = Agent::config_builder().http_status_as_error(false).proxy(None).timeout_global(Some(Duration::from_secs(60))).build().into();
        let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en-US"];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "goog:chromeOptions": { "args": arguments, "prefs": preferences },
        } } });
        let mut browser = Self { session: format!("http://127.0.0.1:{port}/session"), agent, _driver: process };
        let answer = browser.post("", &capabilities);
        let id = answer["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {answer}"));
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let mut response = self.agent.post(format!("{}{path}", self.session)).send_json(body).expect("the driver answers");
        let answer: Value = response.body_mut().with_config().limit(256 << 20).read_json().expect("the driver answers with JSON");
        assert!(response.status().is_success(), "{path}: {}", answer["value"]["message"]);
        answer["value"].clone()
    }

    pub(crate) fn go(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// What a function body returns in the page.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What a promise in the page comes to.
    #[track_caller]
    pub(crate) fn run_promise(&self, script: &str) -> Value {
        let script =
            format!("const done = arguments[arguments.length - 1]; (async () => {{ {script} }})().then(done, (error) => done({{ failed: String(error) }}));");
        let answer = self.post("/execute/async", &json!({ "script": script, "args": [] }));
        assert!(answer["failed"].is_null(), "{answer}");
        answer
    }

    /// The text of the whole page, as it's shown.
    pub(crate) fn text(&self) -> String {
        self.run("return document.body.innerText").as_str().expect("a page has a text").to_owned()
    }

    #[track_caller]
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// A screen of this size.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        self.devtools("Emulation.setDeviceMetricsOverride", &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }));
    }

    /// `light` or `dark`, as the reader's system has it.
    pub(crate) fn prefer(&self, scheme: &str) {
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }));
    }

    pub(crate) fn press(&self, key: &str) {
        let actions = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }));
    }

    /// What was logged since the last look: `browser` for the console, `performance` for the network.
    fn log(&self, kind: &str) -> Vec<Value> {
        self.post("/se/log", &json!({ "type": kind })).as_array().cloned().unwrap_or_default()
    }

    /// What the console complained of since the last look.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let complaints = self.log("browser").into_iter().filter(|entry| entry["level"] != "DEBUG" && entry["level"] != "INFO");
        complaints.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The addresses that were asked for since the last look.
    pub(crate) fn requests(&self) -> Vec<String> {
        let messages = self.log("performance").into_iter().filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok());
        let sent = messages.filter(|message| message["message"]["method"] == "Network.requestWillBeSent");
        sent.filter_map(|message| message["message"]["params"]["request"]["url"].as_str().map(str::to_owned)).collect()
    }

    /// Keeps a picture of the page.
    pub(crate) fn picture(&self, name: &str) {
        const MOST: u64 = 3_000;
        let size = self.run("return [innerWidth, document.documentElement.scrollHeight]");
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1].as_u64().unwrap_or(MOST).min(MOST), "scale": 1 });
        let picture = self.devtools("Page.captureScreenshot", &json!({ "captureBeyondViewport": true, "clip": clip }));
        let bytes = STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("a picture in Base64");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        fs::create_dir_all(&folder).expect("a folder for pictures");
        fs::write(folder.join(format!("{name}.png")), bytes).expect("a picture can be kept");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser with its session; a driver that is killed leaves it running.
        let _ = self.agent.delete(&self.session).call();
    }
}

/// A page's name in the names of pictures.
pub(crate) fn name(page: &str) -> String {
    let name: String = page.trim_start_matches('/').chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' }).collect();
    if name.is_empty() { "overview".to_owned() } else { name }
}
