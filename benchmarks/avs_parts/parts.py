# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the study, each a table."""

from dataclasses import replace

import numpy as np

from avs_parts.sets import ELSEWHERE, IN_DOMAIN, OTHER_HEADS, PANES, SIZES
from avs_parts.study import Study, Told
from echo_depth_ros.learning.avs.export import export
from echo_depth_ros.learning.avs.study.dark import dark_rows, narrow_rows, worse_table
from echo_depth_ros.learning.avs.study.echo_picture import draw_following, draw_panels
from echo_depth_ros.learning.avs.study.echo_time import METHODS
from echo_depth_ros.learning.avs.study.files import difference, files_table, judge_files
from echo_depth_ros.learning.avs.study.following import (
    follow_all,
    followed_table,
    listen,
    true_ranges,
)
from echo_depth_ros.learning.avs.study.panes import pane_rows
from echo_depth_ros.learning.avs.study.pictures import draw_dark, draw_same_look
from echo_depth_ros.learning.avs.study.published import TABLE_1, TABLE_2
from echo_depth_ros.learning.avs.study.same_look import (
    SameLook,
    size_figures,
    size_sense,
    size_table,
)
from echo_depth_ros.learning.avs.study.tables import markdown, Row, table_1, table_2
from echo_depth_ros.sim.materials import material_id

SHOWN = (5.0, 3.0, 1.5)
"""Metres to the wall of the panels that are drawn."""


def first(study: Study) -> Told:
    """Table 1: in domain and across domains."""
    sets = {IN_DOMAIN: [study.in_domain]}
    sets |= {name: [study.sets.away(name)] for name in (*ELSEWHERE, 'home')}
    sets['both elsewhere'] = [test for name in ELSEWHERE for test in sets[name]]
    others = [study.sets.away(*which) for which in OTHER_HEADS]
    sets |= {test.name: [test] for test in others} | {'both, other heads': others}
    rows = table_1(study.kept, study.models, sets)
    paper = [Row.from_paper(row) for row in TABLE_1]
    return Told(markdown(rows + paper, 'test set', 'model'),
                [row.to_dict() for row in rows + paper])


def second(study: Study) -> Told:
    """Table 2: relative models and whose scale they are given, where nothing was trained."""
    if not study.relatives:
        return Told('no relative models were given: see --relative', [])
    tests = {name: study.sets.away(name) for name in (*ELSEWHERE, 'home')}
    merged = [tests[name] for name in ELSEWHERE]
    scalings = ('median', 'mean_std', 'least_squares')
    rows = table_2(study.kept, study.relatives, study.sources, scalings, merged)
    paper = [Row.from_paper(row, '' if row.method.startswith('No') else 'median')
             for row in TABLE_2]
    each = {name: [row.to_dict() for row in table_2(
        study.kept, study.relatives, study.sources, scalings, [test])]
        for name, test in tests.items()}
    others = [study.sets.away(*which) for which in OTHER_HEADS]
    heads = table_2(study.kept, study.relatives, study.sources, ('median', 'least_squares'),
                    others)
    usual = [row for row in rows if row.scaling != 'mean_std']
    mean_std = [row for row in rows if row.scaling in ('', 'mean_std')]
    return Told(f'{" and ".join(test.name for test in others)} together: a robot with another '
                f'head.\n\n{markdown(heads + paper, "model", "scale of")}\n\n'
                f'{" and ".join(ELSEWHERE)} together, all heads at 0.5 m; each of them, and home, '
                f'in --json.\n\n{markdown(usual, "model", "scale of")}\n\n'
                'The same with mean and standard deviation, which the paper has in its supplement '
                f'only:\n\n{markdown(mean_std, "model", "scale of")}',
                {'both elsewhere': [row.to_dict() for row in rows + paper],
                 'both, other heads': [row.to_dict() for row in heads], **each})


def same_look(study: Study) -> Told:
    """Rooms that look the same and are not of one size."""
    look = SameLook.of({size: study.sets.away('home', size) for size in SIZES})
    senses = [size_sense(study.kept, model, look) for model in study.models]
    if study.pictures:
        draw_same_look(senses, look, study.pictures / 'avs_same_look.png')
    return Told(f'Scale error |ln(median predicted / median true)|, as percent; images of a kind '
                f'differ by at most {look.apart:.2f} of 255 on average. Slope 0: takes no notice '
                f'of size; 1: knows it.\n\n{size_table(senses)}',
                {'apart': look.apart,
                 'models': {sense.model: size_figures(sense) for sense in senses}})


