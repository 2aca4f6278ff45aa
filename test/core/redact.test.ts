import { expect, test } from 'vitest';
import { assert, property, string } from 'fast-check';
import { redactor } from '#core/redact.ts';

const clean = redactor(['postgres', 'a "quoted" secret, 1', 'S3cret-of-the-database', 'abc', 'S3cret-of']);

test.each([
  [
    'a value, wherever it stands',
    '{"error":"auth failed for S3cret-of-the-database@db"}',
    '{"error":"auth failed for ***@db"}',
  ],
  ['a value with quotes, as JSON writes it', '{"error":"a \\"quoted\\" secret, 1!"}', '{"error":"***!"}'],
  ['a value as addresses write it', 'GET /?k=a%20%22quoted%22%20secret%2C%201', 'GET /?k=***'],
  [
    'a short one where it is a word',
    '{"error":"password postgres was refused"}',
    '{"error":"password *** was refused"}',
  ],
  ['a key at any depth', '{"a":{"b":{"client_secret":"x\\"y","n":1}}}', '{"a":{"b":{"client_secret":"***","n":1}}}'],
  ['a header', '{"said":"Authorization: Bearer eyJhbGciOi.x-y_z"}', '{"said":"Authorization: Bearer ***"}'],
  ["Slack's tokens", 'xoxb-1234567890-abcdef and xapp-1-A1-2-abcdef', '*** and ***'],
  ['tokens of our own, and keys of webhooks', 'jo_0123456789abcdefABCDEF whsec_MfKQ9r8GKYqrTwjU', '*** ***'],
  ['a password within an address', 'smtp://user:p%40ss@mail:587 failed', 'smtp://user:***@mail:587 failed'],
])('I18: %s is taken out', (_what, line, instead) => {
  expect(clean(line)).toBe(instead);
});

test.each([
  '{"store":"postgresql","token_id":"t-1","attempt":3}',
  '{"message":"Listening on http://127.0.0.1:8080","at":"2026-11-24T17:00:00.000Z"}',
  '{"client_id":"abc","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}',
])('I18: %s stays as it is', (line) => {
  expect(clean(line)).toBe(line);
});

test('I18: whatever a secret is made of, no line of JSON that holds it shows it, and the line stays JSON', () => {
  const secret = string({ minLength: 16, maxLength: 40, unit: 'binary' }).filter((text) => text.trim().length >= 16);
  assert(
    property(secret, string(), string(), (text, before, after) => {
      const line = redactor([text])(JSON.stringify({ message: `${before}${text}${after}`, nested: [{ said: text }] }));
      const said = JSON.parse(line) as { readonly nested: readonly { readonly said: string }[] };
      expect(said.nested[0]?.said).toBe('***');
      expect(line.includes(JSON.stringify(text).slice(1, -1))).toBe(false);
    }),
  );
});
