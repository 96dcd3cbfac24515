"""words.py - what people, programs and enemies may say: Hypothesis strategies from
the schemas of the document and the declarations of kinds.
"""
import datetime
import json

from hypothesis import strategies as st

CHINESE = "虎符执法监管检查任务杭州市西湖区文三路号有限公司𠮷龘"
TEXTS = st.one_of(
    st.text("abcxyz019 -_", min_size=1, max_size=20),
    st.text(CHINESE, min_size=1, max_size=30),
    st.sampled_from(["x", "'; DROP TABLE subject; --", "<script>alert(1)</script>", "../../etc/passwd", "a\u0000b",
                     "\u202eabc", "\ufeff", "a\r\nX-Evil: 1", "%00", "%s%n", "null", "0", "-0", "1e400", "\\", '"',
                     "😀" * 20, "é", "e\u0301", " ", "\t", "\x7f", "長" * 400, "y" * 5000]),
    st.text(max_size=40))
PLAIN = st.one_of(st.text("abcxyz019", min_size=1, max_size=12), st.text(CHINESE[:20], min_size=1, max_size=12))
NUMBERS = st.one_of(st.integers(0, 100), st.integers(-5, 5), st.sampled_from(
    [2**31, 2**53 - 1, 2**53, -2**53, 2**63 - 1, 2**63, -2**63 - 1, 10**30, 0.5, 1e308, True, None]))
IDS = st.text("abcdef0123456789", min_size=1, max_size=32)
BAD_IDS = st.sampled_from(["A", "a" * 33, "..", ".", "a/b", "%2e%2e", "a b", "虎", "a\x00", "'", "*", "\xff", "-", "a;b",
                           "history", "null"])
JSONS = st.recursive(st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
                     lambda x: st.lists(x, max_size=4) | st.dictionaries(st.text(max_size=8), x, max_size=4), max_leaves=8)
HOSTILE = st.sampled_from([
    b"", b"{", b"[]", b"null", b"0", b'""', b"{}", b'{"id":"a","id":"b"}', b'{"a":1}{"b":2}', b"\xff\xfe{}",
    b'{"name":"\xff"}', b'{"name":"\\ud800"}', b'{"name":"a\\u0000b"}', b'{"name":' + b"9" * 400 + b"}",
    b'{"name":1e999}', b'{"name":NaN}', b"[" * 63 + b"]" * 63, b"[" * 5000 + b"]" * 5000, b'{"a":' * 70 + b"1" + b"}" * 70,
    b'{"name":"' + b"x" * 70000 + b'"}', b"\xef\xbb\xbf{}", b"{'a':1}", b'{"":1}', b'{"__proto__":{}}',
    b'{"scope":"330108","town":"001","id":"zz"}', b'{"etag":"x","shredded":true}', b"\x00\x00\x00\x00"])
