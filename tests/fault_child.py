"""The process that meets the faults: runs verbs of the product, in a fork of itself, under the shim.

`python fault_child.py` imports the product once and then answers jobs, one JSON object a line: for each actor of
a job it forks a child that arms the shim, runs its verbs as the command line would, one after the other until
one fails, and is killed after `seconds` where these are given. Forking saves the time of importing, two hundred times.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import preventable.__main__
from preventable import hand_over, pipeline
from preventable.engine.duckdb import DuckDBEngine
from preventable.intake import submit as intake
from preventable.stages.packs import stage as packs_stage

PLANS = {"watch": 0, "kill before": 1, "kill inside": 2, "fail once": 3, "fail on": 4}


#: So that steps which can be taken part by part are: a run of the product's size is larger than the world of faults.
ROWS_A_RUN = 200


def main() -> None:
    """Answer jobs until standard input ends."""
    hand_over._ROWS_A_RUN = ROWS_A_RUN
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)


def _answer(job: dict[str, Any]) -> list[int]:
    """Exit code of each actor; -9 where it was killed."""
    children = [(_start(actor), actor) for actor in job["actors"]]
    for child, actor in children:
        if actor.get("seconds") is not None:
            time.sleep(actor["seconds"])
            os.kill(child, signal.SIGKILL)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child, _ in children]


def _start(actor: dict[str, Any]) -> int:
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        _redirect(Path(actor["out"]))
        if actor.get("log"):
            _arm(actor)
        code = _work(actor)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _redirect(out: Path) -> None:
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)


def _arm(actor: dict[str, Any]) -> None:
    shim = ctypes.CDLL(None)
    log = os.open(actor["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    plan = actor.get("plan") or {"do": "watch", "at": 0}
    shim.fault_arm(
        actor["home"].encode(), log, PLANS[plan["do"]], ctypes.c_long(plan["at"]), plan.get("errno", 0)
    )
    _mark_the_flow(lambda what: shim.fault_mark(what.encode()), actor.get("stop", ""))


def _mark_the_flow(mark: Callable[[str], None], stop: str) -> None:
    """Points between the writes: a stage begins, a file is read, a statement runs, a document is drawn."""
    real_step = pipeline._run_step

    def step(step: Any, run: Any) -> Any:
        mark(f"stage {step.name}")
        if step.name == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return real_step(step, run)

    pipeline._run_step = step
    for owner, name, what in (
        (intake, "_examine", "a file is read"),
        (intake, "read_submission", "a file is parsed"),
        (intake, "_refuse_future", "a file was parsed"),
        (DuckDBEngine, "create", "a statement runs"),
        (DuckDBEngine, "load", "a table is loaded"),
        (packs_stage, "render_html", "a page is made"),
        (packs_stage, "render_pdf", "a print is made"),
        (packs_stage, "render_xlsx", "a workbook is made"),
    ):
        setattr(owner, name, _marked(getattr(owner, name), what, mark))


def _marked(real: Callable[..., Any], what: str, mark: Callable[[str], None]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        mark(what)
        return real(*arguments, **options)

    return call


def _work(actor: dict[str, Any]) -> int:
    if "call" in actor:
        module, name = actor["call"].split(":")
        getattr(importlib.import_module(module), name)(*actor["arguments"])
        return 0
    for verb in actor["verbs"]:
        sys.argv = ["preventable", *verb]
        try:
            preventable.__main__.main()
        except SystemExit as ended:
            if ended.code:
                return ended.code if isinstance(ended.code, int) else 1
    return 0


if __name__ == "__main__":
    main()
