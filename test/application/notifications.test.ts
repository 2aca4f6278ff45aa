import { afterEach, describe, expect, test } from 'vitest';
import { noticeDestinations } from '#application/notifications/destinations.ts';
import { mailOf } from '#application/notifications/mail.ts';
import type { Channel, Notice } from '#application/notifications/notice.ts';
import type { DeliveryResult, Destination } from '#application/relay/destination.ts';
import { messageTypes } from '#core/journey/messages.ts';
import type { Route } from '#core/notices/route.ts';
import { HOUR, MINUTE, SECOND } from '#core/time.ts';
import { postgresDeliveryStore } from '#adapters/postgres/delivery-store.ts';
import { postgresNoticeStore } from '#adapters/postgres/notice-store.ts';
import { anyEntry } from '#test/support/audit.ts';
import { delivered, relayStage, type RelayStage } from '#test/support/outbound/relay-stage.ts';

type Sent = { readonly notice: Notice; readonly at: number };
/** A way to people that remembers what went out. */
type Outbox = Channel & { readonly sent: Sent[]; answer: () => DeliveryResult };

const refusedConnection: DeliveryResult = { type: 'retry', problem: 'ECONNREFUSED', mayHaveArrived: false };
const clientsOf = (count: number) => Array.from({ length: count }, (_, index) => `c${String(index).padStart(3, '0')}`);

const route = (more: Partial<Route> = {}): Route => ({
  id: 'ops',
  kinds: messageTypes,
  stages: null,
  clients: null,
  email: ['ops@example.com'],
  journeyContacts: false,
  slack: [],
  urgent: ['journey.completed'],
  quietHours: null,
  digest: { most: 3, window_ms: HOUR },
  isFallback: false,
  ...more,
});

