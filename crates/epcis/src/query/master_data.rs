//! What queries ask of master data.

use gs1::Key;

/// Master data of places, products, parties and other vocabulary elements, by
/// the canonical keys of their identifiers (EPCIS 2.0 §6.5, §8.2.7.1).
pub trait MasterData {
    /// Why master data could not be read.
    type Error;

    /// Returns the elements directly below an element.
    ///
    /// # Errors
    ///
    /// Whatever keeps them from being read.
    fn children(&self, element: &Key) -> Result<Vec<Key>, Self::Error>;

    /// Returns the values of an element's attribute, whose name is an absolute
    /// IRI; none where the element has no such attribute or is not known.
    ///
    /// # Errors
    ///
    /// Whatever keeps them from being read.
    fn attribute(&self, element: &Key, name: &str) -> Result<Vec<String>, Self::Error>;
}

/// A place where no master data is held.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMasterData;

impl MasterData for NoMasterData {
    type Error = std::convert::Infallible;

    fn children(&self, _: &Key) -> Result<Vec<Key>, Self::Error> {
        Ok(Vec::new())
    }

    fn attribute(&self, _: &Key, _: &str) -> Result<Vec<String>, Self::Error> {
        Ok(Vec::new())
    }
}
