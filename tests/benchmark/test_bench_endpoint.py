"""Systems behind OpenAI-compatible endpoints, against a server that answers well, slowly, wrongly or not."""

import gzip
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest
from stub_endpoint import Told, base64_png, completion, response, serving

from limner.benchmark.conversation import BenchConversation, BenchRound
from limner.benchmark.systems.chat_completions import ChatCompletionsSystem
from limner.benchmark.systems.endpoint import endpoint_system
from limner.benchmark.systems.responses_api import ResponsesSystem
from limner.dialogue.parts import Picture
from limner.perception.endpoint.address import api_url
from limner.perception.endpoint.answers import data_url, read_picture
from limner.perception.endpoint.troubles import EndpointError
from limner.perception.endpoint.wire import Limits, Wire, key_from

TASK = BenchConversation(
    name="t", family="step_back", given="painted", rounds=(BenchRound(say="a", after=-1),)
)

LOOK = {"type": "text", "text": "Look."}


def flat(level, side_px=32):
    return Picture(np.full((side_px, side_px, 3), level, np.uint8))


def pictures_in(message):
    """The flat levels of all pictures of a message, in its content or beside it."""
    content = message["content"] if isinstance(message["content"], list) else []
    parts = [part for part in content if part["type"] == "image_url"] + message.get("images", [])
    return [int(read_picture(part["image_url"]["url"]).pixels[0, 0, 0]) for part in parts]


def wire(url, pauses=None, **limits):
    noted = [] if pauses is None else pauses
    return Wire(url, limits=Limits(**{"timeout_s": 5, **limits}), pause=noted.append)


def responses_system(stub, **limits):
    return ResponsesSystem(wire=wire(stub.url, **limits), model="m")


def chat_system(stub, **options):
    return ChatCompletionsSystem(wire=wire(stub.url), model="m", **options)


def ids():
    number = iter(range(1000))
    return lambda: f"resp_{next(number)}"


class TestResponses:
    def test_every_reply_continues_from_the_one_before_and_a_fork_from_an_earlier_one(self):
        new_id = ids()
        with serving(lambda asked: response(new_id(), picture=flat(90))) as stub:
            main = responses_system(stub).begin(TASK)
            first = main.say("a", [flat(10)])
            second = main.say("b", [])
            fork = main.fork(first.id)
            assert (fork.say("c", []).id, main.say("d", []).id) == ("resp_2", "resp_3")
            assert fork.say("e", []).picture == flat(90)
        bodies = stub.bodies("/v1/responses")
        assert [body.get("previous_response_id") for body in bodies] == [
            None,
            first.id,
            first.id,
            second.id,
            "resp_2",
        ]
        assert bodies[0]["tools"] == [{"type": "image_generation"}]
        assert bodies[0]["store"] is True
        text, image = bodies[0]["input"][0]["content"]
        assert text == {"type": "input_text", "text": "a"}
        assert image["type"] == "input_image"
        assert read_picture(image["image_url"]) == flat(10)

    def test_the_last_picture_counts_and_words_are_joined(self):
        answer = response("r", picture=flat(1))
        answer["output"] += response("r", picture=flat(2), text="Second.")["output"]
        with serving(lambda asked: answer) as stub:
            said = responses_system(stub).begin(TASK).say("a", [])
        assert said.picture == flat(2)
        assert said.text == "Here it is.\nSecond."
        assert said.seconds > 0

    def test_words_alone_are_an_answer_without_a_picture(self):
        with serving(lambda asked: response("r", text="I only talk.")) as stub:
            system = responses_system(stub)
            said = system.begin(TASK).say("a", [])
        assert (said.picture, said.text) == (None, "I only talk.")
        assert system.spent.to_json() == {
            "answers": 1,
            "pictures": 0,
            "input_tokens": 7,
            "output_tokens": 11,
            "complaints": {},
        }

    @pytest.mark.parametrize(
        ("result", "complaint"),
        [
            ("%%%", "no base64"),
            ("aGVsbG8=", "not a readable picture"),
            ("A" * 40_000_000, "larger than 25 MB"),
            (base64_png(flat(0, 16))[:60], "decoded|readable"),
        ],
    )
    def test_a_broken_picture_is_none_and_the_conversation_goes_on(self, result, complaint):
        with serving(lambda asked: response("r", picture=result)) as stub:
            system = responses_system(stub)
            session = system.begin(TASK)
            assert session.say("a", []).picture is None
            session.say("b", [])
        assert stub.bodies("/responses")[1]["previous_response_id"] == "r"
        (told,) = system.spent.complaints
        assert any(word in told for word in complaint.split("|"))

    def test_an_answer_that_is_too_large_or_refused_is_no_picture(self):
        tellings = iter(
            [
                Told(b" " * 70_000_000),
                Told({"error": {"message": "Not that.", "code": "moderation_blocked"}}, status=400),
                Told(response("r9", picture=flat(3))),
            ]
        )
        with serving(lambda asked: next(tellings)) as stub:
            system = responses_system(stub)
            session = system.begin(TASK)
            assert session.say("a", []).picture is None
            assert session.say("b", []).text == "Not that."
            assert session.say("c", []).picture == flat(3)
        assert all("previous_response_id" not in body for body in stub.bodies("/responses"))
        assert len(system.spent.complaints) == 2

    def test_a_compressed_flood_is_stopped(self):
        flood = gzip.compress(b" " * 80_000_000, 1)
        with serving(lambda asked: Told(flood, headers={"Content-Encoding": "gzip"})) as stub:
            assert responses_system(stub).begin(TASK).say("a", []).picture is None

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            ({"output": []}, "without an id"),
            ({"id": "r", "status": "failed", "error": {"message": "boom"}}, "failed \\(boom\\)"),
            ({"id": "r", "status": "in_progress", "output": []}, "before it is done"),
        ],
    )
    def test_what_is_no_response_ends_the_run(self, answer, told):
        with serving(lambda asked: answer) as stub, pytest.raises(EndpointError, match=told):
            responses_system(stub).begin(TASK).say("a", [])

    def test_own_fields_are_added_and_taken_away(self):
        with serving(lambda asked: response("r")) as stub:
            system = ResponsesSystem(wire=wire(stub.url), model="m", extra={"seed": 4, "store": None})
            system.begin(TASK).say("a", [])
        (body,) = stub.bodies("/responses")
        assert body["seed"] == 4
        assert "store" not in body