def panes(study: Study) -> Told:
    """Mirrors and glass fronts."""
    sources = {name: study.sources[name] for name in ('RGB', 'RGB-Echoes', 'echo student')}
    relative = study.relatives[0] if study.relatives else None
    rows = [row for name in PANES for row in pane_rows(
        study.kept, study.models, study.sets.away(name), material_id('glass'), relative, sources)]
    return Told('Images that panes fill at least 10 % of.\n\n' + markdown(rows, 'where', 'model'),
                [row.to_dict() for row in rows])


def dark(study: Study) -> Told:
    """Less and less light."""
    rows = dark_rows(study.kept, study.models, study.in_domain)
    if study.pictures:
        draw_dark(rows, study.pictures / 'avs_dark.png')
    return Told(f'In domain.\n\n{worse_table(rows, "light")}', [row.to_dict() for row in rows])


def narrow(study: Study) -> Told:
    """Show less of the room."""
    rows = narrow_rows(study.kept, (study.only_rgb, study.avs), study.in_domain)
    return Told('In domain, figures over all of the 90° × 90°, of which the camera shows a part; '
                f'the rest is black.\n\n{worse_table(rows, "camera")}',
                [row.to_dict() for row in rows])


def echo_time(study: Study) -> Told:
    """When the network listens."""
    network = study.network(study.avs_path)
    if network is None:
        return Told('--avs is no checkpoint, so nobody can look into it', [])
    test = study.sets.approach(study.approaches)
    rows = follow_all(study.kept, network, study.avs.mark, test)
    if study.pictures:
        true = true_ranges(test)
        asked = {name: listen(study.kept, network, study.avs.mark, test, name)
                 for name in METHODS}
        draw_following(asked, true, study.pictures / 'avs_echo_time.png')
        room = [index for index, (path, _) in enumerate(test.split.sources)
                if path == test.split.sources[0][0]]
        chosen = [room[int(np.nanargmin(np.abs(true[room] - wanted)))] for wanted in SHOWN]
        draw_panels(study.kept, network, {'Only-RGB': study.only_rgb, 'RGB-Echoes': study.avs},
                    test.some(chosen), true[chosen], study.pictures / 'avs_grad_cam.png')
    chance = 1.96 / np.sqrt(max(len(test) - 1, 1))
    return Told('Range that is listened to against the true range of the wall straight ahead, '
                f'6 to 1 m, {study.approaches} empty box rooms. Chance alone reaches '
                f'correlations of ±{chance:.2f}.\n\n{followed_table(rows)}',
                [row.to_dict() for row in rows])


def files(study: Study) -> Told:
    """Judge the exported files."""
    test = study.in_domain
    paths, apart = {}, {}
    for model, path in ((study.avs, study.avs_path), (study.only_rgb, study.only_rgb_path)):
        network = study.network(path)
        exported = study.onnx.get(model.name, path)
        if network is not None:
            if model.name not in study.onnx:
                exported = study.kept.folder / f'{model.mark}.onnx'
                if not exported.exists():
                    export(network, exported, 'judged only')
            apart[model.name] = difference(network, exported, test, study.threads)
        paths[model.name] = exported
    found = judge_files(paths | {study.student.name: study.student_path}, study.rounds)
    found = [replace(file, largest=apart[file.name][0], mean=apart[file.name][1],
                     images=len(test)) if file.name in apart else file for file in found]
    return Told('ONNX Runtime, one image at a time, in turn; difference relative to the depth.'
                f'\n\n{files_table(found)}', [file.to_dict() for file in found])


PARTS = {'table_1': first, 'table_2': second, 'same_look': same_look, 'panes': panes,
         'dark': dark, 'narrow': narrow, 'echo_time': echo_time, 'files': files}
"""By name, in the order of the report."""

TITLES = {
    'table_1': 'Table 1: Only-RGB and RGB-Echoes, in domain and across domains',
    'table_2': 'Table 2: scale for relative models',
    'same_look': 'Same look, different size', 'panes': 'Mirrors and glass',
    'dark': 'Darkness', 'narrow': 'Narrower cameras', 'echo_time': 'When it listens',
    'files': 'Files'}
