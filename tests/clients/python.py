"""The published Python clients against a running event store: `python.py MODULE before|after|tokens URI STATE`.

MODULE is kurrentdbclient or esdbclient. `before` appends, reads, filters, is refused, and leaves a subscription in the
middle; `after`, when the server was started anew, takes the subscription up where it was. `tokens` is told the URI of an operator
and, in place of STATE, that of an auditor.
"""

import importlib
import json
import sys
from uuid import uuid4

PAST = 5  # events that the subscription sees before the server stops
COUNT = 12


def name_of(module):
    return f"python-{module}"


def client_of(module, uri):
    api = importlib.import_module(module)
    kind = getattr(api, "KurrentDBClient", None) or api.EventStoreDBClient
    return api, importlib.import_module(f"{module}.exceptions"), kind(uri)


def named(exceptions, name):
    """The newer of the two gave its exceptions longer names."""
    return getattr(exceptions, f"{name}Error", None) or getattr(exceptions, name)


def expect(error, call):
    try:
        call()
    except error as caught:
        return caught
    raise AssertionError(f"{error.__name__} was expected")


def events(api, count, start=0):
    numbers = range(start, start + count)
    return [api.NewEvent(type="Counted", data=json.dumps({"n": n}).encode(), metadata=b"\x00\xff%d" % n) for n in numbers]


def counted(found):
    return [json.loads(event.data)["n"] for event in found]


def before(module, uri, state):
    api, exceptions, client = client_of(module, uri)
    stream = f"{name_of(module)}-{uuid4()}"
    none, any_state = api.StreamState.NO_STREAM, api.StreamState.ANY

    # Append: one event by Append, several by BatchAppend; sent again, they get their first answer.
    first, rest = events(api, 1), events(api, COUNT - 1, 1)
    position = client.append_to_stream(stream, current_version=none, events=first)
    assert client.append_to_stream(stream, current_version=none, events=first) == position
    last = client.append_to_stream(stream, current_version=0, events=rest)
    assert client.append_to_stream(stream, current_version=0, events=rest) == last
    assert client.get_current_version(stream) == COUNT - 1
    assert client.get_commit_position() >= last

    # The first event names the log; the default filter leaves it out, as it does all system events.
    (first_of_all,) = client.read_all(filter_exclude=(), limit=1)
    assert (first_of_all.stream_name, first_of_all.type, first_of_all.commit_position) == ("$genesis", "$genesis", 1)
    assert client.get_stream("$genesis")[0].id == first_of_all.id

    # Read both ways, byte for byte.
    assert counted(client.get_stream(stream)) == list(range(COUNT))
    assert [event.metadata for event in client.get_stream(stream)] == [b"\x00\xff%d" % n for n in range(COUNT)]
    assert counted(client.get_stream(stream, backwards=True, limit=3)) == [11, 10, 9]
    assert counted(client.get_stream(stream, stream_position=10)) == [10, 11]
    mine = dict(filter_include=[stream], filter_by_stream_name=True)
    assert counted(client.read_all(**mine)) == list(range(COUNT))
    assert counted(client.read_all(backwards=True, limit=2, **mine)) == [11, 10]
    assert len([e for e in client.read_all() if e.stream_name == stream]) == COUNT, "the default filter, a look-ahead"
    expect(named(exceptions, "NotFound"), lambda: client.get_stream(f"{stream}-missing"))

    # Metadata of a stream, and what it may not say.
    client.set_stream_metadata(stream, metadata={"owner": "somebody"}, current_version=any_state)
    assert client.get_stream_metadata(stream)[0] == {"owner": "somebody"}

    # Conflicts and refusals are the client's own exceptions.
    late = events(api, 1, 99)
    conflict = named(exceptions, "WrongCurrentVersion")
    expect(conflict, lambda: client.append_to_stream(stream, current_version=3, events=late))
    two = events(api, 2, 99)
    expect(conflict, lambda: client.append_to_stream(stream, current_version=none, events=two))
    expect(exceptions.AccessDeniedError, lambda: client.append_to_stream("$forbidden", current_version=none, events=two))
    # The older one has no exception of its own for a call that is denied; it tells the status and the sentence.
    denied = exceptions.AccessDeniedError if module == "kurrentdbclient" else exceptions.GrpcError
    told = expect(denied, lambda: client.delete_stream(stream, current_version=any_state))
    assert "an audit log only grows" in str(told), told
    expect(denied, lambda: client.tombstone_stream(stream, current_version=any_state))
    hiding = {"$maxCount": 1}
    expect(denied, lambda: client.set_stream_metadata(stream, metadata=hiding, current_version=any_state))
    assert list(client.list_subscriptions()) == []
    if module == "kurrentdbclient":
        sessions(api, exceptions, client)

    # Leave a subscription in the middle.
    seen = []
    with client.subscribe_to_all(include_caught_up=True, **mine) as subscription:
        for event in subscription:
            seen.append(event)
            if len(seen) == PAST:
                break
    assert counted(seen) == list(range(PAST))
    client.append_to_stream(stream, current_version=any_state, events=events(api, 2, COUNT))
    with open(state, "w", encoding="utf-8") as file:
        json.dump({"stream": stream, "position": seen[-1].commit_position}, file)
    client.close()