class TestChatCompletions:
    def test_the_whole_history_is_sent_and_a_fork_leaves_out_what_came_later(self):
        levels = iter(range(100, 200))

        def answer(asked):
            return completion(images=[data_url(flat(next(levels)))])

        with serving(answer) as stub:
            main = chat_system(stub).begin(TASK)
            first = main.say("a", [flat(10)])
            main.say("b", [])
            fork = main.fork(first.id)
            assert fork.say("c", []).picture == flat(102)
            main.say("d", [])
        sent = [body["messages"] for body in stub.bodies("/chat/completions")]
        roles = [[message["role"][0] for message in messages] for messages in sent]
        assert roles == [["u"], list("uau"), list("uau"), list("uauau")]
        assert [pictures_in(message) for message in sent[3]] == [[10], [100], [], [101], []]
        assert [pictures_in(message) for message in sent[2]] == [[10], [100], []]
        assert stub.bodies("/chat/completions")[0]["modalities"] == ["image", "text"]

    @pytest.mark.parametrize(
        "content",
        [
            [
                {"type": "text", "text": "Look."},
                {"type": "image_url", "image_url": {"url": data_url(flat(7))}},
            ],
            [{"type": "output_text", "text": "Look."}, {"type": "image_url", "image_url": data_url(flat(7))}],
            [{"type": "text", "text": "Look."}, {"type": "image", "b64_json": base64_png(flat(7))}],
            f"Look. ![a cat]({data_url(flat(7))})",
            f"Look. ![a cat](<{data_url(flat(7))}> 'title')",
            f"Look.\n{data_url(flat(7))}\n",
            "Look. ![x](/files/7.png)",
        ],
    )
    def test_a_picture_is_found_wherever_a_server_puts_it(self, content):
        def answer(asked):
            return Told(flat(7).to_png()) if asked.path == "/files/7.png" else completion(content)

        with serving(answer) as stub:
            session = chat_system(stub).begin(TASK)
            said = session.say("a", [])
            session.say("b", [])
        assert said.picture == flat(7)
        assert said.text == "Look."
        history = stub.bodies("/chat/completions")[1]["messages"]
        assert [level for message in history for level in pictures_in(message)] == [7]

    def test_a_picture_elsewhere_is_not_fetched(self):
        with serving(lambda asked: Told(flat(7).to_png())) as other:
            link = f"![x]({other.url}/secret.png)"
            with serving(lambda asked: completion(f"Look. {link}")) as stub:
                system = chat_system(stub)
                assert system.begin(TASK).say("a", []).picture is None
        assert other.asked == []
        (told,) = system.spent.complaints
        assert "only the endpoint's own files" in told

    @pytest.mark.parametrize(("back", "places"), [("assistant", [[], [9], []]), ("user", [[], [], [9]])])
    def test_earlier_pictures_go_back_where_the_server_takes_them(self, back, places):
        with serving(lambda asked: completion(images=[data_url(flat(9))])) as stub:
            session = chat_system(stub, pictures_back=back).begin(TASK)
            session.say("a", [])
            session.say("b", [])
        assert [pictures_in(m) for m in stub.bodies("/chat/completions")[1]["messages"]] == places

    def test_an_answer_without_content_is_kept_as_a_turn(self):
        with serving(
            lambda asked: {"choices": [{"message": {"role": "assistant", "content": None}}]}
        ) as stub:
            session = chat_system(stub).begin(TASK)
            assert session.say("a", []).picture is None
            session.say("b", [])
        assert len(stub.bodies("/chat/completions")[1]["messages"]) == 3

    @pytest.mark.parametrize("answer", [{}, {"choices": []}, {"choices": [{"message": 3}]}, {"choices": "x"}])
    def test_an_answer_of_another_shape_is_empty(self, answer):
        with serving(lambda asked: answer) as stub:
            said = chat_system(stub).begin(TASK).say("a", [])
        assert (said.text, said.picture) == ("", None)

    def test_forks_refuse_ids_of_no_answer(self):
        with serving(lambda asked: completion()) as stub:
            session = chat_system(stub).begin(TASK)
            with pytest.raises(ValueError, match="No answer of this conversation"):
                session.fork("resp_77")

    def test_conversations_side_by_side_do_not_mix(self):
        def answer(asked):
            said = [m["content"][-1]["text"] for m in asked.body["messages"] if m["role"] == "user"]
            return completion("/".join(said))

        def hold(number):
            session = system.begin(TASK)
            return [session.say(f"{number}.{k}", []).text for k in range(4)][-1]

        with serving(answer) as stub, ThreadPoolExecutor(8) as pool:
            system = chat_system(stub)
            assert list(pool.map(hold, range(24))) == [f"{n}.0/{n}.1/{n}.2/{n}.3" for n in range(24)]
        assert system.spent.to_json()["answers"] == 96


