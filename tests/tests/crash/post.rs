//! Captures without a pause, from a node that may die at any moment.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tests::goods;

use crate::{BOUND, EVERY};

/// How many events one document holds.
const EVENTS: u64 = 20;

/// A local system that posts one document after the other.
pub(crate) struct Poster {
    shared: Arc<Shared>,
    thread: JoinHandle<Posted>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    /// The document that was sent as a whole and has no answer.
    in_flight: Mutex<Option<u64>>,
}

/// What became of the documents, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Posted {
    /// Those that the node said it took.
    pub(crate) acknowledged: Vec<u64>,
    /// Those that were sent as a whole and never answered.
    pub(crate) unanswered: Vec<u64>,
}

/// Returns the `eventID`s of a document.
pub(crate) fn event_ids(lot: u32, document: u64) -> impl Iterator<Item = String> {
    serials(document).map(move |serial| goods::event_id(lot, serial))
}

fn serials(document: u64) -> Range<u64> {
    document * EVENTS..(document + 1) * EVENTS
}

impl Poster {
    /// Begins to post documents of a lot to the node at `address:port`.
    pub(crate) fn begin(http: &str, lot: u32) -> Self {
        let shared = Arc::new(Shared::default());
        let (http, of_thread) = (http.to_owned(), Arc::clone(&shared));
        let thread = thread::spawn(move || of_thread.run(&http, lot));
        Self { shared, thread }
    }

    /// Returns the document that was sent and has no answer just now.
    pub(crate) fn in_flight(&self) -> Option<u64> {
        *self.shared.in_flight.lock().expect("no panic")
    }

    /// Ends after the document under way, and tells what became of all.
    pub(crate) fn end(self) -> Posted {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("every answer was 202")
    }
}

impl Shared {
    fn run(&self, http: &str, lot: u32) -> Posted {
        let mut posted = Posted::default();
        let mut document = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let answered = self.post(http, lot, document);
            let sent = self.in_flight.lock().expect("no panic").take().is_some();
            match answered {
                Ok(status) => {
                    assert!(status.starts_with("HTTP/1.1 202 "), "{status}");
                    posted.acknowledged.push(document);
                }
                Err(_) if sent => posted.unanswered.push(document),
                // Nobody is there.
                Err(_) => thread::sleep(EVERY),
            }
            document += 1;
        }
        posted
    }

    /// Posts one document on a connection of its own, and returns the status
    /// line of the answer.
    fn post(&self, http: &str, lot: u32, document: u64) -> io::Result<String> {
        let body = goods::document(lot, serials(document));
        let head = format!(
            "POST /epcis/capture HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n\
             Content-Type: application/ld+json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(http)?;
        stream.set_read_timeout(Some(BOUND))?;
        stream.set_write_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all((head + &body).as_bytes())?;
        *self.in_flight.lock().expect("no panic") = Some(document);
        let mut status = String::new();
        BufReader::new(stream).read_line(&mut status)?;
        match status.ends_with('\n') {
            true => Ok(status),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
