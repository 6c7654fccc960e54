"""The tree, its proofs and the signed text: against a naive tree, another library, and altered proofs (T8)."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from audit import merkle, notes
from audit.merkle import ProofBroken, check_consistency, check_inclusion, leaf_of
from audit.notes import NoteBroken


def naive(leaves):
    """RFC 9162, 2.1.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive(leaves[:split]) + naive(leaves[split:])).digest()


def leaves_of(count):
    return [leaf_of(f"entry {number}".encode()) for number in range(count)]


def node_of(leaves):
    return lambda level, position: naive(leaves[position << level : (position + 1) << level])


sizes = st.integers(1, 200)


@pytest.mark.catalogue("T8", part="inclusion")
@given(sizes, st.data())
def test_every_entry_is_proved_to_be_in_every_tree_that_holds_it(size, data):
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion(node_of(leaves), index, size)
    check_inclusion(leaves[index], index, size, path, naive(leaves))


@pytest.mark.catalogue("T8", part="consistency")
@given(sizes, st.data())
def test_every_tree_begins_with_every_smaller_one(second, data):
    leaves = leaves_of(second)
    first = data.draw(st.integers(1, second))
    path = merkle.consistency(node_of(leaves), first, second)
    check_consistency(first, naive(leaves[:first]), second, naive(leaves), path)


@given(st.integers(0, 300))
def test_a_growing_tree_has_the_naive_trees_root(size):
    leaves, frontier = leaves_of(size), merkle.Frontier()
    for leaf in leaves:
        frontier.push(leaf)
    assert frontier.root() == naive(leaves) == merkle.range_root(node_of(leaves), 0, size)


@pytest.mark.catalogue("T8", part="altered inclusion")
@given(sizes, st.data())
def test_an_altered_proof_of_an_entry_fails(size, data):
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    path, root = merkle.inclusion(node_of(leaves), index, size), naive(leaves)
    leaf, other = leaves[index], data.draw(st.integers(0, size + 2))
    what = data.draw(st.sampled_from(["leaf", "index", "root", "step", "longer", "shorter"]))
    assume(what not in {"step", "shorter"} or path)
    assume(what != "index" or other != index)
    if what == "leaf":
        leaf = changed(leaf, data)
    elif what == "root":
        root = changed(root, data)
    elif what == "index":
        index = other
    else:
        path = altered(path, what, data)
    with pytest.raises(ProofBroken):
        check_inclusion(leaf, index, size, path, root)


@pytest.mark.catalogue("T8", part="altered consistency")
@given(st.integers(2, 200), st.data())
def test_an_altered_proof_of_two_trees_fails(second, data):
    leaves = leaves_of(second)
    first = data.draw(st.integers(1, second - 1))
    path, old, new = merkle.consistency(node_of(leaves), first, second), naive(leaves[:first]), naive(leaves)
    what = data.draw(st.sampled_from(["old", "new", "step", "longer", "shorter"]))
    if what == "old":
        old = changed(old, data)
    elif what == "new":
        new = changed(new, data)
    else:
        path = altered(path, what, data)
    with pytest.raises(ProofBroken):
        check_consistency(first, old, second, new, path)


@pytest.mark.catalogue("T8", part="partly")
@given(st.integers(2, 120), st.data())
def test_a_tree_that_was_rewritten_is_not_consistent(second, data):
    """The one who rewrites an old entry and makes an honest proof of the new tree is found out by the old root."""
    leaves = leaves_of(second)
    first = data.draw(st.integers(1, second))
    rewritten = list(leaves)
    rewritten[data.draw(st.integers(0, first - 1))] = leaf_of(b"another story")
    path = merkle.consistency(node_of(rewritten), first, second)
    with pytest.raises(ProofBroken):
        check_consistency(first, naive(leaves[:first]), second, naive(rewritten), path)


def changed(value, data):
    at = data.draw(st.integers(0, 255))
    return bytes(byte ^ (1 << at % 8) if place == at // 8 else byte for place, byte in enumerate(value))


def altered(path, what, data):
    if what == "longer":
        return [*path, bytes(32)]
    if what == "shorter":
        return path[:-1]
    at = data.draw(st.integers(0, len(path) - 1))
    return [changed(step, data) if place == at else step for place, step in enumerate(path)]


@given(st.integers(1, 80), st.data())
def test_pymerkle_makes_the_same_tree_and_believes_our_proofs(size, data):
    """Another implementation of RFC 9162: the same roots, and the same paths."""
    theirs = InmemoryTree(algorithm="sha256")
    for number in range(size):
        theirs.append_entry(f"entry {number}".encode())
    leaves = leaves_of(size)
    assert theirs.get_root(size) == naive(leaves)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    # Theirs begins with the leaf itself; the rest is the path.
    shown = theirs.prove_inclusion(index + 1, size)
    assert [bytes(step) for step in shown.path[1:]] == merkle.inclusion(node_of(leaves), index, size)
    check_consistency(first, theirs.get_root(first), size, theirs.get_root(size),
                      merkle.consistency(node_of(leaves), first, size))  # fmt: skip


# --- the signed text --------------------------------------------------------------------------------------------------


@pytest.fixture
def key():
    return Ed25519PrivateKey.generate()


def test_a_checkpoint_has_the_c2sp_form(key):
    note = notes.signed(key, "panels.example/audit/abc", 7, bytes(range(32)))
    origin, size, root, empty, mark, end = note.text.split("\n")
    assert (origin, size, empty, end) == ("panels.example/audit/abc", "7", "", "")
    assert base64.b64decode(root) == bytes(range(32))
    assert mark.startswith("\u2014 panels.example/audit/abc ")
    told = base64.b64decode(mark.rpartition(" ")[2])
    # signed-note: SHA-256(name, newline, 0x01, public key), first four bytes; then the signature over text and newline.
    raw = notes.raw(key.public_key())
    assert told[:4] == hashlib.sha256(b"panels.example/audit/abc\n\x01" + raw).digest()[:4]
    key.public_key().verify(told[4:], f"{origin}\n{size}\n{root}\n".encode())
    assert notes.parsed(note.text) == note
    assert note.chain == "abc"


@given(st.data())
def test_a_changed_checkpoint_is_not_believed(data):
    key = Ed25519PrivateKey.generate()
    note = notes.signed(key, "panels.example/audit/abc", data.draw(st.integers(0, 10**9)), hashlib.sha256().digest())
    assert notes.check(note, [Ed25519PrivateKey.generate().public_key(), key.public_key()])
    at = data.draw(st.integers(0, len(note.text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda sign: sign != note.text[at]))
    text = note.text[:at] + other + note.text[at + 1 :]
    with pytest.raises(NoteBroken):
        notes.check(notes.parsed(text), [key.public_key()])


@pytest.mark.parametrize(
    "text", ["", "a\n1\n", "a\n01\n" + "A" * 43 + "=\n\n\u2014 a b\n", "a\n1\nshort\n\n\u2014 a b\n"]
)
def test_what_is_not_a_checkpoint_is_not_read_as_one(text):
    with pytest.raises(NoteBroken):
        notes.parsed(text)


def test_another_key_is_not_believed(key):
    note = notes.signed(key, "panels.example/audit/abc", 7, bytes(32))
    with pytest.raises(NoteBroken):
        notes.check(note, [Ed25519PrivateKey.generate().public_key()])