class TestTroubles:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_a_busy_or_broken_server_is_asked_again(self, status):
        tellings = iter([Told({}, status=status)] * 2 + [Told({"ok": 1})])
        pauses = []
        with serving(lambda asked: next(tellings)) as stub:
            assert wire(stub.url, pauses).post("/x", {}) == {"ok": 1}
        assert 0.7 < pauses[0] <= 1
        assert 1.4 < pauses[1] <= 2

    def test_retry_after_is_honoured_in_seconds_milliseconds_and_as_a_date(self):
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
        tellings = iter(
            Told({}, status=429, headers=headers)
            for headers in ({"Retry-After": "7"}, {"retry-after-ms": "250"}, {"Retry-After": date})
        )
        pauses = []
        with serving(lambda asked: next(tellings, Told({"ok": 1}))) as stub:
            assert wire(stub.url, pauses).post("/x", {}) == {"ok": 1}
        assert pauses[:2] == [7, 0.25]
        assert 25 < pauses[2] <= 30

    def test_a_pause_beyond_reason_ends_the_run(self):
        busy = Told({}, status=429, headers={"Retry-After": "3600"})
        with (
            serving(lambda asked: busy) as stub,
            pytest.raises(EndpointError, match="asks to wait 3600 s"),
        ):
            wire(stub.url).post("/x", {})
        assert len(stub.asked) == 1

    def test_after_all_tries_one_sentence_says_what_is_wrong(self):
        error = {"error": {"message": "Rate limit\nreached."}}
        with (
            serving(lambda asked: Told(error, status=429)) as stub,
            pytest.raises(EndpointError, match="answers 429: Rate limit reached after 3 tries; wait"),
        ):
            wire(stub.url, tries=3).post("/x", {})
        assert len(stub.asked) == 3

    def test_a_slow_server_is_given_up_in_time(self):
        with serving(lambda asked: Told({"ok": 1}, delay_s=3)) as stub:
            start = time.perf_counter()
            with pytest.raises(EndpointError, match=r"no complete answer within 0\.1 s after 2 tries"):
                wire(stub.url, timeout_s=0.1, tries=2).post("/x", {})
            assert time.perf_counter() - start < 2.5

    def test_a_server_that_drips_is_given_up_in_time(self):
        with serving(lambda asked: Told({"long": "x" * 400}, drip_s=0.02)) as stub:
            start = time.perf_counter()
            with pytest.raises(EndpointError, match=r"no complete answer within 0\.2 s"):
                wire(stub.url, timeout_s=0.2, tries=1).post("/x", {})
            assert time.perf_counter() - start < 2

    def test_a_broken_connection_is_tried_again(self):
        tellings = iter([Told(hang_up=True), Told({"ok": 1})])
        with serving(lambda asked: next(tellings)) as stub:
            assert wire(stub.url).post("/x", {}) == {"ok": 1}

    @pytest.mark.parametrize(
        ("told", "sentence"),
        [
            (Told({"error": {"message": "Bad key sk-secret"}}, status=401), "refused the key .401: Bad key"),
            (Told(b"<html>no</html>", status=404), "is not there .404."),
            (Told({"error": {"message": "no model m"}}, status=400), "rejected the request .400: no model m"),
            (Told(b"", status=302, headers={"Location": "http://example.org"}), "redirects .302."),
            (Told(b"<!DOCTYPE html><p>Welcome"), "no JSON object .'<!DOCTYPE"),
            (Told(b"[1]"), "no JSON object"),
            (Told(b"[" * 100_000), "no JSON object"),
            (Told(b"\xff\xfe"), "no JSON object"),
        ],
    )
    def test_every_trouble_is_one_sentence(self, told, sentence):
        with serving(lambda asked: told) as stub, pytest.raises(EndpointError, match=sentence) as raised:
            Wire(stub.url, key="sk-secret", limits=Limits(timeout_s=5, tries=1)).post("/x", {})
        assert "sk-secret" not in str(raised.value)
        assert "\n" not in str(raised.value)
        assert str(raised.value).endswith(".")

    def test_nobody_there_is_told_at_once(self):
        with serving(lambda asked: {}) as stub:
            pass
        pauses = []
        with pytest.raises(EndpointError, match=r"cannot be reached \(Connection refused\)"):
            wire(stub.url, pauses).post("/x", {})
        assert pauses == []

    def test_threads_wait_on_their_own(self):
        barrier = threading.Barrier(4, timeout=5)

        def pause(_):
            barrier.wait()  # passes only when four threads wait at a time

        first = set()

        def answer(asked):
            who = asked.body["who"]
            return {"who": who} if who in first else first.add(who) or Told({}, status=503)

        with serving(answer) as stub, ThreadPoolExecutor(4) as pool:
            shared = Wire(stub.url, limits=Limits(timeout_s=5), pause=pause)
            assert list(pool.map(lambda who: shared.post("/x", {"who": who})["who"], range(4))) == [
                0,
                1,
                2,
                3,
            ]


