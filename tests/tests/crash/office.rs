//! The nodes of a federation, each run by `nguon run` as a child process.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;

use api::{Client, EventQuery};
use charter::{Draft, Enrolment, EnrolmentTerms, MemberKind, MemberSettings, Names};
use node::forming::{self, NewNode};
use node::{Home, keys};
use tempfile::TempDir;
use tests::federation::free_port;
use tests::goods;

use crate::heads::Heads;
use crate::until;

/// How many events a page of answers holds.
const PAGE: u32 = 1_000;
/// Runs a command whose files may not grow beyond a number of blocks: writes
/// further on fail, and raise no signal.
const LIMITED: &str = r#"trap "" XFSZ; ulimit -f "$1"; exec "$2" run --config "$3""#;

/// Two members' nodes that nobody started yet.
pub(crate) struct Offices {
    pub(crate) a: Office,
    pub(crate) b: Office,
    /// The federation's charter, as a file holds it.
    pub(crate) charter_file: Vec<u8>,
}

/// One member's node.
pub(crate) struct Office {
    pub(crate) home: Home,
    /// What the node logs and what it ends with.
    errors: PathBuf,
    /// Where it listens for HTTP, as `address:port`.
    pub(crate) http: String,
    pub(crate) client: Client,
    child: Option<Child>,
    /// What all nodes lie in; it goes with the last of them.
    _folder: Arc<TempDir>,
}

impl Offices {
    /// Forms a federation of two provinces in a temporary folder.
    pub(crate) fn form() -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let governor = keys::generate().expect("a key");
        let holder = (governor.public(), "Governor".to_owned());
        let mut draft = Draft::new("Thử nghiệm", [holder], 1).expect("one governor");
        let a = Office::make(&folder, "lam-dong", &mut draft);
        let b = Office::make(&folder, "lang-son", &mut draft);
        draft.sign(&governor).expect("a governor");
        let path = folder.path().join("charter.json");
        let charter_file = draft.to_file().into_bytes();
        fs::write(&path, &charter_file).expect("the charter can be written");
        for office in [&a, &b] {
            forming::join(&office.home, &path, &draft.federation()).expect("a listed node");
        }
        Self { a, b, charter_file }
    }
}

impl Office {
    fn make(folder: &Arc<TempDir>, member: &str, draft: &mut Draft) -> Self {
        let port = free_port();
        let addresses = vec![
            format!("/ip4/127.0.0.1/udp/{port}/quic-v1"),
            format!("/ip4/127.0.0.1/tcp/{port}"),
        ];
        let http = format!("127.0.0.1:{}", free_port());
        let node = NewNode {
            listen: addresses.clone(),
            http: http.parse().expect("a loopback address"),
            terms: EnrolmentTerms {
                node_name: "main".parse().expect("a name"),
                addresses,
                public_url: None,
                member: Some(member.parse().expect("a member's id")),
                names: Some(Names {
                    vi: member.to_owned(),
                    en: member.to_owned(),
                }),
                kind: Some(MemberKind::Province),
            },
        };
        let home = Home::new(folder.path().join(member));
        forming::init(&home, &node).expect("a new node");
        let request = fs::read(home.enrolment_file()).expect("a request");
        let request = Enrolment::verify(&request).expect("an honest request");
        let added = draft.add_member(&request, MemberSettings::default());
        assert_eq!(added.expect("a new member").signatures_dropped, 0);
        Self {
            errors: folder.path().join(format!("{member}.stderr")),
            client: Client::new(&format!("http://{http}")).expect("an address"),
            home,
            http,
            child: None,
            _folder: Arc::clone(folder),
        }
    }

    /// Starts the node, and waits until it does its work.
    pub(crate) async fn start(&mut self) {
        let mut command = Command::new(nguon());
        command.arg("run").arg("--config").arg(self.config_file());
        self.spawn(&mut command).await;
    }

    /// Starts the node with files that may not grow beyond so many blocks.
    pub(crate) async fn start_limited(&mut self, blocks: u32) {
        let mut command = Command::new("sh");
        command.args(["-c", LIMITED, "sh", &blocks.to_string()]);
        command.arg(nguon()).arg(self.config_file());
        self.spawn(&mut command).await;
    }

