"""Contexts: what names and values mean (§10.3)."""

from .refusal import Refused
from .strict_json import child
from .uri import is_absolute_name
from .vocabulary import (
    CONTEXT_URLS, FIXED_PREFIXES, PREFIXES, STANDARD_TERMS, Term, one_namespace,
)

TERMS_MAX = 1_000
KEYWORDS = {("id", "@id"), ("eventID", "@id"), ("type", "@type")}
NO_TERMS = {"http", "https", "urn", "tag", ""}


def refuse(reason, pointer, detail=""):
    raise Refused(reason, detail, pointer)


class Context:
    """What is in force: terms, `@vocab`, and whether EPCIS is."""

    def __init__(self):
        self.terms, self.vocab, self.epcis = {}, None, False

    def copy(self):
        other = Context()
        other.terms, other.vocab, other.epcis = dict(self.terms), self.vocab, self.epcis
        return other

    # Expanding (§10.3.2).

    def prefix(self, name):
        if name in self.terms:
            term = self.terms[name]
            return term.iri if term and term.is_prefix else None
        return PREFIXES.get(name)

    def curie(self, text):
        before, colon, after = text.partition(":")
        if colon and not after.startswith("//"):
            iri = self.prefix(before)
            if iri is not None:
                return iri + after
        return text

    def term(self, text):
        """Term expansion; None where the text is not resolved."""
        if text in self.terms:
            return self.terms[text].iri if self.terms[text] else None
        if ":" in text:
            return one_namespace(self.curie(text))
        if text in STANDARD_TERMS and STANDARD_TERMS[text].iri:
            return STANDARD_TERMS[text].iri
        return one_namespace(self.vocab + text) if self.vocab is not None else None

    def name(self, text, pointer):
        """Name expansion."""
        iri = self.term(text)
        if iri is None or not is_absolute_name(iri):
            refuse("unresolved", pointer, text)
        return iri

    # Taking contexts in.

    def apply(self, value, pointer):
        if value is None:
            if self.epcis:
                refuse("unsupported-context", pointer, "null")
            self.__init__()
        elif isinstance(value, str):
            if value not in CONTEXT_URLS:
                refuse("unknown-context", pointer, value)
            self.epcis = True
        elif isinstance(value, list):
            if len(value) > 100:
                refuse("rule", pointer, "more than 100 contexts")
            for index, item in enumerate(value):
                if item in value[:index]:
                    refuse("rule", child(pointer, index), "a context twice")
                self.apply(item, child(pointer, index))
        elif isinstance(value, dict):
            self.keywords(value, pointer)
            Definitions(self, value, pointer).take_all()
        else:
            refuse("wrong-type", pointer)

    def keywords(self, value, pointer):
        for name, item in value.items():
            if not name.startswith("@"):
                continue
            at = child(pointer, name)
            if name == "@vocab" and isinstance(item, str):
                iri = one_namespace(self.curie(item))
                if not is_absolute_name(iri):
                    refuse("unsupported-context", at)
                self.vocab = iri
            elif name == "@vocab" and item is None:
                self.vocab = None
            elif name == "@version" and item == 1.1:
                pass
            elif name == "@protected" and isinstance(item, bool):
                pass
            else:
                refuse("unsupported-context", at)


class Definitions:
    """The terms of one context object (§10.3.1), in whatever order they rest
    on each other."""

    def __init__(self, context, value, pointer):
        self.context, self.value, self.pointer = context, value, pointer
        self.begun, self.done = set(), set()

    def take_all(self):
        for name in self.value:
            if not name.startswith("@"):
                self.take(name, 0)
        if len(self.context.terms) > TERMS_MAX:
            refuse("unsupported-context", self.pointer, "too many terms")

    def take(self, name, depth):
        if name in self.done:
            return
        at = child(self.pointer, name)
        if name in self.begun or depth > 16:
            refuse("unsupported-context", at, "a circle, or a chain too long")
        self.begun.add(name)
        term, keyword = self.read(name, self.value[name], at, depth)
        if not keyword:
            self.check_fixed(name, term, at)
        self.done.add(name)

    def read(self, name, value, at, depth):
        """The term that a definition makes: None if it undefines; and whether
        it stands for a keyword, as it may."""
        if value is None:
            return None, False
        if isinstance(value, str):
            given, term = value, Term(None, is_prefix=True)
        elif isinstance(value, dict):
            if "@id" in value and value["@id"] is None:
                return None, False
            given, term = value.get("@id"), self.attributes(value, at, depth)
        else:
            refuse("unsupported-context", at)
        if given is not None and given.startswith("@"):
            if (name, given) not in KEYWORDS:
                refuse("unsupported-context", at, "a keyword's alias")
            return term, True
        term.iri = self.iri_of(name, given, at, depth)
        return term, False

    def attributes(self, value, at, depth):
        term = Term(None)
        for name, item in value.items():
            where = child(at, name)
            if name == "@id" and isinstance(item, str):
                pass
            elif name == "@type" and item in ("@id", "@vocab"):
                term.coercion = item
            elif name == "@type" and item == "@none":
                pass
            elif name == "@type" and isinstance(item, str) and not item.startswith("@"):
                self.expand(item, where, depth)
            elif name == "@container" and (item is None or item in ("@set", ["@set"])):
                term.is_set = item is not None
            elif name == "@prefix" and isinstance(item, bool):
                term.is_prefix = item
            elif name == "@protected" and isinstance(item, bool):
                pass
            else:
                refuse("unsupported-context", where)
        return term

    def iri_of(self, name, given, at, depth):
        if ":" not in name and given in (None, name):
            iri = None if self.context.vocab is None else one_namespace(self.context.vocab + name)
            if iri is None or not is_absolute_name(iri):
                refuse("unresolved", at)
            return iri
        iri = self.expand(given if given is not None else name, at, depth)
        if given is not None and ":" in name and self.expand(name, at, depth) != iri:
            refuse("unsupported-context", at, "a term with a colon that means something else")
        return iri

    def expand(self, text, at, depth):
        """An IRI in a definition; what it rests on is defined first."""
        before, colon, after = text.partition(":")
        if not colon or not after.startswith("//"):
            if before in self.value and before not in self.done:
                self.take(before, depth + 1)
        iri = one_namespace(self.context.curie(text)) if colon else self.context.term(text)
        if iri is None or not is_absolute_name(iri):
            refuse("unresolved", at, text)
        return iri

    def check_fixed(self, name, term, at):
        """Puts a term in force, unless it is EPCIS's own."""
        fixed = None
        if name in STANDARD_TERMS or name in ("id", "type"):
            fixed = STANDARD_TERMS[name].iri if name in STANDARD_TERMS else None
        elif name in FIXED_PREFIXES:
            fixed = PREFIXES[name]
        elif name in NO_TERMS:
            refuse("unsupported-context", at)
        elif name in PREFIXES and (term is None or not term.is_prefix):
            refuse("unsupported-context", at, "a prefix of EPCIS")
        else:
            self.context.terms[name] = term
            return
        if term is None or fixed is None or term.iri != fixed:
            refuse("unsupported-context", at, "EPCIS's own")
