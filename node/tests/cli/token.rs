//! Identities as an operator makes them, and commands that show who asks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Instant;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use crate::desk::{Desk, Ran, words};
use crate::run::joined;
use crate::walk::{BOUND, Running};

fn mode(path: &Path) -> u32 {
    let metadata = fs::metadata(path).expect("the file");
    metadata.permissions().mode() & 0o777
}

fn secret(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("closed");
}

#[test]
fn a_token_is_shown_once_and_kept_as_a_hash() {
    let desk = Desk::new();
    desk.nguon("init --dir node").exits(0);
    let file = desk.path("node/identities.toml");
    let line = "token new portal --right query admin --see * --config node/nguon.toml --json";
    let made = desk.nguon(line).json();
    let token = made["token"].as_str().expect("a token");
    let kept = fs::read_to_string(&file).expect("the file");
    assert_eq!(mode(&file), 0o600);
    assert!(
        token.starts_with("nguon_") && !kept.contains(&token[6..]),
        "{kept}"
    );
    assert!(
        kept.contains(made["hash"].as_str().expect("a hash")),
        "{kept}"
    );
    // Another one is added; what stands there stays as it was.
    fs::write(&file, format!("# By hand.\n{kept}")).expect("written");
    let told = desk
        .nguon(
            "token new gate-7 --right capture --write national with-gacc --config node/nguon.toml \
             --requests-per-minute 60 --document-mib 2",
        )
        .exits(0);
    assert!(told.contains("identities = \"identities.toml\""), "{told}");
    let both = fs::read_to_string(&file).expect("the file");
    assert!(both.starts_with(&format!("# By hand.\n{kept}\n")), "{both}");
    let listed: api::Identities = toml::from_str(&both).expect("identities");
    assert_eq!(listed.identity.len(), 2);
    api::Access::known(listed).expect("sound identities");
    // A name is never given twice, and a file that others may write is refused.
    let again = desk.nguon(line).exits(1);
    assert!(again.contains("lists portal already"), "{again}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o622)).expect("opened");
    let open = desk.nguon(&line.replace("portal", "other")).exits(1);
    assert!(open.contains("chmod 600"), "{open}");
    assert_eq!(fs::read_to_string(&file).expect("the file"), both);
}

#[test]
fn without_a_configuration_the_lines_are_printed() {
    let desk = Desk::new();
    let told = desk
        .nguon("token new portal --right query --see public")
        .exits(0);
    let block = &told[told.find("[identity.portal]").expect("the lines")..];
    let listed: api::Identities = toml::from_str(block).expect("identities");
    api::Access::known(listed).expect("sound identities");
    for wrong in [
        "token new Portal --right query",
        "token new portal",
        "token new portal --right everything",
        "token new portal --right query --see Public",
        "token new portal --right query --requests-per-minute 0",
        "status --cert x.pem",
    ] {
        desk.nguon(wrong).exits(2);
    }
}

/// A certificate of an authority, for `localhost`, as PEM with its key.
fn certificate(desk: &Desk) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).expect("a certificate");
    fs::write(desk.path("ca.pem"), authority.pem()).expect("written");
    for name in ["localhost", "scanner"] {
        let own = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let issued = params
            .signed_by(&own, &authority, &key)
            .expect("a certificate");
        fs::write(desk.path(&format!("{name}.pem")), issued.pem()).expect("written");
        secret(&desk.path(&format!("{name}.key")), &own.serialize_pem());
    }
}

/// Runs a command until it exits with a code.
fn until(code: i32, run: impl Fn() -> Ran) -> String {
    let begun = Instant::now();
    loop {
        let ran = run();
        if ran.code == Some(code) {
            return ran.stdout + &ran.stderr;
        }
        assert!(begun.elapsed() < BOUND, "{ran:#?}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn commands_show_who_asks_over_tls() {
    let desk = Desk::new();
    let config = joined(&desk);
    certificate(&desk);
    let http = "[http]\nidentities = \"identities.toml\"\nhosts = [\"localhost\"]\n\
                tls = { certificate = \"../localhost.pem\", key = \"../localhost.key\", \
                client_ca = \"../ca.pem\" }\n";
    // Everything that other machines reach is there: it may listen to them.
    let config = config
        .replace("[http]\n", http)
        .replace("hosts = []\n", "")
        .replace("listen = \"127.0.0.1:0\"", "listen = \"0.0.0.0:0\"");
    fs::write(desk.path("lam-dong/nguon.toml"), config).expect("a configuration");
    let line = "token new portal --right query --see * --config lam-dong/nguon.toml";
    secret(&desk.path("portal.token"), &desk.text(line, "token"));
    let node = Running::start(&desk, "run --config lam-dong/nguon.toml");
    assert!(node.http.starts_with("https://localhost:"), "{}", node.http);
    let ask = |more: &str| {
        let line = format!("status --url {} --ca ca.pem {more}", node.http);
        desk.run(&words(&line))
    };
    ask("--token-file portal.token").exits(0);
    let told = ask("").exits(1);
    assert!(told.contains("Show a bearer token"), "{told}");
    let told = desk
        .run(&words(&format!("status --url {}", node.http)))
        .exits(1);
    assert!(told.contains("error: no node answers"), "{told}");
    // The token may come from the environment too.
    let token = fs::read_to_string(desk.path("portal.token")).expect("the token");
    let line = format!("status --url {} --ca ca.pem", node.http);
    let mut command = desk.command(&words(&line));
    let output = command.env("NGUON_TOKEN", token.trim()).output();
    assert!(output.expect("nguon starts").status.success());
    // A certificate is known once it is listed and the node was told to look.
    let certified = "--cert scanner.pem --key scanner.key";
    let told = ask(certified).exits(1);
    assert!(told.contains("nobody's here"), "{told}");
    let pin = desk.text("token pin scanner.pem", "pin");
    let file = desk.path("lam-dong/identities.toml");
    let before = fs::read_to_string(&file).expect("the file");
    let more = format!("\n[identity.scanner]\ncertificates = [\"{pin}\"]\nrights = [\"query\"]\n");
    secret(&file, &format!("{before}{more}"));
    node.signal("-HUP");
    until(0, || ask(certified));
    // What cannot be read changes nothing; who is taken out is out.
    secret(&file, "[identity.scanner]\n");
    node.signal("-HUP");
    ask(certified).exits(0);
    secret(&file, &more);
    node.signal("-HUP");
    until(1, || ask("--token-file portal.token"));
    ask(certified).exits(0);
    // A token in a file that others may read is not used.
    fs::set_permissions(desk.path("portal.token"), fs::Permissions::from_mode(0o644))
        .expect("opened");
    let told = ask("--token-file portal.token").exits(1);
    assert!(told.contains("chmod 600"), "{told}");
    node.stop();
}
