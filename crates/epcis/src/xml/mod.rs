//! The XML binding: EPCIS 2.0 read and written, EPCIS 1.2 and older read.
//!
//! A document is read into a tree (`tree`), and the tree is turned into the
//! JSON-LD document that means the same (`document`, `objects`, `extensions`,
//! `names`, along the facts of `schema`). Everything after that is shared with
//! JSON-LD: one check, one canonical form. `messages` checks what holds no
//! events. The way back is `write`, with `values` for extensions, `header` for
//! what stands before events, and `markup` for the text itself.

mod document;
mod extensions;
mod header;
mod markup;
mod messages;
mod names;
mod objects;
mod schema;
mod tree;
mod values;
mod write;

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

use self::names::Names;
use self::schema::Version;
use self::tree::{Broken, Element};
use crate::binding::Binding;
use crate::context::Contexts;
use crate::document::Sifted;
use crate::hash::Spelling;
use crate::problem::{Path, Position, Problem, Problems, Reason};
use crate::reader::Value;

pub(crate) use header::Header;
pub use write::{CbvForm, capture_xml, event_xml, query_xml};
pub(crate) use write::{
    Framed, document_xml, event_document_xml, query_document_xml, query_results_xml,
};

/// The longest XML document that is read, in bytes.
pub const XML_BYTES_MAX: usize = 64 << 20;

/// Whether elements have to keep to the order of the XML schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// They do.
    Schema,
    /// They may stand anyhow.
    Any,
}

/// Reads an XML document and checks it as its JSON-LD form is checked.
pub(crate) fn parse(
    bytes: &[u8],
    order: Order,
    contexts: &Contexts,
    problems_max: usize,
) -> Result<Sifted, Vec<Problem>> {
    let source = text(bytes)?;
    let root = tree::read(source).map_err(|broken| vec![unread(source, broken)])?;
    let names = Names::of(&root);
    let mut problems = Problems::up_to(problems_max);
    let mut conversion = Conversion::new(&names, &root, &mut problems, None);
    conversion.order = order;
    let mut result = if conversion.message(&root) {
        match problems.into_vec() {
            none if none.is_empty() => Ok(Sifted::message()),
            problems => Err(problems),
        }
    } else {
        let value = conversion.document(&root);
        let spelling = conversion.spelling;
        Sifted::of_value(value, (Binding::Xml, spelling), contexts, problems)
    };
    if let Ok(Sifted { problems, .. }) | Err(problems) = &mut result
        && !problems.is_empty()
    {
        *problems = placed(std::mem::take(problems), source, &names, &root);
    }
    result
}

/// Takes the JSON-LD document that a sound XML document stands for.
pub(crate) fn with_json<T>(
    bytes: &[u8],
    take: impl FnOnce(Value<'_>) -> T,
) -> Result<T, Vec<Problem>> {
    let source = text(bytes)?;
    let root = tree::read(source).map_err(|broken| vec![unread(source, broken)])?;
    let names = Names::of(&root);
    let mut problems = Problems::default();
    let mut conversion = Conversion::new(&names, &root, &mut problems, None);
    conversion.order = Order::Any;
    match conversion.document(&root) {
        Some(value) if problems.is_empty() => Ok(take(value)),
        _ => Err(placed(problems.into_vec(), source, &names, &root)),
    }
}

/// Gives problems that were found once a document was read, such as those of a
/// profile, their places in its text, if it is XML. In JSON their pointers are
/// all there is.
pub fn locate(bytes: &[u8], problems: Vec<Problem>) -> Vec<Problem> {
    if problems.is_empty() || !looks_like_xml(bytes) {
        return problems;
    }
    let Ok(source) = text(bytes) else {
        return problems;
    };
    let Ok(root) = tree::read(source) else {
        return problems;
    };
    placed(problems, source, &Names::of(&root), &root)
}

/// Says whether the text is XML rather than JSON, by its first character.
pub(crate) fn looks_like_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().starts_with(b"<") || is_utf16(bytes)
}

fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xfe\xff") || bytes.starts_with(b"\xff\xfe")
}

