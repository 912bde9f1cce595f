//! What is asked, and how much work an answer may be.

use gs1::Key;
use serde::{Deserialize, Serialize};

/// Which way to follow the goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Back to the origins.
    Upstream,
    /// On to whatever came of it.
    Downstream,
    /// Both, in one answer.
    Both,
}

impl Direction {
    /// Tells whether the origins are asked for.
    pub fn is_upstream(self) -> bool {
        matches!(self, Self::Upstream | Self::Both)
    }

    /// Tells whether it is asked what came of it.
    pub fn is_downstream(self) -> bool {
        matches!(self, Self::Downstream | Self::Both)
    }
}

/// A trace question, bounded in every dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The thing or lot that is asked about, in any spelling.
    pub about: Key,
    /// Which way to go.
    pub direction: Direction,
    /// Leaves out what the thing itself went through before, in milliseconds
    /// since 1970-01-01T00:00Z: an earlier use of a pallet, say. What is
    /// reached from later uses is followed however far back it goes.
    pub since_ms: Option<i64>,
    /// The same for what it went through afterwards.
    pub until_ms: Option<i64>,
    /// The most links between the thing and another that is told of.
    pub depth_max: u32,
    /// The most events that are read.
    pub events_max: usize,
    /// The most objects that are told of.
    pub objects_max: usize,
}

impl Question {
    /// The links followed unless told otherwise.
    pub const DEPTH_MAX: u32 = 64;
    /// The events read unless told otherwise.
    pub const EVENTS_MAX: usize = 10_000;
    /// The objects told of unless told otherwise.
    pub const OBJECTS_MAX: usize = 100_000;

    /// Asks about all that a thing went through, within the usual bounds.
    pub fn new(about: Key, direction: Direction) -> Self {
        Self {
            about,
            direction,
            since_ms: None,
            until_ms: None,
            depth_max: Self::DEPTH_MAX,
            events_max: Self::EVENTS_MAX,
            objects_max: Self::OBJECTS_MAX,
        }
    }
}
