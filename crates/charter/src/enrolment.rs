//! The enrolment request: a node asks to be listed, and both of its keys prove
//! that the node holds them.

use record::{PublicKey, SecretKey, Signature, Statement};

use crate::body::{FORMAT, read_format};
use crate::form::{Cursor, Fault, FormError, URL};
use crate::json::{FileError, Json};
use crate::member::{MemberId, MemberKind, Names, NodeName, addresses_to_json, read_addresses};

/// The most bytes that an enrolment request may have: 64 KiB.
pub const ENROLMENT_BYTES_MAX: usize = 64 << 10;

/// What a node says of itself beside its keys. The member's part is a
/// suggestion: governors decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentTerms {
    /// The node's name within its member.
    pub node_name: NodeName,
    /// Its addresses as multiaddr texts, the preferred first.
    pub addresses: Vec<String>,
    /// Where the member's HTTP interface answers the public.
    pub public_url: Option<String>,
    /// The member's id, as suggested.
    pub member: Option<MemberId>,
    /// The member's names, as suggested.
    pub names: Option<Names>,
    /// The member's kind, as suggested.
    pub kind: Option<MemberKind>,
}

/// An enrolment request in which both keys proved possession.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    author: PublicKey,
    transport: PublicKey,
    terms: EnrolmentTerms,
    file: Json,
}

/// Says why a file is no enrolment request.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// The bytes are not JSON, or too many.
    #[error(transparent)]
    File(#[from] FileError),
    /// A part is not of its form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A key's signature over the request does not hold.
    #[error(
        "the {key} key's proof does not hold: the request was changed, or made without that key"
    )]
    Proof {
        /// Which key: `author` or `transport`.
        key: &'static str,
    },
}

impl EnrolmentError {
    /// Returns the reason's class, as counters and test vectors name it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::File(error) => error.reason(),
            Self::Form(error) => error.fault.reason(),
            Self::Proof { .. } => "bad-proof",
        }
    }
}

impl Enrolment {
    /// Makes and signs a request.
    ///
    /// # Errors
    ///
    /// Refuses terms that are no fit texts, and one key in both roles.
    pub fn new(
        author: &SecretKey,
        transport: &SecretKey,
        terms: &EnrolmentTerms,
    ) -> Result<Self, EnrolmentError> {
        let signed = to_json(author.public(), transport.public(), terms);
        let canonical = signed.canonical();
        let proof = |key: &SecretKey| {
            let signature = key.sign(&Statement::Enrolment(&canonical));
            Some(Json::text(hex::encode(signature.0)))
        };
        let proofs = Json::object([("author", proof(author)), ("transport", proof(transport))]);
        Self::of(Json::object([
            ("signed", Some(signed)),
            ("proofs", Some(proofs)),
        ]))
    }

    /// Verifies a request: its form, both keys (canonical, not of small order,
    /// free of torsion), and both proofs.
    ///
    /// # Errors
    ///
    /// Names the first rule that the file breaks.
    pub fn verify(file: &[u8]) -> Result<Self, EnrolmentError> {
        Self::of(Json::read(file, ENROLMENT_BYTES_MAX)?)
    }

    fn of(file: Json) -> Result<Self, EnrolmentError> {
        let mut members = Cursor::file(&file).members()?;
        let signed = members.required("signed")?;
        let tree = signed.value();
        let (author, transport, terms) = read_signed(signed)?;
        let mut proofs = members.required("proofs")?.members()?;
        let by_author = proofs.required("author")?.signature()?;
        let by_transport = proofs.required("transport")?.signature()?;
        proofs.finish()?;
        members.finish()?;

        let canonical = tree.canonical();
        let prove = |key: &PublicKey, signature: &Signature, name| {
            if key.verifies(&Statement::Enrolment(&canonical), signature) {
                Ok(())
            } else {
                Err(EnrolmentError::Proof { key: name })
            }
        };
        prove(&author, &by_author, "author")?;
        prove(&transport, &by_transport, "transport")?;
        Ok(Self {
            author,
            transport,
            terms,
            file,
        })
    }

    /// Returns the key that will sign the node's checkpoints.
    pub fn author(&self) -> PublicKey {
        self.author
    }

    /// Returns the key by which the network will know the node.
    pub fn transport(&self) -> PublicKey {
        self.transport
    }

    /// Returns what the node says of itself.
    pub fn terms(&self) -> &EnrolmentTerms {
        &self.terms
    }

    /// Returns the request's file, indented.
    pub fn to_file(&self) -> String {
        self.file.pretty()
    }
}

fn read_signed(at: Cursor<'_>) -> Result<(PublicKey, PublicKey, EnrolmentTerms), FormError> {
    let mut members = at.members()?;
    read_format(&mut members)?;
    let author = members.required("author")?.key()?;
    let at = members.required("transport")?;
    let transport = at.key()?;
    if transport == author {
        let first = "signed.author".to_owned();
        return Err(at.fault(Fault::KeyReused { first }));
    }
    let terms = EnrolmentTerms {
        node_name: members.required("node_name")?.parsed()?,
        addresses: read_addresses(members.optional("addresses"))?,
        public_url: members
            .optional("public_url")
            .map(|at| at.text_of(&URL))
            .transpose()?,
        member: members
            .optional("member")
            .map(|at| at.parsed())
            .transpose()?,
        names: members.optional("names").map(Names::read).transpose()?,
        kind: members.optional("kind").map(|at| at.parsed()).transpose()?,
    };
    members.finish()?;
    Ok((author, transport, terms))
}

fn to_json(author: PublicKey, transport: PublicKey, terms: &EnrolmentTerms) -> Json {
    Json::object([
        ("format", Some(Json::Whole(i64::from(FORMAT)))),
        ("author", Some(Json::text(author))),
        ("transport", Some(Json::text(transport))),
        ("node_name", Some(Json::text(&terms.node_name))),
        ("addresses", addresses_to_json(&terms.addresses)),
        ("public_url", terms.public_url.as_ref().map(Json::text)),
        ("member", terms.member.as_ref().map(Json::text)),
        ("names", terms.names.as_ref().map(Names::to_json)),
        ("kind", terms.kind.map(Json::text)),
    ])
}