    fn config_file(&self) -> PathBuf {
        self.home.config_file()
    }

    async fn spawn(&mut self, command: &mut Command) {
        assert!(self.child.is_none(), "it runs already");
        let errors = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.errors);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::from(errors.expect("a file for its errors")));
        self.child = Some(command.spawn().expect("nguon starts"));
        until("a node that is ready", async || {
            let ended = self.child_mut().try_wait().expect("a child");
            assert!(ended.is_none(), "{ended:?}: {}", self.told());
            self.client.ready().await.ok()
        })
        .await;
    }

    fn child_mut(&mut self) -> &mut Child {
        self.child.as_mut().expect("it runs")
    }

    /// Returns what the node wrote to its standard error since it was made.
    pub(crate) fn told(&self) -> String {
        fs::read_to_string(&self.errors).expect("its errors")
    }

    /// Kills the node as `kill -9` does, and reaps it.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("it runs still");
        let ended = child.wait().expect("a child");
        assert_eq!(ended.code(), None, "it had ended by itself");
    }

    /// Tells the node to stop, and waits until it did so in order.
    pub(crate) async fn stop(&mut self) {
        self.signal("TERM");
        let ended = self.ended().await;
        assert_eq!(ended.code(), Some(0), "{}", self.told());
    }

    /// Waits until the node has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let ended = until("a node's end", async || {
            self.child_mut().try_wait().expect("a child")
        })
        .await;
        self.child = None;
        ended
    }

    fn signal(&mut self, name: &str) {
        let line = format!("kill -{name} {}", self.child_mut().id());
        let sent = Command::new("sh").args(["-c", &line]).status();
        assert!(sent.expect("a shell").success(), "{line}");
    }

    /// Copies the node's folder as it stands at one moment, while it runs.
    pub(crate) fn copy_to(&mut self, copy: &Path) {
        self.signal("STOP");
        copy_folder(self.home.dir(), copy);
        self.signal("CONT");
    }

    /// Puts a copy in the place of the folder of a node that does not run.
    pub(crate) fn put_back(&mut self, copy: &Path) {
        assert!(self.child.is_none(), "it runs");
        fs::remove_dir_all(self.home.dir()).expect("the folder can go");
        copy_folder(copy, self.home.dir());
    }

    /// Captures events of a lot; they are durable then.
    pub(crate) async fn capture(&self, lot: u32, serials: std::ops::Range<u64>) {
        let document = goods::document(lot, serials).into_bytes();
        let captured = self.client.capture(document, None).await;
        captured.expect("an acknowledged capture");
    }

    /// Returns every `eventID` that the node answers with.
    pub(crate) async fn event_ids(&self) -> BTreeSet<String> {
        let query = EventQuery {
            per_page: Some(PAGE),
            ..EventQuery::default()
        };
        let mut ids = BTreeSet::new();
        let mut page = self.client.events(&query).await.expect("a page");
        loop {
            let of_page = page.events().iter().map(|event| event["eventID"].as_str());
            ids.extend(of_page.map(|id| id.expect("an eventID").to_owned()));
            let Some(next) = page.next else { return ids };
            page = self.client.next_events(&next).await.expect("a page");
        }
    }

    /// Returns what the node holds.
    pub(crate) async fn heads(&self) -> Heads {
        Heads::of(&self.client.status().await.expect("a status"))
    }

    /// Waits until this node and another hold the same, and returns that.
    pub(crate) async fn agrees_with(&self, other: &Self) -> Heads {
        until("two nodes that hold the same", async || {
            let heads = self.heads().await;
            (heads == other.heads().await).then_some(heads)
        })
        .await
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // The test has ended: whether it still ran makes no difference.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Returns the program, which lies beside the folder of the tests.
fn nguon() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test.ancestors().nth(2).expect("the build's folder");
    let program = folder.join("nguon");
    assert!(
        File::open(&program).is_ok(),
        "{} is not built: cargo xtask test builds it, or cargo build --workspace --bin nguon",
        program.display()
    );
    program
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().expect("a kind").is_dir() {
            true => copy_folder(&source, &target),
            false => drop(fs::copy(&source, &target).expect("a file can be copied")),
        }
    }
}
