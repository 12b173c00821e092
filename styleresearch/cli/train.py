"""``styleresearch train``: a method that learns."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from styleresearch.cli.imports import add_option, bring, naming

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from styleresearch.training.listener import StepReport


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "train",
        help="train a method that learns",
        description="Train the method of a config in a run directory: checkpoints, metrics.jsonl, TensorBoard events, "
        "sample grids. The same command continues a run that was interrupted, bit by bit.",
    )
    parser.add_argument("--config", required=True, help="for example configs/adain.py")
    parser.add_argument("--workdir", required=True, type=Path, help="the run directory, created if need be")
    parser.add_argument(
        "--distributed",
        metavar="ADDRESS,PROCESSES,INDEX",
        help="this process is one of several that train together: HOST:PORT of the first, how many, which this "
        "is (from 0); 'auto' asks the cluster (SLURM, Cloud TPU)",
    )
    add_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, showing how it goes."""
    from rich.console import Console

    from styleresearch.cli.display import bars
    from styleresearch.cli.setup import enable_compilation_cache, join_processes
    from styleresearch.config.file import load_config
    from styleresearch.errors import InputError
    from styleresearch.tasks.train import TrainingRun, train

    console = Console(highlight=False)
    enable_compilation_cache()
    if args.distributed is not None:
        join_processes(args.distributed)
    bring(args.imports)
    training = TrainingRun.of(load_config(args.config, args.overrides))
    with bars(console) as display:
        shown = _Shown(display, training.settings.steps)
        try:
            state = train(training, args.workdir, shown)
        except ArithmeticError as error:
            raise InputError(str(error)) from error
    done = int(state.step)
    if done < training.settings.steps:
        console.print(f"stopped after step {done}; the same command continues", soft_wrap=True, markup=False)
        return 130
    console.print(f"Trained: {args.workdir} (step {done})", soft_wrap=True, markup=False)
    style = "" if training.method.takes.styles == "none" else " --style=..."
    named = "".join(f" {option}" for option in naming(training.config))
    console.print(
        f"Use it:  styleresearch stylize --checkpoint={args.workdir}{named} --content=...{style} --out=...",
        soft_wrap=True,
        markup=False,
    )
    return 0


class _Shown:
    """Shows what a run tells: a bar, and a line for every report."""

    def __init__(self, display: Progress, steps: int) -> None:
        self.display = display
        self.task: Any = display.add_task("training", total=steps, note="", visible=False)
        self.ringing: tuple[Any, ...] = ()
        self.making: Any = display.add_task("", total=None, note="", visible=False)

    @property
    def console(self) -> Console:
        return self.display.console

    def preparing(self, what: str, done: int, total: int) -> None:
        self.display.update(self.making, description=what, completed=done, total=total, visible=done < total)

    def compiled(self, seconds: float) -> None:
        self.console.print(f"compiled the step in {seconds:.1f} s", markup=False)
        self.display.update(self.task, visible=True)

    def resumed(self, step: int) -> None:
        self.display.update(self.making, visible=False)
        if step:
            self.console.print(f"continuing after step {step}", markup=False)
        self.display.update(self.task, completed=step)

    def report(self, report: StepReport) -> None:
        terms = "  ".join(f"{name} {value:.4g}" for name, value in report.metrics.items())
        left = (report.steps - report.step) * report.seconds_per_step
        speed = f"{1 / report.seconds_per_step:.2f} steps/s, {report.images_per_second:.1f} images/s"
        data = f", {report.waiting:.0%} of it waiting for data" if report.waiting > 0.05 else ""
        self.console.print(f"{report.step:>7}/{report.steps}  {terms}  ({speed}{data})", markup=False, soft_wrap=True)
        for alarm in report.alarms:
            # Once, not with every line for as long as it lasts.
            if alarm not in self.ringing:
                value = f"{alarm.metric} {report.metrics[alarm.metric]:.2f}"
                self.console.print(f"warning: {value}: {alarm.says}", style="yellow", markup=False, soft_wrap=True)
        self.ringing = report.alarms
        self.display.update(self.task, completed=report.step, note=f"{_clock(left)} left")

    def sampled(self, file: Path) -> None:
        self.console.print(f"samples: {file}", markup=False, soft_wrap=True)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
