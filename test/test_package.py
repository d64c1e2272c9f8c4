# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What package.xml, setup.py and the tree say about the package agrees."""

import ast
import configparser
import importlib.util
from pathlib import Path
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile

import pytest

import echo_depth_ros

ROOT = Path(__file__).parents[1]
PACKAGE_XML = ElementTree.parse(ROOT / 'package.xml').getroot()


@pytest.fixture(scope='module')
def setup_arguments():
    """Return what setup.py hands to setuptools, without building anything."""
    script = (
        'import runpy, setuptools\n'
        'setuptools.setup = lambda **keywords: print(repr(keywords))\n'
        'runpy.run_path("setup.py")\n')
    done = subprocess.run(
        [sys.executable, '-c', script], cwd=ROOT, check=True, capture_output=True, text=True)
    return ast.literal_eval(done.stdout)


def test_version_is_the_same_everywhere(setup_arguments):
    assert setup_arguments['version'] == echo_depth_ros.__version__
    assert PACKAGE_XML.findtext('version') == echo_depth_ros.__version__
    changelog = (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8')
    assert f'## {echo_depth_ros.__version__}' in changelog


def test_name_licence_and_maintainer(setup_arguments):
    assert PACKAGE_XML.get('format') == '3'
    assert PACKAGE_XML.findtext('name') == setup_arguments['name'] == 'echo_depth_ros'
    assert PACKAGE_XML.findtext('license') == setup_arguments['license'] == 'Apache-2.0'
    assert PACKAGE_XML.findtext('export/build_type') == 'ament_python'
    # colcon takes a package whose maintainer it cannot read for plain Python, in silence.
    email = PACKAGE_XML.find('maintainer').get('email')
    assert email == setup_arguments['maintainer_email']
    assert re.fullmatch(r'[-\w%+.]+@[-a-zA-Z0-9%]+(\.[-a-zA-Z0-9%]+)*\.[a-zA-Z]{2,}', email)
    assert 'Apache License' in (ROOT / 'LICENSE').read_text(encoding='utf-8')


def test_executables_exist(setup_arguments):
    scripts = setup_arguments['entry_points']['console_scripts']
    assert len(scripts) == 9
    for script in scripts:
        module, function = re.fullmatch(r'\S+ = ([\w.]+):(\w+)', script).groups()
        spec = importlib.util.find_spec(module)
        assert spec is not None, f'{script}: there is no {module}'
        tree = ast.parse(Path(spec.origin).read_text(encoding='utf-8'))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert function in names, f'{script}: {module} has no {function}'


def test_installed_files(setup_arguments):
    files = dict(setup_arguments['data_files'])
    index = 'share/ament_index/resource_index/packages'
    share = 'share/echo_depth_ros'
    assert files[index] == ['resource/echo_depth_ros']
    assert files[share] == ['package.xml']
    assert 'launch/echo_depth.launch.py' in files[share + '/launch']
    assert {'config/echo_depth.yaml', 'config/echo_depth.rviz'} <= set(files[share + '/config'])
    assert 'models/echo_depth_student.onnx' in files[share + '/models']
    assert 'config/cameras/zed.yaml' in files[share + '/config/cameras']
    assert 'config/relative_depth/zoedepth.yaml' in files[share + '/config/relative_depth']
    assert 'launch/metric_scale.launch.py' in files[share + '/launch']
    for sources in files.values():
        assert all((ROOT / source).is_file() for source in sources)


def test_executables_land_where_ros_looks():
    config = configparser.ConfigParser()
    config.read(ROOT / 'setup.cfg')
    assert config['install']['install_scripts'] == '$base/lib/echo_depth_ros'
    assert config['develop']['script_dir'] == '$base/lib/echo_depth_ros'


def test_base_needs_no_torch(setup_arguments):
    base = ' '.join(setup_arguments['install_requires'])
    assert 'torch' not in base and 'mujoco' not in base
    assert {'sim', 'train', 'gpu', 'realsense', 'bags', 'bench', 'dev'} <= \
        setup_arguments['extras_require'].keys()


def test_imports_are_declared(setup_arguments):
    """Each package imports only what it may count on: the base, and its extra, if it has one."""
    names = {'PIL': 'pillow', 'yaml': 'pyyaml', 'pytorch_lightning': 'pytorch-lightning',
             'jack': 'JACK-Client',
             'lightning_fabric': 'pytorch-lightning'}  # which brings it along
    extras = {'sim': ['sim'], 'trials': ['sim'], 'learning': ['train', 'teachers'],
              'vision': ['realsense'], 'recording': ['bags'], 'bench': ['bench']}
    package = ROOT / 'echo_depth_ros'
    for path in package.rglob('*.py'):
        layer = path.relative_to(package).parts[0]
        if layer == 'nodes':
            continue
        wanted = list(setup_arguments['install_requires'])
        for extra in extras.get(layer, []):
            wanted += setup_arguments['extras_require'][extra]
        declared = {re.match(r'[\w-]+', requirement)[0] for requirement in wanted}
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module]
            for module in modules:
                top = module.split('.')[0]
                if top not in sys.stdlib_module_names and top != 'echo_depth_ros':
                    assert names.get(top, top) in declared, f'{path} imports {module}'


def test_every_python_file_names_its_licence():
    for folder in ('echo_depth_ros', 'launch', 'test', 'benchmarks'):
        for path in (ROOT / folder).rglob('*.py'):
            lines = path.read_text(encoding='utf-8').splitlines()[:3]
            assert '# SPDX-License-Identifier: Apache-2.0' in lines, path


def test_a_wheel_carries_everything_that_ros_and_the_nodes_look_for(tmp_path):
    tree = tmp_path / 'tree'
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(
        '.*', 'data', 'runs', 'out', 'build', 'install', 'log', '*.egg-info', '__pycache__'))
    built = subprocess.run(
        [sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps', '-w', str(tmp_path),
         str(tree)], capture_output=True, text=True)
    if built.returncode and 'setuptools' in built.stderr:
        pytest.skip('pip could not fetch setuptools to build a wheel with: ' + built.stderr[-300:])
    assert built.returncode == 0, built.stderr
    wheel, = tmp_path.glob('*.whl')
    names = zipfile.ZipFile(wheel).namelist()
    share = 'data/share/echo_depth_ros/'
    for wanted in (
            'data/share/ament_index/resource_index/packages/echo_depth_ros',
            share + 'package.xml', share + 'launch/echo_depth.launch.py',
            share + 'config/echo_depth.yaml', share + 'config/echo_depth.rviz',
            share + 'config/cameras/zed.yaml', share + 'config/relative_depth/zoedepth.yaml',
            share + 'models/echo_depth_student.onnx',
            'data/lib/echo_depth_ros/depth_inference', 'data/lib/echo_depth_ros/echo-depth'):
        assert any(name.endswith(wanted) for name in names), wanted
