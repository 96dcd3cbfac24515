"""keys.py - keys in SSH's forms, and SSH signatures by ssh-keygen (protocol, section 5).

Commits are signed and verified by stock `ssh-keygen -Y`. Raw signatures are ed25519.py's.
The PIN is not here: how a key rests on a device is nobody's business but the device's.
"""
import base64
import os
import re
import struct
import subprocess
import tempfile

import ed25519
from jcs import Refused

TYPE = b"ssh-ed25519"
ARMOUR = re.compile(r"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/]{70}\n)*[A-Za-z0-9+/=]{1,70}\n)"
                    r"-----END SSH SIGNATURE-----\n")


def _string(b):
    return struct.pack(">I", len(b)) + b


def public_text(key):
    """`ssh-ed25519 AAAA…` of a public key of 32 bytes."""
    return "ssh-ed25519 " + base64.b64encode(_string(TYPE) + _string(key)).decode()


def public_bytes(text):
    """The 32 bytes of `ssh-ed25519 AAAA…`, a comment may follow."""
    words = text.split(" ")
    head = _string(TYPE) + struct.pack(">I", 32)
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (IndexError, ValueError):
        blob = b""
    if words[0] != "ssh-ed25519" or len(blob) != len(head) + 32 or not blob.startswith(head):
        raise Refused("'%s' is no ssh-ed25519 key" % text)
    return blob[len(head):]


def write_private(path, seed):
    """Write a seed as an unencrypted key file of OpenSSH (PROTOCOL.key), mode 0600."""
    key = ed25519.public(seed)
    blob = _string(TYPE) + _string(key)
    private = b"hufuhufu" + blob + _string(seed + key) + _string(b"")  # two equal check words first
    private += bytes(range(1, 1 + -len(private) % 8))
    whole = (b"openssh-key-v1\0" + _string(b"none") + _string(b"none") + _string(b"")
             + struct.pack(">I", 1) + _string(blob) + _string(private))
    text = base64.b64encode(whole).decode()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        f.write("-----BEGIN OPENSSH PRIVATE KEY-----\n")
        f.writelines(text[i:i + 70] + "\n" for i in range(0, len(text), 70))
        f.write("-----END OPENSSH PRIVATE KEY-----\n")


def ssh_sign(path, message):
    """The armour over message, namespace git, by the key file."""
    run = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", path],
                         input=message, capture_output=True, check=False)
    if run.returncode:
        raise Refused("ssh-keygen cannot sign: %s" % run.stderr.decode().strip())
    return run.stdout.decode()


def _form(armour, key):
    """Refuse an armour whose blob is another than section 5 says; ssh-keygen is more lenient."""
    match = ARMOUR.fullmatch(armour)
    if not match:
        raise Refused("the armour has not the form of section 5")
    blob = base64.b64decode(match[1].replace("\n", ""))
    head = (b"SSHSIG" + struct.pack(">I", 1) + _string(_string(TYPE) + _string(key)) + _string(b"git")
            + _string(b"") + _string(b"sha512"))
    if blob[:len(head)] != head or blob[len(head):-64] != struct.pack(">I", 83) + _string(TYPE) + struct.pack(">I", 64):
        raise Refused("the signature is another's, or not of the form of section 5")
    if int.from_bytes(blob[-32:], "little") >= ed25519.L:
        raise Refused("the signature is a second form of another")


def ssh_verify(key, message, armour):
    """Refuse what is not the signature of the key (32 bytes) over message."""
    _form(armour, key)
    with tempfile.TemporaryDirectory() as folder:
        signers, signature = os.path.join(folder, "signers"), os.path.join(folder, "signature")
        with open(signers, "w") as f:
            f.write('it namespaces="git" %s\n' % public_text(key))
        with open(signature, "w") as f:
            f.write(armour)
        run = subprocess.run(["ssh-keygen", "-q", "-Y", "verify", "-f", signers, "-I", "it", "-n", "git",
                              "-s", signature], input=message, capture_output=True, check=False)
    if run.returncode:
        raise Refused("the signature does not match")
