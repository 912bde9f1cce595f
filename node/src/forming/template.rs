//! The commented configuration of a new node.

use std::fmt::Write as _;

use super::NewNode;

/// Writes the configuration of a new node: every key explained.
pub(super) fn render(node: &NewNode) -> String {
    let scope = node.default_scope();
    let http = node.http;
    let listen = node.listen.iter().fold(String::new(), |mut list, address| {
        let _ = writeln!(list, "    {},", toml::Value::from(address.as_str()));
        list
    });
    format!(
        r#"# Configuration of a nguon node. Every key is here; a key that is left out has
# the value shown in a fresh file, and an unknown key is refused. Relative paths
# start at this file's folder.

# The node's folder: keys, charter, and the pin to its federation.
dir = "."

# The database. Give it a disk of its own where there is one, and no network
# file system.
data = "data"

[network]
# Where to listen for other members, as multiaddrs. Other members dial what the
# charter lists for this node, which may differ behind a router. QUIC (udp) is
# tried first, TCP second. Empty: dial others only.
listen = [
{listen}]

[http]
# Where other systems capture and ask. On a loopback address, without
# identities, whoever reaches the port is the node's operator. Any other address
# takes identities, tls and hosts: docs/operations/identities.md.
listen = "{http}"
# Who may call, made by `nguon token new`; read again on SIGHUP.
# identities = "identities.toml"
# Whether the links of the resolver are answered to everybody.
public_links = false
# The names by which others call this node, without a port.
hosts = []
# The node's certificate and key, and the authority of those that others may
# show; read again on SIGHUP.
# tls = {{ certificate = "tls/node.pem", key = "tls/node.key", client_ca = "tls/clients.pem" }}

[capture]
# The scope of a capture that names none.
default_scope = "{scope}"
# How large a captured document may be, and how many events it may hold.
document_mib = 64
events_max = 100000

[store]
# Memory for blocks read from disk, and for writes not yet sorted into files,
# in MiB.
cache_mib = 32
write_buffer_mib = 64

[log]
# What is logged to standard error: error, warn, info, debug or trace, overall
# and for single crates, as in "info,network=debug".
filter = "info"
# "text" for people, "json" for log collectors.
format = "text"

# JSON-LD context documents that captures may name, beside those of EPCIS
# itself: URL = file. Nothing is fetched from the network.
[contexts]
# "https://example.org/context.jsonld" = "contexts/example.jsonld"
"#
    )
}

#[cfg(test)]
mod tests {
    use charter::MemberKind;

    use super::*;
    use crate::config::Config;
    use crate::forming::tests::node;

    fn parsed(node: &NewNode) -> Config {
        toml::from_str(&render(node)).expect("the template is a configuration")
    }

    #[test]
    fn a_fresh_file_holds_the_defaults() {
        assert_eq!(parsed(&node(None, None)), Config::default());
    }

    #[test]
    fn a_fresh_file_names_every_key() {
        let text = render(&node(None, None));
        let written: toml::Table = toml::from_str(&text).expect("TOML");
        let mut keys: Vec<String> = Vec::new();
        for (name, value) in &written {
            match value.as_table() {
                Some(table) => keys.extend(table.keys().map(|key| format!("{name}.{key}"))),
                None => keys.push(name.clone()),
            }
        }
        // serde names every key of a table when it refuses one.
        for table in ["", "network", "http", "capture", "store", "log"] {
            let head = if table.is_empty() {
                String::new()
            } else {
                format!("[{table}]\n")
            };
            let error = toml::from_str::<Config>(&format!("{head}no_such_key = 1\n"))
                .expect_err("an unknown key")
                .to_string();
            let told = error.split_once("expected").expect("the keys are told").1;
            for key in told.split('`').skip(1).step_by(2) {
                let path = if table.is_empty() {
                    key.to_owned()
                } else {
                    format!("{table}.{key}")
                };
                // What a fresh file does without stands in it as a comment.
                let shown = text.contains(&format!("\n# {key} = "));
                let there = keys.contains(&path) || written.contains_key(&path) || shown;
                assert!(there, "the template does not name {path}");
            }
        }
    }

    #[test]
    fn an_agency_captures_in_its_own_scope() {
        let config = parsed(&node(Some("gacc"), Some(MemberKind::Agency)));
        assert_eq!(config.capture.default_scope.as_str(), "with-gacc");
        let config = parsed(&node(Some("lam-dong"), Some(MemberKind::Province)));
        assert_eq!(config.capture.default_scope.as_str(), "national");
    }
}