fn text(bytes: &[u8]) -> Result<&str, Vec<Problem>> {
    let refused = |reason, what: String, mend: &str| {
        let mut problems = Problems::default();
        problems.add(&Path::ROOT, reason, what, mend);
        problems.into_vec()
    };
    if bytes.len() > XML_BYTES_MAX {
        let what = format!("the document has {} bytes", bytes.len());
        let mend = format!("split it into documents of at most {XML_BYTES_MAX}");
        return Err(refused(Reason::TooLarge, what, &mend));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let what = match is_utf16(bytes) {
            true => "the document is encoded as UTF-16".to_owned(),
            false => format!("no UTF-8 at byte {}", error.valid_up_to()),
        };
        refused(Reason::Syntax, what, "encode the document as UTF-8")
    })
}

fn unread(source: &str, broken: Broken) -> Problem {
    let mut problem = Problem {
        event: None,
        pointer: String::new(),
        position: Some(Position::unresolved(broken.at)),
        reason: match broken.deep {
            true => Reason::TooDeep,
            false => Reason::Syntax,
        },
        what: broken.what,
        mend: broken.mend.to_owned(),
    };
    Position::resolve(source, std::slice::from_mut(&mut problem));
    problem
}

/// Gives every problem the place in the XML text that its pointer means.
fn placed(
    mut problems: Vec<Problem>,
    source: &str,
    names: &Names,
    root: &Element<'_>,
) -> Vec<Problem> {
    let mut wanted = Wanted::default();
    for problem in problems.iter().filter(|it| it.position.is_none()) {
        let mut pointer = problem.pointer.as_str();
        while let Some((outer, last)) = pointer.rsplit_once('/') {
            wanted.places.insert(pointer.to_owned(), None);
            wanted
                .steps
                .insert(last.replace("~1", "/").replace("~0", "~"));
            pointer = outer;
        }
    }
    let mut repeated = Problems::default();
    Conversion::new(names, root, &mut repeated, Some(&mut wanted)).document(root);
    for problem in &mut problems {
        let at = wanted.nearest(&problem.pointer).unwrap_or(root.at);
        problem.position.get_or_insert(Position::unresolved(at));
    }
    Position::resolve(source, &mut problems);
    problems
}

/// Places that are asked for, by pointer.
#[derive(Default)]
pub(crate) struct Wanted {
    places: HashMap<String, Option<usize>>,
    /// The last steps of the pointers, so that few others are built.
    steps: HashSet<String>,
}

impl Wanted {
    /// Returns where the innermost known place around a pointer begins.
    fn nearest(&self, pointer: &str) -> Option<usize> {
        let mut pointer = pointer;
        loop {
            if let Some(Some(at)) = self.places.get(pointer) {
                return Some(*at);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }
}

/// A conversion of one XML document to the JSON-LD document it stands for.
pub(crate) struct Conversion<'t, 'a, 'c> {
    names: &'c Names,
    version: Version,
    /// The root is an event.
    bare: bool,
    order: Order,
    problems: &'c mut Problems,
    /// What the event hash asks of the text.
    spelling: Spelling,
    wanted: Option<&'c mut Wanted>,
    tree: PhantomData<&'t Element<'a>>,
}

impl<'t, 'a, 'c> Conversion<'t, 'a, 'c> {
    fn new(
        names: &'c Names,
        root: &'t Element<'a>,
        problems: &'c mut Problems,
        wanted: Option<&'c mut Wanted>,
    ) -> Self {
        let stated = root.namespace.as_deref().and_then(schema::version_of);
        Conversion {
            names,
            // A bare event in no namespace may be of either generation.
            version: stated.unwrap_or(Version::One),
            bare: false,
            order: Order::Schema,
            problems,
            spelling: Spelling::default(),
            wanted,
            tree: PhantomData,
        }
    }

    /// Notes where a value begins, if that is asked for.
    fn place(&mut self, path: &Path<'_>, at: usize) {
        if let Some(wanted) = &mut self.wanted
            && wanted.steps.contains(&*path.last())
            && let Some(place) = wanted.places.get_mut(&path.pointer())
        {
            *place = Some(at);
        }
    }

    /// Says that places are asked for, and none of them lies inside this value.
    fn wants_nothing_in(&self, path: &Path<'_>) -> bool {
        self.wanted.as_ref().is_some_and(|wanted| {
            let inside = path.pointer() + "/";
            !wanted
                .places
                .keys()
                .any(|pointer| pointer.starts_with(&inside))
        })
    }

    fn problem_at(
        &mut self,
        path: &Path<'_>,
        at: usize,
        reason: Reason,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.problems.add_at(path, at, reason, what, mend);
    }
}
