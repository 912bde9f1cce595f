"""The canonical form of an event (chapter 10)."""

import datetime
import json
import re
from dataclasses import dataclass, field

from . import gs1, strict_json
from .context import Context, refuse
from .refusal import Refused
from .strict_json import Number, binary64, child
from .uri import has_iri_characters, is_iri, is_uri
from .vocabulary import EPCIS, FOREIGN_CBV, GS1, NOT_IN_JSON, STANDARD_TERMS, URN, VOCABULARIES

DEPTH_MAX = 64
PAYLOAD_BYTES_MAX = 1_048_576
LEFT_OUT = object()


@dataclass(frozen=True)
class List:
    of: object
    filled: bool = False
    distinct: bool = False
    single: bool = False  # a single string stands for an array of one


@dataclass
class Object:
    """A table of §10.4: fields by name, the required ones, and its extensions."""

    fields: dict
    required: set = field(default_factory=set)
    extensions: str = "none"
    scoped: tuple = ()


def table(text, extensions="none", scoped=()):
    """A table from lines `name kind`, a required name marked with `*`."""
    fields, required = {}, set()
    for line in text.strip().splitlines():
        names, kind = line.rsplit(None, 1)
        for name in names.replace(",", " ").split():
            if name.endswith("*"):
                name = name[:-1]
                required.add(name)
            fields[name] = TABLES.get(kind, kind)
    return Object(fields, required, extensions, scoped)


TABLES = {"uris": List("uri"), "one-or-more-uris": List("uri", single=True)}
TABLES["words"] = List("word:disposition", filled=True, distinct=True)
TABLES["identifiers"] = List("identifier")
TABLES["distinct-identifiers"] = List("identifier", distinct=True)
TABLES["quantities"] = List(table("epcClass* identifier\nquantity number\nuom unit"))
TRANSACTION = table("type word:bizTransactionType\nbizTransaction* identifier")
TABLES["transactions"] = List(TRANSACTION)
TABLES["filled-transactions"] = List(TRANSACTION, filled=True)
TABLES["sources"] = List(table("type* word:sourceDestinationType\nsource* identifier"))
TABLES["destinations"] = List(table("type* word:sourceDestinationType\ndestination* identifier"))
TABLES["persistent"] = table("set, unset words")
TABLES["place"] = table("id* identifier", "resolved")
ERROR = "declarationTime* time\nreason word:errorReason\ncorrectiveEventIDs uris"
TABLES["error"] = table(ERROR, "namespaced", ("declarationTime", "reason", "correctiveEventIDs"))
TABLES["ilmd"] = Object({}, extensions="namespaced")

IN_ELEMENT = (
    "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time", "sensorMetadata",
    "sensorReport",
)
TABLES["metadata"] = table("""
    time, startTime, endTime time
    deviceID, deviceMetadata, rawData, dataProcessingMethod, bizRules uri
    """, "namespaced", IN_ELEMENT + ("startTime", "endTime", "bizRules"))
TABLES["reports"] = List(table("""
    type* word:measurementType
    exception word:sensorAlertType
    component word:component
    time time
    uom, stringValue text
    value, minValue, maxValue, meanValue, sDev, percRank, percValue number
    booleanValue boolean
    hexBinaryValue hex
    uriValue, deviceID, deviceMetadata, rawData, dataProcessingMethod, bizRules uri
    microorganism, chemicalSubstance, coordinateReferenceSystem uri
    """, "namespaced", IN_ELEMENT + (
        "type", "exception", "component", "coordinateReferenceSystem", "microorganism",
        "chemicalSubstance", "value", "stringValue", "booleanValue", "hexBinaryValue", "uriValue",
        "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue",
    )), filled=True)
TABLES["elements"] = List(table(
    "sensorMetadata metadata\nsensorReport* reports", "namespaced", IN_ELEMENT))

