# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
#
# `make demo` and `make test` set up what they need in .venv by themselves; see `make help`.
# Where a ROS distribution is sourced its rclpy is used, elsewhere the wheels that setup.py names.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint bench clean

VENV := .venv
BIN := $(VENV)/bin

# ---- Which ROS -----------------------------------------------------------------------------

ifneq ($(strip $(ROS_DISTRO)),)
  # python3 may be a Python that the distribution was not built for (pyenv, conda).
  ROS_PYTHON := $(shell for p in $(PYTHON) python3 /usr/bin/python3; do \
      "$$p" -c 'from rclpy.node import Node' 2>/dev/null && command -v "$$p" && break; done)
endif

ifneq ($(ROS_PYTHON),)
  ROS := $(ROS_DISTRO)
  PYTHONS := $(ROS_PYTHON)
  VENV_FLAGS := --system-site-packages
else ifeq ($(shell uname -sm),Linux x86_64)
  ROS := wheels
  PYTHONS := $(or $(PYTHON),python3 python3.12 python3.13 python3.11 python3.10 python3.14)
  ROS_EXTRA := ,ros
  # The wheels bring everything; what another environment exported would only shadow it.
  unexport PYTHONPATH AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH
  export RMW_IMPLEMENTATION := rmw_fastrtps_cpp
  ifdef _ROS_WHEELS_BOOTSTRAP_COMPLETE
    unexport LD_LIBRARY_PATH
  endif
else
  ROS := none
endif
# Set by the wheels of an environment that is active; ours would then not find its libraries.
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE PYTHONHOME

# ---- Environment of the commands -----------------------------------------------------------

# rclpy and matplotlib need a home that they can write to.
ifneq ($(shell test -w "$${HOME:-}" && echo yes),yes)
  export HOME := $(CURDIR)/$(VENV)/home
endif
export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Nobody else's nodes, and ours for nobody else: this host only, and a domain of its own.
RANDOM_DOMAIN := $(shell echo $$((1 + RANDOM % 100)))
ROS_DOMAIN_ID ?= $(RANDOM_DOMAIN)
export ROS_DOMAIN_ID
export ROS_AUTOMATIC_DISCOVERY_RANGE := LOCALHOST
ifeq ($(ROS),humble)
  export ROS_LOCALHOST_ONLY := 1
endif

# ---- Set-up --------------------------------------------------------------------------------

# The name says which ROS the environment was made for: sourcing another one makes it anew.
MADE := $(VENV)/.made-for-$(ROS)
RUNS := $(VENV)/.can-run
TESTS := $(VENV)/.can-test
INSTALL := $(BIN)/python -m pip install --quiet --use-pep517 --constraint $(VENV)/constraints.txt

define NO_ROS
echo_depth_ros needs ROS 2, and there are no wheels of it for this machine ($(shell uname -sm)).
Install ROS 2 Jazzy or Humble from your distribution and source it, then run make again:
    sudo apt install ros-jazzy-ros-base ros-jazzy-rmw-fastrtps-cpp python3-venv
    source /opt/ros/jazzy/setup.bash
endef
export NO_ROS

define NO_PYTHON
No Python 3.10 to 3.14 with the venv module was found (tried: $(PYTHONS)). Install one:
    sudo apt install python3 python3-venv
or name yours: make PYTHON=...
endef
export NO_PYTHON

$(MADE):
	@if [ "$(ROS)" = none ]; then echo "$$NO_ROS" >&2; exit 2; fi
	@if [ -n "$${ROS_DISTRO:-}" ] && [ "$(ROS)" = wheels ]; then \
	    echo "ROS $$ROS_DISTRO is sourced, but no Python here imports its rclpy; using wheels."; fi
	@made=; for python in $(PYTHONS); do \
	    if "$$python" -c 'import ensurepip, sys, venv; \
	        sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then \
	        echo "Making $(VENV) with $$("$$python" --version), ROS: $(ROS)"; \
	        "$$python" -m venv --clear $(VENV_FLAGS) $(VENV); \
	        mkdir -p "$$HOME"; made=yes; break; fi; \
	done; \
	if [ -z "$$made" ]; then echo "$$NO_PYTHON" >&2; exit 2; fi
# The distribution's messages are built against its NumPy; a newer one would not load them.
	@$(if $(VENV_FLAGS),$(BIN)/python -c 'import numpy; print("numpy~=" + numpy.__version__)',:) \
	    > $(VENV)/constraints.txt
	@touch $@

$(RUNS): setup.py $(MADE)
	@echo 'Installing what the demo needs (a minute or two, once)'
	@$(INSTALL) --editable '.[sim$(ROS_EXTRA)]'
	@touch $@

$(TESTS): setup.py $(MADE)
	@echo 'Installing what the tests need, PyTorch among it (some minutes, once)'
	@$(INSTALL) --editable '.[dev$(ROS_EXTRA)]'
	@touch $(RUNS) $@

# ---- Targets -------------------------------------------------------------------------------

help:  ## List the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(RUNS)  ## Set up .venv for running; demo and test do so by themselves

demo: $(RUNS)  ## Drive through a simulated room for 30 s, see by sound; RVIZ=1 opens RViz
	@$(if $(filter-out 0,$(AUDIO)),echo 'AUDIO=1 is not in this release: it has the simulated air only.' >&2; exit 2)
	@$(BIN)/echo-depth demo $(if $(filter-out 0,$(RVIZ)),--rviz) $(DEMO_ARGS)

test: ROS_DOMAIN_ID := $(RANDOM_DOMAIN)
test: $(TESTS)  ## Run all tests; TEST_ARGS='-k sync' picks some
	@$(BIN)/python -m pytest -q $(TEST_ARGS)

lint: $(TESTS)  ## Check the style
	@$(BIN)/ruff check .

# precisions, robustness and study need a data set, and minutes to hours: see docs/training.md.
BENCHMARKS := simulator sync_and_range inference latency

bench: $(TESTS)  ## Run the benchmarks that need no data; each prints its figures
	@for name in $(BENCHMARKS); do \
	    echo "== benchmarks/$$name.py"; $(BIN)/python "benchmarks/$$name.py"; done

clean:  ## Remove .venv and everything built
	@rm -rf $(VENV) build install log dist out *.egg-info .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
