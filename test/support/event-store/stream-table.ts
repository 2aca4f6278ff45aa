/** An event as a stream keeps it. Data and metadata are JSON texts. */
export type KeptEvent = {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
};

/** What a writer believes of the stream; a number is the revision of its last event. */
export type Expected = 'any' | 'no_stream' | 'stream_exists' | number;

export type Written =
  | { readonly type: 'written'; readonly revision: number }
  | { readonly type: 'wrong_version'; readonly current: number | null };

export type StreamTable = {
  readonly write: (stream: string, expected: Expected, events: readonly KeptEvent[]) => Written;
  /** What may still be read, with its revision; null: there is no such stream. */
  readonly read: (stream: string) => readonly (KeptEvent & { readonly revision: number })[] | null;
  readonly names: () => readonly string[];
};

/**
 * Streams under the rules of the server's documentation: revisions count from 0, a writer's expectation is checked, the
 * same events under the same expectation are written once (unless `repeats` is 'refused', as a server may that has
 * forgotten them), and what stands before `$tb` of the stream's metadata cannot be read any more.
 */
export function streamTable({ repeats }: { readonly repeats: 'recognised' | 'refused' }): StreamTable {
  const streams = new Map<string, KeptEvent[]>();

  function isRepeat(stream: readonly KeptEvent[], expected: Expected, events: readonly KeptEvent[]): boolean {
    const from = typeof expected === 'number' ? expected + 1 : 0;
    return events.length > 0 && events.every(({ id }, index) => stream[from + index]?.id === id);
  }

  const firstReadable = (stream: string): number => {
    const said = streams.get(`$$${stream}`)?.at(-1)?.data;
    return said === undefined ? 0 : ((JSON.parse(said) as { readonly $tb?: number }).$tb ?? 0);
  };

  return {
    write: (name, expected, events) => {
      const stream = streams.get(name) ?? [];
      const current = stream.length - 1;
      const holds =
        expected === 'any' ||
        (expected === 'no_stream' && current === -1) ||
        (expected === 'stream_exists' && current >= 0) ||
        expected === current;
      if (!holds)
        return repeats === 'recognised' && isRepeat(stream, expected, events)
          ? { type: 'written', revision: current }
          : { type: 'wrong_version', current: current === -1 ? null : current };
      stream.push(...events);
      streams.set(name, stream);
      return { type: 'written', revision: stream.length - 1 };
    },
    read: (name) => {
      const stream = streams.get(name);
      const from = firstReadable(name);
      return (
        stream?.map((event, revision) => ({ ...event, revision })).filter(({ revision }) => revision >= from) ?? null
      );
    },
    names: () => [...streams.keys()].filter((name) => !name.startsWith('$$')).toSorted(),
  };
}
