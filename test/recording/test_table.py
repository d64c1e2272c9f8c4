# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import csv

from hypothesis import given
from hypothesis import strategies as st
import pytest

from echo_depth_ros.recording.errors import RecorderError
from echo_depth_ros.recording.table import Table

ROWS = [{'a': '1', 'b': 'x, y'}, {'a': '2', 'b': '"quoted"'}, {'a': '3', 'b': 'ö'}]


def fill(path, rows=ROWS):
    table = Table(path, ('a', 'b'))
    for row in rows:
        table.append(row)
    table.close()
    return table


def rows_of(path):
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


@given(cut=st.integers(0, 60))
def test_wherever_it_was_cut_it_goes_on_behind_the_last_whole_line(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp('table') / 'list.csv'
    fill(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    kept = max(whole[:cut].count(b'\n') - 1, 0)
    table = fill(path, [{'a': '9', 'b': 'z'}])
    assert rows_of(path) == [*ROWS[:kept], {'a': '9', 'b': 'z'}]
    assert table.repaired == len(whole[:cut]) - (whole[:cut].rfind(b'\n') + 1)


def test_every_line_is_there_when_append_returns(tmp_path):
    table = Table(tmp_path / 'list.csv', ('a', 'b'))
    for at, row in enumerate(ROWS):
        table.append(row)
        assert rows_of(tmp_path / 'list.csv') == ROWS[:at + 1]
    table.close()
    table.close()


def test_a_list_of_something_else_is_not_touched(tmp_path):
    path = tmp_path / 'list.csv'
    path.write_text('time,temperature\n1,20\n')
    with pytest.raises(RecorderError, match='location of another name'):
        Table(path, ('a', 'b'))
    assert path.read_text() == 'time,temperature\n1,20\n'
