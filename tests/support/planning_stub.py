"""A chat model with structured output that plans: it reads the words of the prompt alone, and answers by the
rules. What reaches it over the wire is all that it knows, as it would be for any model there.

    python tests/support/planning_stub.py [PORT]      # prints its address, and serves until it is stopped
"""

from __future__ import annotations

import json
import re
import sys
import time

from recording import blank
from stub_endpoint import Told, completion, serving

from limner.dialogue.parts import Instruction, Response, Round
from limner.planning.plan import Plan
from limner.planning.rules import RulesPlanner

_USER = re.compile(r"User(?: \(brings (?P<brings>[^)]*)\))?: (?P<text>.*)")
_PAINTER = re.compile(
    r"Painter: (?:\[picture (?P<number>\d+)(?:, which is picture (?P<same>\d+) again)?\] )?(?P<text>.*)"
)
_NOW = re.compile(
    r"The user says now: (?P<text>.*?)(?:\nThe user points at picture (?P<target>\d+)\.)?$", re.S
)
_BRINGS = re.compile(r"The user brings picture (?P<numbers>[\d, ]+) now\.")


def answer(asked):
    """What the stub answers to a request, for `serving`."""
    schema = asked.body["response_format"]["json_schema"]["schema"]
    told = asked.body["messages"][0]["content"][0]["text"]
    plan = RulesPlanner().plan(*read_prompt(told)[:2], target=read_prompt(told)[2])
    return Told(completion(json.dumps(as_answer(plan, schema))))


def read_prompt(told):
    """(rounds, instruction, target): the conversation in a prompt, with blank pictures."""
    pictures, rounds, text, given = {}, [], None, ()

    def take(number, same=None):
        pictures[number] = pictures[same] if same is not None else blank(number)
        return pictures[number]

    for line in told.partition("Answer with JSON:")[2].splitlines():
        if line.startswith("The user says now:"):
            break
        user, painter, brings = _USER.fullmatch(line), _PAINTER.fullmatch(line), _BRINGS.fullmatch(line)
        if user:
            text = user["text"]
            given = tuple(take(int(number)) for number in re.findall(r"\d+", user["brings"] or ""))
        elif painter and text is not None:
            number, same = painter["number"], painter["same"]
            picture = None if number is None else take(int(number), None if same is None else int(same))
            rounds.append(
                Round(
                    instruction=Instruction(text=text, pictures=given),
                    response=Response(text=painter["text"], picture=picture),
                )
            )
            text = None
        elif brings:
            given = tuple(take(int(number)) for number in re.findall(r"\d+", brings["numbers"]))
            text = None
    now = _NOW.search(told)
    last = given if _BRINGS.search(told) else ()
    target = None if now["target"] is None else int(now["target"])
    return rounds, Instruction(text=now["text"], pictures=last), target


def as_answer(plan: Plan, schema):
    """The plan in the prompt's JSON."""
    base = "none" if plan.base is None else str(plan.base)
    assert base in schema["properties"]["base"]["enum"], "a picture that was not told of"
    return {
        "act": plan.act,
        "base": base,
        "people": ", ".join(one.name for one in plan.people) or "none",
        "instruction": plan.instruction or "none",
        "reply": plan.reply or "Here.",
    }


def main():
    with serving(answer) as stub:
        print(stub.url, flush=True)
        while True:
            time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
