import { fnv1a } from './retry.ts';

/** How many buckets clients are spread over: by lane within a process, by shard where the database is distributed. */
export const BUCKETS = 64;

/** A client's bucket: stable for ever, since it is stored with every row. */
export const bucketOf = (clientId: string): number => fnv1a(clientId) & (BUCKETS - 1);
