"""The command line: `quotedesk index | ask | eval | show | status`, and what `ui.cli_serve` adds."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from ui import cli_serve
from ui.call import CallError, FailedError, open_desk, print_json, settings
from ui.progress import Bar, filled

if TYPE_CHECKING:  # what a command needs is loaded by that command: `--help` must not wait for the model
    from bot.answer import Answer, Question


Record = TypeVar("Record")


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 done, 1 failed, 2 wrongly called; an error is one line on standard error."""
    try:
        arguments = _parser().parse_args(words)
        arguments.run(arguments)
        sys.stdout.flush()
    except CallError as error:
        _leave(2, str(error))
    except KeyboardInterrupt:
        _leave(130, "stopped")
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (OSError, RuntimeError, ValueError, LookupError) as error:
        if sys.flags.dev_mode:  # PYTHONDEVMODE=1 shows where it happened
            raise
        _leave(1, str(error))
    sys.exit(0)


def _leave(status: int, message: str) -> NoReturn:
    print(f"quotedesk: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(status)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CallError(f"{message} (see: {self.prog} --help)")


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False)
    common.add_argument(  # no default: a --home before the command must not be undone by the command's own
        "--home", metavar="DIR", default=argparse.SUPPRESS, help="the folder that holds all state (or QUOTEDESK_HOME)"
    )
    as_json = _Parser(add_help=False)
    as_json.add_argument("--json", action="store_true", help="print one JSON object on standard output")

    parser = _Parser(
        prog="quotedesk", description="Ask a news archive; get the answer in exact quotes.", parents=[common]
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, run: Callable[[argparse.Namespace], None], text: str, *, json: bool = True) -> _Parser:
        parents = [common, as_json] if json else [common]
        made: _Parser = commands.add_parser(name, help=text, description=text, parents=parents)
        made.set_defaults(run=run)
        return made

    index = command("index", _index, "add or update articles; a folder is read whole")
    index.add_argument("targets", nargs="+", metavar="PATH_OR_URL")
    ask = command("ask", _ask, "answer a question with quotes")
    ask.add_argument("question", nargs="?", metavar="QUESTION")
    ask.add_argument("--file", metavar="QUESTIONS.jsonl", help="answer many: one JSON object with a question a line")
    ask.add_argument("--after", action="append", default=[], metavar="QUESTION", help="an earlier question; repeatable")
    ask.add_argument("--from", dest="start", type=_day, metavar="DATE", help="only articles published from this day on")
    ask.add_argument("--to", dest="end", type=_day, metavar="DATE", help="only articles published up to this day")
    ask.add_argument("--source", action="append", default=[], metavar="NAME", help="only this outlet; repeatable")
    ask.add_argument("--asked", type=_day, metavar="DATE", help="the day of the question; today if left out")
    evaluated = command("eval", _eval, "score the archive on questions whose answers are known")
    evaluated.add_argument("file", metavar="FILE", help="one JSON object with a question and its answers a line")
    show = command("show", _show, "print an article exactly as it is stored")
    show.add_argument("article_id", metavar="ARTICLE_ID")
    command("status", _status, "what the archive holds, when it last changed, what failed")
    command("feedback", _feedback, "what people found of the answers they got")
    cli_serve.add(command)
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day: write it as 2018-11-25") from None


def _index(arguments: argparse.Namespace) -> None:
    with ExitStack() as stack:
        desk = open_desk(arguments, stack)
        report = desk.add(arguments.targets, stack.enter_context(Bar("Indexing")).show)
    failed = [asdict(failure) for failure in report.failed]
    if arguments.json:
        print_json({**asdict(report), "failed": failed})
    else:
        print(
            f"{report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged, "
            f"{report.removed:,} removed, {len(failed):,} failed in {report.seconds:.1f} s; "
            f"the archive holds {report.articles:,} articles in {report.passages:,} passages."
        )
    if report.failed and not (report.added or report.updated or report.unchanged or report.removed):
        first, more = report.failed[0], len(report.failed) - 1
        others = f" (and {more:,} more: quotedesk status lists them)" if more else ""
        raise FailedError(f"nothing was read: {first.path}: {first.error}{others}")
    if not arguments.json:
        for failure in report.failed:
            print(f"not read: {failure.path}: {failure.error}", file=sys.stderr)


