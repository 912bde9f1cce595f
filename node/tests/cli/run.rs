//! What keeps a node from running, told before anything is begun.

use std::fs;
use std::net::TcpListener;

use crate::desk::Desk;

/// Makes a node that joined, and gives its configuration's text with no port of
/// its own.
pub(crate) fn joined(desk: &Desk) -> String {
    let hash = desk.federation();
    desk.nguon(&format!(
        "join charter.json --federation {hash} --dir lam-dong"
    ))
    .exits(0);
    let text = fs::read_to_string(desk.path("lam-dong/nguon.toml")).expect("a configuration");
    text.replace("127.0.0.1:8790", "127.0.0.1:0")
        .replace("/4001", "/0")
        .replace("0.0.0.0", "127.0.0.1")
}

fn refused(desk: &Desk, config: &str) -> String {
    fs::write(desk.path("lam-dong/nguon.toml"), config).expect("a change");
    desk.nguon("run --config lam-dong/nguon.toml").exits(1)
}

#[test]
fn a_node_that_joined_nothing_does_not_run() {
    let desk = Desk::new();
    desk.nguon("init --dir lam-dong").exits(0);
    let told = desk.nguon("run --config lam-dong/nguon.toml").exits(1);
    assert!(
        told.contains("nguon join CHARTER --federation HASH --dir lam-dong"),
        "{told}"
    );
    assert!(!desk.path("lam-dong/data").exists());
}

#[test]
fn a_wrong_configuration_is_refused_with_the_remedy() {
    let desk = Desk::new();
    let config = joined(&desk);
    let told = refused(&desk, &format!("port = 1\n{config}"));
    assert!(told.contains("line 1") && told.contains("port"), "{told}");
    let told = refused(
        &desk,
        &config.replace("\"127.0.0.1:0\"", "\"0.0.0.0:8790\""),
    );
    assert!(told.contains("it takes TLS"), "{told}");
    assert!(!desk.path("lam-dong/data").exists(), "refused too late");
    let told = refused(
        &desk,
        &config.replace("[http]\n", "[http]\nidentities = \"none.toml\"\n"),
    );
    assert!(told.contains("none.toml"), "{told}");
    let told = refused(&desk, &config.replace("\"national\"", "\"with-gacc\""));
    assert!(told.contains("use one of national, public"), "{told}");
    let told = refused(&desk, &config.replace("tcp/0", "tcp/door"));
    assert!(told.contains("tcp/door"), "{told}");
    let told = refused(&desk, &config.replace("\"info\"", "\"info=loud\""));
    assert!(told.contains("log.filter"), "{told}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let desk = Desk::new();
    let config = joined(&desk);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let told = refused(&desk, &config.replace("127.0.0.1:0", &address));
    assert!(
        told.contains(&format!("cannot listen for HTTP on {address}")),
        "{told}"
    );
}

#[test]
fn commands_say_when_no_node_answers() {
    let desk = Desk::new();
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let node = format!("http://{}", free.local_addr().expect("its address"));
    drop(free);
    for line in [
        "status",
        "trace urn:epc:id:sscc:8934999.3261012001",
        "prove x",
    ] {
        let told = desk.nguon(&format!("{line} --node {node}")).exits(1);
        assert!(
            told.contains("start it with: nguon run --config FILE"),
            "{told}"
        );
    }
}
