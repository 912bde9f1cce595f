//! A charter version in plain words, for people who are about to trust it.

use std::collections::BTreeSet;
use std::fmt::{self, Formatter};

use record::Digest;

use crate::body::Body;
use crate::charter::{Charter, warnings};
use crate::draft::Draft;
use crate::limits::Limits;
use crate::member::{Member, MemberId, Node};
use crate::rules::Access;
use crate::signatures::Tally;

impl fmt::Display for Charter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let scopes = self.scopes().iter();
        show(f, self.body(), self.hash(), self.tally(), scopes)
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let scopes = self.scopes().iter();
        show(f, self.body(), self.hash(), &self.tally(), scopes)
    }
}

fn show<'a>(
    f: &mut Formatter<'_>,
    body: &Body,
    hash: Digest,
    tally: &Tally,
    scopes: impl Iterator<Item = (&'a record::ScopeName, &'a Access)>,
) -> fmt::Result {
    writeln!(
        f,
        "Charter of {}, version {}",
        body.federation_name, body.version
    )?;
    let role = match body.version {
        1 => " (the federation's id: nodes are pinned to it)",
        _ => "",
    };
    writeln!(f, "  hash {hash}{role}")?;
    if let Some(issued) = &body.issued {
        writeln!(f, "  issued {issued}")?;
    }
    governors(f, body, tally)?;
    for warning in warnings(&body.governors) {
        writeln!(f, "  warning: {warning}")?;
    }
    writeln!(f, "\nMembers: {}", body.members.len())?;
    for each in &body.members {
        member(f, each)?;
    }
    writeln!(f, "\nScopes")?;
    for (name, access) in scopes {
        writeln!(f, "  {name}")?;
        writeln!(f, "    read by    {}", list(&access.readers, body))?;
        writeln!(f, "    written by {}", list(&access.writers, body))?;
    }
    limits(f, &body.limits)
}

fn governors(f: &mut Formatter<'_>, body: &Body, tally: &Tally) -> fmt::Result {
    let governors = &body.governors;
    writeln!(
        f,
        "\nGovernors: {} of {} must sign, {} did",
        governors.threshold,
        governors.keys.len(),
        tally.signed.len()
    )?;
    for (key, governor) in &governors.keys {
        let state = if tally.signed.contains(key) {
            "signed"
        } else if tally.invalid.contains(key) {
            "the signature in this name DOES NOT HOLD"
        } else {
            "not signed"
        };
        writeln!(f, "  {key}  {}: {state}", governor.holder)?;
    }
    for key in &tally.strangers {
        writeln!(f, "  {key}  no governor: its signature was not looked at")?;
    }
    Ok(())
}

fn member(f: &mut Formatter<'_>, member: &Member) -> fmt::Result {
    let Member {
        id, names, kind, ..
    } = member;
    writeln!(f, "  {id}  {} / {} ({kind})", names.vi, names.en)?;
    for alias in &member.aliases {
        write!(
            f,
            "    code {} {} from {}",
            alias.scheme, alias.code, alias.from
        )?;
        match alias.until {
            Some(until) => writeln!(f, " until before {until}")?,
            None => writeln!(f)?,
        }
    }
    if let Some(url) = &member.public_url {
        writeln!(f, "    public at {url}")?;
    }
    member.nodes.iter().try_for_each(|each| node(f, each))
}

fn node(f: &mut Formatter<'_>, node: &Node) -> fmt::Result {
    let relay = if node.relay {
        " (relays for others)"
    } else {
        ""
    };
    writeln!(f, "    node {}{relay}", node.name)?;
    writeln!(f, "      author key    {}", node.author)?;
    writeln!(f, "      transport key {}", node.transport)?;
    for address in &node.addresses {
        writeln!(f, "      address       {address}")?;
    }
    Ok(())
}

/// Lists members, or says that they are all.
fn list(ids: &BTreeSet<MemberId>, body: &Body) -> String {
    let names: Vec<&str> = ids.iter().map(MemberId::as_str).collect();
    match names.len() {
        0 => "nobody".to_owned(),
        n if n == body.members.len() => format!("all members: {}", names.join(", ")),
        _ => names.join(", "),
    }
}

fn limits(f: &mut Formatter<'_>, limits: &Limits) -> fmt::Result {
    writeln!(f, "\nLimits")?;
    let defaults = Limits::default();
    for ((name, value), (_, default)) in limits.named().zip(defaults.named()) {
        let note = if value == default { " (default)" } else { "" };
        writeln!(f, "  {name} {value}{note}")?;
    }
    Ok(())
}
