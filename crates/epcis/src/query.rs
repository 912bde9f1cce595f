//! SimpleEventQuery: what can be asked of events, read from a query string or
//! from the JSON body of a named query, and judged event by event (EPCIS 2.0
//! §8.2.7.1 and §12.6).
//!
//! An [`EventQuery`] is a list of criteria that must all hold, with an order
//! and a limit. [`EventQuery::matches`] is the whole truth of what a query
//! asks for; [`Criterion::probes`] and [`index_terms`] let an index find
//! candidates, under the law that no match is ever missed.
//!
//! Where GS1's query schema and its OpenAPI spell a parameter in two ways, or
//! give it two types, both are read.

mod criterion;
mod error;
mod field;
mod index;
mod literal;
mod master_data;
mod matching;
mod names;
mod parameter;
mod unit;
mod values;

use std::collections::{BTreeSet, HashSet};

use gs1::Key;

pub use criterion::{
    Amounts, AttributeTest, Criterion, Measure, Moment, ObjectList, Place, SensorAttribute, Side,
    Subject, Word,
};
pub use error::QueryError;
pub use field::{Field, FieldTest, Part};
pub use index::{Probe, index_terms};
pub use literal::{Bound, Comparison, Literal, Range};
pub use master_data::{MasterData, NoMasterData};
pub use matching::Candidate;
pub use names::Namespaces;

use crate::context::Contexts;
use crate::problem::{Path, Problems, Reason};
use crate::reader::{self, Value};
use parameter::Reading;
use values::Given;

/// The most parameters of a query.
pub const PARAMETERS_MAX: usize = 200;
/// The most places that a `WD_…` parameter may come to.
pub const DESCENDANTS_MAX: usize = 10_000;
/// How deep the JSON of a query may be nested: lists, and a context.
const DEPTH_MAX: usize = 16;

/// A query for events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventQuery {
    criteria: Vec<Criterion>,
    order: Option<Order>,
    limit: Option<Limit>,
}

/// In which order events are answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// By what.
    pub by: OrderBy,
    /// Which end comes first.
    pub direction: Direction,
}

/// What events are ordered by.
#[derive(Clone, Debug, PartialEq)]
pub enum OrderBy {
    /// `eventTime`.
    EventTime,
    /// `recordTime`.
    RecordTime,
    /// A field of a user's own: numbers before moments before texts.
    Field(Field),
}

/// Which end of an order comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The least.
    Ascending,
    /// The greatest; the default.
    Descending,
}

/// How many events are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The first so many (`eventCountLimit`).
    First(u64),
    /// An error where there are more than so many (`maxEventCount`).
    AtMost(u64),
}

/// Places below others could not be found.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError<E> {
    /// Master data could not be read.
    #[error("master data could not be read")]
    MasterData(#[source] E),
    /// There are too many.
    #[error("more than {DESCENDANTS_MAX} places lie below those that are asked for")]
    TooMany,
}

