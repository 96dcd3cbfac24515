"""jcs.py - canonical bytes of a record (protocol, section 2).

parse() reads JSON and refuses what the section does not allow, write() makes
the canonical bytes. Both know a record only as a JSON object.
"""
import json

INTEGER_MAX = 2**53 - 1
DEPTH_MAX = 64
BYTES_MAX = 1 << 20


class Refused(ValueError):
    """What was read breaks a rule of the protocol."""


def _whole(text):
    value = int(text)
    if abs(value) > INTEGER_MAX:
        raise Refused("the integer %s is too large" % text)
    return value


def _no_float(text):
    raise Refused("the number %s is not an integer" % text)


def _once(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refused("a member stands twice")
    return members


def parse(text):
    """The value of a JSON text (str or UTF-8 bytes). null is kept: groups use it."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return json.loads(text, parse_int=_whole, parse_float=_no_float, parse_constant=_no_float,
                          object_pairs_hook=_once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as e:
        raise Refused("this is no JSON: %s" % e) from None


SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def _string(text):
    if "\0" in text:
        raise Refused("a string holds NUL")
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise Refused("a string holds half of a surrogate pair")
    return '"%s"' % "".join(SHORT.get(c) or ("\\u%04x" % ord(c) if c < " " else c) for c in text)


def _value(value, depth):
    if depth > DEPTH_MAX:
        raise Refused("nested more than %d deep" % DEPTH_MAX)
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise Refused("the integer %d is too large" % value)
        return str(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return "[%s]" % ",".join(_value(v, depth + 1) for v in value)
    if isinstance(value, dict):
        if not all(k.isascii() and k.isprintable() for k in value):
            raise Refused("a member's name is not of printable ASCII")
        return "{%s}" % ",".join("%s:%s" % (_string(k), _value(value[k], depth + 1)) for k in sorted(value))
    raise Refused("there is no canonical form of %r" % (value,))


def write(value):
    """The canonical bytes of a value."""
    bytes_ = _value(value, 0 if not isinstance(value, (list, dict)) else 1).encode("utf-8")
    if len(bytes_) > BYTES_MAX:
        raise Refused("more than 1 MiB")
    return bytes_
