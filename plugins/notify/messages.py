"""Events as one line of text."""

BAD = {"failed", "cancelled"}


def worth_telling(event: dict, wanted: list) -> bool:
    """Return whether an event is to be told: the wanted ones, by default the end of a run, an empty budget, and failures."""
    name = event["event"]
    if wanted is not None:
        return name in wanted
    if name == "task_finished":
        return event.get("status") in BAD
    return name in ("run_finished", "budget_exhausted", "audit_finished")


def text_of(event: dict) -> str:
    """Return one line for a person."""
    tell = TOLD_BY.get(event["event"], other_told)
    return tell(event)


def run_told(event: dict) -> str:
    counts = ((len(event.get(key, ())), key) for key in ("done", "failed", "blocked", "waiting", "left"))
    told = ", ".join(f"{number} {key}" for number, key in counts if number)
    mark = "✅" if event.get("exit_code") == 0 else "❌"
    return f"{mark} run {event.get('run_id', '')}: {told or 'nothing to do'}; {event.get('reason', '')}".rstrip("; ")


def task_told(event: dict) -> str:
    mark = "❌" if event.get("status") in BAD else "✅"
    return f"{mark} task {event.get('task_id')}: {event.get('description', '')} – {event.get('reason', '')}".rstrip(" –")


def budget_told(event: dict) -> str:
    return f"⏸ budget: {event.get('reason', '')}; left: {', '.join(event.get('left', ()))}"


def other_told(event: dict) -> str:
    told = event.get("message") or event.get("reason") or ""
    return f"{event['event'].replace('_', ' ')}: {told}".rstrip(": ")


TOLD_BY = {"run_finished": run_told, "task_finished": task_told, "budget_exhausted": budget_told}