describe('notices to people', { timeout: 180_000 }, () => {
  let stage: RelayStage;
  let out: Outbox;
  let destinations: readonly Destination[];
  let contacts: Record<string, readonly string[]>;

  async function open(routes: readonly Route[]): Promise<void> {
    out = {
      dependency: 'smtp',
      sent: [],
      answer: () => delivered,
      send: async (notice) => {
        const answer = out.answer();
        if (answer.type === 'delivered') out.sent.push({ notice, at: stage.clock.machine() });
        return answer;
      },
    };
    contacts = {};
    stage = await relayStage((parts) => {
      destinations = noticeDestinations(routes, {
        store: postgresNoticeStore(parts.database),
        clock: parts.clock,
        contactsOf: async (client) => contacts[client] ?? [],
        email: out,
        slack: null,
      });
      return destinations;
    });
    stage.relayTo(destinations);
  }
  afterEach(() => stage.close());

  const told = () =>
    out.sent.map(({ notice }) => notice.items.map(({ clientId, type }) => `${clientId} ${type.split('.')[1]}`));
  /** The numbers of each client's notices in the order in which they went out. */
  const seqsByClient = () => {
    const items = out.sent.flatMap(({ notice }) => notice.items);
    return Object.fromEntries(
      [...Map.groupBy(items, ({ clientId }) => clientId)].map(([client, of]) => [client, of.map(({ seq }) => seq)]),
    );
  };
  const expectAllOnceInOrder = async (): Promise<void> => {
    const rows = await stage.database.query<{ client_id: string; seq: number }>(
      'select client_id, seq from outbox order by client_id, seq',
    );
    const written = Object.fromEntries(
      [...Map.groupBy(rows, ({ client_id }) => client_id)].map(([client, of]) => [client, of.map(({ seq }) => seq)]),
    );
    expect(seqsByClient()).toEqual(written);
    expect(await stage.states('email.ops')).toEqual({ delivered: rows.length });
  };

  test('S42: a few go out at once, one by one, to whom the route names', async () => {
    await open([route()]);
    await stage.begin('acme');
    await stage.end('acme');
    await stage.look();
    expect(told()).toEqual([['acme started'], ['acme completed']]);
    expect(out.sent[0]?.notice).toMatchObject({
      id: 'dlv-acme:email.ops:2',
      destination: 'email.ops',
      recipients: ['ops@example.com'],
    });
  });

  test('a flood becomes three mails an hour: the last of them takes along whatever is there, the next takes the rest', async () => {
    await open([route()]);
    await Promise.all(clientsOf(40).map(stage.begin));
    await stage.look();
    expect(told().map((items) => items.length)).toEqual([1, 1, 38]);
    await Promise.all(clientsOf(40).map(stage.end));
    await stage.look();
    expect(out.sent, 'nothing more in this hour').toHaveLength(3);
    expect(Object.keys(await stage.states('email.ops'))).toEqual(expect.arrayContaining(['waiting', 'delivered']));
    await stage.passing(59 * MINUTE, 30 * SECOND);
    expect(out.sent).toHaveLength(3);
    await stage.passing(2 * MINUTE, 30 * SECOND);
    expect(told().map((items) => items.length)).toEqual([1, 1, 38, 40]);
    await expectAllOnceInOrder();
    const [row] = await stage.database.query<{ most: number }>('select max(failures) as most from outbox');
    expect(row?.most, 'to be held is no failure').toBe(0);
  });

  test('I7: two replicas send no more than one would, each notice once and in order per client', async () => {
    await open([route()]);
    stage.relayTo(destinations, stage.outbox, stage.breakersAnew());
    await Promise.all(clientsOf(30).map(stage.begin));
    await stage.look();
    await Promise.all(clientsOf(30).map(stage.end));
    await stage.look();
    expect(out.sent.length).toBeLessThanOrEqual(3);
    await stage.passing(61 * MINUTE, MINUTE);
    expect(out.sent.length).toBeLessThanOrEqual(6);
    await stage.passing(3 * HOUR, 10 * MINUTE);
    await expectAllOnceInOrder();
  });

  test('what died with a process while it was going out comes again under the same name with the same content', async () => {
    await open([route({ digest: { most: 1, window_ms: HOUR } })]);
    await Promise.all(clientsOf(5).map(stage.begin));
    let dies = true;
    const store = stage.outbox;
    await stage.clock.advance(0);
    const dying = {
      ...store,
      settle: (...of: Parameters<typeof store.settle>) =>
        dies ? Promise.reject(new Error('killed')) : store.settle(...of),
    };
    await stage.stopRelays();
    stage.relayTo(destinations, dying);
    await stage.look();
    expect(told().map((items) => items.length)).toEqual([5]);
    dies = false;
    await stage.begin('later');
    await stage.passing(2 * HOUR, 10 * MINUTE);
    const [first] = out.sent;
    const [again, ...none] = out.sent.slice(1).filter(({ notice }) => notice.id === first?.notice.id);
    const [rest] = out.sent.filter(({ notice }) => notice.id !== first?.notice.id);
    expect(none).toEqual([]);
    expect(again?.notice.mayHaveArrived).toBe(true);
    expect(again?.notice.items.map(({ id }) => id)).toEqual(first?.notice.items.map(({ id }) => id));
    expect(rest?.notice.items.map(({ clientId }) => clientId)).toEqual(['later']);
    expect(await stage.states('email.ops')).toEqual({ delivered: 6 });
  });

  test('in quiet hours only what is urgent goes out; in the morning the rest comes as one', async () => {
    // The stage's clock begins at midnight.
    await open([route({ quietHours: { from: 20 * 60, to: 7 * 60, timeZone: 'UTC' } })]);
    for (const client of ['a', 'b']) {
      await stage.begin(client);
      await stage.end(client);
    }
    await stage.look();
    expect(told().flat().toSorted()).toEqual(['a completed', 'b completed']);
    expect(out.sent).toHaveLength(2);
    await stage.passing(6 * HOUR + 50 * MINUTE, 10 * MINUTE);
    expect(out.sent).toHaveLength(2);
    await stage.passing(11 * MINUTE, MINUTE);
    expect(told().slice(2)).toEqual([['a started', 'b started']]);
    expect(new Date(out.sent[2]?.at ?? 0).toISOString().slice(11, 16)).toBe('07:00');
  });

  test('I20: an hour in which the mail server is down: nothing is lost or told twice, and order holds when it is back', async () => {
    await open([route()]);
    out.answer = () => refusedConnection;
    const clients = clientsOf(20);
    await Promise.all(clients.map(stage.begin));
    await stage.passing(30 * MINUTE, 30 * SECOND);
    await Promise.all(clients.map(stage.end));
    await stage.passing(30 * MINUTE, 30 * SECOND);
    expect(stage.alerts).toEqual(['breaker_open: dependency:smtp failed 5 times in a row: its calls wait.']);
    const [row] = await stage.database.query<{ most: number }>('select max(failures) as most from outbox');
    expect(row?.most, 'no attempt was burnt').toBe(1);
    out.answer = () => delivered;
    await stage.passing(3 * HOUR, MINUTE);
    await expectAllOnceInOrder();
  });

  test('S42: the contacts that a journey names hear of it, and never of another client', async () => {
    await open([route({ email: [], journeyContacts: true, digest: { most: 1, window_ms: HOUR } })]);
    contacts = { acme: ['ann@acme.example'], other: ['bob@other.example'] };
    for (const client of ['acme', 'other', 'nobody']) {
      await stage.begin(client);
      await stage.end(client);
    }
    await stage.look();
    await stage.passing(2 * HOUR, 10 * MINUTE);
    const byRecipient = Map.groupBy(out.sent, ({ notice }) => notice.recipients.join());
    expect([...byRecipient.keys()].toSorted()).toEqual(['ann@acme.example', 'bob@other.example']);
    for (const [recipient, of] of byRecipient)
      for (const { notice } of of)
        expect(notice.items.every(({ clientId }) => recipient.includes(clientId))).toBe(true);
    expect(await stage.states('email.ops.contacts')).toEqual({ delivered: 6 });
  });

  test('a digest that is refused for good makes dead letters of all that it held; each is sent again by itself', async () => {
    await open([route({ digest: { most: 1, window_ms: HOUR } })]);
    out.answer = () => ({ type: 'refused', problem: '550 no such user' });
    await Promise.all(clientsOf(3).map(stage.begin));
    await stage.look();
    expect(await stage.states('email.ops')).toEqual({ dead: 3 });
    out.answer = () => delivered;
    const replayed = await postgresDeliveryStore(stage.database).replay(
      { destination: 'email.ops', clients: null, limit: 10 },
      stage.clock.machine(),
      anyEntry,
    );
    expect(replayed).toBe(3);
    await stage.passing(4 * HOUR, 10 * MINUTE);
    expect(await stage.states('email.ops')).toEqual({ delivered: 3 });
    expect(Object.values(seqsByClient()).flat()).toHaveLength(3);
  });
});

