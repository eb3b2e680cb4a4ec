"""`make pictures`: every picture of the pages anew, in two languages, and the moving one; `ONLY="events card"` some."""

import click

from tests.chromium import launched
from tests.demo import running
from tests.pictures import film, kept
from tests.pictures.scenes import SCENES
from tests.pictures.shots import SHOTS, walk
from tests.pictures.stage import Stage

_FILM = "film"


@click.command()
@click.option("--only", default="", help="names of pictures, with spaces between them")
@click.option("--language", "languages", multiple=True, type=click.Choice(list(SCENES)), default=list(SCENES))
def main(only: str, languages: tuple[str, ...]) -> None:
    """Prints their sizes."""
    names = only.split()
    known = [*(one.name for one in SHOTS), _FILM]
    if set(names) - set(known):
        raise click.UsageError(f"there are {', '.join(known)}")
    for language in languages:
        if not names or set(names) - {_FILM}:
            _take(language, names)
        if not names or _FILM in names:
            _film(language)
    total = sum(file.stat().st_size for file in kept.FOLDER.rglob("*.*"))
    click.echo(f"all together: {total:,} bytes")


def _take(language: str, names: list[str]) -> None:
    if not names:
        _remove_others(language)
    with launched() as browser, running() as demo:
        for shot, page in walk(browser, Stage(demo, SCENES[language]), names):
            kept.keep(language, kept.shown(language) | {shot.name: kept.read(page, language)})
            click.echo(f"{language}/{shot.name}: {kept.take(page, shot, language):,} bytes")


def _remove_others(language: str) -> None:
    """What is no shot any more."""
    known = {one.name for one in SHOTS}
    for file in (kept.FOLDER / language).glob("*.webp"):
        if file.stem not in known | {_FILM}:
            file.unlink()
    kept.keep(language, {name: words for name, words in kept.shown(language).items() if name in known})


def _film(language: str) -> None:
    with launched() as browser, running() as demo:
        file = kept.FOLDER / language / f"{_FILM}.webp"
        file.write_bytes(film.made(browser, demo, SCENES[language]))
        click.echo(f"{language}/{_FILM}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
