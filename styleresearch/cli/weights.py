"""``styleresearch weights``: list, fetch, verify and convert the encoders' weights."""

from __future__ import annotations

import argparse


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add the command and its four parts."""
    parser = subparsers.add_parser(
        "weights",
        help="list, fetch, verify and convert the encoders' weights",
        description="The encoders' weights, kept in $STYLERESEARCH_CACHE (default: the platform's cache folder).",
    )
    parts = parser.add_subparsers(required=True, metavar="list|fetch|verify|convert")

    part = parts.add_parser("list", help="show the weights that are known or cached")
    part.set_defaults(run=run, part=_list)

    part = parts.add_parser("fetch", help="bring weights into the cache, from where they are known to be")
    part.add_argument("name", metavar="NAME", help="for instance vgg16; see: styleresearch weights list")
    part.add_argument("--file", help="read them from this file instead")
    part.set_defaults(run=run, part=_fetch)

    part = parts.add_parser("verify", help="recompute the digests of cached weights; exit status 1 if one is wrong")
    part.add_argument("name", metavar="NAME", nargs="?", help="only these (default: all in the cache)")
    part.set_defaults(run=run, part=_verify)

    part = parts.add_parser("convert", help="bring weights from a file of your own into the cache")
    part.add_argument("file", metavar="FILE", help=".safetensors .npz .h5 .onnx .pth .pt .ckpt; no code in it is run")
    part.add_argument("--name", required=True, help="what to call them")
    part.add_argument("--convention", help="caffe, torchvision, normalised, lite or random: its pixels")
    part.add_argument("--arch", help="vgg16, vgg19, alexnet ..., where the layers do not tell")
    part.set_defaults(run=run, part=_convert)


def run(args: argparse.Namespace) -> int:
    """Run the part that was asked for and return the exit status."""
    return args.part(args)


def _list(_args: argparse.Namespace) -> int:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from styleresearch.encoder.weights import KNOWN, cache
    from styleresearch.errors import InputError

    table = Table(box=SIMPLE, pad_edge=False)
    for column in ("name", "arch", "convention", "cached"):
        table.add_column(column, no_wrap=True)
    table.add_column("source, licence", overflow="fold")
    cached = cache.names()
    for known in KNOWN.values():
        state = "yes" if known.name in cached else "no: fetch" if known.package or known.url else "no: convert"
        table.add_row(known.name, known.arch, known.convention, state, f"{known.source}\n{known.licence}")
    for name in cached:
        if name in KNOWN:
            continue
        try:
            header = cache.header_of(cache.path_of(name))
        except InputError:
            header = {}
        arch, convention, source, licence = (
            header.get(key, "?") for key in ("arch", "convention", "source", "licence")
        )
        table.add_row(name, arch, convention, "yes" if header else "damaged", escape(f"{source}\n{licence}"))
    console = Console()
    console.print(table)
    console.print(f"cache: {cache.folder()}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _fetch(args: argparse.Namespace) -> int:
    from styleresearch.encoder.weights import fetch

    _report(fetch(args.name, args.file).name)
    return 0


def _convert(args: argparse.Namespace) -> int:
    from styleresearch.encoder.weights import cache, convert

    weights = convert(args.file, args.name, args.convention, args.arch)
    cache.write(weights)
    _report(weights.name)
    return 0


def _verify(args: argparse.Namespace) -> int:
    from rich.console import Console

    from styleresearch.encoder.weights import KNOWN, cache
    from styleresearch.encoder.weights.known import mend
    from styleresearch.errors import InputError
    from styleresearch.registry import nearest

    console = Console(highlight=False, soft_wrap=True, markup=False)
    names = (args.name,) if args.name else cache.names()
    if args.name and args.name not in cache.names():
        raise InputError(
            f"{args.name!r} is not in the cache {cache.folder()}.{nearest(args.name, [*cache.names(), *KNOWN])} "
            f"Bring it there with: {mend(args.name)}"
        )
    if not names:
        console.print(f"the cache {cache.folder()} holds no weights")
    wrong = 0
    for name in names:
        try:
            weights = cache.read(name)
        except InputError as error:
            wrong += 1
            console.print(f"{name}: WRONG: {error}")
        else:
            console.print(f"{name}: good, sha256 {weights.digest if weights else '?'}")
    return 1 if wrong else 0


def _report(name: str) -> None:
    from rich.console import Console

    from styleresearch.encoder.weights import cache
    from styleresearch.encoder.weights.architectures import ARCHITECTURES
    from styleresearch.errors import InputError

    weights = cache.read(name)
    if weights is None:
        raise InputError(f"{cache.path_of(name)} was removed by another process")
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(f"{name}: {weights.arch}, convention {weights.convention}, sha256 {weights.digest}")
    layers, all_layers = list(weights.params), ARCHITECTURES[weights.arch].shapes
    if len(layers) < len(all_layers):
        console.print(f"only the first {len(layers)} of {len(all_layers)} layers: up to {layers[-1]}")
    console.print(f"source: {weights.source}")
    console.print(f"licence: {weights.licence}")
    console.print(f"cached: {cache.path_of(name)}")
