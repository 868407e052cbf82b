"""Run and audit events → a webhook or a Telegram chat; exactly one message an event, tried again when it did not arrive."""

import hashlib
import json
import os
import time

from core.plugins.api import Context, Mistake

BAD = {"failed", "cancelled"}
#: Events sent by this process; the host may repeat one after an interruption.
SENT = set()


class Undelivered(Exception):
    """Every try failed, or nobody knows whether the last one arrived."""


def run(context: Context) -> dict:
    """Send an event (listener), or a text as a test of the connection (command)."""
    if context.kind == "command":
        text = " ".join(context.input["arguments"]) or "orchestrator can reach you"
        sent = deliver(context, text, {"event": "test", "text": text})
        return {"output": f"sent to {', '.join(sent)}\n"}
    event = context.input["event"]
    if not is_reported(event, context.config.get("events")):
        return {}
    identity = identity_of(event)
    if identity in SENT:
        return {"message": "told already"}
    sent = deliver(context, text_of(event), event)
    SENT.add(identity)
    return {"message": f"told {', '.join(sent)}"}


def identity_of(event: dict) -> str:
    return hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()[:32]


def deliver(context: Context, text: str, event: dict) -> list:
    """Send to every configured place. Raises Undelivered naming the place that did not take it, Mistake without any place."""
    sent = []
    webhook = context.config.get("webhook") or os.environ.get("NOTIFY_WEBHOOK")
    chat = context.config.get("telegram_chat") or os.environ.get("NOTIFY_TELEGRAM_CHAT")
    if webhook:
        body = {"text": text, "event": event}
        # A receiver that keeps to the header takes a message once, so a try whose answer was lost may be repeated.
        send(context, "webhook", webhook, body, {"Idempotency-Key": identity_of(event)}, repeat_unsure=True)
        sent.append("webhook")
    if chat:
        token = os.environ.get("NOTIFY_TELEGRAM_TOKEN", "")
        if not token:
            raise Mistake("NOTIFY_TELEGRAM_TOKEN is not set, or not granted")
        api = context.config.get("telegram_api", "https://api.telegram.org")
        # Telegram knows no such header: better no message than two.
        send(context, "telegram", f"{api}/bot{token}/sendMessage", {"chat_id": chat, "text": text}, {}, repeat_unsure=False)
        sent.append("telegram")
    if not sent:
        raise Mistake("nowhere to send to: set webhook, or telegram_chat and NOTIFY_TELEGRAM_TOKEN")
    return sent


def send(context: Context, place: str, url: str, body: dict, headers: dict, *, repeat_unsure: bool) -> None:
    """Post until it is taken; the URL, which may hold a token, is never in a message of ours."""
    content = json.dumps(body).encode()
    pause = context.config.get("pause", 0.5)
    reason = ""
    for attempt in range(context.config.get("attempts", 4)):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        status, reason, unsure = post_once(context, url, content, headers)
        if 200 <= status < 300:
            return
        if (unsure and not repeat_unsure) or (status and status != 429 and status < 500):
            break
    raise Undelivered(f"{place}: {reason}")


def post_once(context: Context, url: str, content: bytes, headers: dict) -> tuple:
    """Return (status or 0, what happened, whether it may have arrived nevertheless)."""
    connected = False

    def connect(host: str, port: int, timeout: float):  # noqa: ANN202 – a socket
        nonlocal connected
        channel = context.connect(host, port, timeout)
        connected = True
        return channel

    try:
        status, _ = context.request("POST", url, content, {"Content-Type": "application/json", **headers}, 10.0, connect=connect)
    except OSError as error:
        return 0, type(error).__name__, connected
    return status, f"HTTP {status}", False


def is_reported(event: dict, wanted: list) -> bool:
    """Return whether an event is sent: the ``wanted`` ones, by default the ends of runs and audits, an empty budget and failures."""
    name = event["event"]
    if wanted is not None:
        return name in wanted
    if name == "task_finished":
        return event.get("status") in BAD
    return name in ("run_finished", "budget_exhausted", "audit_finished")


def text_of(event: dict) -> str:
    """Return one line for a person."""
    return TEXTS.get(event["event"], text_of_other)(event)


def text_of_run(event: dict) -> str:
    counts = ((len(event.get(key, ())), key) for key in ("done", "failed", "blocked", "waiting", "left"))
    text = ", ".join(f"{number} {key}" for number, key in counts if number)
    mark = "✅" if event.get("exit_code") == 0 else "❌"
    return f"{mark} run {event.get('run_id', '')}: {text or 'nothing to do'}; {event.get('reason', '')}".rstrip("; ")


def text_of_task(event: dict) -> str:
    mark = "❌" if event.get("status") in BAD else "✅"
    return f"{mark} task {event.get('task_id')}: {event.get('description', '')} – {event.get('reason', '')}".rstrip(" –")


def text_of_budget(event: dict) -> str:
    return f"⏸ budget: {event.get('reason', '')}; left: {', '.join(event.get('left', ()))}"


def text_of_other(event: dict) -> str:
    text = event.get("message") or event.get("reason") or ""
    return f"{event['event'].replace('_', ' ')}: {text}".rstrip(": ")


TEXTS = {"run_finished": text_of_run, "task_finished": text_of_task, "budget_exhausted": text_of_budget}