EVERY_EVENT = """
    type* event-type
    eventTime* time
    eventTimeZoneOffset* offset
    recordTime record-time
    eventID uri
    errorDeclaration error
    certificationInfo one-or-more-uris
    @context context
    bizStep word:bizStep
    disposition word:disposition
    persistentDisposition persistent
    readPoint, bizLocation place
    sourceList sources
    destinationList destinations
    sensorElementList elements
"""
OWN_FIELDS = {
    "ObjectEvent": """
        action* action
        epcList distinct-identifiers
        quantityList quantities
        bizTransactionList transactions
        ilmd ilmd""",
    "AggregationEvent": """
        action* action
        parentID identifier
        childEPCs identifiers
        childQuantityList quantities
        bizTransactionList transactions""",
    "TransactionEvent": """
        action* action
        epcList identifiers
        quantityList quantities
        parentID identifier
        bizTransactionList* filled-transactions""",
    "TransformationEvent": """
        inputEPCList, outputEPCList distinct-identifiers
        inputQuantityList, outputQuantityList quantities
        transformationID uri
        bizTransactionList transactions
        ilmd ilmd""",
    "AssociationEvent": """
        action* action
        parentID* identifier
        childEPCs identifiers
        childQuantityList quantities
        bizTransactionList transactions""",
}
EVENTS = {n: table(EVERY_EVENT.rstrip() + own, "namespaced") for n, own in OWN_FIELDS.items()}


def is_time(text):
    found = re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)", text, re.ASCII
    )
    if not found:
        return False
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    try:
        datetime.date(year or 400, month, day)
    except ValueError:
        return False
    return hour < 24 and minute < 60 and second < 60 and (found[7] == "Z" or is_offset(found[7]))


def is_offset(text):
    found = re.fullmatch(r"[+-](\d\d):(\d\d)", text, re.ASCII)
    return bool(found) and int(found[2]) < 60 and int(found[1]) * 60 + int(found[2]) <= 14 * 60


FORMS = {
    "time": is_time,
    "offset": is_offset,
    "record-time": is_time,
    "action": {"ADD", "OBSERVE", "DELETE"}.__contains__,
    "hex": re.compile("[0-9A-Fa-f]+").fullmatch,
    "unit": re.compile("[A-Z0-9]{2,3}").fullmatch,
    "text": lambda text: True,
    "event-type": lambda text: True,
}


