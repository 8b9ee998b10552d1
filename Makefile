PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NEWEST := $(VENV)/newest
# What a production node sets; the deployment check must find nothing to say about it.
CHECK_ENV := VAR_DIR=$(CURDIR)/$(VENV)/check SECURE_SSL_REDIRECT=true \
	SECURE_HSTS_SECONDS=31536000 COOKIE_SECURE=true

# Where the console's files are: the settings know, from the environment or .env.
STATIC_ROOT_OF_NODE = $(BIN)/python -c 'from config.settings import STATIC_ROOT; print(STATIC_ROOT)'

# A database, keys and static files of its own, whatever the environment says of a real node.
DEMO_DIR ?= $(CURDIR)/var/demo
DEMO_ENV = VAR_DIR=$(DEMO_DIR) DATABASE_URL=sqlite:///$(DEMO_DIR)/picket.sqlite3 \
	STATIC_ROOT=$(DEMO_DIR)/static ENV_FILE=/dev/null NODE_NAME=demo \
	SECRET_KEY= JWT_SIGNING_KEY=

# What is built to be installed elsewhere.
DIST ?= $(CURDIR)/dist

.PHONY: help run demo agent agent-deb screenshots test test-long test-repeat mutants bench bench-quick lint lock clean

help:
	@echo "make run        serve on http://127.0.0.1:8000, or where HOST and PORT say"
	@echo "make demo       the same with 90 days of made-up data, in a database of its own"
	@echo "make agent      the agent as a wheel of its own, in dist/"
	@echo "make agent-deb  the same as a Debian package that needs no pip on its host"
	@echo "make lint       style, spelling, imports, types, migrations, deployment check"
	@echo "make test       lint, types, migrations, and the suite on SQLite, and on PostgreSQL with the newest Python"
	@echo "make test-long  the proofs that take minutes, and each Python on the other database"
	@echo "make mutants    breaks the code in some sixty places, and says whether the tests notice"
	@echo "make test-repeat  the agent, e2e and browser tests ROUNDS times alone and beside busy loops"
	@echo "make bench      every benchmark against its bar; fills 10 million logs, takes an hour or more"
	@echo "make bench-quick  the same with small counts: is all that is acknowledged stored?"
	@echo "make screenshots  the README's pictures, taken anew"
	@echo "make lock       pin what *.in name with hashes; UPGRADE=--upgrade takes the newest of the rest"
	@echo "make clean      remove the virtual environment, dist/ and caches; var/ stays"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Picket needs Python 3.11 or newer; set PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "No virtual environment could be made. On Debian: apt-get install python3-venv"; \
		exit 1; }

$(VENV)/installed: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/installed

# The newest Python of this machine on which every package installs; else the one of .venv.
$(VENV)/installed-newest: requirements-dev.txt | $(VENV)/installed-dev
	@rm -rf $(NEWEST)
	@for python in $$($(BIN)/python -m tests.newest_python); do \
		$$python -m venv $(NEWEST) && $(NEWEST)/bin/python -m pip install --quiet \
			--disable-pip-version-check -r requirements-dev.txt && break; \
		echo "Not every package installs on $$python; the tests leave it out."; \
		rm -rf $(NEWEST); done
	@[ -e $(NEWEST) ] || ln -s . $(NEWEST)
	@touch $@

run: $(VENV)/installed
	@manifest="$$($(STATIC_ROOT_OF_NODE))/staticfiles.json" || exit 1; \
		[ "$$manifest" -nt config/settings.py ] && [ "$$manifest" -nt $(VENV)/installed ] && \
		[ -z "$$(find */static -newer "$$manifest" -print -quit)" ] || \
		{ $(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0 && \
		touch "$$manifest"; }
	@$(BIN)/python manage.py migrate --noinput --verbosity 0
	@$(BIN)/python manage.py create_first_admin
	@exec $(BIN)/gunicorn config.wsgi

demo: $(VENV)/installed
	@mkdir -p -m 700 $(DEMO_DIR) && rm -f $(DEMO_DIR)/picket.sqlite3*
	@$(DEMO_ENV) $(BIN)/python manage.py migrate --noinput --verbosity 0
	@$(DEMO_ENV) $(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@$(DEMO_ENV) $(BIN)/python manage.py demo
	@$(DEMO_ENV) exec $(BIN)/gunicorn config.wsgi

agent: $(VENV)/installed-dev
	@rm -f "$(DIST)"/picket_agent-*.whl
	@cd fim/agent_package && "$(abspath $(BIN))/hatchling" build --target wheel --directory "$(DIST)"

agent-deb: agent
	@fim/agent_package/build_deb $(BIN)/python "$(DIST)"

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/lint-imports
	$(CHECK_ENV) $(BIN)/mypy config users threats fim
	$(CHECK_ENV) $(BIN)/python manage.py makemigrations --check --dry-run
	$(CHECK_ENV) $(BIN)/python manage.py check --deploy --fail-level WARNING

# Each Python once, each database once: the other two pairs are in test-long.
test: lint $(VENV)/installed-newest
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"
	$(BIN)/python -m tests.postgres $(NEWEST)/bin/python -m pytest -n 2 --dist loadfile -m "not slow"

screenshots: $(VENV)/installed-dev
	SCREENSHOTS_DIR=$(CURDIR)/docs/images $(BIN)/python -m pytest -q tests/browser/test_screenshots.py

test-long: $(VENV)/installed-newest
	$(NEWEST)/bin/python -m pytest -n 2 --dist loadfile -m "not slow"
	$(BIN)/python -m tests.postgres $(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"
	$(BIN)/python -m pytest -m slow
	$(BIN)/python -m tests.postgres $(BIN)/python -m pytest -m slow

mutants: $(VENV)/installed-dev
	$(BIN)/python -m tests.mutants

ROUNDS ?= 30
test-repeat: $(VENV)/installed-dev
	$(BIN)/python -m tests.repeat $(ROUNDS)

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks all

# The suite itself posts single logs to PostgreSQL and reads them there.
bench-quick: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks all --quick --database sqlite
	$(BIN)/python -m benchmarks batch --quick --database postgres

# One file for every platform and Python from the floor on. Pins stay unless UPGRADE says otherwise.
LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal \
	--python-version 3.11 --no-strip-extras --generate-hashes $(UPGRADE)

lock: $(VENV)/installed-dev
	$(LOCK) requirements.in --output-file requirements.txt
	$(LOCK) requirements-dev.in --output-file requirements-dev.txt
	$(LOCK) fim/agent_package/pyproject.toml --constraint requirements.txt \
		--output-file fim/agent_package/requirements.txt

clean:
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
