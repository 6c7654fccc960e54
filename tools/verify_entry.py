#!/usr/bin/env python3
"""Check one entry of an audit trail against a signed checkpoint, without the service that keeps the trail.

Needs Python 3.9 or newer and the package "cryptography" alone:

    python verify_entry.py entry.json --key public.pem [--checkpoint FILE]

entry.json   the proof: the entry's bytes, the path to the root, the checkpoint.
--key        the public key of the service. Get it from somebody you trust, not with the proof: the file
             carries a copy, and whoever made the file up could have made the key up too.
--checkpoint a checkpoint kept elsewhere (in a mailbox, on another server). It must be the one of the proof.

Ends with 0 and prints the entry where everything agrees; ends with 1 and says what does not.
The sums are those of RFC 9162 (2.1), the checkpoint is a C2SP tlog-checkpoint signed with Ed25519.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key


class Wrong(Exception):
    """What does not agree, in words."""


def keys_in(text):
    blocks = re.findall(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", text, re.DOTALL)
    keys = [load_pem_public_key(block.encode()) for block in blocks]
    found = [key for key in keys if isinstance(key, Ed25519PublicKey)]
    if not found:
        raise Wrong("there is no Ed25519 public key in the file of keys")
    return found


def fingerprint(key):
    digest = hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, 64, 4))


def signer(note, keys):
    """The key that signed the checkpoint."""
    body, _, marks = note.rpartition("\n\n")
    name = body.split("\n")[0]
    for key in keys:
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        wanted = hashlib.sha256(name.encode() + b"\n\x01" + raw).digest()[:4]
        for line in marks.splitlines():
            mark = base64.b64decode(line.rpartition(" ")[2])
            try:
                if mark[:4] == wanted:
                    key.verify(mark[4:], (body + "\n").encode())
                    return key
            except InvalidSignature:
                raise Wrong("the signature of the checkpoint is not good") from None
    raise Wrong("the checkpoint is signed by none of these keys")


def root_from(leaf, index, size, path):
    """Follow the path from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise Wrong("the entry's number is not below the number of entries of the checkpoint")
    place, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise Wrong("the path is too long")
        if place & 1 or place == last:
            found = hashlib.sha256(b"\x01" + step + found).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + step).digest()
        place, last = place >> 1, last >> 1
    if last:
        raise Wrong("the path is too short")
    return found


def check(proof, keys, kept):
    """Raise Wrong unless everything agrees; returns the entry and what else to print."""
    if proof.get("format") != "young-futures/entry-proof/1":
        raise Wrong("this file is not a proof of an entry")
    note, body = proof["checkpoint"], base64.b64decode(proof["entry"])
    if kept is not None and kept.strip() != note.strip():
        raise Wrong("the checkpoint of the proof is not the one that was kept")
    key = signer(note, keys)
    origin, size, root = note.split("\n")[:3]
    path = [base64.b64decode(step) for step in proof["path"]]
    leaf = hashlib.sha256(b"\x00" + body).digest()
    if root_from(leaf, proof["index"], int(size), path) != base64.b64decode(root):
        raise Wrong("the entry does not lead to the root of the checkpoint")
    entry = json.loads(body)
    if entry.get("seq") != proof["index"] + 1 or entry.get("chain") != origin.rpartition("/")[2]:
        raise Wrong("the entry stands at another place than it says")
    return entry, origin, int(size), fingerprint(key)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proof", type=Path)
    parser.add_argument("--key", type=Path, help="file of public keys (PEM)")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint kept elsewhere")
    given = parser.parse_args()
    try:
        proof = json.loads(given.proof.read_text(encoding="utf-8"))
        keys = keys_in(given.key.read_text() if given.key else proof.get("public_keys", ""))
        kept = given.checkpoint.read_text(encoding="utf-8") if given.checkpoint else None
        entry, origin, size, who = check(proof, keys, kept)
    except Wrong as wrong:
        sys.exit(f"NOT PROVED: {wrong}.")
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        sys.exit(f"NOT PROVED: the file cannot be read as a proof ({type(error).__name__}).")
    print(f"PROVED: this is entry {entry['seq']} of the trail {origin}, as it was when the trail had {size} entries.")
    print(f"Signed by the key {who}")
    if given.key is None:
        print("WARNING: the key came with the proof. Compare the line above with the service's own, from elsewhere.")
    for name in sorted(entry):
        print(f"  {name}: {json.dumps(entry[name], ensure_ascii=False)}")


if __name__ == "__main__":
    main()