class Walk:
    """One walk over an event; `written` says whether an author wrote it, or it
    claims to be canonical already."""

    def __init__(self, context, written=True):
        self.context, self.written = context, written

    def event(self, value, pointer):
        if not isinstance(value, dict):
            refuse("wrong-type", pointer)
        event_type = value.get("type")
        if "type" not in value:
            refuse("missing", child(pointer, "type"))
        if not isinstance(event_type, str):
            refuse("wrong-type", child(pointer, "type"))
        if event_type not in EVENTS:
            refuse("unknown-word", child(pointer, "type"), event_type)
        check_depth(value, pointer)
        out = self.object(EVENTS[event_type], value, pointer)
        check_rules(event_type, out, value, pointer, self.written)
        if self.written:
            check_written(out, pointer)
        return out

    def object(self, kind, value, pointer):
        if not isinstance(value, dict):
            refuse("wrong-type", pointer)
        out = {}
        for name, item in value.items():
            at = child(pointer, name)
            if name in kind.fields:
                put(out, name, self.value(kind.fields[name], item, at), pointer)
            else:
                name, item = self.extension(kind, name, item, at)
                put(out, name, item, pointer)
        for name in kind.fields:
            if name in kind.required and name not in value:
                refuse("missing", child(pointer, name))
        return out

    def value(self, kind, value, at):
        if isinstance(kind, Object):
            return self.object(kind, value, at)
        if isinstance(kind, List):
            return self.list(kind, value, at)
        if kind == "context":
            return LEFT_OUT
        if kind == "number":
            if not isinstance(value, Number):
                refuse("wrong-type", at)
            return self.number(value, at)
        if kind == "boolean":
            if not isinstance(value, bool):
                refuse("wrong-type", at)
            return value
        if not isinstance(value, str):
            refuse("wrong-type", at)
        return self.text(kind, value, at)

    def text(self, kind, value, at):
        if kind.startswith("word:"):
            return self.word(kind[5:], value, at)
        if kind in ("uri", "identifier"):
            return self.uri(kind, value, at)
        if not FORMS[kind](value):
            refuse("wrong-form", at, value)
        return LEFT_OUT if kind == "record-time" else value

    def uri(self, kind, value, at):
        expanded = self.context.curie(value)
        if not is_uri(value) or not is_uri(expanded):
            refuse("wrong-form", at, value)
        if kind == "identifier":
            try:
                gs1.check(expanded)
            except Refused as refused:
                refuse("identifier", at, str(refused))
        return expanded

    def number(self, value, at):
        kept = binary64(value)
        if kept is None:
            refuse("number-precision", at, value.literal)
        return kept

    def list(self, kind, value, at):
        if kind.single and isinstance(value, str):
            return [self.value(kind.of, value, at)]
        if not isinstance(value, list):
            refuse("wrong-type", at)
        if not value:
            if kind.filled:
                refuse("wrong-form", at, "an empty list")
            return LEFT_OUT
        out = []
        for index, item in enumerate(value):
            made = self.value(kind.of, item, child(at, index))
            if kind.distinct and made in out:
                refuse("rule", child(at, index), "said twice")
            out.append(made)
        return out

    def word(self, vocabulary, text, at):
        """A value of a vocabulary (§10.6.2)."""
        web, urn, words = VOCABULARIES[vocabulary]
        if ":" not in text:
            if text not in words:
                refuse("unknown-word", at, text)
            return web + text
        if self.written and text.startswith(NOT_IN_JSON if web == GS1 else URN[:-1]):
            refuse("unknown-word", at, text)
        expanded = self.context.term(text)
        if expanded is None:
            refuse("unresolved", at, text)
        if not is_uri(text) or not is_uri(expanded):
            refuse("wrong-form", at, text)
        if urn and expanded.startswith(urn) and expanded[len(urn) :] in words:
            return web + expanded[len(urn) :]
        if expanded.startswith(FOREIGN_CBV):
            refuse("unknown-word", at, text)
        return expanded

    # Extensions (§10.5).

    def extension(self, kind, name, item, at):
        """Name and value of a member beside standard fields."""
        if kind.extensions == "none" or kind.extensions == "namespaced" and self.written \
                and not is_uri(name):
            refuse("unknown-member", at, name)
        role, canonical, coercion, is_set = self.member(name, (), at)
        if role != "extension" or canonical.startswith(EPCIS):
            refuse("unknown-member", at, name)
        return canonical, self.extended(item, coercion, is_set, kind.scoped, at)

    def member(self, name, scoped, at):
        """What a name means inside an extension: role, name, coercion, set."""
        if name in ("@id", "@type"):
            return name[1:], name[1:], None, False
        if name.startswith("@"):
            refuse("no-canonical-form", at, name)
        if name in scoped:
            refuse("unresolved", at, name)
        terms = self.context.terms
        if name in terms:
            if terms[name] is None:
                refuse("unresolved", at, name)
            return "extension", terms[name].iri, terms[name].coercion, terms[name].is_set
        if name in ("id", "type"):
            return name, name, None, False
        if name in STANDARD_TERMS:
            term = STANDARD_TERMS[name]
            if term.structured:
                refuse("no-canonical-form", at, name)
            return "extension", term.iri, term.coercion, term.is_set
        if ":" not in name and self.context.vocab is None:
            if not name or not has_iri_characters(name):
                refuse("wrong-form", at, name)
            return "private", name, None, False
        return "extension", self.context.name(name, at), None, False

    def extended(self, value, coercion, is_set, scoped, at):
        if value is None:
            refuse("no-canonical-form", at, "null")
        if isinstance(value, list):
            return [self.extended(item, coercion, False, scoped, child(at, index))
                    for index, item in enumerate(value)]
        if isinstance(value, str):
            out = self.literal(value, coercion, at)
        elif isinstance(value, dict):
            out = self.extended_object(value, scoped, at)
        else:
            out = self.number(value, at) if isinstance(value, Number) else value
        return [out] if is_set else out

    def extended_object(self, value, scoped, pointer):
        out = {}
        for name, item in value.items():
            at = child(pointer, name)
            role, canonical, coercion, is_set = self.member(name, scoped, at)
            if role == "id":
                if not isinstance(item, str):
                    refuse("wrong-type", at)
                made = self.literal(item, "@id", at)
            elif role == "type":
                made = self.types(item, at)
            else:
                made = self.extended(item, coercion, is_set, scoped, at)
            put(out, canonical, made, pointer)
        return out

    def types(self, value, at):
        if isinstance(value, str):
            return self.literal(value, "@vocab", at)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            refuse("wrong-type", at)
        return [self.literal(item, "@vocab", child(at, i)) for i, item in enumerate(value)]

    def literal(self, text, coercion, at):
        if coercion is None:
            return text
        if coercion == "@id":
            out = self.context.curie(text)
        elif coercion == "@vocab":
            out = self.context.name(text, at)
        else:
            return self.word(coercion, text, at)
        if not is_iri(out):
            refuse("wrong-form", at, text)
        return out


