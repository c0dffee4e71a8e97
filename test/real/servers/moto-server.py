"""Moto's SQS, with the lock of each queue held for whole calls.

Moto serves every request in a thread of its own, but deletes a message by building a new list of those that are left: what
another thread appends meanwhile is lost, and two receivers may take the same message at once. Its condition variable is
given back while a receiver waits for messages, so long polls do not keep others out.
"""

import functools
import sys

from moto.server import main
from moto.sqs.models import Queue, SQSBackend


def locked(owner, name, queue_of):
    call = getattr(owner, name)

    @functools.wraps(call)
    def with_lock(self, *args, **kwargs):
        with queue_of(self, args, kwargs)._messages_lock:
            return call(self, *args, **kwargs)

    setattr(owner, name, with_lock)


def by_name(backend, args, kwargs):
    return backend.get_queue(kwargs["queue_name"] if "queue_name" in kwargs else args[0])


locked(Queue, "delete_message", lambda queue, args, kwargs: queue)
for method in ("receive_message", "change_message_visibility", "get_queue_attributes", "purge_queue"):
    locked(SQSBackend, method, by_name)

main(sys.argv[1:])
