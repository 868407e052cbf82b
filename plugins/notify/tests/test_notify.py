"""Tests of notify, run inside the sandbox; the network is a stand-in here, the tool's own suite has a real one."""

import unittest

import notify

from core.plugins.api import context_for_test

FINISHED = {"event": "run_finished", "run_id": "r1", "exit_code": 1, "done": ["1", "2"], "failed": ["3"], "reason": "a task failed"}


class Receiver:
    """A context that answers as told and keeps what it was sent."""

    def __init__(self, *answers, config=None, event=FINISHED):
        made = context_for_test("listener", input={"event": event}, config={"webhook": "https://h/x", "pause": 0, **(config or {})})
        self.kind, self.input, self.config = made.kind, made.input, made.config
        self.answers, self.got = list(answers), []

    def connect(self, *arguments):
        return None

    def request(self, method, url, body, headers, timeout, connect):
        answer = self.answers.pop(0)
        if answer == "refused":
            raise ConnectionRefusedError
        connect("h", 443, timeout)
        self.got.append(headers.get("Idempotency-Key"))
        if answer == "lost":
            raise TimeoutError
        return answer, b""


class TestNotify(unittest.TestCase):
    def setUp(self) -> None:
        notify.SENT.clear()

    def test_it_tries_again_until_it_arrives(self) -> None:
        receiver = Receiver("refused", 503, 200)
        self.assertEqual(notify.run(receiver), {"message": "told webhook"})
        self.assertEqual(len(set(receiver.got)), 1)

    def test_an_event_told_twice_is_sent_once(self) -> None:
        receiver = Receiver(200)
        notify.run(receiver)
        self.assertEqual(notify.run(receiver), {"message": "told already"})

    def test_a_lost_answer_is_repeated_with_the_same_key(self) -> None:
        receiver = Receiver("lost", 200)
        notify.run(receiver)
        self.assertEqual(receiver.got, [receiver.got[0]] * 2)

    def test_a_refusal_is_not_repeated(self) -> None:
        with self.assertRaisesRegex(notify.Undelivered, "webhook: HTTP 403"):
            notify.run(Receiver(403, 200))

    def test_words(self) -> None:
        self.assertEqual(notify.text_of(FINISHED), "❌ run r1: 2 done, 1 failed; a task failed")
        self.assertTrue(notify.is_reported({"event": "task_finished", "status": "failed"}, None))
        self.assertFalse(notify.is_reported({"event": "task_finished", "status": "done"}, None))
        self.assertFalse(notify.is_reported(FINISHED, ["warned"]))


if __name__ == "__main__":
    unittest.main()
