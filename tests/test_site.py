"""The documentation's site builds, is whole and loads nothing from elsewhere; what it says of the project holds."""

import json
import re
import subprocess
import tomllib
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from tests.conftest import PROJECT

LOADED = {"img": "src", "script": "src", "iframe": "src", "source": "src", "video": "src", "object": "data"}


@dataclass
class Page(HTMLParser):
    """What a built page holds: anchors, where it leads, and what a browser loads with it."""

    anchors: set[str] = field(default_factory=set)
    leads_to: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.leads_to.append(given["href"])
        # Of a <link>, a canonical address or the next page is not loaded.
        if tag == "link" and {"stylesheet", "icon", "preload", "preconnect"} & set(given["rel"].split()):
            self.loads.append(given["href"])
        if LOADED.get(tag) in given:
            self.loads.append(given[LOADED[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = ["just", "docs", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING  -" not in done.stderr
    return folder


@cache
def parsed(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def broken(site: Path, path: Path, link: str) -> bool:
    """Whether a link of a page has no file, or its file not the anchor."""
    place = urlsplit(link)
    if place.scheme or place.netloc:
        return place.scheme != "mailto" and not (place.scheme == "https" and "." in place.netloc)
    target = path
    if place.path:
        target = (site / place.path.lstrip("/") if place.path.startswith("/") else path.parent / place.path).resolve()
        target = Path(unquote(str(target)))
    target = target / "index.html" if target.is_dir() else target
    if not target.is_relative_to(site.resolve()) or not target.is_file():
        return True
    return bool(place.fragment) and unquote(place.fragment) not in parsed(target).anchors | {"__top"}


def test_every_link_and_picture_is_there(site: Path) -> None:
    pages = sorted(site.resolve().rglob("*.html"))
    assert len(pages) > 15
    links = [(path, link) for path in pages for link in (*parsed(path).leads_to, *parsed(path).loads)]
    assert len(links) > 500
    assert [f"{path.relative_to(site.resolve())}: {link}" for path, link in links if broken(site, path, link)] == []


def test_the_link_check_finds_what_is_broken(site: Path) -> None:
    home = site.resolve() / "index.html"
    assert not broken(site, home, "quickstart/#for-an-app")
    for link in ("nowhere/", "quickstart/#nowhere", "../../etc/passwd", "before.jpg", "ftp://example.com", "https://x"):
        assert broken(site, home, link)


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    for path in site.rglob("*.html"):
        assert [link for link in parsed(path).loads if urlsplit(link).netloc] == []
        assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", path.read_text(encoding="utf-8"))
    for path in site.rglob("*.css"):
        assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", path.read_text(encoding="utf-8"))


def test_links_outside_the_site_lead_to_files() -> None:
    for page in PROJECT.glob("*.md"):
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            assert urlsplit(link).scheme or (PROJECT / link).exists(), f"{page.name}: {link}"


def test_the_manifest_page_has_every_field() -> None:
    page = (PROJECT / "docs" / "manifest.md").read_text()
    manifest = json.loads((PROJECT / "sdk" / "models" / "manifest.json").read_text())
    tables = (manifest, manifest["model"], manifest["tensors"], manifest["colour"], *manifest["artifacts"])
    fields = {name for table in tables for name in table}
    assert {name for name in fields if f"| `{name}` |" not in page} == set()


def test_the_citation_is_the_projects() -> None:
    """The keys that Citation File Format 1.2.0 requires, and those that repeat pyproject.toml."""
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title"} <= set(citation)
    assert citation["type"] == "software"
    assert all("name" in author or {"family-names", "given-names"} <= set(author) for author in citation["authors"])
    same = {name: citation[name] for name in ("version", "license", "keywords")}
    assert same == {name: project[name] for name in same}
