# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What the pages say exists: messages in the source, files and headings behind links.

In docs/troubleshooting.md an entry of a list begins with one or more messages in backticks, and
the first column of a table with names of diagnostic values. `…` stands for what differs from time
to time.
"""

import ast
from pathlib import Path
import re

import pytest

ROOT = Path(__file__).parents[1]
TROUBLESHOOTING = ROOT / 'docs' / 'troubleshooting.md'
PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
SOURCES = [*sorted((ROOT / 'echo_depth_ros').rglob('*.py')), *(ROOT / 'launch').glob('*.py')]

ELLIPSIS = '…'
LEAST_CONSTANT = 10
"""Letters and spaces of a message that are to be constant: less would be found anywhere."""

_VARIABLE = '\0'
_SPANS = r'(?:`[^`]+`)(?:,\s+`[^`]+`)*'
_ENTRY = re.compile(rf'^- ({_SPANS})', re.MULTILINE)
_ROW = re.compile(rf'^\| ({_SPANS}) \|(?!.*\n\|---)', re.MULTILINE)
_LINK = re.compile(r'\]\(([^)\s]+)\)')
_FENCE = re.compile(r'^```.*?^```', re.MULTILINE | re.DOTALL)


def texts(source: str) -> set[str]:
    """Return all texts of a module but docstrings; in f-strings the variable parts are NUL."""
    tree = ast.parse(source)
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
             for part in node.values}
    inner |= {id(node.value) for node in ast.walk(tree)
              if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found.add(''.join(part.value if isinstance(part, ast.Constant) else _VARIABLE
                              for part in node.values))
        elif (isinstance(node, ast.Constant) and isinstance(node.value, str)
              and id(node) not in inner):
            found.add(node.value)
    return found


def quoted(pattern: re.Pattern, page: str) -> list[str]:
    """Return the code spans with which what the pattern finds begins."""
    return [span for spans in pattern.findall(page) for span in re.findall('`([^`]+)`', spans)]


def says(text: str, message: str) -> bool:
    """Whether a text of the source has the constant parts of a message, in their order."""
    at = 0
    for part in message.split(ELLIPSIS):
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def anchors(page: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    heads = re.findall(r'^#+ (.+)$', _FENCE.sub('', page), re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', head.lower()).replace(' ', '-') for head in heads}


@pytest.fixture(scope='module')
def source():
    return set().union(*(texts(path.read_text(encoding='utf-8')) for path in SOURCES))


@pytest.fixture(scope='module')
def page():
    return _FENCE.sub('', TROUBLESHOOTING.read_text(encoding='utf-8'))


def test_each_message_that_is_explained_is_one_of_the_code(source, page):
    messages = quoted(_ENTRY, page)
    assert len(messages) > 70
    for message in messages:
        constant = message.replace(ELLIPSIS, '').strip()
        assert len(constant) >= LEAST_CONSTANT, f'{message!r} says too little'
        assert any(says(text, message) for text in source), f'no source says {message!r}'


def test_each_value_that_is_explained_is_one_of_the_diagnostics(source, page):
    values = quoted(_ROW, page)
    assert len(values) > 15
    for value in values:
        assert value.replace(ELLIPSIS, _VARIABLE) in source, f'no source has {value!r}'


def test_no_message_is_explained_twice(page):
    messages = quoted(_ENTRY, page)
    assert len(messages) == len(set(messages))


@pytest.mark.parametrize('path', PAGES, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(path):
    text = path.read_text(encoding='utf-8')
    for link in _LINK.findall(_FENCE.sub('', text)):
        if re.match(r'[a-z]+:', link):
            continue
        name, _, anchor = link.partition('#')
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), f'{path.name} links to {link}, which does not exist'
        if anchor and target.suffix == '.md':
            assert anchor in anchors(target.read_text(encoding='utf-8')), (
                f'{path.name} links to {link}, and {target.name} has no such heading')


@pytest.mark.parametrize(('code', 'message', 'said'), [
    ("raise E(f'no {kind} device: ' 'plug one in')", 'no … device: plug one in', True),
    ("raise E('one ' 'two')", 'one two', True),
    ("raise E('one', 'two')", 'one two', False),
    ("raise E(f'{a} before {b}')", '… before …', True),
    ("raise E(f'b {x} a')", 'a … b', False),
    ('def f():\n    """Only a docstring."""', 'Only a docstring', False),
])
def test_how_messages_are_looked_for(code, message, said):
    assert any(says(text, message) for text in texts(code)) == said