impl EventQuery {
    /// Reads the parameters of a query string, already decoded; values of a
    /// list are joined with `|`.
    ///
    /// # Errors
    ///
    /// The first parameter that is unknown, repeated or wrong.
    pub fn from_pairs<'p>(
        pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
        names: &Namespaces,
    ) -> Result<Self, QueryError> {
        let mut building = Building::default();
        for (name, text) in pairs {
            building.name(name)?;
            building.take(match name {
                // One value each, in which a bar would be part of a name.
                "orderBy" | "orderDirection" => Given::single(name, text, names),
                _ => Given::text(name, text, names)?,
            })?;
        }
        building.finish()
    }

    /// Reads the JSON object that is the `query` of a named query. Its
    /// `@context` declares prefixes.
    ///
    /// # Errors
    ///
    /// What is no JSON object, and the first parameter that is unknown,
    /// repeated or wrong.
    pub fn from_json(
        json: &[u8],
        names: &Namespaces,
        contexts: &Contexts,
    ) -> Result<Self, QueryError> {
        let mut problems = Problems::default();
        let value = reader::read(json, DEPTH_MAX, &mut problems);
        if let Some(other) = value
            .as_ref()
            .filter(|value| !matches!(value, Value::Object(_)))
        {
            let what = format!("{} stands here", other.type_name());
            problems.add(&Path::ROOT, Reason::WrongType, what, "give an object");
        }
        let Some(Value::Object(members)) = value.filter(|_| problems.is_empty()) else {
            return Err(QueryError::Body(problems.into_vec()));
        };
        let context = members.iter().find(|(name, _)| name == "@context");
        let names = match context {
            Some((_, context)) => names.with(context, contexts)?,
            None => names.clone(),
        };
        let mut building = Building::default();
        for (name, value) in members.iter().filter(|(name, _)| name != "@context") {
            building.name(name)?;
            building.take(Given::json(name, value, &names)?)?;
        }
        building.finish()
    }

    /// Returns what every event of the answer meets.
    pub fn criteria(&self) -> &[Criterion] {
        &self.criteria
    }

    /// Returns the order of the answer, if one is asked for.
    pub fn order(&self) -> Option<&Order> {
        self.order.as_ref()
    }

    /// Returns how many events are wanted.
    pub fn limit(&self) -> Option<Limit> {
        self.limit
    }

    /// Adds the places below those of `WD_…` parameters, so that judging needs
    /// no more of how places lie in each other.
    ///
    /// # Errors
    ///
    /// When master data cannot be read, or tell of more than
    /// [`DESCENDANTS_MAX`] places.
    pub fn resolve<M: MasterData>(
        mut self,
        master_data: &M,
    ) -> Result<Self, ResolveError<M::Error>> {
        for criterion in &mut self.criteria {
            if let Criterion::Place {
                keys, descendants, ..
            } = criterion
                && *descendants
            {
                *keys = with_descendants(std::mem::take(keys), master_data)?;
                *descendants = false;
            }
        }
        Ok(self)
    }
}

fn with_descendants<M: MasterData>(
    mut waiting: Vec<Key>,
    master_data: &M,
) -> Result<Vec<Key>, ResolveError<M::Error>> {
    let mut all: BTreeSet<Key> = waiting.iter().cloned().collect();
    while let Some(place) = waiting.pop() {
        let children = master_data.children(&place);
        for child in children.map_err(ResolveError::MasterData)? {
            let child = child.identity().into_owned();
            if all.insert(child.clone()) {
                waiting.push(child);
            }
        }
        if all.len() > DESCENDANTS_MAX {
            return Err(ResolveError::TooMany);
        }
    }
    Ok(all.into_iter().collect())
}

/// A query in the making.
#[derive(Default)]
struct Building {
    seen: HashSet<String>,
    query: EventQuery,
    order_by: Option<OrderBy>,
    direction: Option<Direction>,
}

impl Building {
    /// Makes sure that a parameter stands there once.
    fn name(&mut self, name: &str) -> Result<(), QueryError> {
        if !self.seen.insert(name.to_owned()) {
            return Err(QueryError::Repeated {
                name: name.to_owned(),
            });
        }
        match self.seen.len() {
            found if found > PARAMETERS_MAX => Err(QueryError::TooManyParameters { found }),
            _ => Ok(()),
        }
    }

    fn take(&mut self, given: Given<'_>) -> Result<(), QueryError> {
        let limit = match parameter::read(&given)? {
            Reading::Criterion(criterion) => {
                self.query.criteria.push(criterion);
                return Ok(());
            }
            Reading::Nothing => return Ok(()),
            Reading::OrderBy(by) => {
                self.order_by = Some(by);
                return Ok(());
            }
            Reading::Direction(direction) => {
                self.direction = Some(direction);
                return Ok(());
            }
            Reading::First(count) => Limit::First(count),
            Reading::AtMost(count) => Limit::AtMost(count),
        };
        match self.query.limit.replace(limit) {
            Some(_) => Err(QueryError::BothLimits),
            None => Ok(()),
        }
    }

    fn finish(self) -> Result<EventQuery, QueryError> {
        let mut query = self.query;
        let direction = self.direction.unwrap_or(Direction::Descending);
        query.order = self.order_by.map(|by| Order { by, direction });
        if matches!(query.limit, Some(Limit::First(_))) && query.order.is_none() {
            return Err(QueryError::NoOrder);
        }
        Ok(query)
    }
}