def _ask(arguments: argparse.Namespace) -> None:
    if (arguments.question is None) == (arguments.file is None):
        raise CallError("give either a QUESTION or --file QUESTIONS.jsonl (see: quotedesk ask --help)")
    from bot.question import QuestionError, checked

    try:
        questions = [checked(_question(arguments))] if arguments.file is None else _questions(arguments.file)
    except QuestionError as error:
        raise CallError(str(error)) from error
    with ExitStack() as stack:
        desk = filled(open_desk(arguments, stack))
        bar = stack.enter_context(Bar("Answering")) if arguments.file else None
        for number, question in enumerate(questions, 1):
            _print_answer(desk.ask(question), as_json=arguments.json, separated=number > 1)
            if bar:
                bar.show(number, len(questions))


def _question(arguments: argparse.Namespace) -> Question:
    from bot.answer import Question
    from index.article import Scope

    scope = Scope(arguments.start, arguments.end, tuple(arguments.source))
    return Question(arguments.question, tuple(arguments.after), scope, arguments.asked)


def _questions(name: str) -> list[Question]:
    from bot.question import from_json

    return _records(name, from_json, '{"question": "..."}')


def _records(name: str, parse: Callable[[object], Record], example: str) -> list[Record]:
    """What is in a file of one JSON object a line, all checked before the first is used; `-` is standard input."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FailedError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    records = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                records.append(parse(json.loads(line)))
            except (ValueError, RecursionError) as error:
                raise FailedError(f"{name}:{number}: {error}") from error
    if not records:
        raise FailedError(f"{name} holds no question: write one {example} a line")
    return records


def _eval(arguments: argparse.Namespace) -> None:
    from bot.evaluate import evaluate, gold_from_json

    golds = _records(arguments.file, gold_from_json, '{"question": "...", "answers": ["..."]}')
    with ExitStack() as stack:
        desk = filled(open_desk(arguments, stack))
        scores = evaluate(desk, golds, stack.enter_context(Bar("Asking")).show)
    if arguments.json:
        print_json(scores.as_json())
    else:
        from ui.render import scored

        print(scored(scores))


def _print_answer(answer: Answer, *, as_json: bool, separated: bool) -> None:
    if as_json:
        print_json(answer.as_json())
        return
    from ui.render import plain

    print(("\n" + "─" * 20 + "\n\n" if separated else "") + plain(answer), flush=True)


def _show(arguments: argparse.Namespace) -> None:
    with ExitStack() as stack:
        article = open_desk(arguments, stack).article(arguments.article_id)
    if arguments.json:
        published = article.published.isoformat() if article.published else None
        print_json({**asdict(article), "published": published})
    else:
        sys.stdout.write(article.text)
        if sys.stdout.isatty() and not article.text.endswith("\n"):
            sys.stdout.write("\n")


def _status(arguments: argparse.Namespace) -> None:
    with ExitStack() as stack:
        desk = open_desk(arguments, stack)
        status, covered, home = desk.status(), desk.coverage(), desk.home
    failed = [{"path": path, "error": error} for path, error in status.failed]
    if arguments.json:
        print_json(
            {
                "home": str(home),
                "articles": status.articles,
                "passages": status.passages,
                "from": covered.start.isoformat() if covered.start else None,
                "to": covered.end.isoformat() if covered.end else None,
                "changed": status.changed.isoformat() if status.changed else None,
                "sources": dict(status.sources),
                "failed": failed,
            }
        )
        return
    print(f"{home}: {status.articles:,} articles in {status.passages:,} passages")
    if covered.start:
        print(f"published {covered.start} to {covered.end}")
    print(f"last changed {status.changed:%Y-%m-%d %H:%M} UTC" if status.changed else "nothing indexed yet")
    for source, count in status.sources[:20]:
        print(f"  {count:>6,}  {source}")
    for failure in failed:
        print(f"  not read: {failure['path']}: {failure['error']}")


def _feedback(arguments: argparse.Namespace) -> None:
    from bot.feedback import FeedbackLog

    records = FeedbackLog(settings(arguments).home).read()
    if arguments.json:
        print_json(records)
        return
    for record in records:
        mark = "useful" if record["useful"] else "not useful"
        print(f"{record['at']}  {record['surface']:<7} {mark:<10}  {' '.join(str(record['question']).split())}")
    if not records:
        print("none yet")


if __name__ == "__main__":
    main()
