"""What the tests of the report share: a page read back with Python's own parser."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = {"meta", "link", "img", "br", "path", "line", "circle", "rect"}


@dataclass
class Node:
    """An element: its tag, its attributes, what it holds."""

    tag: str
    attributes: dict[str, str | None]
    children: list = field(default_factory=list)

    @property
    def text(self):
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    def walk(self):
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def all(self, tag, **attributes):
        """The elements of a tag inside, with these attributes."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            node
            for node in self.walk()
            if node.tag == tag and all(node.attributes.get(n) == v for n, v in wanted.items())
        ]

    def one(self, tag, **attributes):
        (found,) = self.all(tag, **attributes)
        return found


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        node = Node(tag, dict(attrs))
        assert len(node.attributes) == len(attrs), f"an attribute stands twice in <{tag}>"
        self.open[-1].children.append(node)
        if tag not in EMPTY:
            self.open.append(node)

    def handle_startendtag(self, tag, attrs):
        assert tag in EMPTY, f"<{tag}/> would stay open in HTML"
        self.open[-1].children.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.open[-1].children.append(data)


def read(text):
    """The page as a tree, once it is well formed."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == [reader.root], "an element is still open at the end"
    return reader.root


def check(text):
    """Holds a page to what every page promises; gives its tree."""
    page = read(text)
    nodes = list(page.walk())
    assert len(text.encode()) < 2_000_000
    assert not page.all("script")
    for node in nodes:
        for name, value in node.attributes.items():
            assert not name.startswith("on"), name
            if name in ("src", "href", "srcset", "data", "action"):
                assert value.startswith(("data:", "#")), value
    assert "url(" not in text
    assert "@import" not in text
    assert page.one("html").attributes["lang"] == "en"
    levels = [int(node.tag[1]) for node in nodes if node.tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = [node.attributes["id"] for node in nodes if "id" in node.attributes]
    assert len(set(ids)) == len(ids)
    for link in page.all("a"):
        assert link.attributes["href"].removeprefix("#") in ids
    for node in nodes:
        if node.tag == "img":
            assert node.attributes["alt"]
        if node.tag == "svg":
            assert node.attributes["role"] == "img"
            assert node.attributes["aria-label"]
            assert "nan" not in str([child.attributes for child in node.walk()]).lower()
        if node.tag == "table":
            assert node.one("caption").text
        if node.tag == "section":
            assert node.attributes["aria-labelledby"] in ids
    return page


def numbers(page):
    """The exact numbers of the page by the names that metrics.json has for them."""
    named = [node for node in page.all("data") if "data-name" in node.attributes]
    return {node.attributes["data-name"]: float(node.attributes["value"]) for node in named}


def looked_up(metrics, name):
    """What metrics.json says under a name such as `by_class.0.recall`."""
    found = metrics
    for step in name.split("."):
        found = found[int(step)] if isinstance(found, list) else found[step]
    return found
