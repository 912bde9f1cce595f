"""The canonical form of a vocabulary element (§10.11)."""

from . import gs1, strict_json
from .context import Context, refuse
from .event import PAYLOAD_BYTES_MAX, Walk, apply, check_depth, check_digits, to_bytes
from .refusal import Refused
from .strict_json import Number, child
from .uri import is_uri
from .vocabulary import CBV_ATTRIBUTES

LISTS = {
    "EPCISDocument": ("epcisHeader", "epcisMasterData", "vocabularyList"),
    "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "vocabularyList"),
}


class Elements(Walk):
    """One walk over a vocabulary element."""

    def element(self, value, pointer, vocabulary_type=None):
        """Its canonical form; the type comes from the vocabulary of a document,
        or from the element itself, where that claims to be canonical."""
        names = {"id", "attributes", "children"} | (set() if self.written else {"type"})
        members(value, names, {"id"} if self.written else {"id", "type"}, pointer)
        check_depth(value, pointer)
        out = {"type": vocabulary_type} if self.written else {}
        for name, item in value.items():
            at = child(pointer, name)
            if name == "attributes":
                made = self.gathered(item, at) if self.written else self.attributes(item, at)
            elif name == "children":
                made = [self.plain_uri(u, child(at, i)) for i, u in enumerate(listed(item, at))]
            else:
                made = self.plain_uri(item, at)
            if made:
                out[name] = made
        self.check(out, pointer)
        return out

    def plain_uri(self, value, at):
        if not isinstance(value, str):
            refuse("wrong-type", at)
        return self.uri("uri", value, at)

    def gathered(self, value, pointer):
        out = {}
        for index, item in enumerate(listed(value, pointer)):
            at = child(pointer, index)
            members(item, {"id", "attribute"}, {"id", "attribute"}, at)
            name = self.attribute_name(item["id"], child(at, "id"))
            made = self.attribute_value(item["attribute"], child(at, "attribute"))
            out.setdefault(name, []).append(made)
        return out

    def attributes(self, value, pointer):
        if not isinstance(value, dict):
            refuse("wrong-type", pointer)
        out = {}
        for name, values in value.items():
            at = child(pointer, name)
            made = [self.attribute_value(v, child(at, i)) for i, v in enumerate(listed(values, at))]
            name = self.attribute_name(name, at)
            if name in out:
                refuse("name-collision", pointer)
            if made:
                out[name] = made
        return out

    def attribute_name(self, text, at):
        if not isinstance(text, str):
            refuse("wrong-type", at)
        if not is_uri(text):
            refuse("wrong-form", at, text)
        name = self.context.name(text, at)
        if not is_uri(name):
            refuse("wrong-form", at, text)
        older, canonical = CBV_ATTRIBUTES
        return canonical + name.removeprefix(older) if name.startswith(older) else name

    def attribute_value(self, value, at):
        if not isinstance(value, (str, dict, Number)):
            refuse("wrong-type", at)
        return self.extended(value, None, False, (), at)

    def check(self, out, pointer):
        """What is asked of the whole."""
        children = out.get("children", [])
        named = [(out["id"], child(pointer, "id"))]
        named += [(u, child(child(pointer, "children"), i)) for i, u in enumerate(children)]
        for uri, at in named:
            try:
                gs1.check(uri)
            except Refused as refused:
                refuse("identifier", at, str(refused))
        for index, uri in enumerate(children):
            if uri == out["id"] or uri in children[:index]:
                refuse("rule", child(child(pointer, "children"), index))


def listed(value, pointer):
    if not isinstance(value, list):
        refuse("wrong-type", pointer)
    return value


def members(value, names, needed, pointer):
    """Refuses what is no object of these members."""
    if not isinstance(value, dict):
        refuse("wrong-type", pointer)
    for name in sorted(needed):
        if name not in value:
            refuse("missing", child(pointer, name))
    for name in value:
        if name not in names:
            refuse("unknown-member", child(pointer, name))


def vocabularies_of(document):
    """The vocabularies of a document, and where they stand."""
    value, pointer = document, ""
    for name in LISTS[document["type"]]:
        if name not in value:
            return [], pointer
        value, pointer = value[name], child(pointer, name)
        if name == "epcisMasterData":
            members(value, {"vocabularyList"}, set(), pointer)
    return listed(value, pointer), pointer


def canonical_elements(data):
    """The canonical forms of the vocabulary elements of a document."""
    document = strict_json.read(data.removeprefix(b"\xef\xbb\xbf"))
    check_digits(document)
    context = Context()
    apply(context, document["@context"], "/@context")
    vocabularies, pointer = vocabularies_of(document)
    if vocabularies and not context.epcis:
        refuse("unresolved", "/@context")
    walk, out, described = Elements(context), [], set()
    for index, vocabulary in enumerate(vocabularies):
        at = child(pointer, index)
        members(vocabulary, {"type", "vocabularyElementList"}, {"type"}, at)
        vocabulary_type = walk.plain_uri(vocabulary["type"], child(at, "type"))
        inside = child(at, "vocabularyElementList")
        elements = listed(vocabulary.get("vocabularyElementList", []), inside)
        for number, element in enumerate(elements):
            made = walk.element(element, child(inside, number), vocabulary_type)
            if (vocabulary_type, made["id"]) in described:
                refuse("rule", at)
            described.add((vocabulary_type, made["id"]))
            out.append(to_bytes(made, child(inside, number)))
    return out


def check_payload(payload):
    """Refuses a payload that is not a canonical vocabulary element."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        refuse("too-large", "")
    context = Context()
    context.epcis = True
    value = strict_json.read(payload)
    if to_bytes(Elements(context, written=False).element(value, ""), "") != payload:
        refuse("not-canonical", "", "not the canonical form")
