"""Every link of every page leads somewhere. Addresses on the network are not asked."""

import pytest
from pages import NAMES, PAGES, ROOT, anchors, links


def test_there_are_pages():
    assert len(NAMES) > 15


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_file_and_its_heading(name):
    page = ROOT / name
    wrong = []
    for link in links(name):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT):
            wrong.append(f"{link}: no such file")
        elif anchor and anchor not in (anchors(str(target.relative_to(ROOT))) if target.suffix == ".md" else set()):
            wrong.append(f"{link}: no such heading")
    assert not wrong


def test_every_page_of_the_documentation_is_reached_from_the_readme():
    reached, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in reached:
            continue
        reached.add(page)
        for link in links(str(page.relative_to(ROOT))):
            path = link.partition("#")[0]
            if link.startswith(("https://", "http://")) or not path:
                continue
            target = (page.parent / path).resolve()
            if target.is_dir():
                target /= "README.md"
            if target.suffix == ".md" and target.exists():
                left.append(target)
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in reached] == []


def test_the_readme_stays_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 260
