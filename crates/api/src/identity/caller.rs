//! Who calls, as the resources see it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use ledger::Scopes;
use record::ScopeName;

use super::access::Identity;
use super::file::Right;
use super::limits::{Strangers, TooEarly};
use crate::problem::Problem;

/// The scope that strangers see, where the node's links are public.
const PUBLIC: &str = "public";

/// Who calls. The gate has found out, and every resource that reads or writes
/// asks it what may be read and written.
#[derive(Clone, Debug)]
pub(crate) struct Caller(Who);

#[derive(Clone, Debug)]
enum Who {
    /// Somebody on this machine, where no identities are configured.
    Operator,
    Known(Arc<Identity>),
    /// Anybody, at a public link.
    Stranger {
        sees: Scopes,
    },
}

impl Caller {
    pub(crate) fn operator() -> Self {
        Self(Who::Operator)
    }

    pub(crate) fn known(identity: Arc<Identity>) -> Self {
        Self(Who::Known(identity))
    }

    pub(crate) fn stranger() -> Self {
        let public = ScopeName::new(PUBLIC).expect("a name");
        let sees = Scopes::Only([public].into());
        Self(Who::Stranger { sees })
    }

    /// Tells whether the caller has a right.
    pub(crate) fn may(&self, right: Right) -> bool {
        match &self.0 {
            Who::Operator => true,
            Who::Known(identity) => identity.terms.rights.contains(&right),
            Who::Stranger { .. } => false,
        }
    }

    /// Makes sure that the caller may write a scope. The refusal is the same
    /// whether or not there is such a scope.
    pub(crate) fn may_write(&self, scope: &ScopeName) -> Result<(), Problem> {
        let may = match &self.0 {
            Who::Operator => true,
            Who::Known(identity) => identity.terms.write.contains(scope),
            Who::Stranger { .. } => false,
        };
        match may && self.may(Right::Capture) {
            true => Ok(()),
            false => Err(Problem::Forbidden(format!(
                "You may not write the scope \"{scope}\" through this node."
            ))),
        }
    }

    /// Returns the scopes that the caller may see.
    pub(crate) fn sees(&self) -> &Scopes {
        match &self.0 {
            Who::Operator => &Scopes::All,
            Who::Known(identity) => &identity.terms.see,
            Who::Stranger { sees } => sees,
        }
    }

    /// Returns the bytes that a body of the caller's may take, where the
    /// resource takes so many.
    pub(crate) fn body_bytes_max(&self, resource: usize) -> usize {
        let Who::Known(identity) = &self.0 else {
            return resource;
        };
        let own = identity.terms.document_mib;
        own.map_or(resource, |own| resource.min((own.get() as usize) << 20))
    }

    /// Returns the name under which what the caller begins is kept; `None` for
    /// a local operator.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.0 {
            Who::Known(identity) => Some(identity.name.as_str()),
            Who::Operator | Who::Stranger { .. } => None,
        }
    }

    /// Tells whether the caller may see what an owner, or nobody known, began.
    pub(crate) fn oversees(&self, owner: Option<&str>) -> bool {
        self.may(Right::Admin) || owner.is_some() && owner == self.name()
    }

    /// Counts the request, unless it is too many.
    pub(crate) fn take(&self, address: IpAddr, strangers: &Strangers) -> Result<(), TooEarly> {
        match &self.0 {
            Who::Operator => Ok(()),
            Who::Known(identity) => identity.pace.take(),
            Who::Stranger { .. } => strangers.take(address),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        // Without the gate before it, a resource answers nobody.
        caller.ok_or_else(|| Problem::Internal("a resource stands before the gate".into()))
    }
}
