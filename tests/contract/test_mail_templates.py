"""Mail templates: the shipped ones are sound, and every mistake in others is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.mail.templates import Templates, check
from rules.errors import PlaybookError

SHIPPED = Path("playbooks/mail")
TEXT = """---
subject: Hello {{ name }}
variables: {name: you}
links: {read: "https://example.com/a"}
---
Hello {{ name }}: {{ link('read') }} {{ unsubscribe }}
"""
MJML = """<mjml><mj-body><mj-section><mj-column>
<mj-text>{% if name %}Hello {{ name }}{% endif %}</mj-text>
<mj-button href="{{ link('read') }}">Read</mj-button>
<mj-text><a href="{{ unsubscribe }}">leave</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


def test_a_reader_in_taiwan_gets_the_chinese_mail_in_her_letters_and_her_name_as_it_is() -> None:
    template = Templates.load(SHIPPED).get("wakeup", "zh-Hant-TW")
    assert template is not None
    variables = dict.fromkeys(template.front.variables, "") | {"name": "张伟"}
    made = template.render(variables, click=str, unsubscribe="https://x.example/u")
    assert 'lang="zh-TW"' in made.html and 'lang="zh-CN"' not in made.html
    assert "张伟" in made.text and "们" not in made.text + made.html and "們" in made.text


def test_a_template_of_her_own_is_taken_as_it_is(tmp_path: Path) -> None:
    for language in ("zh-CN", "zh-TW"):
        (tmp_path / f"hello.{language}.txt").write_text(TEXT.replace("Hello", f"软件{language}"), encoding="utf-8")
        (tmp_path / f"hello.{language}.mjml").write_text(MJML, encoding="utf-8")
    found = Templates.load(tmp_path).get("hello", "zh-TW")
    assert found is not None and "软件zh-TW" in found.sources.subject


def folder(tmp_path: Path, text: str = TEXT, mjml: str = MJML) -> Path:
    (tmp_path / "hello.en.txt").write_text(text, encoding="utf-8")
    (tmp_path / "hello.en.mjml").write_text(mjml, encoding="utf-8")
    return tmp_path


def test_the_shipped_templates_have_no_mistakes_and_both_languages() -> None:
    assert check(SHIPPED) == []
    templates = Templates.load(SHIPPED)
    assert templates.names == {"wakeup"}
    for asked, found in (("zh-CN", "zh-CN"), ("zh-TW", "zh-TW"), ("en", "en"), ("en-GB", "en"), ("fr", "en")):
        template = templates.get("wakeup", asked)
        assert template is not None
        assert template.language == found
    assert templates.get("nothing", "en") is None


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_shipped_mail_is_light_and_asks_nobody_else(language: str) -> None:
    template = Templates.load(SHIPPED).get("wakeup", language)
    assert template is not None
    filled = template.render({}, click=lambda index: f"https://hub.test/r/{index}", unsubscribe="https://hub.test/u/t")
    assert len(filled.html.encode()) < 60_000
    assert f'lang="{language}"' in filled.html
    for foreign in ("fonts.googleapis", "<img", "<script", "src=", "@import"):
        assert foreign not in filled.html
    assert filled.subject
    assert "{{" not in filled.html + filled.text


def test_values_fill_in_and_empty_ones_take_what_the_template_says(tmp_path: Path) -> None:
    template = Templates.load(folder(tmp_path)).get("hello", "en")
    assert template is not None
    for given, shown in (({}, "you"), ({"name": ""}, "you"), ({"name": "A<b>\x00\n{{ 7*7 }}"}, "A<b> {{ 7*7 }}")):
        filled = template.render(given, click=lambda index: f"L{index}", unsubscribe="U")
        assert filled.subject == f"Hello {shown}"
        assert filled.text == f"Hello {shown}: L0 U\n"
        assert ("A&lt;b&gt; {{ 7*7 }}" in filled.html) == bool(given.get("name"))
    long = template.render({"name": "x" * 5000}, click=lambda index: "", unsubscribe="")
    assert len(long.subject) <= 306


