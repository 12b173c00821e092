"""``styleresearch study`` on the command line."""

from __future__ import annotations

import json

from PIL import Image


def test_make_says_what_each_rater_will_do(cli, own_folder):
    lines = []
    for number, method in enumerate(("noise", "style", "identity")):
        for pair, content in (("a", "x"), ("b", "x"), ("c", "y"), ("d", "y")):
            Image.new("RGB", (8, 8), (60 * number, 0, 0)).save(own_folder / f"{method}{pair}.png")
            files = {"output": f"{method}{pair}.png", "content": "noisea.png", "style": "noisea.png"}
            names = {"schema": 1, "method": method, "baseline": number > 0, "pair": pair, "content": content}
            lines.append(json.dumps(names | {"style": "st" if pair in "ac" else "uv", "files": files, "metrics": {}}))
    (own_folder / "records.jsonl").write_text("\n".join(lines) + "\n")
    wrong = cli("study", "make", ".", "--out=study")
    assert wrong.status == 2
    assert wrong.err == "styleresearch: a study compares two methods or more; there are: ['noise']\n"
    (own_folder / "consent.txt").write_text("I want to.\n")
    options = ("--methods=('noise', 'style')", "--floors=('identity',)", "--catches=2", "--consent=consent.txt")
    done = cli("study", "make", ".", "--out=study", *options)
    assert (done.status, done.err) == (0, "")
    assert "2 methods, 4 pairs of content and style; for each rater:" in done.out
    assert "4 trials, 1 repeats, 2 catch trials (excluded if more than 1 missed)" in done.out
    assert "<p>I want to.</p>" in (own_folder / "study/study.html").read_text()
    assert cli("study", "make", ".", "--out=other", "--consent=none.txt").err.startswith(
        "styleresearch: --consent none.txt: No such file"
    )


def test_analyse_prints_and_writes_what_foreign_votes_say(cli, own_folder):
    lines = ["rater,content,style,left,right,winner"]
    for rater in "abcdef":
        for content in "xyz":
            for number, style in enumerate("uvw"):
                winner = "theirs" if rater == "f" or (content, style) == ("x", "u") else "ours"
                sides = "ours,theirs" if number % 2 else "theirs,ours"
                lines.append(f"{rater},{content},{style},{sides},{winner}")
    (own_folder / "votes.csv").write_text("\n".join(lines) + "\n")
    done = cli("study", "analyse", "votes.csv", "--out=paper", "--reference=theirs")
    assert (done.status, done.err) == (0, "")
    assert "Preferred over" in done.out
    assert "6 raters, 54 votes on 3 contents and 3 styles." in done.out
    assert "3 styles: the intervals can know little about other styles." in done.out
    assert (own_folder / "paper/study.txt").read_text().strip() in done.out
    assert (own_folder / "paper/study.csv").read_text().startswith("method,label,votes,won,share,strength")
    assert r"\begin{tabular}" in (own_folder / "paper/study.tex").read_text()


def test_one_line_for_votes_of_another_study(cli, own_folder):
    (own_folder / "votes.json").write_text(json.dumps({"kind": "?"}))
    done = cli("study", "analyse", "nowhere", "votes.json")
    assert done.status == 2
    assert done.err.count("\n") == 1
    assert "give the folder that `styleresearch study make` wrote" in done.err
