// The published Node clients against a running server: `node node.mjs PACKAGE before|after|tokens|service URI STATE MODULES`.
//
// PACKAGE is @kurrent/kurrentdb-client or @eventstore/db-client. `before` appends, reads, filters, is refused, and leaves
// subscriptions in the middle; `after`, when the server was started anew, takes them up where they were, and finds it by
// discovery. `tokens` is told the URI of an operator and, in place of STATE, that of an auditor; `service` that of a
// department's log and a stream of the department's own. The packages are below MODULES.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const PAST = 5; // events that the first subscription sees before the server stops
const COUNT = 12;
const WINDOW = 4; // events between two checkpoints, shown or not
const PATIENCE = 60; // seconds, for all: an event that is lost must not be waited for without an end

const [name, phase, uri, state, modules] = process.argv.slice(2);
const api = createRequire(`${modules}/`)(name);
const { jsonEvent, streamNameFilter, NO_STREAM, ANY, START, BACKWARDS } = api;
const clientOf = (uri) => (api.KurrentDBClient ?? api.EventStoreDBClient).connectionString`${uri}`;
const client = clientOf(uri);
const impatient = () => assert.fail(`${name} ${phase}: waiting in vain`);
setTimeout(impatient, PATIENCE * 1000).unref();

const numbers = (from, to) => Array.from({ length: to - from }, (_, n) => from + n);
const events = (from, to) => numbers(from, to).map((n) => jsonEvent({ type: "Counted", data: { n }, metadata: { m: n } }));

async function counted(read) {
  const found = [];
  for await (const { event } of read) found.push(event.data.n);
  return found;
}

/** What a subscription brings, up to its last event. Its end is no count, so that a loss is seen. */
async function heard(subscription, isLast, each = async () => {}) {
  const found = [];
  for await (const { event } of subscription) {
    found.push(event);
    await each(event);
    if (isLast(event)) break;
  }
  await subscription.unsubscribe();
  return found;
}

const numbered = (n) => (event) => event.data.n === n;
const numbersOf = (events) => events.map((event) => event.data.n);

/** Where a stream is expected: the newer client has another word for it. */
const at = (state) => ({ streamState: state, expectedRevision: state });

const mine = (stream, options) => streamNameFilter({ prefixes: [stream], ...options });
const positionOf = (commit) => ({ commit, prepare: commit });

async function before() {
  const stream = `node-${name.slice(1, 5)}-${randomUUID()}`;
  const first = events(0, 1);
  const appended = await client.appendToStream(stream, first, at(NO_STREAM));
  const again = await client.appendToStream(stream, first, at(NO_STREAM));
  assert.deepEqual(again.position, appended.position);
  await client.appendToStream(stream, events(1, COUNT), at(0n));

  // The first event names the log.
  for await (const { event } of client.readAll({ maxCount: 1 })) {
    assert.deepEqual([event.streamId, event.type, event.position.commit], ["$genesis", "$genesis", 1n]);
  }

  // Read both ways.
  assert.deepEqual(await counted(client.readStream(stream)), numbers(0, COUNT));
  const last = client.readStream(stream, { direction: BACKWARDS, fromRevision: "end", maxCount: 3 });
  assert.deepEqual(await counted(last), [11, 10, 9]);
  assert.deepEqual(await counted(client.readStream(stream, { fromRevision: 10n })), [10, 11]);
  const whole = [];
  for await (const { event } of client.readAll({ filter: mine(stream) })) whole.push(event);
  // The older client filters its subscriptions only.
  const found = api.KurrentDBClient ? whole : whole.filter((event) => event.streamId === stream);
  assert.deepEqual(numbersOf(found), numbers(0, COUNT));
  await assert.rejects(counted(client.readStream(`${stream}-missing`)), api.StreamNotFoundError);

  // Metadata of a stream, and what it may not say.
  await client.setStreamMetadata(stream, { owner: "somebody" });
  assert.equal((await client.getStreamMetadata(stream)).metadata.owner, "somebody");
  await assert.rejects(client.setStreamMetadata(stream, { maxCount: 1 }), api.AccessDeniedError);

  // Conflicts and refusals are the client's own exceptions.
  const late = client.appendToStream(stream, events(99, 100), at(3n));
  await assert.rejects(late, api.WrongExpectedVersionError);
  const denied = (error) => error instanceof api.AccessDeniedError;
  await assert.rejects(client.deleteStream(stream), denied);
  await assert.rejects(client.tombstoneStream(stream), denied);
  assert.deepEqual(await client.listAllPersistentSubscriptions(), []);
  if (client.multiStreamAppend) await sessions();

  // Leave subscriptions in the middle: to the whole log, to the stream, and one at a checkpoint.
  const seen = await heard(client.subscribeToAll({ fromPosition: START, filter: mine(stream) }), numbered(PAST - 1));
  assert.deepEqual(numbersOf(seen), numbers(0, PAST));
  // From behind a revision; what comes while it is live follows without a gap.
  const behind = client.subscribeToStream(stream, { fromRevision: BigInt(PAST - 1) });
  const followed = await heard(behind, numbered(COUNT), async ({ data }) => {
    if (data.n === COUNT - 1) await client.appendToStream(stream, events(COUNT, COUNT + 2), at(ANY));
  });
  assert.deepEqual(numbersOf(followed), numbers(PAST, COUNT + 1));
  assert.deepEqual(followed.map((event) => Number(event.revision)), numbers(PAST, COUNT + 1));
  const checkpoint = await leaveAtCheckpoint(stream);
  await client.appendToStream(stream, events(COUNT + 2, COUNT + 3), at(ANY));
  const left = { position: seen.at(-1).position.commit, revision: followed.at(-1).revision, checkpoint };
  writeFileSync(state, JSON.stringify({ stream, ...left }, (_, value) => (typeof value === "bigint" ? `${value}` : value)));
}

