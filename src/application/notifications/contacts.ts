import { isMailAddress } from '#core/notices/route.ts';
import type { JsonObject } from '#core/json.ts';

/** People whom a journey's own metadata name. */
const MOST_CONTACTS = 20;

/** What `contacts` in the metadata of a journey may be. */
export const contactsRule = `contacts must be a list of at most ${MOST_CONTACTS} mail addresses, as ["ann@client.example"]`;

export function contactsIn({ contacts }: JsonObject): readonly string[] {
  return Array.isArray(contacts) ? contacts.filter((one) => typeof one === 'string' && isMailAddress(one)) : [];
}

export const hasGoodContacts = (metadata: JsonObject): boolean =>
  metadata['contacts'] === undefined ||
  (Array.isArray(metadata['contacts']) &&
    metadata['contacts'].length <= MOST_CONTACTS &&
    contactsIn(metadata).length === metadata['contacts'].length);
