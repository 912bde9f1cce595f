//! The trace question: where a thing came from and what came of it, upstream
//! and downstream, over a read trait. Pure.
//!
//! # Reading order
//!
//! [`Question`] and [`EventReader`] go in, [`Answer`] comes out, [`render`]
//! shows it to people. Between them: `step` reduces an EPCIS event to what it
//! does to objects and is alone in knowing EPCIS; `timeline` has the life of
//! one thing, with `span` for its stays in others; `book` reads each event
//! once; `walk` goes from thing to thing; `assemble` and `findings` write down
//! what it found. [`state`] asks less: what holds of one thing now.
//!
//! # What belongs to what
//!
//! - **Aggregation.** A child is inside its parent from the event that adds it
//!   (or first sees it there) until it is taken out, put elsewhere, ended, or
//!   the parent is emptied or ended. What happened to the parent meanwhile
//!   happened to the child; what happened before or after did not. A part of a
//!   lot is inside until the amount that was put in is out again.
//! - **Association** ties in the same way, but what is attached only goes
//!   along: it is no source of what bears it.
//! - **Transformation.** Every output comes of every input, also over several
//!   events of one `transformationID`.
//! - **Commissioning** ties items to their lot: see [`names`].
//! - **Lots** are followed as a whole: their parts are not told apart. Going
//!   upstream, what carried some part of a lot is not taken for the rest.
//! - **Time.** A cause comes before its effect. Where clocks contradict the one
//!   event that made something, the event is followed and the contradiction is
//!   a [`Finding`]. Identifiers of parents may be used again: only the use
//!   that matters is followed.
//! - **Errors.** An event that all who state it have declared in error is
//!   listed and not followed, and so is the declaration.
//!
//! # Invariants
//!
//! - The answer depends on the events and the question alone: not on arrival
//!   order, local numbers or a clock, as long as no limit is met.
//! - Where a limit is met the answer says so.
//! - Nothing recurses, and each event is read once.

mod question;
mod reader;

mod answer;

mod step;

mod span;
mod timeline;

mod book;
mod walk;

mod assemble;
mod findings;

mod state;

mod account;
mod utc;

mod render;

pub use answer::{
    Answer, Bond, Declaration, Event, Evidence, Finding, Level, Log, Mention, Object, Quantity,
    Shortfall, Stay, Typed,
};
pub use book::TraceError;
pub use question::{Direction, Question};
pub use reader::{Attestation, EventId, EventReader, Held, names};
pub use render::{Names, NoNames, Style, render};
pub use state::{Fact, Holder, Ilmd, Place, Said, State, state};
pub use step::Role;

/// Answers a trace question from what a reader holds.
///
/// A thing that no event names has an answer too: itself, and no events. Places
/// and parties are named in answers and have no trace of their own.
///
/// # Errors
///
/// Where the reader fails. Meeting a limit is no error: the answer says that it
/// is not complete.
pub fn trace<R: EventReader>(
    reader: &R,
    question: &Question,
) -> Result<Answer, TraceError<R::Error>> {
    let mut walk = walk::Walk::new(reader, question);
    let asked = walk.run(question)?;
    Ok(assemble::answer(&walk, asked, question))
}
