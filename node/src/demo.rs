//! The main job with nothing prepared: a federation of real nodes in one
//! process, from forming it to a proof about goods at the border.
//!
//! Every node is started by [`start_sharing`](crate::start_sharing), as
//! `nguon run` does it, with its own folder, keys, database and sockets; they
//! meet over loopback and are asked over their own HTTP.
//!
//! Read in the order of the steps: `cast` (who takes part), `federation`
//! (forming and starting it), `goods` and `load` (what is captured), `watch`
//! (what arrives where, and when), `questions` (what is asked), `report`.

mod cast;

mod federation;

mod goods;
mod load;

mod watch;

mod questions;

mod report;

mod play;

pub(crate) use cast::{NODES_MAX, NODES_MIN};
pub(crate) use play::{Options, play};
