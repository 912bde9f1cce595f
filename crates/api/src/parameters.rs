//! Query parameters: each known, each at most once.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::problem::Problem;

/// The parameters of a request's query, decoded, in its order.
#[derive(Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Takes a parameter out.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(each, _)| each == name)?;
        Some(self.0.remove(place).1)
    }

    /// Takes a number out that lies within bounds.
    pub(crate) fn take_number(
        &mut self,
        name: &str,
        bounds: std::ops::RangeInclusive<u32>,
    ) -> Result<Option<u32>, Problem> {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        let wrong = || {
            let (least, most) = (bounds.start(), bounds.end());
            Problem::Parameter(format!(
                "{name}={text:.40} is no number from {least} to {most}."
            ))
        };
        number.map(Some).ok_or_else(wrong)
    }

    /// Makes sure that nothing is left that was not understood.
    pub(crate) fn finish(self, known: &[&str]) -> Result<(), Problem> {
        let Some((name, _)) = self.0.first() else {
            return Ok(());
        };
        let text = if known.contains(&name.as_str()) {
            format!("The parameter {name} is given more than once.")
        } else if known.is_empty() {
            format!("The parameter {name:.80} is not known here: there are none.")
        } else {
            let known = known.join(", ");
            format!("The parameter {name:.80} is not known here; there are {known}.")
        };
        Err(Problem::Parameter(text))
    }

    /// Returns the parameters that are left.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let unreadable = |error| Problem::Parameter(format!("The query cannot be read: {error}."));
        let Query(pairs) = read.map_err(unreadable)?;
        Ok(Self(pairs))
    }
}