def put(out, name, value, pointer):
    if name in out:
        refuse("name-collision", pointer, name)
    if value is not LEFT_OUT:
        out[name] = value


def check_depth(value, pointer, depth=1):
    if not isinstance(value, (dict, list)):
        return
    if depth > DEPTH_MAX:
        refuse("too-deep", pointer)
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        check_depth(item, child(pointer, name), depth + 1)


def check_rules(event_type, out, value, pointer, written):
    """The rules across fields (§10.7)."""
    action = out.get("action")

    def broken(name=None):
        refuse("rule", child(pointer, name) if name else pointer)

    if event_type == "ObjectEvent":
        if "ilmd" in out and action != "ADD":
            broken("ilmd")
        sensed = "sensorElementList" in out and "readPoint" in out
        if written and not ("epcList" in value or "quantityList" in out or sensed):
            broken()
    elif event_type in ("AggregationEvent", "AssociationEvent"):
        if not ("childEPCs" in out or "childQuantityList" in out or action == "DELETE"):
            broken()
        parted = action in ("ADD", "DELETE") and "parentID" not in out
        if event_type == "AggregationEvent" and parted:
            broken("parentID")
    elif event_type == "TransactionEvent":
        if written and not ("epcList" in value or "quantityList" in out or action == "DELETE"):
            broken()
    else:
        inputs = "inputEPCList" in out or "inputQuantityList" in out
        outputs = "outputEPCList" in out or "outputQuantityList" in out
        if not (inputs and outputs or "transformationID" in out and (inputs or outputs)):
            broken()


def check_written(out, pointer):
    """The rules of §10.7 that are asked of documents alone."""
    kept, at = out.get("persistentDisposition"), child(pointer, "persistentDisposition")
    if kept == {}:
        refuse("missing", at)
    for index, disposition in enumerate((kept or {}).get("unset", [])):
        if disposition in kept.get("set", []):
            refuse("rule", child(child(at, "unset"), index))
    corrective = out.get("errorDeclaration", {}).get("correctiveEventIDs", [])
    if "eventID" in out and out["eventID"] in corrective:
        at = child(child(pointer, "errorDeclaration"), "correctiveEventIDs")
        refuse("rule", child(at, corrective.index(out["eventID"])))
    for index, element in enumerate(out.get("sensorElementList", [])):
        check_sensors(element, child(child(pointer, "sensorElementList"), index))
    for name in ("epcList", "childEPCs", "inputEPCList", "outputEPCList"):
        objects = out.get(name, [])
        for index, item in enumerate(objects):
            own = name == "childEPCs" and item == out.get("parentID")
            if own or item in objects[:index]:
                refuse("rule", child(child(pointer, name), index))


def check_sensors(element, pointer):
    metadata = element.get("sensorMetadata", {})
    if "startTime" in metadata and "endTime" in metadata:
        if instant_ms(metadata["startTime"]) > instant_ms(metadata["endTime"]):
            refuse("rule", child(child(pointer, "sensorMetadata"), "endTime"))
    for index, report in enumerate(element["sensorReport"]):
        at = child(child(pointer, "sensorReport"), index)
        if report.get("minValue", 0) > report.get("maxValue", report.get("minValue", 0)):
            refuse("rule", child(at, "maxValue"))
        if report.get("sDev", 0) < 0:
            refuse("rule", child(at, "sDev"))
        if not 0 <= report.get("percRank", 0) <= 100:
            refuse("rule", child(at, "percRank"))
        if "uom" in report and not FORMS["unit"](report["uom"]):
            refuse("rule", child(at, "uom"))


