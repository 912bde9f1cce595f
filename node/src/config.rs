//! The node's configuration: one TOML file, every key optional, unknown keys
//! refused with their line.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, Result};
use api::HostName;
use record::ScopeName;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::files;
use crate::home::Home;

/// The longest a configuration may be, in bytes.
const FILE_BYTES_MAX: usize = 1 << 20;

/// What a node is told when it starts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The node's folder: keys, charter and pin. See [`Home`].
    pub dir: PathBuf,
    /// The folder of the database.
    pub data: PathBuf,
    /// How the node meets other members.
    pub network: NetworkConfig,
    /// How local systems reach the node.
    pub http: HttpConfig,
    /// How captures are taken.
    pub capture: CaptureConfig,
    /// What the database may use.
    pub store: StoreConfig,
    /// What is logged.
    pub log: LogConfig,
    /// JSON-LD context documents that captures may name, by URL, beside those
    /// of EPCIS itself.
    pub contexts: BTreeMap<String, PathBuf>,
}

/// How the node meets other members.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Where to listen, as multiaddr texts. Empty: only dial others.
    pub listen: Vec<String>,
}

/// How other systems reach the node, and which of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Where to listen. What other machines reach takes `tls`, `identities`
    /// and `hosts`.
    #[serde(deserialize_with = "parsed")]
    pub listen: SocketAddr,
    /// The file of those who may call; without it whoever reaches the port is
    /// the node's operator.
    pub identities: Option<PathBuf>,
    /// Whether the resolver's links are answered to everybody.
    pub public_links: bool,
    /// The names by which others call the node, without a port.
    #[serde(deserialize_with = "all_parsed")]
    pub hosts: Vec<HostName>,
    /// The certificate to show.
    pub tls: Option<TlsConfig>,
}

/// How the node shows what it is, and asks others for the same.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Its certificate and those between it and its authority, as PEM.
    pub certificate: PathBuf,
    /// The certificate's private key, as PEM.
    pub key: PathBuf,
    /// The authorities of certificates that others may show, as PEM.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
}

/// How captures are taken.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaptureConfig {
    /// The scope of a capture that names none.
    #[serde(deserialize_with = "parsed")]
    pub default_scope: ScopeName,
    /// The MiB that one captured document may take: 1 to 65536.
    #[serde(deserialize_with = "mebibytes")]
    pub document_mib: u32,
    /// The events that one captured document may hold.
    pub events_max: usize,
}

/// What the database may use.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// Block cache, in MiB: 1 to 65536.
    #[serde(deserialize_with = "mebibytes")]
    pub cache_mib: u32,
    /// Write buffers, in MiB: 1 to 65536.
    #[serde(deserialize_with = "mebibytes")]
    pub write_buffer_mib: u32,
}

/// What is logged, to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// The least level that is logged, overall and for single crates, in the
    /// syntax of `tracing_subscriber::EnvFilter`.
    pub filter: String,
    /// Lines for people, or one JSON object a line.
    pub format: LogFormat,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// An address and port that only this machine reaches: where a new node
/// listens, which has neither a certificate nor identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loopback(SocketAddr);

impl Loopback {
    /// Returns the address and port.
    pub fn address(self) -> SocketAddr {
        self.0
    }

    /// Any free port of 127.0.0.1.
    pub fn free() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

impl Default for Loopback {
    /// Port 8790 of 127.0.0.1.
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 8790)))
    }
}

impl fmt::Display for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Loopback {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address: SocketAddr = text.parse().map_err(|_| {
            format!(
                "\"{text}\" is no address and port, such as \"127.0.0.1:8790\" or \"[::1]:8790\""
            )
        })?;
        if address.ip().is_loopback() {
            Ok(Self(address))
        } else {
            Err(format!(
                "{address} is no loopback address: whoever reaches the port of a new node may capture \
                 and read everything; use 127.0.0.1 or [::1], and let others in by its \
                 configuration, with TLS and identities"
            ))
        }
    }
}

impl Default for HttpConfig {
    /// Port 8790 of 127.0.0.1, for this machine's systems alone.
    fn default() -> Self {
        Self {
            listen: Loopback::default().address(),
            identities: None,
            public_links: false,
            hosts: Vec::new(),
            tls: None,
        }
    }
}

impl Default for NetworkConfig {
    /// Port 4001 of all IPv4 interfaces, QUIC and TCP.
    fn default() -> Self {
        let listen = ["/ip4/0.0.0.0/udp/4001/quic-v1", "/ip4/0.0.0.0/tcp/4001"];
        Self {
            listen: listen.map(str::to_owned).into(),
        }
    }
}

