import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { SECOND } from '#core/time.ts';
import type { Mail } from '#application/notifications/mail.ts';
import type { DeliveryResult } from '#application/relay/destination.ts';
import { clean } from './signed-post.ts';

export type SmtpOptions = {
  /** smtp:// (STARTTLS) or smtps://, with user and password where the server wants them. */
  readonly url: string;
  /** Over TLS or not at all. */
  readonly requireTls: boolean;
  readonly from: string;
  /** Mails under way at once. */
  readonly connections: number;
  /** Whom to trust besides the authorities that node knows. */
  readonly ca?: string;
};

export type MailToSend = Mail & {
  /** Of the delivery: the Message-ID is made of it, so that one that comes twice is recognised. */
  readonly id: string;
  readonly recipients: readonly string[];
  readonly reached: readonly string[];
};

export type MailServer = {
  readonly send: (mail: MailToSend, signal: AbortSignal) => Promise<DeliveryResult>;
  /** Connects and logs in, and says why that did not work. */
  readonly logIn: (signal: AbortSignal) => Promise<{ readonly problem: string } | null>;
  readonly close: () => void;
};

const CONNECT_MS = 5 * SECOND;
const SILENCE_MS = 10 * SECOND;

/** A mail server that we hand mails to. Connections are kept; nothing is tried twice in here. */
export function smtpMail(options: SmtpOptions): MailServer {
  const { from, connections } = options;
  const transport = createTransport({
    ...transportOptions(options),
    pool: true,
    maxConnections: connections,
    maxRequeues: 0,
  });
  return {
    send: async ({ id, subject, text, html, recipients, reached }, signal) => {
      const left = recipients.filter((one) => !reached.includes(one));
      if (left.length === 0) return { type: 'delivered' };
      try {
        const sent = await transport.sendMail({
          from: mailbox(from),
          to: left.map(mailbox),
          envelope: { from, to: left },
          subject,
          text,
          html,
          messageId: messageIdOf(id, from),
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
          disableFileAccess: true,
          disableUrlAccess: true,
          signal,
        });
        return partly(left, reached, (sent.rejectedErrors ?? []) as readonly SmtpError[]);
      } catch (error) {
        return failed(error as SmtpError);
      }
    },
    logIn: async (signal) => {
      // A connection of its own: one that is kept would say nothing about the login.
      const once = createTransport(transportOptions(options));
      const stopped = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('There was no time left.')), { once: true });
      });
      try {
        await Promise.race([once.verify(), stopped]);
        return null;
      } catch (error) {
        return { problem: problemOf(error as SmtpError) };
      } finally {
        once.close();
      }
    },
    close: () => transport.close(),
  };
}

function transportOptions({ url, requireTls, ca }: SmtpOptions) {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === 'smtps:';
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || (secure ? 465 : 587)),
    secure,
    requireTLS: requireTls && !secure,
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    dnsTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
    logger: false,
  } as const;
}

/** An address that is only an address: nothing in it is taken for a name, or for a second one. */
const mailbox = (address: string) => ({ name: '', address });

/** The delivery's id may hold anything that a client's may: a digest of it stands in the header. */
const messageIdOf = (id: string, from: string): string =>
  `<${createHash('sha256').update(id).digest('hex').slice(0, 40)}@${from.slice(from.lastIndexOf('@') + 1)}>`;

type SmtpError = Error & {
  readonly code?: string;
  readonly originalCode?: string;
  readonly command?: string;
  readonly responseCode?: number;
  readonly recipient?: string;
  readonly rejectedErrors?: readonly SmtpError[];
};

const isPermanent = ({ responseCode = 0 }: SmtpError): boolean => responseCode >= 500;

/** The server has taken the mail for some of them: the others are tried again, or not any more. */
function partly(left: readonly string[], before: readonly string[], rejected: readonly SmtpError[]): DeliveryResult {
  if (rejected.length === 0) return { type: 'delivered' };
  const refused = new Set(rejected.map(({ recipient }) => recipient));
  const reached = [...before, ...left.filter((one) => !refused.has(one))];
  const problem = rejected.map(problemOf).join(' ');
  return rejected.every(isPermanent)
    ? { type: 'refused', problem, reached }
    : { type: 'retry', problem, mayHaveArrived: false, reached };
}

/** Before a server has taken what we are, from whom we send and to whom, no mail can have arrived. */
const beforeTheMail = /^(CONN|HELO|EHLO|LHLO|STARTTLS|AUTH|MAIL|RCPT)/;
const neverConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

function failed(error: SmtpError): DeliveryResult {
  const { code = '', originalCode = '', command = '', responseCode } = error;
  const problem = problemOf(error);
  // A mail that is refused for what it is or to whom it goes; that it comes from us may be mended.
  if (isPermanent(error) && isAboutTheMail(error)) return { type: 'refused', problem };
  const surelyNot =
    responseCode !== undefined ||
    ['EDNS', 'ETLS', 'EAUTH', 'ENOAUTH'].includes(code) ||
    neverConnected.has(originalCode) ||
    /CERT|_TLS_|_SSL_/.test(originalCode) ||
    // A connection that breaks off is always said to have been at its beginning.
    (beforeTheMail.test(command) && !command.startsWith('CONN'));
  return { type: 'retry', problem, mayHaveArrived: !surelyNot };
}

const isAboutTheMail = ({ code = '', command = '' }: SmtpError): boolean =>
  !command.startsWith('MAIL') && (/^(RCPT|DATA)/.test(command) || ['EENVELOPE', 'EMESSAGE'].includes(code));

function problemOf({ message, rejectedErrors = [] }: SmtpError): string {
  const more = rejectedErrors.map((one) => one.message).filter((one) => one !== message);
  return clean([message, ...more].join(' '));
}
