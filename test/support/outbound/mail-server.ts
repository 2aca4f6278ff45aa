import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';

export type Arrived = {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers by their names in lower case, unfolded and decoded from nothing: as they came. */
  readonly headers: ReadonlyMap<string, string>;
  readonly raw: string;
  /** As it is read: without the encoding that keeps lines short. */
  readonly text: string;
  readonly encrypted: boolean;
  readonly user: string | undefined;
};

export type MailScript = {
  /** An answer to MAIL FROM, RCPT TO or the end of DATA instead of yes: `550 no such user`. */
  readonly sender?: string;
  readonly recipient?: (address: string) => string | undefined;
  /** Also `drops`, `drops and keeps` and `is silent`. */
  readonly data?: string;
};

export type TestMailServer = AsyncDisposable & {
  readonly port: number;
  readonly arrived: readonly Arrived[];
  readonly connections: () => number;
  /** Mails that have been sent to it whole, taken or not. */
  readonly heard: () => number;
  /** How it behaves from now on. */
  readonly behave: (script: MailScript) => void;
  readonly down: () => Promise<void>;
  readonly back: () => Promise<void>;
};

/** A certificate for localhost and 127.0.0.1 that signs itself, with its key: of use to nobody but these tests. */
const pem = readFileSync(join(import.meta.dirname, 'localhost.pem'), 'utf8');
export const testAuthority = pem.slice(0, pem.indexOf('-----BEGIN PRIVATE KEY'));

export const MAIL_USER = 'orchestrator';
export const MAIL_PASSWORD = 'canary of the mail password';

type MailServerOptions = {
  readonly startTls?: boolean;
  readonly login?: boolean;
};

const answer = (said: string | undefined): Error | null => {
  if (said === undefined) return null;
  const [code = '', ...words] = said.split(' ');
  return Object.assign(new Error(words.join(' ')), { responseCode: Number(code) });
};

/** A real mail server in this process. It takes logins over TLS only, and remembers what it has taken. */
export async function mailServer({ startTls = true, login = true }: MailServerOptions = {}): Promise<TestMailServer> {
  const arrived: Arrived[] = [];
  let script: MailScript = {};
  let connections = 0;
  let heard = 0;
  const open = (): SMTPServer =>
    new SMTPServer({
      cert: pem,
      key: pem,
      logger: false,
      hideSTARTTLS: !startTls,
      authOptional: !login,
      disabledCommands: [...(startTls ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])],
      closeTimeout: 1,
      onConnect: (_, done) => {
        connections += 1;
        done();
      },
      onAuth: ({ username, password }, _, done) =>
        username === MAIL_USER && password === MAIL_PASSWORD
          ? done(null, { user: username })
          : done(Object.assign(new Error('Invalid username or password'), { responseCode: 535 })),
      onMailFrom: (_address, _session, done) => done(answer(script.sender)),
      onRcptTo: ({ address }, _, done) => done(answer(script.recipient?.(address))),
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const raw = Buffer.concat(chunks).toString();
          const { data } = script;
          heard += 1;
          const keep = (): void => {
            const { mailFrom, rcptTo } = session.envelope;
            arrived.push({
              from: mailFrom === false ? '' : mailFrom.address,
              to: rcptTo.map(({ address }) => address),
              headers: headersOf(raw),
              raw,
              text: decoded(raw),
              encrypted: session.secure,
              user: session.user as string | undefined,
            });
          };
          if (data === 'is silent') return;
          if (data === 'drops' || data === 'drops and keeps') {
            if (data === 'drops and keeps') keep();
            for (const connection of server.connections) connection.close();
            return;
          }
          const refusal = answer(data);
          if (refusal === null) keep();
          done(refusal);
        });
      },
    });
  let server = open();
  const listen = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, '127.0.0.1', () => {
        server.on('error', () => undefined);
        resolve();
      });
    });
  await listen(0);
  const address = server.server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The mail server has no port.');
  const { port } = address;
  let isUp = true;
  const down = async (): Promise<void> => {
    if (!isUp) return;
    isUp = false;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const connection of server.connections) connection.close();
    await closed;
  };
  return {
    port,
    arrived,
    connections: () => connections,
    heard: () => heard,
    behave: (next) => (script = next),
    down,
    back: async () => {
      server = open();
      await listen(port);
      isUp = true;
    },
    [Symbol.asyncDispose]: down,
  };
}

function headersOf(raw: string): ReadonlyMap<string, string> {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ');
  return new Map(
    head.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

/** Quoted-printable, as UTF-8. */
const decoded = (raw: string): string =>
  Buffer.from(
    raw
      .replaceAll('=\r\n', '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();