impl Default for CaptureConfig {
    fn default() -> Self {
        Self {
            default_scope: ScopeName::new("national").expect("a name"),
            document_mib: 64,
            events_max: 100_000,
        }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            cache_mib: 32,
            write_buffer_mib: 64,
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("."),
            data: PathBuf::from("data"),
            network: NetworkConfig::default(),
            http: HttpConfig::default(),
            capture: CaptureConfig::default(),
            store: StoreConfig::default(),
            log: LogConfig::default(),
            contexts: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Returns the defaults for the node in a folder.
    pub fn in_dir(dir: &Path) -> Self {
        Self::default().rooted(dir)
    }

    /// Reads a configuration. Relative paths in it start at its folder.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, names an unknown key, or holds a value
    /// that is not of its form: with the line.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = files::read(path, FILE_BYTES_MAX)?;
        let text = String::from_utf8(bytes)
            .with_context(|| format!("{} is not UTF-8 text", path.display()))?;
        let config: Self = toml::from_str(&text)
            .with_context(|| format!("{} is no configuration", path.display()))?;
        Ok(config.rooted(path.parent().unwrap_or(Path::new(""))))
    }

    fn rooted(mut self, base: &Path) -> Self {
        let contexts = self.contexts.values_mut();
        let http = self.http.identities.iter_mut();
        let tls = self.http.tls.iter_mut().flat_map(|tls| {
            let needed = [&mut tls.certificate, &mut tls.key];
            needed.into_iter().chain(&mut tls.client_ca)
        });
        let own = [&mut self.dir, &mut self.data].into_iter();
        for path in own.chain(contexts).chain(http).chain(tls) {
            // Collecting the components drops a "." in the middle.
            *path = base.join(&*path).components().collect();
        }
        self
    }

    /// Returns the node's folder.
    pub fn home(&self) -> Home {
        Home::new(&self.dir)
    }
}

fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

fn all_parsed<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    let parsed = texts.iter().map(|text| text.parse());
    parsed.collect::<Result<_, _>>().map_err(D::Error::custom)
}

fn mebibytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let found = i64::deserialize(deserializer)?;
    let mebibytes = u32::try_from(found)
        .ok()
        .filter(|m| (1..=65_536).contains(m));
    mebibytes
        .ok_or_else(|| D::Error::custom(format!("must lie between 1 and 65536, and is {found}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        toml::from_str::<Config>(text).expect_err(text).to_string()
    }

    #[test]
    fn nothing_said_means_the_defaults() {
        let config: Config = toml::from_str("").expect("an empty file");
        assert_eq!(config, Config::default());
    }

    #[test]
    fn slips_are_refused_with_their_line() {
        let error = refused("[http]\nlisten = \"127.0.0.1:8790\"\nlisten_on = \"x\"\n");
        assert!(
            error.contains("line 3") && error.contains("listen_on"),
            "{error}"
        );
        let error = refused("[capture]\ndefault_scope = \"National\"\n");
        assert!(
            error.contains("line 2") && error.contains("is no name"),
            "{error}"
        );
        let error = refused("[store]\ncache_mib = 0\n");
        assert!(error.contains("between 1 and 65536"), "{error}");
        let error = refused("[log]\nformat = \"xml\"\n");
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn a_new_node_listens_on_loopback_alone() {
        for good in ["127.0.0.1:8790", "127.8.9.1:1", "[::1]:0"] {
            assert!(good.parse::<Loopback>().is_ok(), "{good}");
        }
        for bad in [
            "0.0.0.0:8790",
            "192.0.2.1:8790",
            "[::]:8790",
            "[2001:db8::1]:1",
        ] {
            let error = bad.parse::<Loopback>().expect_err(bad);
            assert!(error.contains("TLS and identities"), "{error}");
        }
        let error = "8790".parse::<Loopback>().expect_err("no address");
        assert!(error.contains("no address and port"), "{error}");
        assert!(refused("[http]\nlisten = \"8790\"\n").contains("line 2"));
        assert!(refused("[http]\nhosts = [\"a.example:1\"]\n").contains("without a port"));
        assert!(refused("[http.tls]\nkey = \"x\"\n").contains("certificate"));
    }

    #[test]
    fn relative_paths_start_at_the_files_folder() {
        let config = Config::in_dir(Path::new("/srv/nguon"));
        assert_eq!(config.data, Path::new("/srv/nguon/data"));
        let home = config.home();
        assert_eq!(home.author_key_file(), Path::new("/srv/nguon/author.key"));
        let text = "[http]\nidentities = \"identities.toml\"\n[http.tls]\n\
                    certificate = \"tls/node.pem\"\nkey = \"/etc/node.key\"\nclient_ca = \"ca.pem\"\n";
        let config: Config = toml::from_str(text).expect("a configuration");
        let http = config.rooted(Path::new("/srv/nguon")).http;
        let tls = http.tls.expect("TLS");
        for (path, expected) in [
            (http.identities, "/srv/nguon/identities.toml"),
            (Some(tls.certificate), "/srv/nguon/tls/node.pem"),
            (Some(tls.key), "/etc/node.key"),
            (tls.client_ca, "/srv/nguon/ca.pem"),
        ] {
            assert_eq!(path.as_deref(), Some(Path::new(expected)));
        }
    }
}
