"""In which language an account's notes and quotations are, where nobody has chosen one."""

import pytest

from shared.platform.i18n import document_language
from tests.story import Story, json_of
from tests.submitting import form, note_of, set_up, submit


@pytest.mark.parametrize(
    ("domain", "settings", "language"),
    [
        ("x.kommo.com", {"account_country": "BR"}, "pt"),
        ("x.kommo.com", {"account_country": "mx"}, "es"),
        ("x.kommo.com", {"account_country": "UA"}, "uk"),
        ("x.kommo.com", {"account_country": "DE"}, "en"),
        ("x.kommo.com", {"account_country": ""}, "en"),
        ("x.kommo.com", {}, "en"),
        ("x.kommo.com", {"account_country": "BR", "language": "en"}, "en"),
        ("x.amocrm.com", {"account_country": "BR"}, "pt"),
        ("x.amocrm.com", {"account_country": "KZ"}, "ru"),
        ("x.amocrm.com", {}, "en"),
        ("x.amocrm.ru", {"account_country": "UZ"}, "ru"),
        ("x.amocrm.ru", {}, "ru"),
    ],
)
def test_documents_are_in_the_language_of_the_accounts_country(
    domain: str, settings: dict[str, str], language: str
) -> None:
    assert document_language(settings, domain) == language


def test_a_company_in_sao_paulo_reads_its_notes_in_portuguese(tale: Story) -> None:
    """They were English until somebody found the setting."""
    made = tale.simulator.control(
        "account", subdomain=f"{tale.domain.partition('.')[0]}k", top_level_domain="kommo.com", country="BR"
    )
    tale.domain, tale.account_id, tale.lead_id = made["domain"], made["id"], made["leads"][0]
    tale.connect()
    set_up(tale)
    note = note_of(
        tale, submit(tale, form(contact={"name": "Ana", "phone": "(11) 91234-5678"}, fields={"Cor": "azul"}))
    )
    assert "Formulário" in note
    assert "Cálculo de vidro" in json_of(tale.crm("preview", tale.admin(), {}))["note"]
