"""hufu.py - libhufu from Python, by ctypes: no more than the standard library.

    with Hufu() as h:
        h.open("tablet.db")
        h.unlock("246810")
        print(h.sync())

Lists come as Python lists of dicts, reports as one dict. A failure raises
HufuError with the library's sentence; its `code` is the stable name, such as
"not_found". hufu.h says what each function promises. HUFU_LIBRARY names the
library where it is not in the system's path.
"""

import ctypes
import json
import os
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_uint, c_void_p

ID_SIZE, TIME_SIZE = 33, 25
LIVE, MAIN = 0, 1
COMMIT_SOUND = 1

PROGRESS = ctypes.CFUNCTYPE(c_int, c_void_p, c_char_p, c_int64, c_int64)

# name: (what it answers, what it takes)
FUNCTIONS = {
    "hufu_version": (c_char_p, []),
    "hufu_code_name": (c_char_p, [c_int]),
    "hufu_new": (c_void_p, []),
    "hufu_free": (None, [c_void_p]),
    "hufu_message": (c_char_p, [c_void_p]),
    "hufu_list_count": (c_size_t, [c_void_p]),
    "hufu_list_next": (c_int, [c_void_p]),
    "hufu_list_text": (c_char_p, [c_void_p, c_char_p]),
    "hufu_list_int": (c_int64, [c_void_p, c_char_p, c_int64]),
    "hufu_list_json": (c_char_p, [c_void_p, c_char_p]),
    "hufu_list_all": (c_char_p, [c_void_p]),
    "hufu_list_free": (None, [c_void_p]),
    "hufu_create": (c_int, [c_void_p, c_char_p]),
    "hufu_open": (c_int, [c_void_p, c_char_p]),
    "hufu_open_copy": (c_int, [c_void_p, c_char_p]),
    "hufu_is_wiped": (c_int, [c_void_p]),
    "hufu_close": (None, [c_void_p]),
    "hufu_allow_plain_http": (None, [c_void_p, c_int]),
    "hufu_on_progress": (None, [c_void_p, PROGRESS, c_void_p]),
    "hufu_url_check": (c_int, [c_void_p, c_char_p]),
    "hufu_enroll": (c_int, [c_void_p, c_char_p, c_char_p, c_char_p]),
    "hufu_unlock": (c_int, [c_void_p, c_char_p]),
    "hufu_is_unlocked": (c_int, [c_void_p]),
    "hufu_clone_size": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_clone": (c_int, [c_void_p]),
    "hufu_sync": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_repair": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_bundle_create": (c_int, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "hufu_bundle_apply": (c_int, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "hufu_carry": (c_int, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "hufu_carried_answers": (c_int, [c_void_p, c_char_p, c_char_p, POINTER(c_int)]),
    "hufu_carried": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_peer_create": (c_int, [c_void_p, c_char_p, c_char_p, POINTER(c_void_p)]),
    "hufu_peer_take": (c_int, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "hufu_peer_verdict": (c_int, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "hufu_peer_sign": (c_int, [c_void_p, c_char_p, c_char_p]),
    "hufu_status": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_diff": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_commit": (c_int, [c_void_p, c_char_p, c_uint, POINTER(c_void_p)]),
    "hufu_message_check": (c_int, [c_void_p, c_char_p]),
    "hufu_undo": (c_int, [c_void_p, c_char_p, c_char_p, POINTER(c_int)]),
    "hufu_edit": (c_int, [c_void_p, c_char_p]),
    "hufu_put": (c_int, [c_void_p, c_char_p, c_char_p, c_char_p, c_char_p]),
    "hufu_attach": (c_int, [c_void_p, c_char_p, c_char_p, c_char_p, c_int64, POINTER(c_void_p)]),
    "hufu_evidence": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_upload": (c_int, [c_void_p, c_int64, c_int64, POINTER(c_void_p)]),
    "hufu_record": (c_int, [c_void_p, c_char_p, c_char_p, c_int, POINTER(c_void_p)]),
    "hufu_find": (c_int, [c_void_p, c_char_p, c_char_p, c_int, POINTER(c_void_p)]),
    "hufu_log": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_conflicts": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_answer_conflict": (c_int, [c_void_p, c_char_p, c_char_p]),
    "hufu_adopt": (c_int, [c_void_p, c_char_p, c_char_p, c_char_p, c_char_p, POINTER(c_void_p)]),
    "hufu_info": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_scopes": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_verify": (c_int, [c_void_p]),
    "hufu_check_capture": (c_int, [c_void_p]),
    "hufu_mend": (c_int, [c_void_p, POINTER(c_void_p)]),
    "hufu_time_text": (None, [c_char_p, c_int64]),
}


def load(path=None):
    """The library, with the types of all its functions."""
    lib = ctypes.CDLL(path or os.environ.get("HUFU_LIBRARY", "libhufu.so.1"))
    for name, (answer, takes) in FUNCTIONS.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = answer, takes
    return lib


class HufuError(Exception):
    """What the library had to say, and the stable name of its code."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def _bytes(text):
    return None if text is None else text.encode()


class Hufu:
    """One handle; as in C, for one thread at a time."""

    def __init__(self, library=None):
        self._lib = load(library)
        self._h = self._lib.hufu_new()
        self._progress = None
        if not self._h:
            raise MemoryError

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.free()

    def free(self):
        if self._h:
            self._lib.hufu_free(self._h)
        self._h = None

    def version(self):
        return self._lib.hufu_version().decode()

    def _check(self, code):
        if code:
            raise HufuError(self._lib.hufu_code_name(code).decode(),
                            self._lib.hufu_message(self._h).decode())

    def _do(self, name, *args):
        self._check(getattr(self._lib, name)(self._h, *args))

    def _list(self, name, *args):
        out = c_void_p()
        self._do(name, *args, byref(out))
        try:
            text = self._lib.hufu_list_all(out)
            if text is None:
                raise MemoryError
            return json.loads(text)
        finally:
            self._lib.hufu_list_free(out)

    def create(self, path):
        self._do("hufu_create", _bytes(path))

    def open(self, path):
        self._do("hufu_open", _bytes(path))

    def open_copy(self, path):
        self._do("hufu_open_copy", _bytes(path))

    def is_wiped(self):
        return bool(self._lib.hufu_is_wiped(self._h))

    def close(self):
        self._lib.hufu_close(self._h)

    def allow_plain_http(self, allow=True):
        self._lib.hufu_allow_plain_http(self._h, int(allow))

    def on_progress(self, function):
        """function(what, done, total); a true answer stops. None: nobody."""
        call = PROGRESS()
        if function:
            call = PROGRESS(lambda _, what, done, total: int(bool(function(what.decode(), done, total))))
        self._lib.hufu_on_progress(self._h, call, None)
        self._progress = call  # as long as the library may call it

    def url_check(self, url):
        self._do("hufu_url_check", _bytes(url))

    def enroll(self, url, code, pin):
        self._do("hufu_enroll", _bytes(url), _bytes(code), _bytes(pin))

    def unlock(self, pin):
        self._do("hufu_unlock", _bytes(pin))

    def is_unlocked(self):
        return bool(self._lib.hufu_is_unlocked(self._h))

    def clone_size(self):
        return self._list("hufu_clone_size")[0]

    def clone(self):
        self._do("hufu_clone")

    def sync(self):
        return self._list("hufu_sync")[0]

    def repair(self):
        return self._list("hufu_repair")[0]

    def bundle_create(self, file):
        return self._list("hufu_bundle_create", _bytes(file))[0]

    def bundle_apply(self, file):
        return self._list("hufu_bundle_apply", _bytes(file))[0]

    def carry(self, file):
        return self._list("hufu_carry", _bytes(file))[0]

    def carried_answers(self, file, terminal=None):
        n = c_int()
        self._do("hufu_carried_answers", _bytes(file), _bytes(terminal), byref(n))
        return n.value

    def carried(self):
        return self._list("hufu_carried")

    def peer_create(self, visit, file):
        return self._list("hufu_peer_create", _bytes(visit), _bytes(file))[0]

    def peer_take(self, file):
        return self._list("hufu_peer_take", _bytes(file))[0]

    def peer_verdict(self, visit):
        return self._list("hufu_peer_verdict", _bytes(visit))[0]

    def peer_sign(self, visit):
        root = ctypes.create_string_buffer(65)
        self._do("hufu_peer_sign", _bytes(visit), root)
        return root.value.decode()

    def status(self):
        return self._list("hufu_status")

    def diff(self):
        return self._list("hufu_diff")

    def commit(self, message, flags=0):
        return self._list("hufu_commit", _bytes(message), flags)[0]

    def message_check(self, message):
        self._do("hufu_message_check", _bytes(message))

    def undo(self, kind=None, record=None):
        records = c_int()
        self._do("hufu_undo", _bytes(kind), _bytes(record), byref(records))
        return records.value

    def edit(self, sql):
        self._do("hufu_edit", _bytes(sql))

    def put(self, kind, record=None, **fields):
        out = ctypes.create_string_buffer(ID_SIZE)
        self._do("hufu_put", _bytes(kind), _bytes(record), json.dumps(fields).encode(), out)
        return out.value.decode()

    def attach(self, visit, file, quota_bytes=0, **fields):
        return self._list("hufu_attach", _bytes(visit), _bytes(file), json.dumps(fields).encode(), quota_bytes)[0]

    def adopt(self, packet, kind, record, reason=None):
        return self._list("hufu_adopt", _bytes(packet), _bytes(kind), _bytes(record), _bytes(reason))[0]

    def evidence(self):
        return self._list("hufu_evidence")

    def upload(self, most_bytes=0, bytes_per_s=0):
        return self._list("hufu_upload", most_bytes, bytes_per_s)[0]

    def record(self, kind, record, state=LIVE):
        return self._list("hufu_record", _bytes(kind), _bytes(record), state)[0]

    def find(self, words, kind=None, most=100):
        return self._list("hufu_find", _bytes(kind), _bytes(words), most)

    def log(self):
        return self._list("hufu_log")

    def conflicts(self):
        return self._list("hufu_conflicts")

    def answer_conflict(self, conflict, appeal=None):
        """Accept what stands, or say why the decision should not."""
        self._do("hufu_answer_conflict", _bytes(conflict), _bytes(appeal))

    def info(self):
        return self._list("hufu_info")[0]

    def scopes(self):
        return self._list("hufu_scopes")

    def verify(self):
        self._do("hufu_verify")

    def check_capture(self):
        self._do("hufu_check_capture")

    def mend(self):
        return self._list("hufu_mend")[0]

    def time_text(self, ms):
        out = ctypes.create_string_buffer(TIME_SIZE)
        self._lib.hufu_time_text(out, ms)
        return out.value.decode()
