"""The report of a run, in Markdown: readable in a terminal, and ready for docs/."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from history import Ack, Lag, Record, Remark, Sees, Try
from statistics_of_faults import Cost, costs, latencies
from verdict import Verdict, summary

SHOWN_MAX = 15


@dataclass
class Run:
    """What is said about a run beside its history."""

    seed: int
    command: str
    system: str
    seconds: float
    episodes: list[str]
    failed: list[str]
    left_out: list[str]


def markdown(run: Run, verdict: Verdict, records: list[Record]) -> str:
    parts = [
        f"## {'Clean' if verdict.is_clean else 'NOT CLEAN'}: {run.command}",
        _numbers(run, verdict, records),
        _verdict(verdict),
        _breaches(verdict),
        _faults(costs(records)),
        _remarks(records),
    ]
    if run.failed:
        parts.append("Faults that could not be carried out:\n\n" + "\n".join(f"- {what}" for what in run.failed))
    if run.left_out:
        parts.append("Not possible here: " + "; ".join(run.left_out) + ".")
    return "\n\n".join(part for part in parts if part) + "\n"


def _numbers(run: Run, verdict: Verdict, records: list[Record]) -> str:
    tries = sum(isinstance(record, Try) for record in records)
    acks = sum(isinstance(record, Ack) for record in records)
    seen = sum(isinstance(record, Sees) for record in records)
    ack, shown = summary(latencies(records)), summary(verdict.delays)
    lag = max((record.seconds for record in records if isinstance(record, Lag)), default=0.0)
    lines = [
        f"seed {run.seed}, {run.system}, {run.seconds:.0f} s, {len(run.episodes)} episodes",
        f"{tries} tries, {acks} acks, {verdict.unknown} without a sure answer ({verdict.appeared} of those messages"
        f" were written), {seen} messages seen by all observers together",
        f"first try to ack: p50 {ack['p50'] * 1000:.0f} ms, p99 {ack['p99'] * 1000:.0f} ms, highest {ack['max']:.1f} s",
        f"sent_at to the screen of a connected observer: p50 {shown['p50'] * 1000:.0f} ms,"
        f" p99 {shown['p99'] * 1000:.0f} ms, highest {shown['max']:.1f} s"
        f" ({verdict.excused} later than 10 s and excused)",
        f"the harness itself stood still for {lag:.2f} s at most",
    ]
    return "\n".join("- " + line for line in lines)


def _verdict(verdict: Verdict) -> str:
    counts = verdict.count()
    head = "| " + " | ".join(counts) + " |\n|" + "---|" * len(counts)
    return head + "\n| " + " | ".join(str(count) for count in counts.values()) + " |"


def _breaches(verdict: Verdict) -> str:
    lines = []
    for kind, found in verdict.breaches.items():
        lines += [f"- **{kind}**: {what}" for what in found[:SHOWN_MAX]]
        if len(found) > SHOWN_MAX:
            lines.append(f"- **{kind}**: … and {len(found) - SHOWN_MAX} more")
    return "\n".join(lines)


def _faults(found: list[Cost]) -> str:
    if not found:
        return ""
    lines = [
        "| at | fault | lasted | nobody acked | slowest ack | failed tries | all served again | reconnects | swept |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for cost in found:
        recovery = "never" if cost.recovery is None else f"{cost.recovery:.1f} s"
        what = f"`{cost.name}`: {cost.what}" + (f" ({cost.note})" if cost.note else "")
        lines.append(
            f"| {cost.begin:.0f} s | {what} | {cost.seconds:.1f} s | {cost.without_ack:.1f} s | {cost.slowest:.1f} s"
            f" | {cost.failed} of {cost.tries} ({cost.share:.0%}) | {recovery} | {cost.reconnects} | {cost.swept} |"
        )
    return "\n".join(lines)


def _remarks(records: list[Record]) -> str:
    """Alike ones together: the names of devices in front, without what is different each time."""
    counted = Counter(f"{record.by}: {record.what}" for record in records if isinstance(record, Remark))
    lines = [f"- {what}" + (f" ({count} times)" if count > 1 else "") for what, count in counted.most_common(SHOWN_MAX)]
    return "Remarks:\n\n" + "\n".join(lines) if lines else ""
