"""Every sentence of the tool and of the weeks has its translation."""

import pytest

from course.language import LANGUAGES
from course.project import Project

pytest.importorskip("babel", reason="needs Babel: pip install -e '.[dev]'")
translations = pytest.importorskip("course.translations")

PROJECT = Project.find()
MESSAGES = translations.messages(PROJECT)


@pytest.fixture(scope="module", params=LANGUAGES[1:])
def language(request):
    return request.param


@pytest.mark.parametrize("name", MESSAGES)
def test_every_sentence_is_translated(language, name):
    catalogue = translations.gathered(PROJECT, language, name, MESSAGES[name])
    missing = [message.id for message in catalogue if message.id and not message.string]
    assert not missing, f"run course authoring translations, and translate in {name}.po"


@pytest.mark.parametrize("name", MESSAGES)
def test_translations_have_the_same_values_to_fill_in(language, name):
    for message in translations.gathered(PROJECT, language, name, MESSAGES[name]):
        if message.id and message.string:
            wanted = translations.placeholders(message.id)
            assert translations.placeholders(message.string) == wanted, message.id


def test_the_tool_uses_what_is_translated(language):
    catalogues = [translations.gathered(PROJECT, language, n, m) for n, m in MESSAGES.items()]
    assert translations.compiled(language) == translations.translated(catalogues)
