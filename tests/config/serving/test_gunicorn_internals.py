"""The parts of gunicorn that the worker overrides, or counts on, are those that were read."""

import hashlib
import inspect

import gunicorn
import pytest
from gunicorn import arbiter, util
from gunicorn.http import unreader, wsgi
from gunicorn.workers import gthread

from config.serving.worker import CHECKED_GUNICORN, Worker

# Of each part's source, and what config/serving counts on there.
READ = {
    # The constructor takes any arguments; `nr_conns` and `_accepting` are set there.
    gthread.ThreadWorker.__init__: "5681b8b542ea91bf",
    # Does nothing where nothing changes; `_accepting` says what is.
    gthread.ThreadWorker.set_accept_enabled: "140150ebfd3cae34",
    # Takes one connection, counts it in `nr_conns` and calls `enqueue_req`.
    gthread.ThreadWorker.accept: "f8dcead3dce5c851",
    # Runs in the main thread, once a second and more.
    gthread.ThreadWorker.wait_for_and_dispatch_events: "ea969b352482bd5c",
    # The one way to a thread: `handle` runs once for each call.
    gthread.ThreadWorker.enqueue_req: "c9f428953d24acef",
    # Answers one request; true where the connection may be kept, `_DEFER` where none came.
    gthread.ThreadWorker.handle: "ca85c9be3df75da4",
    # Says whether a connection is kept, after the rest of a body was read.
    gthread.ThreadWorker._keepalive_after: "4ebdbbc8bf5aafa5",
    # Takes what `handle` returned back to the poller; closes a socket that may be closed already.
    gthread.ThreadWorker.finish_request: "616e7bb15a009ff7",
    # `sock` is not wrapped before `init`; `initialized`, `parser`.
    gthread.TConn.__init__: "c8763d7c65974e1b",
    gthread.TConn.init: "5ff3d4ba451cfdf3",
    # Takes 0 seconds; does not block then.
    gthread.TConn.wait_for_data: "d14377e002433f3e",
    gthread.TConn.close: "6d1c334ed1979fcb",
    # What was read of the next request stands in `buf`.
    unreader.Unreader: "84aaa8f91fcdbbae",
    # Reads by `recv` alone.
    unreader.SocketUnreader: "786a257be09ea8dd",
    # Write by `send`, `sendall` and `sendfile` alone.
    util.write: "cd995031295fd782",
    util.write_chunk: "9cd46540c593e44d",
    wsgi.Response.sendfile: "417ea65fb9a19f5b",
    # Half-closes, waits for the client up to 2 seconds, closes.
    util.close_graceful: "0e5925bfc017bc4e",
    # `pre_fork` comes before the fork, in the master; `child_exit` after the end, in the master.
    arbiter.Arbiter.spawn_worker: "6abc0d90b0b9f80b",
    arbiter.Arbiter.reap_workers: "ebcf4187e9ebf378",
}


def digest_of(part):
    return hashlib.sha256(inspect.getsource(part).encode()).hexdigest()[:16]


@pytest.mark.parametrize("part", READ, ids=lambda part: part.__qualname__)
def test_is_as_it_was_read(part):
    assert digest_of(part) == READ[part], (
        f"{part.__qualname__} of gunicorn {gunicorn.__version__} is not that of {CHECKED_GUNICORN}:"
        " read it against config/serving/worker.py and client_socket.py, then record it here."
    )


def test_the_version_is_the_one_that_was_read():
    assert gunicorn.__version__ == CHECKED_GUNICORN, "Read its changelog, then name it there."


def test_each_override_is_of_something():
    own = {name for name in vars(Worker) if not name.startswith("__")}

    assert {name for name in own if hasattr(gthread.ThreadWorker, name)} == {
        "accept",
        "enqueue_req",
        "handle",
        "set_accept_enabled",
        "wait_for_and_dispatch_events",
    }
