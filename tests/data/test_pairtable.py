"""Tables of pairs, whichever program wrote them."""

import pytest

from styleresearch.data.pairtable import Row, read_table
from styleresearch.errors import InputError

WANTED = (Row("1.png", "hill", "oil"), Row("2 b.png", "lake", "Cubism/x.png"))


@pytest.mark.parametrize(
    "text",
    [
        "output,content,style\n1.png,hill,oil\n2 b.png,lake,Cubism/x.png\n",
        "output;content;style\n1.png;hill;oil\n2 b.png;lake;Cubism/x.png\n",
        "output\tcontent\tstyle\n1.png\thill\toil\n2 b.png\tlake\tCubism/x.png",
        "output|content|style\n1.png|hill|oil\n2 b.png|lake|Cubism/x.png",
        "output, content, style\n1.png, hill, oil\n2 b.png , lake,\tCubism/x.png \n",
        "Output,CONTENT,Style\r\n1.png,hill,oil\r\n2 b.png,lake,Cubism/x.png\r\n",
        "style,output,note,content\noil,1.png,,hill\nCubism/x.png,2 b.png,good,lake\n",
        "\n# what I made\noutput,content,style\n\n1.png,hill,oil\n,,\n# later\n2 b.png,lake,Cubism/x.png\n\n",
        '"output","content","style"\n"1.png","hill","oil"\n"2 b.png", "lake" ,"Cubism/x.png",\n',
        "sep=;\noutput;content;style\n1.png;hill;oil\n2 b.png;lake;Cubism/x.png\n",
        "output,content,style\r1.png,hill,oil\r2 b.png,lake,Cubism/x.png\r",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_by_any_program(tmp_path, text, encoding):
    (tmp_path / "pairs.csv").write_bytes(text.encode(encoding))
    assert read_table(tmp_path / "pairs.csv") == (WANTED, 0)


def test_a_row_that_is_there_twice_counts_once(tmp_path):
    (tmp_path / "pairs.csv").write_text("output,content,style\na,b,c\na,b,c\na,b,d\na,b, c\n")
    assert read_table(tmp_path / "pairs.csv") == ((Row("a", "b", "c"), Row("a", "b", "d")), 2)


def test_a_picture_may_be_called_like_a_comment(tmp_path):
    (tmp_path / "pairs.csv").write_text('output,content,style\n#1.png,"a,b;c",oil\n')
    assert read_table(tmp_path / "pairs.csv")[0] == (Row("#1.png", "a,b;c", "oil"),)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "has no column content, output, style"),
        (b"a b c\n1 2 3\n", "has no column content, output, style"),
        (b"output,content\na,b\n", "has no column style; it needs output, content, style"),
        (b"output,content,style,content\na,b,c,d\n", "has the column content twice"),
        (b"output,content,style\na,b\nc,d,e\n,x,y\n", "empty cells in line 2, 4; each needs"),
        (b"output,content,style\na, b.png,c,d\n", "more cells than columns in line 2; put names"),
        (b"output,content,style\ncaf\xe9.png,b,c\n", "cannot read the table .*; give a UTF-8 CSV file"),
        ("output,content,style\na,b,c\n".encode("utf-16-le"), "has no column"),
    ],
)
def test_a_table_that_cannot_be_followed_says_where(tmp_path, data, message):
    (tmp_path / "pairs.csv").write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        read_table(tmp_path / "pairs.csv")
    assert "\n" not in str(caught.value)
