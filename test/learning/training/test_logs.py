# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from echo_depth_ros.learning.training.logs import CsvLog


def test_rows_that_a_resumed_run_does_again_are_dropped(tmp_path):
    log = CsvLog(tmp_path, 0)
    for step in (10, 20, 30):
        log.log_metrics({'loss': step / 10, 'lr': 0.1}, step)
    log.log_metrics({'val/rel': 0.5}, 20)
    with (tmp_path / 'train.csv').open('a') as file:
        file.write('4')  # a kill while writing
    log = CsvLog(tmp_path, 20)
    log.log_metrics({'loss': 3.5, 'lr': 0.1}, 30)
    assert (tmp_path / 'train.csv').read_text().split() == [
        'step,loss,lr', '10,1,0.1', '20,2,0.1', '30,3.5,0.1']
    assert (tmp_path / 'val.csv').read_text().split() == ['step,rel', '20,0.5']
