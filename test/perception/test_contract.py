# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
import json

import pytest

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.perception.contract import ContractError, METADATA_KEY, ModelContract


def test_defaults_are_the_default_pings():
    ModelContract().check(PingFormat())
    assert ModelContract.for_format(PingFormat()) == ModelContract()


def test_survives_the_metadata():
    contract = ModelContract(depth_max=30.0, height=64, training_data='räume', commit='abc')
    assert ModelContract.from_metadata(contract.to_metadata()) == contract


def test_for_format_takes_the_ping_and_others():
    contract = ModelContract.for_format(PingFormat(sample_rate=48000, window=3480), width=64)
    assert (contract.sample_rate, contract.window, contract.width) == (48000, 3480, 64)


def test_check_names_both_values_of_every_difference():
    contract = ModelContract(sample_rate=48000, ear_spacing=0.16)
    with pytest.raises(ContractError) as error:
        contract.check(PingFormat())
    for part in ('sample_rate is 48000 in the model and 44100 here',
                 'ear_spacing is 0.16 in the model and 0.235 here'):
        assert part in str(error.value)
    assert 'window' not in str(error.value)


def test_amplitude_is_not_part_of_the_contract():
    ModelContract().check(replace(PingFormat(), chirp_amplitude=0.2))


@pytest.mark.parametrize('text, says', [
    (None, "no 'echo_depth_contract'"),
    ('{', 'not JSON'),
    ('[1]', 'not a JSON object'),
    ('{"version": 99}', 'version 99'),
    ('{"version": 1}', 'sample_rate is missing'),
])
def test_refuses_what_is_no_contract(text, says):
    with pytest.raises(ContractError, match=says):
        ModelContract.from_metadata({} if text is None else {METADATA_KEY: text})


@pytest.mark.parametrize('name, value, says', [
    ('width', 0, 'width is 0, not positive'),
    ('height', 'tall', "height is 'tall', not a number"),
    ('depth_max', 0.05, 'depth_min 0.1 is not below depth_max 0.05'),
    ('sample_rate', True, 'sample_rate is True, not a number'),
    ('confidence', None, 'confidence is None, not a text'),
    ('confidence', True, 'confidence is True, not a text'),
    ('confidence', 'depth', "confidence is 'depth', which names the depth output"),
    ('calibration', 3, 'calibration is 3, not a text'),
])
def test_refuses_broken_values(name, value, says):
    values = json.loads(ModelContract().to_metadata()[METADATA_KEY])
    values[name] = value
    with pytest.raises(ContractError, match=says):
        ModelContract.from_metadata({METADATA_KEY: json.dumps(values)})


def test_file_from_before_there_was_confidence_has_none():
    values = json.loads(ModelContract(commit='abc').to_metadata()[METADATA_KEY])
    del values['confidence'], values['calibration']
    contract = ModelContract.from_metadata({METADATA_KEY: json.dumps(values)})
    assert contract == ModelContract(commit='abc')
    assert contract.confidence == contract.calibration == ''


def test_confidence_survives_the_metadata():
    contract = ModelContract(confidence='confidence', calibration='2400 windows of data/v1')
    assert ModelContract.from_metadata(contract.to_metadata()) == contract


def test_ignores_fields_of_a_later_release():
    values = json.loads(ModelContract().to_metadata()[METADATA_KEY])
    values['microphone'] = 'cardioid'
    assert ModelContract.from_metadata({METADATA_KEY: json.dumps(values)}) == ModelContract()
