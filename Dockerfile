# The dialer in one small image: what it runs on, and nothing that only its development needs.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# Every pinned package comes in here once, checked by its hash. This layer lives as long as the lock file.
COPY requirements.lock ./
RUN pip download --quiet --require-hashes --no-deps --only-binary=:all: --requirement requirements.lock --dest wheels

# From these files alone the dialer is built and installed with what it needs to run: with no index to ask, nothing
# unpinned can get in, and what only development needs stays behind in this stage.
COPY pyproject.toml README.md LICENSE ./
COPY alembic alembic
COPY campaigns campaigns
COPY dialer dialer
RUN python -m venv --without-pip /opt/dialer \
    && pip --python /opt/dialer/bin/python install --quiet --no-index --find-links wheels .


FROM python:3.11-slim
LABEL org.opencontainers.image.title="dialer" \
      org.opencontainers.image.description="An outbound autodialer campaign engine" \
      org.opencontainers.image.licenses="Apache-2.0"

RUN groupadd --gid 10001 dialer \
    && useradd --uid 10001 --gid dialer --home-dir /data --no-create-home --shell /usr/sbin/nologin dialer \
    && install --directory --owner dialer --group dialer --mode 0700 /data
COPY --from=build /opt/dialer /opt/dialer

ENV PATH="/opt/dialer/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DIALER_DATA_DIR=/data

# The embedded database and the key that opens its secrets. Lists and reports may come and go here too.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8780

# Python asks, because a slim image has no curl; without proxies, because it asks itself. Whoever serves on another port
# gives another health check.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib import request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:8780/healthz', timeout=4)"]

ENTRYPOINT ["dialer"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8780"]
