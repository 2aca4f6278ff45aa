import { Server, ServerCredentials, status, type Metadata, type ServiceError } from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import features from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js';
import featureMessages from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import statusPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
import service, {
  type IStreamsServer,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import streamsPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import { streamTable, type Expected, type KeptEvent, type StreamTable, type Written } from './stream-table.ts';

export type EventStoreDouble = AsyncDisposable & {
  readonly port: number;
  readonly table: StreamTable;
  /** Appends that have come, by how they came: `append`, `batch_append`. */
  readonly calls: readonly { readonly how: string; readonly stream: string; readonly events: number }[];
  /** Whoever called with what, as HTTP's basic authentication says it. */
  readonly callers: ReadonlySet<string>;
  /** What happens to appends from now on. `lost`: written, but the answer never arrives. `denied`: refused to the user. */
  appends: 'answered' | 'lost' | 'silent' | 'denied';
  /** Stops listening and cuts every connection; `back` listens on the same port again. */
  readonly down: () => void;
  readonly back: () => Promise<void>;
};

export type EventStoreOptions = {
  readonly repeats?: 'recognised' | 'refused';
  /** PEM texts: the connection is encrypted, and callers' names count. */
  readonly tls?: { readonly key: string; readonly certificate: string };
};

/**
 * A server in the place of KurrentDB, which can be had neither from npm nor from Debian: the services that its client
 * package describes (Streams with Append, BatchAppend and Read; ServerFeatures), over real gRPC on loopback.
 */
export async function eventStoreDouble({
  repeats = 'recognised',
  tls,
}: EventStoreOptions = {}): Promise<EventStoreDouble> {
  const table = streamTable({ repeats });
  const calls: { how: string; stream: string; events: number }[] = [];
  const callers = new Set<string>();
  let server: Server | undefined;

  const double = {
    port: 0,
    table,
    calls,
    callers,
    appends: 'answered' as EventStoreDouble['appends'],
    down: () => server?.forceShutdown(),
    back: async () => void (await listen(double.port)),
    [Symbol.asyncDispose]: async () => server?.forceShutdown(),
  };

  const meet = (metadata: Metadata): void => {
    for (const said of metadata.get('authorization'))
      callers.add(Buffer.from(String(said).replace(/^Basic /, ''), 'base64').toString());
  };

  async function listen(port: number): Promise<number> {
    const next = new Server();
    next.addService(service.StreamsService, streamsOf(double, meet));
    next.addService(features.ServerFeaturesService, {
      getSupportedMethods: (_call: unknown, answer: (error: null, response: unknown) => void) =>
        answer(null, supportedMethods()),
    });
    const credentials = tls
      ? ServerCredentials.createSsl(null, [
          { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.certificate) },
        ])
      : ServerCredentials.createInsecure();
    server = next;
    return new Promise((resolve, reject) => {
      next.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
  }

  double.port = await listen(0);
  return double;
}

function supportedMethods(): InstanceType<typeof featureMessages.SupportedMethods> {
  const methods = ['append', 'batchappend', 'read'].map((name) => {
    const method = new featureMessages.SupportedMethod();
    method.setServiceName('event_store.client.streams.streams');
    method.setMethodName(name);
    return method;
  });
  return new featureMessages.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion('26.0.0');
}

const failure = (code: status, details: string): Partial<ServiceError> => ({ code, details });

type Reached = Pick<EventStoreDouble, 'table' | 'appends'> & {
  readonly calls: { how: string; stream: string; events: number }[];
};

function streamsOf(reached: Reached, meet: (metadata: Metadata) => void): IStreamsServer {
  /** null: no answer is to be given. */
  function write(how: string, stream: string, expected: Expected, events: readonly KeptEvent[]): Written | null {
    reached.calls.push({ how, stream, events: events.length });
    if (reached.appends === 'silent') return null;
    const written = reached.table.write(stream, expected, events);
    return reached.appends === 'lost' ? null : written;
  }
  return {
    delete: (_call, answer) => answer(failure(status.UNIMPLEMENTED, 'Nobody deletes streams.')),
    tombstone: (_call, answer) => answer(failure(status.UNIMPLEMENTED, 'Nobody deletes streams.')),
    append: (call, answer) => {
      meet(call.metadata);
      let stream = '';
      let expected: Expected = 'any';
      const events: KeptEvent[] = [];
      call.on('data', (request: InstanceType<typeof streamsPb.AppendReq>) => {
        const options = request.getOptions();
        if (options) {
          stream = nameOf(options.getStreamIdentifier());
          expected = options.hasNoStream()
            ? 'no_stream'
            : options.hasRevision()
              ? Number(options.getRevision())
              : options.hasStreamExists()
                ? 'stream_exists'
                : 'any';
        }
        const proposed = request.getProposedMessage();
        if (proposed) events.push(keptOf(proposed));
      });
      call.on('end', () => {
        if (reached.appends === 'denied') return answer(failure(status.PERMISSION_DENIED, 'Access Denied'));
        const written = write('append', stream, expected, events);
        if (written !== null) return answer(null, appendAnswer(written, expected));
        if (reached.appends === 'lost') return answer(failure(status.UNAVAILABLE, 'The answer is lost.'));
      });
    },
    batchAppend: (call) => {
      meet(call.metadata);
      const open = new Map<string, { stream: string; expected: Expected; events: KeptEvent[] }>();
      call.on('end', () => call.end());
      call.on('data', (request: InstanceType<typeof streamsPb.BatchAppendReq>) => {
        const id = uuidText(request.getCorrelationId());
        const options = request.getOptions();
        if (options)
          open.set(id, {
            stream: nameOf(options.getStreamIdentifier()),
            expected: options.hasNoStream()
              ? 'no_stream'
              : options.hasStreamPosition()
                ? Number(options.getStreamPosition())
                : options.hasStreamExists()
                  ? 'stream_exists'
                  : 'any',
            events: [],
          });
        const batch = open.get(id);
        if (!batch) return;
        batch.events.push(...request.getProposedMessagesList().map(keptOf));
        if (!request.getIsFinal()) return;
        open.delete(id);
        if (reached.appends === 'denied') {
          call.emit('error', failure(status.PERMISSION_DENIED, 'Access Denied'));
          return;
        }
        const written = write('batch_append', batch.stream, batch.expected, batch.events);
        if (written !== null) call.write(batchAnswer(request, batch.stream, written, batch.expected));
        else if (reached.appends === 'lost') call.emit('error', failure(status.UNAVAILABLE, 'The answer is lost.'));
      });
    },
    read: (call) => {
      meet(call.metadata);
      const options = call.request.getOptions();
      const asked = options?.getStream();
      const stream = nameOf(asked?.getStreamIdentifier());
      const events = reached.table.read(stream);
      if (events === null) {
        const missing = new streamsPb.ReadResp.StreamNotFound().setStreamIdentifier(asked?.getStreamIdentifier());
        call.write(new streamsPb.ReadResp().setStreamNotFound(missing));
      } else {
        const backwards = options?.getReadDirection() === streamsPb.ReadReq.Options.ReadDirection.BACKWARDS;
        const ordered = backwards ? events.toReversed() : events;
        const from = asked?.hasRevision() ? Number(asked.getRevision()) : undefined;
        const wanted = ordered.filter(
          ({ revision }) => from === undefined || (backwards ? revision <= from : revision >= from),
        );
        for (const event of wanted.slice(0, Number(options?.getCount()))) call.write(readAnswer(stream, event));
      }
      call.end();
    },
  };
}

type Identifier = InstanceType<typeof shared.StreamIdentifier> | undefined;
const nameOf = (identifier: Identifier): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? new Uint8Array()).toString();

/** The client sends ids as text or as two 64-bit halves. */
function uuidText(id: InstanceType<typeof shared.UUID> | undefined): string {
  const halves = id?.getStructured();
  if (!halves) return id?.getString() ?? '';
  const hex = [halves.getMostSignificantBits(), halves.getLeastSignificantBits()]
    .map((half) => BigInt.asUintN(64, BigInt(half)).toString(16).padStart(16, '0'))
    .join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

type Proposed =
  | InstanceType<typeof streamsPb.AppendReq.ProposedMessage>
  | InstanceType<typeof streamsPb.BatchAppendReq.ProposedMessage>;

const keptOf = (proposed: Proposed): KeptEvent => ({
  id: uuidText(proposed.getId()),
  type: String(proposed.getMetadataMap().get('type')),
  data: Buffer.from(proposed.getData_asU8()).toString(),
  metadata: Buffer.from(proposed.getCustomMetadata_asU8()).toString(),
});

function appendAnswer(written: Written, expected: Expected): InstanceType<typeof streamsPb.AppendResp> {
  const answer = new streamsPb.AppendResp();
  if (written.type === 'written')
    return answer.setSuccess(
      new streamsPb.AppendResp.Success().setCurrentRevision(String(written.revision)).setNoPosition(new shared.Empty()),
    );
  const wrong = new streamsPb.AppendResp.WrongExpectedVersion();
  if (written.current === null) wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(String(written.current));
  if (typeof expected === 'number') wrong.setExpectedRevision(String(expected));
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new shared.Empty());
  return answer.setWrongExpectedVersion(wrong);
}

function batchAnswer(
  request: InstanceType<typeof streamsPb.BatchAppendReq>,
  stream: string,
  written: Written,
  expected: Expected,
): InstanceType<typeof streamsPb.BatchAppendResp> {
  const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(stream).toString('base64'));
  const answer = new streamsPb.BatchAppendResp()
    .setCorrelationId(request.getCorrelationId())
    .setStreamIdentifier(identifier);
  if (written.type === 'written')
    return answer.setSuccess(new streamsPb.BatchAppendResp.Success().setCurrentRevision(String(written.revision)));
  const wrong = new shared.WrongExpectedVersion();
  if (written.current !== null) wrong.setCurrentStreamRevision(String(written.current));
  if (typeof expected === 'number') wrong.setExpectedStreamPosition(String(expected));
  const details = new anyPb.Any();
  details.pack(wrong.serializeBinary(), 'event_store.client.WrongExpectedVersion');
  return answer.setError(new statusPb.Status().setMessage('Wrong expected version.').setDetails(details));
}

function readAnswer(
  stream: string,
  { id, type, data, metadata, revision }: KeptEvent & { readonly revision: number },
): InstanceType<typeof streamsPb.ReadResp> {
  const recorded = new streamsPb.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(id))
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream).toString('base64')))
    .setStreamRevision(String(revision))
    .setPreparePosition('0')
    .setCommitPosition('0')
    .setData(Buffer.from(data).toString('base64'))
    .setCustomMetadata(Buffer.from(metadata).toString('base64'));
  recorded
    .getMetadataMap()
    .set('type', type)
    .set('content-type', 'application/json')
    .set('created', '17000000000000000');
  const event = new streamsPb.ReadResp.ReadEvent().setEvent(recorded).setNoPosition(new shared.Empty());
  return new streamsPb.ReadResp().setEvent(event);
}
