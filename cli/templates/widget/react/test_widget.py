"""That the card opens this widget's own page."""

import io
import zipfile

from cli import widget
from shared.platform import widgets


def test_the_card_opens_its_own_page() -> None:
    archive = zipfile.ZipFile(io.BytesIO(widget.build("{{NAME}}", "https://functions.example/crm_api")))
    assert 'API + "/widgets/{{NAME}}/?lang="' in archive.read("script.js").decode()
    assert (widgets.FOLDER / "{{NAME}}" / "page" / "index.html").exists()
