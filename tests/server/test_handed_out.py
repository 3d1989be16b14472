"""Files that are held so that the same is handed out again: once, by weight, and not past a deletion."""

from __future__ import annotations

from limner.server.pictures.handed_out import HandedOut


def test_the_first_file_is_given_again():
    held = HandedOut()
    assert held.once("a", lambda: b"first") == b"first"
    assert held.once("a", lambda: b"second") == b"first"
    assert held.once("b", lambda: b"second") == b"second"


def test_two_who_ask_at_once_are_given_the_same():
    held = HandedOut()
    assert held.once("a", lambda: b"slow" if held.once("a", lambda: b"quick") else b"") == b"quick"


def test_those_asked_for_longest_ago_leave_when_they_are_too_many():
    held = HandedOut(max_bytes=10)
    for key in "ab":
        held.once(key, lambda: b"12345")
    held.once("a", lambda: b"other")  # now `b` was asked for longest ago
    held.once("c", lambda: b"12345")
    assert held.once("a", lambda: b"other") == b"12345"
    assert held.once("b", lambda: b"other") == b"other"
    assert held.once("large", lambda: b"1" * 11) == b"1" * 11
    assert held.once("large", lambda: b"other") == b"other"


def test_what_was_begun_before_a_deletion_is_not_held():
    held = HandedOut()

    def made_while_something_is_deleted():
        held.forget_all()
        return b"old"

    assert held.once("a", made_while_something_is_deleted) == b"old"
    assert held.once("a", lambda: b"new") == b"new"
    held.forget_all()
    assert held.once("a", lambda: b"newer") == b"newer"
