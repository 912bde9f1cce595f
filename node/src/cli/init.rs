//! `nguon init`.

use std::path::PathBuf;

use anyhow::Result;
use charter::{EnrolmentTerms, MemberId, MemberKind, Names, NodeName};
use clap::Args;
use serde_json::json;

use super::console::Console;
use crate::config::{Loopback, NetworkConfig};
use crate::forming::{self, Made, NewNode};
use crate::home::Home;

/// Makes a node: its keys, its configuration and its enrolment request.
///
/// Nothing that exists is ever replaced. What the request says of the member is
/// a suggestion: the federation's governors decide.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nguon init --dir lam-dong
  nguon init --dir /var/lib/nguon --member-id lam-dong --kind province \\
    --name-vi 'Tỉnh Lâm Đồng' --name-en 'Lâm Đồng province' \\
    --address /dns4/nguon.lamdong.example/udp/4001/quic-v1 --address /dns4/nguon.lamdong.example/tcp/4001
  nguon init --dir second --http 127.0.0.1:8791 --listen /ip4/0.0.0.0/tcp/4002")]
pub(crate) struct Init {
    /// The node's folder; made if it is not there.
    #[arg(long)]
    dir: PathBuf,
    /// The node's name within its member.
    #[arg(long, default_value = "main")]
    node_name: NodeName,
    /// The member's id, never to be given to another: a-z, 0-9 and '-'.
    #[arg(long)]
    member_id: Option<MemberId>,
    /// The member's name in Vietnamese.
    #[arg(long, requires = "name_en")]
    name_vi: Option<String>,
    /// The member's name in English.
    #[arg(long, requires = "name_vi")]
    name_en: Option<String>,
    /// province, ministry, national-authority, agency or other.
    #[arg(long)]
    kind: Option<MemberKind>,
    /// Where other members reach the node, the preferred first; a multiaddr.
    #[arg(long = "address", value_name = "MULTIADDR", num_args = 1..)]
    addresses: Vec<String>,
    /// Where the member's HTTP interface will answer the public.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Where the node listens for other members [default: port 4001, QUIC and TCP].
    #[arg(long, value_name = "MULTIADDR", num_args = 1..)]
    listen: Vec<String>,
    /// Where the node listens for local systems; loopback only.
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t)]
    http: Loopback,
}

impl Init {
    pub(crate) fn run(self, console: &Console) -> Result<()> {
        let home = Home::new(&self.dir);
        let made = forming::init(&home, &self.into_node())?;
        let value = json!({
            "dir": made.home.dir(),
            "config": made.home.config_file(),
            "enrolment": made.home.enrolment_file(),
            "author": made.author.to_string(),
            "transport": made.transport.to_string(),
        });
        console.answer(told(&made), &value)
    }

    fn into_node(self) -> NewNode {
        let names = self.name_vi.zip(self.name_en);
        NewNode {
            terms: EnrolmentTerms {
                node_name: self.node_name,
                addresses: self.addresses,
                public_url: self.public_url,
                member: self.member_id,
                names: names.map(|(vi, en)| Names { vi, en }),
                kind: self.kind,
            },
            listen: if self.listen.is_empty() {
                NetworkConfig::default().listen
            } else {
                self.listen
            },
            http: self.http,
        }
    }
}

fn told(made: &Made) -> String {
    let Made {
        home,
        author,
        transport,
    } = made;
    let dir = home.dir().display();
    let enrolment = home.enrolment_file();
    let enrolment = enrolment.display();
    format!(
        "\
Made a node in {dir}

  author.key      signs all that the node says; keep a copy in a safe place
  transport.key   is its identity on the network; keep a copy too
  nguon.toml      its configuration, every key explained
  enrolment.json  its request to be listed in a charter

Author key     {author}
Transport key  {transport}

Next
  1. Look through {config}.
  2. Send {enrolment} to whoever makes the charter, and tell them the two keys
     by another way, so that they can compare: nguon member add enrolment.json --charter FILE
  3. With the signed charter and its hash:
     nguon join charter.json --federation HASH --dir {dir}",
        config = home.config_file().display(),
    )
}
