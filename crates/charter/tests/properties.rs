//! Decoders never panic, and no flipped bit passes.

mod common;

use std::sync::LazyLock;

use charter::{Charter, Draft, Enrolment};
use common::{enrolment, signed};
use proptest::prelude::*;
use record::{Digest, FederationId};

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| signed().to_file().into_bytes());
static REQUEST: LazyLock<Vec<u8>> = LazyLock::new(|| enrolment().to_file().into_bytes());

/// Replaces, inserts and removes bytes.
fn mutate(file: &[u8], changes: &[(usize, u8, u8)]) -> Vec<u8> {
    let mut file = file.to_vec();
    for (place, what, byte) in changes {
        let place = place % file.len().max(1);
        match what % 4 {
            0 if !file.is_empty() => file[place] = *byte,
            1 => file.insert(place, *byte),
            2 if !file.is_empty() => drop(file.remove(place)),
            3 => file.truncate(place.max(1)),
            _ => {}
        }
    }
    file
}

/// A compact charter file, the place of its signed bytes, and its signatures.
fn compact() -> (Vec<u8>, std::ops::Range<usize>) {
    let draft = common::small();
    let tree = common::tree(&draft.to_file());
    let canonical = draft.canonical();
    let head = br#"{"signed":"#;
    let tail = format!(r#","signatures":{}}}"#, tree["signatures"]);
    let range = head.len()..head.len() + canonical.len();
    ([&head[..], &canonical, tail.as_bytes()].concat(), range)
}

#[test]
fn no_flipped_bit_of_the_signed_content_passes() {
    let (file, signed) = compact();
    let pin = common::small().federation();
    assert!(Charter::first(&file, &pin).is_ok());
    for place in signed.clone() {
        for bit in 0..8 {
            let mut flipped = file.clone();
            flipped[place] ^= 1 << bit;
            assert!(
                Charter::first(&flipped, &pin).is_err(),
                "byte {place}, bit {bit}"
            );
            // Nor where the pin fits it: the signatures are over other bytes.
            let own = FederationId(Digest::of(&[&flipped[signed.clone()]]));
            assert!(
                Charter::first(&flipped, &own).is_err(),
                "byte {place}, bit {bit}"
            );
        }
    }
}

#[test]
fn no_flipped_bit_of_a_request_passes() {
    let tree = common::tree(&enrolment().to_file());
    let file = tree.to_string().into_bytes();
    assert!(Enrolment::verify(&file).is_ok());
    for place in 0..file.len() {
        for bit in 0..8 {
            let mut flipped = file.clone();
            flipped[place] ^= 1 << bit;
            assert!(
                Enrolment::verify(&flipped).is_err(),
                "byte {place}, bit {bit}"
            );
        }
    }
}

proptest! {
    #[test]
    fn reading_never_panics(changes in prop::collection::vec(any::<(usize, u8, u8)>(), 1..6)) {
        let pin = FederationId(Digest::of(&[b"another"]));
        let file = mutate(&FILE, &changes);
        prop_assert!(Charter::first(&file, &pin).is_err());
        if let Ok(draft) = Draft::read(&file) {
            // What a draft accepts, it writes so that it reads the same.
            let again = Draft::read(draft.to_file().as_bytes()).expect("its own file");
            prop_assert_eq!(again.canonical(), draft.canonical());
            let _ = draft.to_string();
        }
        let _ = Enrolment::verify(&mutate(&REQUEST, &changes));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let pin = FederationId(Digest::of(&[&bytes]));
        prop_assert!(Charter::first(&bytes, &pin).is_err());
        prop_assert!(Enrolment::verify(&bytes).is_err());
    }
}