/**
 * Where a filtered subscription stands behind events that it is not shown, only the server can say. It does so at the
 * end of what there is, and then after every window of events.
 */
async function leaveAtCheckpoint(stream) {
  let reached = 0n;
  let wake = () => {};
  const checkpointReached = (_, { commit }) => {
    reached = commit;
    wake();
  };
  const checkpoint = async (position) => {
    while (reached < position) await new Promise((resolve) => (wake = resolve));
    return reached;
  };
  const filter = mine(stream, { checkpointInterval: 1, maxSearchWindow: WINDOW, checkpointReached });
  const end = COUNT + 1;
  const seen = await heard(client.subscribeToAll({ fromPosition: START, filter }), numbered(end), async ({ data, position }) => {
    if (data.n < end) return;
    await checkpoint(position.commit);
    const hidden = await client.appendToStream(`hidden-${randomUUID()}`, events(0, WINDOW), at(NO_STREAM));
    assert.equal(await checkpoint(hidden.position.commit), hidden.position.commit);
  });
  assert.deepEqual(numbersOf(seen), numbers(0, end + 1));
  return reached;
}

/** The second way to append. */
async function sessions() {
  const stream = `node-session-${randomUUID()}`;
  await appendSession(stream, NO_STREAM);
  assert.deepEqual(await counted(client.readStream(stream)), [0]);
  await assert.rejects(appendSession(stream, NO_STREAM), api.WrongExpectedVersionError);
}

function appendSession(streamName, expectedState) {
  const event = { ...jsonEvent({ type: "Counted", data: { n: 0 } }), metadata: { by: "somebody" } };
  return client.multiStreamAppend([{ streamName, expectedState, events: [event] }]);
}

async function after() {
  const { stream, ...left } = JSON.parse(readFileSync(state, "utf8"));
  const [position, checkpoint] = [left.position, left.checkpoint].map((commit) => positionOf(BigInt(commit)));
  let last = COUNT + 2;
  for (const [first, subscribe] of [
    [PAST, () => client.subscribeToAll({ fromPosition: position, filter: mine(stream) })],
    [COUNT + 1, () => client.subscribeToStream(stream, { fromRevision: BigInt(left.revision) })],
    [COUNT + 2, () => client.subscribeToAll({ fromPosition: checkpoint, filter: mine(stream) })],
  ]) {
    // What comes while the subscription is live follows without a gap.
    const seen = await heard(subscribe(), numbered(last + 3), async ({ data }) => {
      if (data.n === last) await client.appendToStream(stream, events(last + 1, last + 4), at(ANY));
    });
    last += 3;
    assert.deepEqual(numbersOf(seen), numbers(first, last + 1));
  }
}

async function tokens() {
  const auditor = clientOf(state);
  const stream = `node-${randomUUID()}`;
  await client.appendToStream(stream, events(0, 2), at(NO_STREAM));
  assert.deepEqual(await counted(auditor.readStream(stream)), [0, 1]);
  await assert.rejects(auditor.appendToStream(stream, events(2, 3)), api.AccessDeniedError);
  await auditor.dispose();
}

/** The door of a department: nobody appends, and whoever reads stands in the log. */
async function service() {
  const dossier = state;
  for (const stream of [`node-${randomUUID()}`, dossier]) {
    await assert.rejects(client.appendToStream(stream, events(0, 1), at(ANY)), api.AccessDeniedError);
    if (client.multiStreamAppend) await assert.rejects(appendSession(stream, ANY), api.AccessDeniedError);
  }

  const story = ["Received", "Clock", "Routed", "Clock"]; // with the duty to verify, which goes to the town
  const all = async (read) => {
    const found = [];
    for await (const { event } of read) found.push(event);
    return found;
  };
  const types = (events) => events.map((event) => event.type);
  const ids = (events) => events.map((event) => event.id);
  assert.deepEqual(types(await all(client.readStream(dossier))), story);
  const whole = await all(client.readAll());
  assert.deepEqual([whole[0].streamId, whole[0].type, whole[0].position.commit], ["$genesis", "$genesis", 1n]);
  assert.deepEqual(types(whole.filter((event) => event.streamId === dossier)), story);

  const followed = await heard(client.subscribeToStream(dossier), (event) => Number(event.revision) === story.length - 1);
  assert.deepEqual(types(followed), story);
  const followedAll = await heard(client.subscribeToAll(), (event) => event.id === whole.at(-1).id);
  assert.deepEqual(ids(followedAll), ids(whole));
  for (const opened of [dossier.replace(":", "."), "log.hazard"]) {
    const queries = (await all(client.readStream(`reading:${opened}`))).map((event) => event.data.data.query);
    assert.deepEqual(queries, ["Streams.Read", "Streams.Subscribe"]);
  }
}

await { before, after, tokens, service }[phase]();
await client.dispose();
console.log(`${name} ${phase}: good`);
