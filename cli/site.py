"""`docs`: the documentation site, from `docs/`, from what other folders tell of themselves, and from the code.

It is made in a folder of its own first: each page in each language, with links as the site has them. What has no
Russian page is shown in English there, and says so.
"""

import logging
import os
import posixpath
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from markdown.extensions.toc import slugify
from mkdocs.commands.build import build as build_site
from mkdocs.config import load_config

from cli import output, reference

ROOT: Final = Path(__file__).resolve().parents[1]
DOCS: Final = ROOT / "docs"
# Documents of the project that are pages of the site under another name.
_ELSEWHERE: Final = {
    "README.md": "index.md",
    "clients/js/README.md": "client.md",
    "clients/js/README.ru.md": "client.ru.md",
    "README.ru.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "openapi.yaml": "openapi.yaml",
}
_MERMAID: Final = ROOT / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
# A block of code, or a heading.
_HEADING: Final = re.compile(r"^ *```.*?^ *```|^#{1,6} ([^\n]+)$", re.MULTILINE | re.DOTALL)
_ENGLISH_ONLY: Final = '!!! note ""\n    Эта страница есть только по-английски.\n\n'
# A block of code, a link, or a word of code: only the second is one.
_LINK: Final = re.compile(
    r"^```.*?^```|(?P<text>\[(?:[^\[\]]|\[[^\]]*\])*\])\((?P<target>[^)\s]+)\)|`[^`\n]+`", re.MULTILINE | re.DOTALL
)


class SiteError(Exception):
    """mkdocs has something to say against it: a link that leads nowhere, a page that is in no list."""


def build(out: Path, commands: click.Group) -> None:
    """`commands`: those that have a page. Raises SiteError with every complaint, FileExistsError for a folder that
    holds something else.

    Nothing is asked of other hosts, now or by the readers' browsers.
    """
    output.require_ours(out, "sitemap.xml")
    out.parent.mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    handler = _Kept(complaints)
    logger = logging.getLogger("mkdocs")
    logger.addHandler(handler)
    logger.propagate = False
    # A site that was interrupted while it was made would be taken for a whole one, or for somebody's own folder.
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as name:
        sources, built = Path(name) / "sources", Path(name) / "site"
        sources.mkdir()
        try:
            prepare(sources, commands)
            more: dict[str, Any] = {"extra_javascript": ["mermaid.js"]} if _MERMAID.exists() else {}
            config = load_config(str(ROOT / "mkdocs.yml"), docs_dir=str(sources), site_dir=str(built), **more)
            build_site(config)
        finally:
            logger.removeHandler(handler)
        # The language switch asks for it beside each page.
        for folder in {page.parent for page in built.rglob("*.html")} - {built}:
            shutil.copyfile(built / "sitemap.xml", folder / "sitemap.xml")
        if out.exists():
            shutil.rmtree(out)
        built.rename(out)
    if complaints:
        raise SiteError("\n".join(complaints))


def prepare(folder: Path, commands: click.Group) -> None:
    """Everything that the site is made of."""
    shutil.copytree(DOCS, folder, dirs_exist_ok=True)
    for source, name in _ELSEWHERE.items():
        if name != "index.md":  # the README's place on the site
            shutil.copyfile(ROOT / source, folder / name)
    for language, suffix in (("en", ".md"), ("ru", ".ru.md")):
        for name, text in reference.pages(language, commands).items():
            (folder / f"{name}{suffix}").write_text(text, encoding="utf-8")
    if _MERMAID.exists():
        shutil.copyfile(_MERMAID, folder / "mermaid.js")
    sources = {name: source for source, name in _ELSEWHERE.items()}
    for page in sorted(folder.rglob("*.md")):
        name = page.relative_to(folder).as_posix()
        source = f"docs/{name}" if name == "index.md" else sources.get(name, f"docs/{name}")
        text = with_links(page.read_text(encoding="utf-8"), source)
        # Material would load what draws diagrams from another host. Without it (no `npm ci`) they are shown as text.
        page.write_text(text if _MERMAID.exists() else text.replace("```mermaid", "```text"), encoding="utf-8")
    for page in [one for one in folder.rglob("*.md") if not one.name.endswith(".ru.md")]:
        russian = page.with_suffix(".ru.md")
        if russian.exists():
            russian.write_text(_with_anchors(russian.read_text("utf-8"), page.read_text("utf-8")), encoding="utf-8")
        else:
            russian.write_text(_ENGLISH_ONLY + page.read_text(encoding="utf-8"), encoding="utf-8")


def _with_anchors(translation: str, original: str) -> str:
    """Each heading gets the name that its original has, so that a link leads to the same place in both languages."""
    plain = (re.sub(r"[`*\[]|\]\([^)]*\)", "", one) for one in _HEADING.findall(original) if one)
    names = iter([slugify(one, "-") for one in plain])
    return _HEADING.sub(lambda match: f"{match[0]} {{#{next(names, '')}}}" if match[1] else match[0], translation)


def with_links(text: str, source: str) -> str:
    """The page with its links as the site has them; `source` is its path in the project.

    A link to source code leads to the repository that SOURCE_URL names; without it there is no such link.
    """
    return _LINK.sub(_Links(source), text)


def links(text: str) -> Iterator[str]:
    """Where the links and pictures of a page lead, as they are written there."""
    yield from (match["target"] for match in _LINK.finditer(text) if match["target"])


class _Links:
    def __init__(self, source: str) -> None:
        self._folder = posixpath.dirname(source)
        self._own_folder = self._folder.removeprefix("docs").removeprefix("/") if source.startswith("docs/") else ""

    def __call__(self, match: re.Match[str]) -> str:
        text, target = match["text"], match["target"]
        if target is None or re.match(r"[a-z]+:|#", target):
            return match[0]
        path, sign, fragment = target.partition("#")
        whole = posixpath.normpath(posixpath.join(self._folder, path))
        page = _ELSEWHERE.get(whole) or (whole.removeprefix("docs/") if whole.startswith("docs/") else None)
        if page is not None:
            return f"{text}({posixpath.relpath(page, self._own_folder or '.')}{sign}{fragment})"
        if repository := os.environ.get("SOURCE_URL"):
            return f"{text}({repository.rstrip('/')}/{whole})"
        return text[1:-1]


class _Kept(logging.Handler):
    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(record.getMessage())