def sessions(api, exceptions, client):
    """The second way to append."""
    stream = f"python-session-{uuid4()}"
    none = api.StreamState.NO_STREAM
    events = [api.NewEvent(type="Counted", data=b"{}", metadata=b'{"by":"somebody"}')]
    append = lambda: client.multi_append_to_stream([api.NewEvents(stream_name=stream, events=events, current_version=none)])
    append()
    assert json.loads(client.get_stream(stream)[0].metadata)["by"] == "somebody"
    events[0] = api.NewEvent(type="Counted", data=b"{}", metadata=b"{}")
    expect(exceptions.WrongCurrentVersionError, append)
    two = [api.NewEvents(stream_name=f"{stream}-{n}", events=[api.NewEvent(type="Counted", data=b"{}")], current_version=none) for n in range(2)]
    client.multi_append_to_stream(two)
    assert [len(client.get_stream(f"{stream}-{n}")) for n in range(2)] == [1, 1]


def after(module, uri, state):
    api, _, client = client_of(module, uri)
    with open(state, encoding="utf-8") as file:
        left = json.load(file)
    stream, position = left["stream"], left["position"]
    mine = dict(filter_include=[stream], filter_by_stream_name=True)
    seen = []
    with client.subscribe_to_all(commit_position=position, **mine) as subscription:
        for event in subscription:
            seen.append(event)
            if len(seen) == COUNT + 2 - PAST:
                # What comes while the subscription is live follows without a gap.
                client.append_to_stream(stream, current_version=api.StreamState.ANY, events=events(api, 3, COUNT + 2))
            if len(seen) == COUNT + 5 - PAST:
                break
    assert counted(seen) == list(range(PAST, COUNT + 5)), counted(seen)
    client.close()


def tokens(module, uri, auditor_uri):
    api, exceptions, operator = client_of(module, uri)
    stream, none = f"{name_of(module)}-{uuid4()}", api.StreamState.NO_STREAM
    operator.append_to_stream(stream, current_version=none, events=events(api, 2))
    auditor = client_of(module, auditor_uri)[2]
    assert counted(auditor.get_stream(stream)) == [0, 1]
    denied = exceptions.AccessDeniedError
    expect(denied, lambda: auditor.append_to_stream(stream, current_version=1, events=events(api, 2)))
    user, rest = auditor_uri.split("//")[1].split(":", 1)
    stranger = client_of(module, f"esdb://{user}:no-token@{rest.split('@')[1]}")[2]
    unknown = getattr(exceptions, "UnauthenticatedError", None) or exceptions.GrpcError
    refused = expect(unknown, lambda: stranger.get_stream(stream))
    assert "valid" in str(refused), refused


if __name__ == "__main__":
    module, phase, uri, state = sys.argv[1:5]
    {"before": before, "after": after, "tokens": tokens}[phase](module, uri, state)
    print(f"{module} {phase}: good")