class TestChoosing:
    def test_responses_is_taken_when_there_and_chat_completions_otherwise(self):
        def only(route):
            def answer(asked):
                if not asked.path.endswith(route):
                    return Told({"error": {"message": "Not Found"}}, status=404)
                return Told({"error": {"message": "model is missing"}}, status=400) if not asked.body else {}

            return answer

        with serving(only("/responses")) as stub:
            assert isinstance(endpoint_system(stub.url, model="m"), ResponsesSystem)
        with serving(only("/completions")) as stub:
            assert isinstance(endpoint_system(stub.url, model="m"), ChatCompletionsSystem)
            assert isinstance(endpoint_system(f"{stub.url}/v1/responses", model="m"), ResponsesSystem)
            assert len(stub.asked) == 1

    def test_the_key_comes_from_the_environment(self, monkeypatch):
        monkeypatch.setenv("SOME_KEY", "k-1")
        with serving(lambda asked: response("r")) as stub:
            system = endpoint_system(stub.url, model="m", key_variable="SOME_KEY", api="responses")
            system.begin(TASK).say("a", [])
            monkeypatch.delenv("SOME_KEY")
            system = endpoint_system(stub.url, model="m", key_variable="SOME_KEY", api="responses")
            system.begin(TASK).say("a", [])
        assert [asked.key for asked in stub.asked] == ["Bearer k-1", None]

    def test_a_key_that_cannot_be_one_is_refused(self, monkeypatch):
        monkeypatch.setenv("SOME_KEY", "k\r\nX-Evil: 1")
        with pytest.raises(ValueError, match="SOME_KEY"):
            key_from("SOME_KEY")

    @pytest.mark.parametrize(
        ("given", "begins"),
        [
            ("http://h:8000", "http://h:8000/v1"),
            ("http://h:8000/", "http://h:8000/v1"),
            ("https://h/api/v1/", "https://h/api/v1"),
            ("https://h/v1/chat/completions", "https://h/v1"),
            ("https://h/v1/responses?x=1#y", "https://h/v1"),
        ],
    )
    def test_addresses_are_understood(self, given, begins):
        assert api_url(given) == begins

    @pytest.mark.parametrize("given", ["", "localhost:8000", "ftp://h", "http://", "http://h:port"])
    def test_what_is_no_address_is_refused(self, given):
        with pytest.raises(ValueError, match=r"no (http )?address"):
            api_url(given)