def instant_ms(text):
    """A date-time in milliseconds since year 1 UTC, later digits cut off."""
    found = re.fullmatch(r"(.{19})(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text, re.ASCII)
    # Year 0 has no date in Python: 400 years are one round of the calendar.
    moment = datetime.datetime.fromisoformat(f"{int(found[1][:4]) + 400:04}{found[1][4:]}")
    since = moment - datetime.datetime(1, 1, 1)
    seconds = since.days * 86_400 + since.seconds
    if found[3] != "Z":
        minutes = int(found[3][1:3]) * 60 + int(found[3][4:])
        seconds -= minutes * 60 * (-1 if found[3][0] == "-" else 1)
    return seconds * 1000 + int((found[2] or "").ljust(3, "0")[:3])


def check_conflicts(payloads, pointer):
    """Two events of a document to be captured have one identity only if they
    are one (§10.7)."""
    first = {}
    for index, payload in enumerate(payloads):
        value = json.loads(payload)
        if "eventID" in value:
            declared = value.get("errorDeclaration", {}).get("declarationTime")
            key = (value["eventID"], declared and instant_ms(declared))
            if first.setdefault(key, payload) != payload:
                refuse("rule", child(child(pointer, index), "eventID"))


def to_bytes(event, pointer):
    data = strict_json.canonical(event).encode()
    if len(data) > PAYLOAD_BYTES_MAX:
        refuse("too-large", pointer)
    return data


def events_at(document):
    """The events of a document with their pointers, and whether it is one."""
    document_type = document.get("type")
    if document_type == "EPCISDocument":
        path = ("epcisBody", "eventList")
    elif document_type == "EPCISQueryDocument":
        path = ("epcisBody", "queryResults", "resultsBody", "eventList")
    else:
        return [(document, "")], True
    value, pointer = document, ""
    for name in path:
        if not isinstance(value, dict) or name not in value:
            refuse("missing", child(pointer, name))
        value, pointer = value[name], child(pointer, name)
    if not isinstance(value, list):
        refuse("wrong-type", pointer)
    return [(item, child(pointer, index)) for index, item in enumerate(value)], False


def check_digits(value, pointer=""):
    """Every number of a document must keep its digits (§10.2)."""
    if isinstance(value, Number) and binary64(value) is None:
        refuse("number-precision", pointer, value.literal)
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, item in items:
            check_digits(item, child(pointer, name))


def canonical_events(data):
    """The canonical forms of the events of a document."""
    document = strict_json.read(data.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(document, dict):
        refuse("wrong-type", "")
    check_digits(document)
    if "@context" not in document:
        refuse("missing", "/@context")
    outer = Context()
    apply(outer, document["@context"], "/@context")
    listed, bare = events_at(document)
    out = []
    for value, pointer in listed:
        context, at = outer, "/@context"
        if not bare and isinstance(value, dict) and "@context" in value:
            context, at = outer.copy(), child(pointer, "@context")
            apply(context, value["@context"], at)
        if not context.epcis:
            refuse("unresolved", at, "the context of EPCIS is not in force")
        out.append(to_bytes(Walk(context).event(value, pointer), pointer))
    if document.get("type") == "EPCISDocument":
        check_conflicts(out, "/epcisBody/eventList")
    return out


def apply(context, value, pointer):
    """Applies the context that a document writes: URLs and objects, side by
    side at most (§10.3)."""
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        if not isinstance(item, (str, dict)):
            refuse("wrong-type", child(pointer, index) if isinstance(value, list) else pointer)
    context.apply(as_context(value), pointer)


def as_context(value):
    """A context with its numbers as floats, which only `@version` may hold."""
    if isinstance(value, Number):
        return float(value.literal)
    if isinstance(value, list):
        return [as_context(item) for item in value]
    if isinstance(value, dict):
        return {name: as_context(item) for name, item in value.items()}
    return value


def check_payload(payload):
    """Refuses a payload that is not a canonical event (§10.1)."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        refuse("too-large", "")
    context = Context()
    context.epcis = True
    value = strict_json.read(payload)
    if to_bytes(Walk(context, written=False).event(value, ""), "") != payload:
        refuse("not-canonical", "", "not the canonical form")
    return value