const item = (clientId: string, reason: string) => ({
  id: `dlv-${clientId}:email.ops:3`,
  clientId,
  seq: 3,
  type: 'journey.rolled_back',
  timestamp: '2026-02-01T09:00:00.000Z',
  data: { client_id: clientId, seq: 3, from: 'pilot', to: 'sandbox', reason },
  attempt: 1,
  mayHaveArrived: false,
  held: false,
  reached: [],
});

const linkTo = (clientId: string) => `https://journeys.example.com/api/v1/journeys/${encodeURIComponent(clientId)}`;

describe('a mail', () => {
  test('one notice is named by what it says; several by how many they are', () => {
    const one = mailOf({ items: [item('acme', 'too slow')] }, { linkTo });
    expect(one.subject).toBe('acme: Rolled back from pilot to sandbox: too slow');
    expect(one.text).toBe(
      'acme · 1 Feb 09:00 UTC\nRolled back from pilot to sandbox: too slow\nhttps://journeys.example.com/api/v1/journeys/acme\n',
    );
    expect(mailOf({ items: [item('acme', 'a'), item('acme', 'b')] }, { linkTo }).subject).toBe('2 notices about acme');
    expect(mailOf({ items: [item('a', 'a'), item('b', 'b')] }, { linkTo }).subject).toBe('2 notices about 2 clients');
  });

  test('what others have written is text: no markup, no further line in a subject, nothing that turns it round', () => {
    const hostile = 'x\r\nBcc: v@example.com\u2028<img src=x onerror=alert(1)> "\u202Etxt.exe \u0000';
    const { subject, html, text } = mailOf({ items: [item(`<b>acme</b>`, hostile)] }, { linkTo: () => 'https://e/"x' });
    expect(subject).not.toMatch(/[\p{Cc}\p{Zl}\u202E]/u);
    expect(text.split('\n')).toHaveLength(4);
    expect(html).not.toMatch(/<(?!\/?(ul|li|b|br|a)\b)/);
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt; &quot;txt.exe');
    expect(html).toContain('<b>&lt;b&gt;acme&lt;/b&gt;</b>');
    expect(html).toContain('href="https://e/&quot;x"');
  });

  test('what is long is cut, and never within a character', () => {
    const { subject, html } = mailOf({ items: [item('acme', '😀'.repeat(2_000))] }, { linkTo: () => null });
    expect(Array.from(subject)).toHaveLength(120);
    expect(subject.isWellFormed()).toBe(true);
    expect(html.length).toBeLessThan(3_000);
  });
});
