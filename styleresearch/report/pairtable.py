"""Every value of a run as ``pairs.csv``: a row for each picture, a column for each metric and cost."""

from __future__ import annotations

import csv
import io

from styleresearch.report.records import RunRecords
from styleresearch.report.tables import spreadsheet_text

COLUMNS = ("method", "label", "baseline", "content", "style", "seed", "height", "width", "framing", "in_sample", "file")


def csv_text(run: RunRecords) -> str:
    """Return the table; missing values are empty fields, texts are ``spreadsheet_text``."""
    out = io.StringIO()
    values = [column for column in run.metrics if column.name not in COLUMNS]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, *(spreadsheet_text(column.name) for column in values)])
    for method in run.methods:
        for pair, record in run.of_method(method.name).items():
            texts = [method.name, method.label, str(int(method.baseline)), pair.content, pair.style]
            facts = ["" if pair.seed is None else str(pair.seed), *map(str, record.size or ("", "")), record.framing]
            facts += [" ".join(record.in_sample), record.files.get("output") or ""]
            numbers = [column.value(record) for column in values]
            writer.writerow(
                [*map(spreadsheet_text, [*texts, *facts]), *("" if each is None else repr(each) for each in numbers)]
            )
    return out.getvalue()
