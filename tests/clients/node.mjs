// The published Node clients against a running event store: `node node.mjs PACKAGE before|after|tokens URI STATE`.
//
// PACKAGE is @kurrent/kurrentdb-client or @eventstore/db-client. `before` appends, reads, filters, is refused, and leaves
// a subscription in the middle; `after`, when the server was started anew, takes it up where it was.
// `tokens` is told the URI of an operator and, in place of STATE, that of an auditor.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const PAST = 5; // events that the subscription sees before the server stops
const COUNT = 12;

const [name, phase, uri, state, modules] = process.argv.slice(2);
const api = createRequire(`${modules}/`)(name);
const { jsonEvent, streamNameFilter, NO_STREAM, ANY, START, BACKWARDS } = api;
const clientOf = (uri) => (api.KurrentDBClient ?? api.EventStoreDBClient).connectionString`${uri}`;
const client = clientOf(uri);

const numbers = (from, to) => Array.from({ length: to - from }, (_, n) => from + n);
const events = (from, to) => numbers(from, to).map((n) => jsonEvent({ type: "Counted", data: { n }, metadata: { m: n } }));

async function counted(read) {
  const found = [];
  for await (const { event } of read) found.push(event.data.n);
  return found;
}

/** The first events of a subscription. */
async function heard(subscription, count, each = async () => {}) {
  const found = [];
  for await (const resolved of subscription) {
    found.push(resolved.event);
    await each(found.length);
    if (found.length === count) break;
  }
  return found;
}

/** Where a stream is expected: the newer client has another word for it. */
const at = (state) => ({ streamState: state, expectedRevision: state });

const mine = (stream) => streamNameFilter({ prefixes: [stream] });

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
  assert.deepEqual(found.map((event) => event.data.n), numbers(0, COUNT));
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

  // Leave a subscription in the middle.
  const subscription = client.subscribeToAll({ fromPosition: START, filter: mine(stream) });
  const seen = await heard(subscription, PAST);
  await subscription.unsubscribe();
  assert.deepEqual(seen.map((event) => event.data.n), numbers(0, PAST));
  await client.appendToStream(stream, events(COUNT, COUNT + 2), at(ANY));
  writeFileSync(state, JSON.stringify({ stream, position: seen.at(-1).position.commit.toString() }));
}

/** The second way to append. */
async function sessions() {
  const streamName = `node-session-${randomUUID()}`;
  const event = { ...jsonEvent({ type: "Counted", data: { n: 0 } }), metadata: { by: "somebody" } };
  const append = (expectedState) => client.multiStreamAppend([{ streamName, expectedState, events: [{ ...event, id: randomUUID() }] }]);
  await append(NO_STREAM);
  assert.deepEqual(await counted(client.readStream(streamName)), [0]);
  await assert.rejects(append(NO_STREAM), api.WrongExpectedVersionError);
}

async function after() {
  const left = JSON.parse(readFileSync(state, "utf8"));
  const commit = BigInt(left.position);
  const fromPosition = { commit, prepare: commit };
  const subscription = client.subscribeToAll({ fromPosition, filter: mine(left.stream) });
  const rest = COUNT + 2 - PAST;
  // What comes while the subscription is live follows without a gap.
  const seen = await heard(subscription, rest + 3, async (count) => {
    if (count === rest) await client.appendToStream(left.stream, events(COUNT + 2, COUNT + 5), at(ANY));
  });
  await subscription.unsubscribe();
  assert.deepEqual(seen.map((event) => event.data.n), numbers(PAST, COUNT + 5));
}

async function tokens() {
  const auditor = clientOf(state);
  const stream = `node-${randomUUID()}`;
  await client.appendToStream(stream, events(0, 2), at(NO_STREAM));
  assert.deepEqual(await counted(auditor.readStream(stream)), [0, 1]);
  await assert.rejects(auditor.appendToStream(stream, events(2, 3)), api.AccessDeniedError);
  await auditor.dispose();
}

await { before, after, tokens }[phase]();
await client.dispose();
console.log(`${name} ${phase}: good`);
