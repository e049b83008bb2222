from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.transparency.hashing import EMPTY_ROOT, leaf_hash
from domain.transparency.proofs import is_consistent, is_included
from domain.transparency.tree import GrowingTree, Tree
from tests.domain.transparency import naive

# Beyond two full tiles of level 0, with a partial third.
SIZE_MAX = 700
LEAVES = naive.some_leaves(SIZE_MAX)
sizes = st.integers(1, SIZE_MAX)


@cache
def tree_of(size: int) -> Tree:
    return Tree(naive.Kept(LEAVES[:size]).reader, size)


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert GrowingTree().root().hex() == EMPTY_ROOT.hex() == empty


def test_hashes_are_those_that_the_rfc_is_tested_with() -> None:
    """Certificate Transparency's own test vectors."""
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    tree = GrowingTree()
    for leaf in [*leaves, "606162636465666768696a6b6c6d6e6f"]:
        tree.add(leaf_hash(bytes.fromhex(leaf)))
    root = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert tree.root().hex() == root


@settings(max_examples=60, deadline=None)
@given(sizes)
def test_the_root_is_what_the_rfc_says(size: int) -> None:
    growing = GrowingTree()
    for leaf in LEAVES[:size]:
        growing.add(leaf)
    assert growing.root() == naive.root_of(LEAVES[:size])
    assert tree_of(SIZE_MAX).root(size) == growing.root()
    assert tree_of(size).root() == growing.root()


@settings(max_examples=60, deadline=None)
@given(sizes, st.data())
def test_a_tree_goes_on_from_its_tiles(size: int, data: st.DataObject) -> None:
    before = data.draw(st.integers(0, size))
    growing = Tree(naive.Kept(LEAVES[:before]).reader, before).growing()
    for leaf in LEAVES[before:size]:
        growing.add(leaf)
    assert growing.root() == naive.root_of(LEAVES[:size])


@settings(max_examples=100, deadline=None)
@given(sizes, st.data())
def test_inclusion_is_proved_as_the_rfc_says(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = tree_of(SIZE_MAX).inclusion(index, size)
    assert proof == naive.path(index, LEAVES[:size])
    root = naive.root_of(LEAVES[:size])
    leaf = tree_of(SIZE_MAX).leaf(index)
    assert leaf == LEAVES[index]
    assert is_included(leaf, index=index, size=size, proof=proof, root=root)


@settings(max_examples=100, deadline=None)
@given(sizes, st.data())
def test_consistency_is_proved_as_the_rfc_says(size: int, data: st.DataObject) -> None:
    old_size = data.draw(st.integers(0, size))
    proof = tree_of(SIZE_MAX).consistency(old_size, size)
    if 0 < old_size < size:
        assert proof == naive.proof(old_size, LEAVES[:size])
    assert is_consistent(
        old_size=old_size,
        old_root=naive.root_of(LEAVES[:old_size]),
        size=size,
        root=naive.root_of(LEAVES[:size]),
        proof=proof,
    )


@settings(max_examples=100, deadline=None)
@given(sizes, st.data())
def test_a_false_inclusion_is_not_proved(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = naive.path(index, LEAVES[:size])
    root = naive.root_of(LEAVES[:size])
    wrong = leaf_hash(b"another event")
    assert not is_included(wrong, index=index, size=size, proof=proof, root=root)
    others = [each for each in (index - 1, index + 1, index ^ 2, -1) if each != index]
    for other in others:
        assert not is_included(
            LEAVES[index], index=other, size=size, proof=proof, root=root
        )
    for bad in (proof[1:], [*proof, wrong], [wrong, *proof[1:]]):
        if bad != proof:
            assert not is_included(
                LEAVES[index], index=index, size=size, proof=bad, root=root
            )


@settings(max_examples=100, deadline=None)
@given(sizes, st.data())
def test_a_fork_is_not_proved_consistent(size: int, data: st.DataObject) -> None:
    old_size = data.draw(st.integers(1, size))
    changed = data.draw(st.integers(0, old_size - 1))
    fork = list(LEAVES[:size])
    fork[changed] = leaf_hash(b"another event")
    trees = {"old_size": old_size, "size": size}
    old_root, root = naive.root_of(LEAVES[:old_size]), naive.root_of(LEAVES[:size])
    for leaves in (fork, LEAVES[:size]):
        proof = naive.proof(old_size, leaves) if old_size < size else []
        assert not is_consistent(
            **trees, old_root=old_root, root=naive.root_of(fork), proof=proof
        )
        assert not is_consistent(
            **trees, old_root=naive.root_of(fork[:old_size]), root=root, proof=proof
        )


@pytest.mark.parametrize(
    ("old_size", "size"), [(0, 0), (0, 3), (2, 2), (3, 2), (-1, 2), (1, 2), (3, 5)]
)
def test_too_little_or_too_much_is_no_proof(old_size: int, size: int) -> None:
    root = LEAVES[0]
    assert not is_consistent(
        old_size=old_size, old_root=root, size=size, root=root, proof=[root] * 9
    )
    if old_size != size:
        assert not is_consistent(
            old_size=old_size, old_root=root, size=size, root=root, proof=[]
        )


def test_a_proof_reads_few_tiles_and_each_once() -> None:
    size = 70_000
    kept = naive.Kept(naive.some_leaves(size))
    assert {level for level, _ in kept.tiles} == {0, 1, 2}
    for index in (0, 255, 256, 34_567, size - 1):
        kept.read.clear()
        Tree(kept.reader, size).inclusion(index, size)
        assert len(kept.read) == len(set(kept.read)) <= 5
        kept.read.clear()
        Tree(kept.reader, size).consistency(index + 1, size)
        assert len(kept.read) == len(set(kept.read)) <= 6
