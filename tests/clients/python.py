"""The published Python clients against a running server: `python.py MODULE before|after|tokens|service URI STATE`.

MODULE is kurrentdbclient or esdbclient. `before` appends, reads, filters, is refused, and leaves subscriptions in the
middle; `after`, when the server was started anew, takes them up where they were, and finds it by discovery. `tokens` is
told the URI of an operator and, in place of STATE, that of an auditor; `service` that of a department's log and a stream
of the department's own.
"""

import atexit
import faulthandler
import importlib
import json
import sys
from itertools import takewhile
from uuid import uuid4

PAST = 5  # events that the first subscription sees before the server stops
COUNT = 12
WINDOW = 4  # events between two checkpoints, shown or not
PATIENCE = 60  # seconds, for all: an event that is lost must not be waited for without an end


def name_of(module):
    return f"python-{module}"


def client_of(module, uri):
    api = importlib.import_module(module)
    kind = getattr(api, "KurrentDBClient", None) or api.EventStoreDBClient
    client = kind(uri)
    # Whatever happens: one that is left to the end of the interpreter may wait for ever.
    atexit.register(client.close)
    return api, importlib.import_module(f"{module}.exceptions"), client


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


def number(event):
    return json.loads(event.data)["n"]


def counted(found):
    return [number(event) for event in found]


def heard(subscription, last, each=lambda n: None):
    """What a subscription brings, up to the event with this number. Its end is no count, so that a loss is seen."""
    seen = []
    for event in subscription:
        seen.append(event)
        each(number(event))
        if number(event) == last:
            break
    return seen


def of(stream):
    return dict(filter_include=[stream], filter_by_stream_name=True)


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
    assert counted(client.read_all(**of(stream))) == list(range(COUNT))
    assert counted(client.read_all(backwards=True, limit=2, **of(stream))) == [11, 10]
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

    # Leave subscriptions in the middle: to the whole log, to the stream, and one at a checkpoint.
    with client.subscribe_to_all(include_caught_up=True, **of(stream)) as subscription:
        seen = heard(subscription, PAST - 1)
    assert counted(seen) == list(range(PAST))
    append = lambda count, start: client.append_to_stream(stream, current_version=any_state, events=events(api, count, start))
    # From behind a revision; what comes while it is live follows without a gap.
    with client.subscribe_to_stream(stream, stream_position=PAST - 1) as subscription:
        followed = heard(subscription, COUNT, lambda n: n == COUNT - 1 and append(2, COUNT))
    assert counted(followed) == [event.stream_position for event in followed] == list(range(PAST, COUNT + 1))
    checkpoint = leave_at_checkpoint(api, client, stream)
    append(1, COUNT + 2)
    left = {"position": seen[-1].commit_position, "revision": followed[-1].stream_position, "checkpoint": checkpoint}
    with open(state, "w", encoding="utf-8") as file:
        json.dump({"stream": stream, **left}, file)


def leave_at_checkpoint(api, client, stream):
    """Where a filtered subscription stands behind events that it is not shown, only the server can say.

    It does so at the end of what there is, and then after every window of events.
    """
    with client.subscribe_to_all(
        include_checkpoints=True, window_size=WINDOW, checkpoint_interval_multiplier=1, **of(stream)
    ) as subscription:
        seen, _ = until_checkpoint(subscription, client.get_commit_position())
        none = api.StreamState.NO_STREAM
        hidden = client.append_to_stream(f"hidden-{uuid4()}", current_version=none, events=events(api, WINDOW))
        none_seen, checkpoint = until_checkpoint(subscription, hidden)
    assert (counted(seen), none_seen, checkpoint) == (list(range(COUNT + 2)), [], hidden)
    return checkpoint


def until_checkpoint(subscription, position):
    """The events up to the checkpoint that has reached a position, and where that is."""
    seen = []
    for event in subscription:
        if not event.is_checkpoint:
            seen.append(event)
        elif event.commit_position >= position:
            return seen, event.commit_position


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
    # Found by asking who is there: one, who is the leader.
    (member,) = client.read_gossip()
    found = f"{member.address}:{member.port}"
    assert (member.state, client.connection_target, found in uri) == ("NODE_STATE_LEADER", found, True), member
    with open(state, encoding="utf-8") as file:
        left = json.load(file)
    stream, last = left["stream"], COUNT + 2
    for first, subscribe in (
        (PAST, lambda: client.subscribe_to_all(commit_position=left["position"], **of(stream))),
        (COUNT + 1, lambda: client.subscribe_to_stream(stream, stream_position=left["revision"])),
        (COUNT + 2, lambda: client.subscribe_to_all(commit_position=left["checkpoint"], **of(stream))),
    ):
        # What comes while the subscription is live follows without a gap.
        more, any_state = events(api, 3, last + 1), api.StreamState.ANY
        append = lambda n: n == last and client.append_to_stream(stream, current_version=any_state, events=more)
        with subscribe() as subscription:
            seen = counted(heard(subscription, last + 3, append))
        last += 3
        assert seen == list(range(first, last + 1)), (seen, first, last)


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


def service(module, uri, dossier):
    """The door of a department: nobody appends, and whoever reads stands in the log."""
    api, exceptions, client = client_of(module, uri)
    any_state, denied = api.StreamState.ANY, exceptions.AccessDeniedError
    for stream in (f"{name_of(module)}-{uuid4()}", dossier):
        for count in (1, 2):
            new = events(api, count)
            expect(denied, lambda: client.append_to_stream(stream, current_version=any_state, events=new))
        if module == "kurrentdbclient":
            new = api.NewEvents(stream_name=stream, events=[api.NewEvent(type="Counted", data=b"{}")], current_version=any_state)
            expect(denied, lambda: client.multi_append_to_stream([new]))

    story = ["Received", "Clock", "Routed", "Clock"]  # with the duty to verify, which goes to the town
    types = lambda events: [event.type for event in events]
    assert types(client.get_stream(dossier)) == story
    whole = list(client.read_all(filter_exclude=()))
    assert (whole[0].stream_name, whole[0].type, whole[0].commit_position) == ("$genesis", "$genesis", 1)
    assert types(event for event in whole if event.stream_name == dossier) == story

    is_history = lambda event: not event.is_caught_up
    with client.subscribe_to_stream(dossier, include_caught_up=True) as subscription:
        assert types(takewhile(is_history, subscription)) == story
    with client.subscribe_to_all(filter_exclude=(), include_caught_up=True) as subscription:
        followed = list(takewhile(is_history, subscription))
    # Behind that may stand that it was followed.
    assert [event.id for event in followed][: len(whole)] == [event.id for event in whole]
    for opened in (dossier.replace(":", "."), "log.hazard"):
        queries = [json.loads(event.data)["data"]["query"] for event in client.get_stream(f"reading:{opened}")]
        assert queries == ["Streams.Read", "Streams.Subscribe"], queries


if __name__ == "__main__":
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    module, phase, uri, state = sys.argv[1:5]
    {"before": before, "after": after, "tokens": tokens, "service": service}[phase](module, uri, state)
    print(f"{module} {phase}: good")
