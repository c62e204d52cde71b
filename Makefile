# Set-up, serving and tests for a machine that has Python 3.11, make, git, gcc and the package registries.
#
#   make app    set up what is missing and serve http://127.0.0.1:7860
#   make test   set up what is missing, also Debian's Chromium, and run all tests
#   make check  set up what is missing and check the code: rules, format and types of Python and JavaScript, and the
#               tests of the page's modules
#   make reports DATA=FOLDER CROSS_ENCODER=FOLDER   measure the shipped adapters and all baselines again
#   make retrain [DATA=FOLDER]   a whole small retraining, from agents' feedback to the gate, in minutes without a GPU
#
# TORCH_INDEX_URL picks another build of torch, for example a CUDA or CPU wheel index.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
TORCH_INDEX_URL ?=
VENV := .venv
PIP := $(VENV)/bin/python -m pip install --disable-pip-version-check -q

.PHONY: app test chromium setup weights check reports retrain clean

app: weights
	$(VENV)/bin/python app.py

# Chromium comes first: where it cannot be installed, that is said before minutes of set-up.
test: chromium weights $(VENV)/.test-packages
	$(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

chromium:
	$(PYTHON) tests/support/chromium.py

setup: $(VENV)/.packages

# The shipped models are converted into the cache once; where that has been done this costs seconds.
weights: $(VENV)/.packages
	$(VENV)/bin/python -m assistant.fetch_weights

# Node is a package of the virtual environment. Its tools look for it on the path.
NPM := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm --loglevel=error
check: $(VENV)/.test-packages node_modules/.packages
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(NPM) run --silent lint
	$(NPM) run --silent types
	$(NPM) run --silent test

$(VENV)/.torch: requirements.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(PIP) $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL)) $$(grep '^torch==' requirements.txt)
	touch $@

$(VENV)/.packages: $(VENV)/.torch requirements.txt requirements-nodeps.txt constraints.txt
	$(PIP) -r requirements.txt -c constraints.txt
	$(PIP) --no-deps -r requirements-nodeps.txt
	touch $@

$(VENV)/.test-packages: $(VENV)/.packages requirements-test.txt requirements-test-nodeps.txt
	$(PIP) -r requirements-test.txt -c constraints.txt
	$(PIP) --no-deps -r requirements-test-nodeps.txt
	touch $@

node_modules/.packages: package.json package-lock.json .npmrc | $(VENV)/.test-packages
	$(NPM) ci --no-progress
	touch $@

# One report after the other below evals/reports; what was stopped goes on.
RUN := $(VENV)/bin/python -m evals.run --no-texts
SIMILARITY := evals/reports/question-similarity
QQP := --data $(DATA)/qqp/dev.csv --drop-leaks
reports: weights
	$(RUN) --data $(DATA)/faquad/dev.json --drop-leaks --out evals/reports/portuguese-qa/reader-faquad
	$(RUN) $(QQP) --out $(SIMILARITY)/judge-qqp
	$(RUN) $(QQP) --system adapter --out $(SIMILARITY)/adapter-qqp
	$(RUN) --data $(DATA)/aia_bde --limit 900 --drop-leaks --out $(SIMILARITY)/judge-aia_bde
	$(RUN) --data $(DATA)/aia_bde --limit 900 --drop-leaks --system adapter --out $(SIMILARITY)/adapter-aia_bde
	$(RUN) --data shop-en --out $(SIMILARITY)/judge-shop-en
	$(RUN) --data shop-pt --out $(SIMILARITY)/judge-shop-pt
	for system in majority tfidf cosine zero-shot few-shot; do \
	  $(RUN) $(QQP) --system $$system --train $(DATA)/qqp/train.csv --out $(SIMILARITY)/$$system-qqp || exit; \
	done
	$(RUN) $(QQP) --system cross-encoder --model $(CROSS_ENCODER) --out $(SIMILARITY)/cross-encoder-qqp

# A few hundred rows on top of the shipped judge, with what agents said here; the data comes from the Hub without DATA.
# What it is given besides: make retrain RETRAIN="--promote --publish OWNER/NAME".
retrain: weights
	$(VENV)/bin/python -m training.retrain --at-least 0 --measure shop-en shop-pt $(if $(DATA),--data $(DATA)) $(RETRAIN)

clean:
	rm -rf $(VENV) node_modules
