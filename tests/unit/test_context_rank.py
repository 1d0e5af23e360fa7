from __future__ import annotations

from journeyman.context.rank.query import read_query, weighted_terms

ISSUE = """Parsing fails for `parse_date`
### Checklist

- [x] I have read the manual

It broke in pkg.dates since 3.2, see src/pkg/dates.py and `--no-cache-dir`.

```python
pkg.parse_date("now")
```

```
Traceback (most recent call last):
  File "main.py", line 3, in <module>
    main()
  File "/usr/lib/python3/site-packages/pkg/dates.py", line 41, in parse_date
    raise ValueError("no such date")
ValueError: no such date
```
"""


def test_a_text_is_taken_apart() -> None:
    query = read_query(ISSUE)
    assert query.title == "Parsing fails for `parse_date`"
    assert "manual" not in query.prose
    assert "pkg.parse_date" in query.code
    assert "Traceback" in query.log
    assert query.errors == "ValueError: no such date"
    assert {"parse_date", "no_cache_dir"} <= set(query.names)
    assert "src/pkg/dates.py" in query.paths
    assert "pkg.dates" in query.dotted
    assert [(frame.path.rsplit("/", 1)[-1], frame.line) for frame in query.frames] == [
        ("dates.py", 41),
        ("main.py", 3),
    ]


def test_the_title_weighs_most() -> None:
    weights = weighted_terms(read_query("alpha\n\nbeta beta\n\n```\ngamma\n```\n"))
    assert weights["alpha"] > weights["beta"] > weights["gamma"]
