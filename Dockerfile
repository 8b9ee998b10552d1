FROM python:3.11-slim AS build
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check -r /tmp/requirements.txt \
    # Nothing installs packages in a running node.
    && /opt/venv/bin/python -m pip uninstall --yes pip setuptools

FROM python:3.11-slim
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip setuptools wheel
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    VAR_DIR=/var/lib/picket \
    STATIC_ROOT=/srv/picket-static \
    # Published ports can hide who the client is behind an address of the bridge, which is private.
    FIM_INGEST_ALLOWED_NETWORKS=127.0.0.0/8
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/picket
COPY manage.py gunicorn.conf.py ./
COPY config config
COPY users users
COPY threats threats
COPY fim fim
RUN useradd --system --uid 10001 --home-dir /var/lib/picket --create-home picket \
    && install -d -o picket /srv/picket-static \
    && python -m compileall -q /srv/picket
# As the node's own user: what manage.py writes, nobody else reads.
USER picket
RUN SECRET_KEY=only-to-collect-static-files python manage.py collectstatic --noinput
VOLUME /var/lib/picket
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["sh", "-c", "python manage.py migrate --noinput && python manage.py create_first_admin && exec gunicorn config.wsgi"]