@pytest.mark.parametrize(
    ("text", "mjml", "found"),
    [
        (TEXT.replace("{{ name }}:", "{{ nmae }}:"), MJML, "hello.en.txt:6: found an unknown name 'nmae'"),
        (TEXT.replace("Hello {{ name }}\n", "Hi {{ nmae }}\n"), MJML, "did you mean 'name'?"),
        (TEXT, MJML.replace("'read'", "'raed'"), "hello.en.mjml:3: found an unknown name 'raed'"),
        (TEXT.replace("{{ unsubscribe }}", ""), MJML, "found a text without a way out"),
        (TEXT, MJML.replace("{{ unsubscribe }}", "x"), "found a mjml without a way out"),
        (TEXT.replace("---\nsubject", "subject"), MJML, "found no front matter"),
        (TEXT.replace("subject: Hello {{ name }}", "subjct: x"), MJML, "subjct"),
        (TEXT.replace("{name: you}", "[oops"), MJML, "expected YAML"),
        (TEXT.replace("{name: you}", "{name: &a you, other: *a}"), MJML, "an alias"),
        (TEXT.replace("{name: you}", "!!python/object/apply:os.system ['true']"), MJML, "expected YAML"),
        (TEXT.replace("https://example.com/a", "javascript:alert(1)"), MJML, "links.read"),
        (TEXT.replace("https://example.com/a", "https://a@evil.test/"), MJML, "links.read"),
        (TEXT, MJML.replace("<mj-button", "<mj-buton").replace("/mj-button", "/mj-buton"), "did you mean 'mj-button'?"),
        (TEXT, MJML.replace("</mj-column>", ""), "expected MJML"),
        (TEXT, MJML.replace("<mj-body>", '<mj-body><mj-include path="/etc/passwd" />'), "<mj-include>"),
        (TEXT.replace("{{ name }}:", "{{ name.__class__ }}:"), MJML, "found getattr"),
        (TEXT.replace("{{ name }}:", "{{ 7*7 }}:"), MJML, "found mul"),
        (TEXT.replace("{{ name }}:", "{% for i in name %}{% endfor %}:"), MJML, "found for"),
        (TEXT.replace("{{ name }}:", "{% include 'x' %}:"), MJML, "found include"),
        (TEXT.replace("{{ name }}:", "{{ name|attr('x') }}:"), MJML, "found filter"),
        (TEXT.replace("{{ name }}:", "{{ name('x') }}:"), MJML, "found a call"),
        (TEXT.replace("{{ name }}:", "{{ link(name) }}:"), MJML, "found a call"),
        (TEXT.replace("{{ name }}:", "{{ name :"), MJML, "hello.en.txt:6"),
        (TEXT + "x" * 70_000, MJML, "at most 65536"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, mjml: str, found: str) -> None:
    mistakes = check(folder(tmp_path, text, mjml))
    assert any(found in str(m) for m in mistakes), [str(m) for m in mistakes]
    with pytest.raises(PlaybookError):
        Templates.load(tmp_path)


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder(tmp_path, TEXT.replace("{{ name }}:", "{{ nmae }}:"), MJML.replace("'read'", "'raed'"))
    (tmp_path / "lonely.en.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "Bad Name.en.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "broken.en.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "broken.en.mjml").write_text(MJML, encoding="utf-8")
    told = "\n".join(str(m) for m in check(tmp_path))
    for words in ("nmae", "raed", "lonely.en.mjml beside it", "Bad Name", "broken.en.txt"):
        assert words in told


def test_a_folder_without_templates_is_a_mistake(tmp_path: Path) -> None:
    assert "no templates" in str(check(tmp_path)[0])
    assert "no such folder" in str(check(tmp_path / "nowhere")[0])