DATES = st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1)).map(str)
TIMES = st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2030, 1, 1)).map(
    lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ"))


def of_schema(contract, schema, depth=0):
    """Values that fit the schema (as far as the words of our documents go)."""
    schema = contract.resolve(schema)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return st.one_of([of_schema(contract, s, depth + 1) for s in schema[word]])
    if "allOf" in schema:
        schema = {k: v for part in schema["allOf"] for k, v in contract.resolve(part).items()}
    kind = schema.get("type")
    if isinstance(kind, list):
        return st.one_of([of_schema(contract, {**schema, "type": k}, depth) for k in kind])
    if kind == "string":
        if schema.get("format") == "date":
            return DATES
        if schema.get("format") == "date-time":
            return TIMES
        if schema.get("pattern") == r"\S":
            return PLAIN
        if "pattern" in schema:
            return st.from_regex(schema["pattern"], fullmatch=True).filter(lambda s: not s.endswith("\n"))
        low, high = schema.get("minLength", 0), schema.get("maxLength", 4000)
        return st.one_of(PLAIN, PLAIN, TEXTS).filter(lambda s: low <= len(s) <= high)
    if kind == "integer":
        return st.integers(schema.get("minimum", -2**53 + 1), schema.get("maximum", 2**53 - 1))
    if kind == "boolean":
        return st.booleans()
    if kind == "null":
        return st.none()
    if kind == "array":
        items = schema.get("items", {})
        return st.lists(of_schema(contract, items, depth + 1), min_size=schema.get("minItems", 0),
                        max_size=min(schema.get("maxItems", 4), 4))
    if kind == "object" and depth < 6:
        required = set(schema.get("required", []))
        must = {k: of_schema(contract, v, depth + 1) for k, v in schema.get("properties", {}).items() if k in required}
        may = {k: of_schema(contract, v, depth + 1) for k, v in schema.get("properties", {}).items()
               if k not in required and not contract.resolve(v).get("readOnly")}
        return st.fixed_dictionaries(must, optional=dict(list(may.items())[:12]))
    return JSONS


def lists_of(contract, op):
    """The members of an operation's JSON body that are lists."""
    for media, schema in op.body()[0].items():
        if "json" in media:
            members = contract.resolve(schema).get("properties", {})
            types = {k: contract.resolve(v).get("type") for k, v in members.items()}
            return sorted(k for k, t in types.items() if t == "array" or (isinstance(t, list) and "array" in t))
    return []


def field_values(field, known):
    """Values of a field of a kind, as its declaration has them."""
    kind = field["type"]
    codes = [c["code"] for c in field.get("codes", {}).get("list", [])]
    ids = known(field["refers"]) if "refers" in field else []
    if kind == "set":
        return st.lists(st.sampled_from(codes or ids or ["o16", "x1"]), max_size=2, unique=True)
    if codes:
        return st.sampled_from(codes)
    if "values" in field:
        return st.sampled_from(field["values"])
    if kind == "ref":
        return st.sampled_from(ids) if ids else IDS
    if kind == "date":
        return DATES
    if kind == "time":
        return TIMES
    if kind == "bool":
        return st.booleans()
    if kind in ("int", "money"):
        low = field.get("least", 0)
        return st.integers(low if isinstance(low, int) else 0,
                           field["most"] if isinstance(field.get("most"), int) else 1000)
    if kind == "coordinate":
        return st.integers(-90 * 10**7, 90 * 10**7)
    if kind == "json":
        return st.one_of(st.just({}), st.just([]), JSONS)
    return PLAIN.map(lambda s: s[:field.get("max", 4000)])


@st.composite
def record(draw, kind, known, is_patch=False, roles=()):
    """A record of a kind, or a patch of one, that has a chance to be taken."""
    out = {}
    for field in kind["fields"]:
        writers = field.get("writers", kind["writers"])
        if roles and not set(roles) & set(writers) and draw(st.integers(0, 9)):
            continue
        if "fsm" in field:
            starts = [s for entry in field["fsm"].get("starts", []) for s in entry["at"]]
            if not is_patch and draw(st.booleans()):
                out[field["name"]] = draw(st.sampled_from(starts or field["values"]))
            elif draw(st.integers(0, 19)) == 7:
                out[field["name"]] = draw(st.sampled_from(field["values"]))
        elif (field.get("required") and not is_patch) or not draw(st.integers(0, 3)):
            out[field["name"]] = None if is_patch and not draw(st.integers(0, 5)) else draw(field_values(field, known))
    return out


@st.composite
def spoiled(draw, value):
    """Nearly what it was."""
    value = json.loads(json.dumps(value))
    if not isinstance(value, dict) or not value:
        return draw(JSONS)
    name = draw(st.sampled_from(sorted(value)))
    how = draw(st.integers(0, 3))
    if how == 0:
        value.pop(name)
    elif how == 1:
        value[name] = draw(JSONS)
    elif how == 2:
        value[draw(st.one_of(TEXTS, st.sampled_from(["etag", "id", "scope", "town", "flags", "state"])))] = draw(JSONS)
    else:
        value[name] = draw(TEXTS)
    return value
