# The image of a worker: `interviewer serve`, with what Slack, Discord and PostgreSQL need. See docs/deploy.md.
#
#   docker build -t interviewer .

FROM python:3.13-slim AS built
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/interviewer
COPY requirements-serve.lock /tmp/
# Nothing but what the lock names, each with its digest; no compiler, since all of it comes as wheels. Of kubernetes, a
# fifth of it, only a cluster of Chroma servers makes use.
RUN /opt/interviewer/bin/pip install --require-hashes --only-binary :all: -r /tmp/requirements-serve.lock \
 && /opt/interviewer/bin/pip uninstall --yes --quiet kubernetes pip
WORKDIR /app
COPY interviewer interviewer
COPY prompts prompts
COPY content content
COPY scripts/link.py scripts/link.py
RUN /opt/interviewer/bin/python scripts/link.py \
 && /opt/interviewer/bin/python -m compileall -q interviewer

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin interviewer \
 && install -d -o interviewer -g interviewer -m 0700 /data
COPY --from=built /opt/interviewer /opt/interviewer
COPY --from=built /app /app
ENV PATH=/opt/interviewer/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    INTERVIEWER_DATA_DIR=/data \
    INTERVIEWER_CACHE_DIR=/tmp/interviewer \
    INTERVIEWER_HEALTH=0.0.0.0:8081
USER 10001:10001
WORKDIR /data
EXPOSE 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8081/healthz', timeout=4)"]
ENTRYPOINT ["interviewer"]
CMD ["serve"]
