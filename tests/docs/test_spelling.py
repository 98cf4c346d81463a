"""British spelling, by hunspell; words.txt has the words of the trade. Code is not looked at."""

import re
import shutil
import subprocess
from pathlib import Path

from pages import NAMES, prose, without_code

WORDS = Path(__file__).with_name("words.txt")


def words_of(name):
    text = without_code(prose(name))
    text = re.sub(r"\]\([^)]*\)|<https?://[^>]*>|https?://\S+", " ", text)
    # Indented code, and paths and versions without backticks.
    text = re.sub(r"^    .*$", " ", text, flags=re.MULTILINE)
    text = re.sub(r"\S*[/_]\S*|\S*\d\S*|\S+\.(?:md|py|mjs|yaml|hpp|cpp)\b", " ", text)
    return {word.removesuffix("'s").removesuffix("'") for word in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text)}


def misspelt(words):
    assert shutil.which("hunspell"), "hunspell is missing: apt-get install hunspell hunspell-en-gb"
    ended = subprocess.run(["hunspell", "-d", "en_GB", "-i", "utf-8", "-p", str(WORDS), "-l"], input="\n".join(sorted(words)) + "\n",
                           capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert not ended.stderr, ended.stderr
    return set(ended.stdout.split())


def test_every_word_is_one():
    words = {name: words_of(name) for name in [*NAMES, "deploy/debian/README.Debian"]}
    wrong = misspelt(set().union(*words.values()))
    assert {name: sorted(found & wrong) for name, found in words.items() if found & wrong} == {}


def test_a_misspelt_word_is_found():
    assert misspelt({"the", "teh", "licence", "license's"}) == {"teh"}


def test_the_word_list_is_sorted_and_has_no_word_twice():
    listed = WORDS.read_text(encoding="utf-8").split()
    assert listed == sorted(set(listed), key=lambda word: (word.lower(), word))
