"""commits.py - packets and main commits, byte for byte (protocol, sections 5, 6 and 7).

Reading is strict in one simple way: what was taken out of the text must make the same
text again. A commit is a dict of what its section names.
"""
import re

import keys
import tree
from jcs import INTEGER_MAX, Refused
from records import EPOCH, HEX64, ID, JOURNAL, NAME, OID, SCOPE

MESSAGE_BAD = re.compile("[\x00-\x1f\x7f-\x9f]")
WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")
BOOT = re.compile(r"[0-9a-f]{1,32}")
NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
HEADERS = ["tree", "parent", "author", "committer"]
PACKET_FORMAT = 2  # it makes; of packets 1 is read, too
PACKET = ["Format", "Scope", "Journal", "Sequence", "Base", "Supersedes", "Terminal", "Operation", "Wall",
          "Monotonic", "Boot", "Anchor", "Content-SHA256", "Alg"]
MAIN = ["Format", "Scope", "Epoch", "Position", "Time", "Merged", "Quarantined", "Content-SHA256", "Alg"]
MANY = ("Merged", "Quarantined")
NUMBERS = ("Sequence", "Wall", "Monotonic", "Anchor", "Position", "Time")
FORMS = {"Scope": SCOPE, "Journal": JOURNAL, "Base": OID, "Supersedes": OID, "Operation": WORD, "Boot": BOOT,
         "Content-SHA256": HEX64, "Epoch": EPOCH, "Terminal": ID, "Alg": re.compile("ed25519")}


def oid(text):
    return tree.oid("commit", text.encode())


def _text(commit, order):
    """The bytes that are signed: the commit without `gpgsig`."""
    lines = ["tree " + commit["tree"]]
    lines += ["parent " + p for p in commit["parents"]]
    lines += ["%s %s %d +0000" % (who, commit["who"], commit["seconds"]) for who in ("author", "committer")]
    lines += ["", commit["message"], ""]
    for name in order:
        value = commit.get(name, [] if name in MANY else None)
        if value is not None:
            lines += ["%s: %s" % (name, v) for v in (value if name in MANY else [value])]
    return "\n".join(lines) + "\n"


def _signed(text, armour):
    """The text with the armour in its header."""
    head, body = text.split("\n\n", 1)
    return "%s\ngpgsig %s\n\n%s" % (head, armour.rstrip("\n").replace("\n", "\n "), body)


def _unsigned(text):
    """(text without gpgsig, armour)."""
    match = re.match(r"((?:[^\n]+\n)*?)gpgsig ([^\n]*\n(?: [^\n]*\n)*)(\n.*)\Z", text, re.DOTALL)
    if not match:
        raise Refused("the commit has no signature in its header")
    return match[1] + match[3], match[2].replace("\n ", "\n")


def _trailers(block, order):
    found = {name: [] for name in MANY if name in order}
    for line in block.split("\n"):
        name, _, value = line.partition(": ")
        if name not in order:
            raise Refused("'%s' is no trailer that this format has" % name)
        if name in MANY:
            found[name].append(value)
        elif name in found:
            raise Refused("'%s' stands twice" % name)
        else:
            found[name] = value
    if found.get("Format") not in (("1", "2") if order is PACKET else ("1",)):
        raise Refused("the commit has format '%s', which this program does not read" % found.get("Format"))
    for name, value in found.items():
        if name in FORMS and not FORMS[name].fullmatch(value):
            raise Refused("'%s: %s' has not its form" % (name, value))
        if name in NUMBERS:
            if not NUMBER.fullmatch(value) or int(value) > INTEGER_MAX:
                raise Refused("'%s: %s' is no number" % (name, value))
            found[name] = int(value)
    return found


def _parse(text, order, optional):
    unsigned, armour = _unsigned(text)
    try:
        head, message, block = unsigned.split("\n\n")
    except ValueError:
        raise Refused("a commit is a header, a message and its trailers") from None
    lines = [line.partition(" ")[::2] for line in head.split("\n")]
    commit = _trailers(block.rstrip("\n"), order)
    missing = [name for name in order if name not in commit and name not in optional]
    if missing:
        raise Refused("the trailer '%s' is missing" % missing[0])
    values = {name: [v for n, v in lines if n == name] for name in HEADERS}
    if len(values["tree"]) != 1 or len(values["author"]) != 1:
        raise Refused("the header is not that of a commit")
    who, seconds = (values["author"][0].rsplit(" ", 2) + ["", ""])[:2]
    if not NUMBER.fullmatch(seconds):
        raise Refused("the author's time is no number")
    commit.update(tree=values["tree"][0], parents=values["parent"], who=who, seconds=int(seconds), message=message)
    if not all(OID.fullmatch(o) for o in [commit["tree"], *commit["parents"]]):
        raise Refused("the header names something that is no object")
    if _text(commit, order) != unsigned:
        raise Refused("the commit is not written as its format says")
    return commit, unsigned, armour


def person(author, terminal):
    return "%s <%s@%s>" % (author, author, terminal)


def _check_packet(commit):
    """Section 6, what a form alone cannot say."""
    office = commit["Journal"] == "office"
    author, _, terminal = commit["who"].partition(" ")
    message = commit["message"]
    if not message or len(message.encode()) > 200 or MESSAGE_BAD.search(message):
        raise Refused("the message is not one line of 1 to 200 bytes")
    if not ID.fullmatch(author) or commit["who"] != person(author, commit["Terminal"]):
        raise Refused("the author is not one of this terminal")
    if office != (commit["Terminal"] == "server") or office != ("Operation" in commit):
        raise Refused("journal office, terminal server and an operation go together")
    if commit["Sequence"] < 1 or len(commit["parents"]) != (commit["Sequence"] > 1):
        raise Refused("a packet has one parent, but for the first of a journal")
    if "Supersedes" in commit and commit["Sequence"] != 1:
        raise Refused("only the first packet of a journal supersedes another")


def packet_make(commit, sign):
    """The text of a packet. sign(bytes) gives the armour. Fields as _parse() makes them."""
    commit = {"Format": PACKET_FORMAT, **commit, "Alg": "ed25519"}
    _check_packet(commit)
    text = _text(commit, PACKET)
    return _signed(text, sign(text.encode()))


def packet_read(text, key):
    """The packet, verified with its author's key (32 bytes)."""
    commit, unsigned, armour = _parse(text, PACKET, ("Base", "Supersedes", "Operation"))
    _check_packet(commit)
    keys.ssh_verify(key, unsigned.encode(), armour)
    return commit


def main_read(text, key):
    """The main commit, verified with the server's key (32 bytes)."""
    commit, unsigned, armour = _parse(text, MAIN, MANY)
    if commit["who"] != "hufu <hufu@server>":
        raise Refused("a main commit is not by '%s'" % commit["who"])
    if commit["message"] != "%s to position %d" % (commit["Scope"], commit["Position"]):
        raise Refused("the message and the trailers of the main commit differ")
    for line in commit["Quarantined"]:
        words = line.split(" ")
        if len(words) != 3 or words[0] not in commit["Merged"] or not NAME.fullmatch(words[1].split("/")[0]):
            raise Refused("'Quarantined: %s' is not of this commit" % line)
    keys.ssh_verify(key, unsigned.encode(), armour)
    return commit
